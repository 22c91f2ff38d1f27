//! Where each table stands: under those that it points at.

use std::cmp::Ordering;

/// Which column and row a box is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) column: usize,
    pub(super) row: usize,
}

/// Boxes on a grid.
#[derive(Debug)]
pub(super) struct Grid {
    /// Where each box is.
    pub(super) places: Vec<Place>,
    pub(super) columns: usize,
    pub(super) rows: usize,
}

/// More do not fit a screen.
const MOST_COLUMNS: usize = 6;

impl Grid {
    /// Places `count` boxes, given which points at which: a box stands in a rank below all that it points at, but for a
    /// circle, which is opened somewhere. A rank that is too wide has several rows. Boxes that are in no edge come
    /// last.
    ///
    /// The same boxes and edges in the same order are always placed alike.
    pub(super) fn new(count: usize, edges: &[(usize, usize)]) -> Self {
        let mut ranks = ranks(count, edges);
        let mut position = vec![0.0; count];
        for rank in &ranks {
            spread(rank, &mut position);
        }
        // Down, up and down again: each rank is sorted by where those stand that it is joined to.
        for upwards in [false, true, false] {
            for n in 0..ranks.len() {
                let n = if upwards { ranks.len() - 1 - n } else { n };
                let towards = |node: usize| mean(edges, node, upwards, &position);
                let mut keyed: Vec<_> = ranks[n].iter().map(|&node| (towards(node), node)).collect();
                keyed.sort_by(|(a, _), (b, _)| a.partial_cmp(b).unwrap_or(Ordering::Equal));
                ranks[n] = keyed.into_iter().map(|(_, node)| node).collect();
                spread(&ranks[n], &mut position);
            }
        }
        let square = (3..MOST_COLUMNS).find(|side| side * side >= count).unwrap_or(MOST_COLUMNS);
        Self::fill(count, edges, &ranks, square)
    }

    fn fill(count: usize, edges: &[(usize, usize)], ranks: &[Vec<usize>], most: usize) -> Self {
        // Rows of one length, as far as that goes.
        let row_length = |rank: &Vec<usize>| rank.len().div_ceil(rank.len().div_ceil(most)).max(1);
        let columns = ranks.iter().map(row_length).max().unwrap_or(1);
        let mut grid = Self { places: vec![Place::default(); count], columns, rows: 0 };
        for rank in ranks {
            for row in rank.chunks(row_length(rank)) {
                let wanted: Vec<_> =
                    row.iter().enumerate().map(|(n, &node)| grid.wanted(edges, node, n, row)).collect();
                for (&node, column) in row.iter().zip(nearest(&wanted, columns)) {
                    grid.places[node] = Place { column, row: grid.rows };
                }
                grid.rows += 1;
            }
        }
        grid
    }

    /// Returns the column that a box wants, in halves: that of the boxes above which it points at, else the middle.
    fn wanted(&self, edges: &[(usize, usize)], node: usize, n: usize, row: &[usize]) -> usize {
        let above = edges.iter().filter(|&&(child, parent)| child == node && self.places[parent].row < self.rows);
        let columns: Vec<_> = above.map(|&(_, parent)| self.places[parent].column).collect();
        if self.rows == 0 || columns.is_empty() {
            return self.columns - row.len() + 2 * n;
        }
        2 * columns.iter().sum::<usize>() / columns.len()
    }
}

/// Chooses columns in rising order that are as near as can be to the wanted ones, which are in halves.
fn nearest(wanted: &[usize], columns: usize) -> Vec<usize> {
    let chosen = |set: usize| (0..columns).filter(move |column| set >> column & 1 == 1);
    let sets = (0..1_usize << columns).filter(|set| set.count_ones() as usize == wanted.len());
    let far =
        |set: &usize| chosen(*set).zip(wanted).map(|(column, &wanted)| (2 * column).abs_diff(wanted)).sum::<usize>();
    sets.min_by_key(far).map(|set| chosen(set).collect()).unwrap_or_default()
}

/// Each rank points at earlier ones alone, except where that is impossible.
fn ranks(count: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut alone = vec![true; count];
    let mut parents = vec![Vec::new(); count];
    for &(child, parent) in edges.iter().filter(|(child, parent)| child != parent) {
        (alone[child], alone[parent]) = (false, false);
        parents[child].push(parent);
    }
    let mut placed = vec![false; count];
    let mut left: Vec<_> = (0..count).filter(|&node| !alone[node]).collect();
    let mut ranks = Vec::new();
    while !left.is_empty() {
        let missing = |node: usize| parents[node].iter().filter(|&&parent| !placed[parent]).count();
        let least = left.iter().map(|&node| missing(node)).min().unwrap_or_default();
        let mut rank: Vec<_> = left.iter().copied().filter(|&node| missing(node) == least).collect();
        if least > 0 {
            // A circle: opened at the first of those that lack the fewest.
            rank.truncate(1);
        }
        for &node in &rank {
            placed[node] = true;
        }
        left.retain(|&node| !placed[node]);
        ranks.push(rank);
    }
    ranks.extend(Some((0..count).filter(|&node| alone[node]).collect::<Vec<_>>()).filter(|last| !last.is_empty()));
    ranks
}

/// Spreads a rank evenly over 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "nobody has so many tables")]
fn spread(rank: &[usize], position: &mut [f64]) {
    for (n, &node) in rank.iter().enumerate() {
        position[node] = (n as f64 + 0.5) / rank.len() as f64;
    }
}

/// Returns where, on average, those are that a box points at, or that point at it; its own place where there are none.
fn mean(edges: &[(usize, usize)], node: usize, upwards: bool, position: &[f64]) -> f64 {
    let joined = edges.iter().filter_map(|&(child, parent)| match (upwards, node) {
        (false, node) if node == child => Some(position[parent]),
        (true, node) if node == parent => Some(position[child]),
        _ => None,
    });
    let (count, sum) = joined.fold((0, 0.0), |(count, sum), at| (count + 1, sum + at));
    if count == 0 { position[node] } else { sum / f64::from(count) }
}

#[cfg(test)]
mod tests {
    use super::{Grid, Place};

    #[test]
    fn a_table_stands_below_what_it_points_at() {
        let grid = Grid::new(4, &[(1, 0), (2, 1), (2, 0)]);
        assert_eq!(grid.places.iter().map(|place| place.row).collect::<Vec<_>>(), [0, 1, 2, 3]);
    }

    #[test]
    fn a_circle_is_opened_and_a_table_may_point_at_itself() {
        let grid = Grid::new(3, &[(0, 1), (1, 0), (2, 2)]);
        assert_eq!((grid.places[0].row, grid.places[1].row, grid.places[2].row), (0, 1, 2));
    }

    #[test]
    fn no_two_share_a_place() {
        let edges: Vec<_> = (1..200).flat_map(|child| [(child, child / 2), (child, child % 7)]).collect();
        let grid = Grid::new(200, &edges);
        let mut places: Vec<_> = grid.places.iter().map(|&Place { column, row }| (row, column)).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 200);
        assert!(places.iter().all(|&(row, column)| row < grid.rows && column < grid.columns));
    }
}
