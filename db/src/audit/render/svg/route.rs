//! Where the foreign keys run: between the boxes, never through one.
//!
//! A line leaves the top of the table that points, runs in the channel over its row, then, where the other is not just
//! above, along a gutter between two columns, and enters the other from below. Lines to one table share their lanes, as a
//! bus does; lines to different tables never share one.

use std::collections::{BTreeMap, BTreeSet};

use super::place::{Grid, Place};

/// One foreign key, by the boxes that it joins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) child: usize,
    pub(super) parent: usize,
    pub(super) sound: bool,
}

/// Lines to one table that look alike.
type Trunk = (usize, bool);

/// The measures of the picture, in pixels.
#[derive(Debug)]
pub(super) struct Measures {
    pub(super) box_width: usize,
    pub(super) box_height: usize,
}

/// Between two lanes.
const LANE: usize = 8;
/// Between a lane and a box.
const MARGIN: usize = 13;
/// How far apart lines leave a box. Those that come in have the places between.
const PORT: usize = 16;

/// Where everything is, in pixels.
#[derive(Debug)]
pub(super) struct Routes {
    pub(super) width: usize,
    pub(super) height: usize,
    /// The left upper corner of each box.
    pub(super) corners: Vec<(usize, usize)>,
    /// The corners of each line, from the table that is pointed at.
    pub(super) lines: Vec<Vec<(usize, usize)>>,
}

/// Lanes side by side: which trunk has which.
#[derive(Debug, Default)]
struct Lanes {
    lane: BTreeMap<Trunk, usize>,
    count: usize,
}

impl Lanes {
    /// Gives each trunk the first lane that is free over its whole extent.
    fn new(extents: &BTreeMap<Trunk, BTreeSet<usize>>) -> Self {
        let mut sorted: Vec<_> =
            extents.iter().filter_map(|(trunk, at)| Some((*at.first()?, *at.last()?, *trunk))).collect();
        sorted.sort_unstable();
        // The last position that is taken in each lane.
        let mut taken: Vec<usize> = Vec::new();
        let mut lane = BTreeMap::new();
        for (first, last, trunk) in sorted {
            let free = taken.iter().position(|end| *end < first).unwrap_or(taken.len());
            if free == taken.len() {
                taken.push(last);
            } else {
                taken[free] = last;
            }
            lane.insert(trunk, free);
        }
        Self { lane, count: taken.len() }
    }

    fn size(&self, empty: usize) -> usize {
        if self.count == 0 { empty } else { 2 * MARGIN + LANE * (self.count - 1) }
    }

    fn offset(&self, trunk: Trunk) -> usize {
        MARGIN + LANE * self.lane.get(&trunk).copied().unwrap_or_default()
    }
}

/// What each channel and gutter is crossed by, and the pixels at which they start.
struct Streets {
    gutter_of: BTreeMap<Trunk, usize>,
    channels: Vec<Lanes>,
    gutters: Vec<Lanes>,
    /// Where each channel starts, and where the last one ends.
    tops: Vec<usize>,
    /// Where each gutter starts, and where the last one ends.
    lefts: Vec<usize>,
}

impl Routes {
    pub(super) fn new(grid: &Grid, edges: &[Edge], measures: &Measures) -> Self {
        let streets = Streets::new(grid, edges, measures);
        let corner = |&Place { column, row }: &Place| {
            (
                streets.lefts[column] + streets.gutters[column].size(24),
                streets.tops[row] + streets.channels[row].size(24),
            )
        };
        let corners: Vec<_> = grid.places.iter().map(corner).collect();
        let lines = (0..edges.len()).map(|n| streets.line(n, edges, grid, &corners, measures)).collect();
        let end = |starts: &[usize]| starts.last().copied().unwrap_or_default();
        Self { width: end(&streets.lefts), height: end(&streets.tops), corners, lines }
    }
}

impl Streets {
    fn new(grid: &Grid, edges: &[Edge], measures: &Measures) -> Self {
        let gutter_of = gutters(grid, edges);
        let mut along: Vec<BTreeMap<Trunk, BTreeSet<usize>>> = vec![BTreeMap::new(); grid.rows + 1];
        let mut down: Vec<BTreeMap<Trunk, BTreeSet<usize>>> = vec![BTreeMap::new(); grid.columns + 1];
        for &Edge { child, parent, sound } in edges {
            let (trunk, from, to) = ((parent, sound), grid.places[child], grid.places[parent]);
            // Boxes have odd positions, the gutters beside them even ones.
            along[from.row].entry(trunk).or_default().insert(2 * from.column + 1);
            along[to.row + 1].entry(trunk).or_default().insert(2 * to.column + 1);
            if from.row != to.row + 1 {
                let gutter = gutter_of[&trunk];
                along[from.row].entry(trunk).or_default().insert(2 * gutter);
                along[to.row + 1].entry(trunk).or_default().insert(2 * gutter);
                down[gutter].entry(trunk).or_default().extend([from.row, to.row + 1]);
            }
        }
        let channels: Vec<_> = along.iter().map(Lanes::new).collect();
        let gutters: Vec<_> = down.iter().map(Lanes::new).collect();
        let tops = starts(&channels, measures.box_height);
        let lefts = starts(&gutters, measures.box_width);
        Self { gutter_of, channels, gutters, tops, lefts }
    }

    fn line(
        &self,
        n: usize,
        edges: &[Edge],
        grid: &Grid,
        corners: &[(usize, usize)],
        measures: &Measures,
    ) -> Vec<(usize, usize)> {
        let Edge { child, parent, sound } = edges[n];
        let (trunk, from, to) = ((parent, sound), grid.places[child], grid.places[parent]);
        // Lines that leave a box do so in the order of where they go; in that of the edges where they go to the same.
        let place = |edge: &Edge| (grid.places[edge.parent].column, edge.parent);
        let before = |(m, other): &(usize, &Edge)| other.child == child && (place(other), *m) < (place(&edges[n]), n);
        let leaving = edges.iter().filter(|edge| edge.child == child).count();
        let nth = edges.iter().enumerate().filter(before).count();
        let middle = measures.box_width / 2 / PORT * PORT;
        let last = measures.box_width - PORT / 2;
        let port = (middle + PORT / 2 + nth * PORT).saturating_sub(leaving / 2 * PORT).clamp(PORT / 2, last);
        let start = (corners[child].0 + port, corners[child].1);
        // Sound ones come in at the middle, the others beside it.
        let entry = corners[parent].0 + if sound { middle } else { middle + PORT };
        let end = (entry, corners[parent].1 + measures.box_height);
        let lane = |channel: usize| self.tops[channel] + self.channels[channel].offset(trunk);
        let (over, under) = (lane(from.row), lane(to.row + 1));
        if from.row == to.row + 1 {
            return vec![end, (end.0, over), (start.0, over), start];
        }
        let gutter = self.gutter_of[&trunk];
        let x = self.lefts[gutter] + self.gutters[gutter].offset(trunk);
        vec![end, (end.0, under), (x, under), (x, over), (start.0, over), start]
    }
}

/// Chooses for each trunk the gutter beside the table that is pointed at, on the side where those are that point.
fn gutters(grid: &Grid, edges: &[Edge]) -> BTreeMap<Trunk, usize> {
    let mut children: BTreeMap<Trunk, Vec<usize>> = BTreeMap::new();
    for edge in edges {
        children.entry((edge.parent, edge.sound)).or_default().push(grid.places[edge.child].column);
    }
    let side = |(trunk, columns): (Trunk, Vec<usize>)| {
        let column = grid.places[trunk.0].column;
        let right = columns.iter().sum::<usize>() >= column * columns.len();
        (trunk, column + usize::from(right))
    };
    children.into_iter().map(side).collect()
}

/// Returns where each street starts, with a box between two of them, and where the last one ends.
fn starts(streets: &[Lanes], between: usize) -> Vec<usize> {
    let mut at = 0;
    let mut starts = Vec::with_capacity(streets.len() + 1);
    for (n, street) in streets.iter().enumerate() {
        starts.push(at);
        at += street.size(24) + if n + 1 < streets.len() { between } else { 0 };
    }
    starts.push(at);
    starts
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Edge, Grid, Measures, Routes};

    type Corner = (usize, usize);

    /// The straight parts of a line, each from its lower end to its higher one.
    fn parts(line: &[Corner]) -> impl Iterator<Item = (Corner, Corner)> {
        line.windows(2).map(|ends| (ends[0].min(ends[1]), ends[0].max(ends[1])))
    }

    /// Every pixel of a straight part, with whether it is upright: lines may cross, and not run along one another.
    fn pixels((from, to): (Corner, Corner)) -> Vec<(Corner, bool)> {
        assert!(from.0 == to.0 || from.1 == to.1, "lines are upright or level: {from:?} {to:?}");
        let upright = from.0 == to.0;
        let inner = if upright { from.1 + 1..to.1 } else { from.0 + 1..to.0 };
        inner.map(|n| (if upright { (from.0, n) } else { (n, from.1) }, upright)).collect()
    }

    #[test]
    fn no_line_goes_through_a_table_or_along_a_line_to_another_one() {
        let measures = Measures { box_width: 150, box_height: 58 };
        for count in [2, 10, 60] {
            let hub = (1..count).map(|child| Edge { child, parent: 0, sound: true });
            let edges: Vec<_> = (1..count)
                .map(|child| Edge { child, parent: child * 7 / 10, sound: child % 5 > 0 })
                .chain((3..count).step_by(9).map(|child| Edge { child: child - 1, parent: child, sound: true }))
                .chain(hub)
                .collect();
            let pairs: Vec<_> = edges.iter().map(|edge| (edge.child, edge.parent)).collect();
            let grid = Grid::new(count, &pairs);
            let routes = Routes::new(&grid, &edges, &measures);
            let (mut trunks, mut taken) = (Vec::new(), Vec::<HashSet<_>>::new());
            for (edge, line) in edges.iter().zip(&routes.lines) {
                let trunk = (edge.parent, edge.sound);
                let own: HashSet<_> = parts(line).flat_map(pixels).collect();
                for ((x, y), _) in &own {
                    assert!(*x < routes.width && *y < routes.height);
                    let within = |&(left, top): &Corner| (left..left + 150).contains(x) && (top..top + 58).contains(y);
                    assert!(!routes.corners.iter().any(within), "{edge:?} goes through a table at {x} {y}");
                }
                for (other, pixels) in trunks.iter().zip(&taken) {
                    assert!(*other == trunk || own.is_disjoint(pixels), "{edge:?} runs along one to {other:?}");
                }
                trunks.push(trunk);
                taken.push(own);
            }
        }
    }
}
