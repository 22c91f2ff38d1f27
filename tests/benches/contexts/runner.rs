//! Rounds in turns: what else the machine does meets each way alike.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::{
    case::{Case, Op, Way},
    link::Link,
    options::Options,
    statistics::Spread,
};

/// How long a round of one way takes, about.
const ROUND: Duration = Duration::from_millis(30);
const QUICK_ROUND: Duration = Duration::from_millis(5);
/// How often a thing is done before it is measured, and for how long at most: each connection of a pool, which takes them in
/// turns, prepares a statement, and plans it for good after five times.
const BEFORE: usize = 40;
const LONGEST_BEFORE: Duration = Duration::from_millis(500);

/// What was measured of one thing.
#[derive(Debug, Serialize)]
pub(crate) struct Compared {
    pub(crate) section: String,
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    pub(crate) rounds: usize,
    /// How often it was done in a round of each way, or how long a round was.
    pub(crate) times: String,
    pub(crate) ways: Vec<Measured>,
    /// What the seal takes of ours, in the same unit.
    pub(crate) seal: Option<Spread>,
}

/// One way.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) way: Way,
    pub(crate) value: Spread,
    pub(crate) of_bare: Option<Spread>,
    pub(crate) of_by_hand: Option<Spread>,
    pub(crate) round_trips: Option<u64>,
}

/// A value for each way and round.
#[derive(Debug)]
pub(crate) struct Series(Vec<(Way, Vec<f64>)>);

impl Series {
    pub(crate) fn new(ways: impl IntoIterator<Item = Way>) -> Self {
        Self(ways.into_iter().map(|way| (way, Vec::new())).collect())
    }

    pub(crate) fn push(&mut self, way: usize, value: f64) {
        self.0[way].1.push(value);
    }

    fn of(&self, way: Way) -> Option<&[f64]> {
        self.0.iter().find(|(of, _)| *of == way).map(|(_, values)| values.as_slice())
    }

    /// Compares each way with the bare statement and with what is written by hand.
    pub(crate) fn compare(&self, section: &str, name: &str, unit: &'static str, times: String) -> Compared {
        let ways = self.0.iter().map(|(way, values)| {
            let ratio = |of: Way| self.of(of).filter(|_| of != *way).map(|of| Spread::of_ratios(values, of));
            let [of_bare, of_by_hand] = [Way::Bare, Way::ByHand].map(ratio);
            Measured { way: *way, value: Spread::of(values.iter().copied()), of_bare, of_by_hand, round_trips: None }
        });
        let seal = self.of(Way::Ours).zip(self.of(Way::Unsealed));
        Compared {
            section: section.to_owned(),
            name: name.to_owned(),
            unit,
            rounds: self.0.first().map_or(0, |(_, values)| values.len()),
            times,
            ways: ways.collect(),
            seal: seal.map(|(ours, unsealed)| Spread::of_differences(ours, unsealed)),
        }
    }
}

/// Returns the order in which so many ways have their turns in a round: each is the first in some.
pub(crate) fn turns(ways: usize, round: usize) -> impl Iterator<Item = usize> {
    (0..ways).map(move |turn| (round + turn) % ways)
}

/// Measures how long a thing takes in each way, in µs.
pub(crate) async fn measure(section: &str, case: &Case, link: &Link, options: &Options) -> Compared {
    let times = times(case, link, options).await;
    let mut series = Series::new(case.ways.iter().map(|(way, _)| *way));
    for round in 0..options.rounds(case.rounds) {
        for way in turns(case.ways.len(), round) {
            let taken = run(&case.ways[way].1, link, round * times, times).await;
            series.push(way, taken.as_secs_f64() * 1e6 / f64::from(u32::try_from(times).unwrap()));
            clean(case, link).await;
        }
    }
    series.compare(section, case.name, "µs each", times.to_string())
}

/// Returns how often a thing is done in a round: as often as the slowest way can in the time that there is.
async fn times(case: &Case, link: &Link, options: &Options) -> usize {
    let (round, tries) = (if options.quick { QUICK_ROUND } else { ROUND }, case.most.min(8));
    let mut slowest = Duration::ZERO;
    for (_, op) in &case.ways {
        prepare(op, link, case.most).await;
        if !case.is_long() {
            // The shorter time, as something else may have been in the way.
            let taken = run(op, link, 0, tries).await.min(run(op, link, 0, tries).await);
            slowest = slowest.max(taken / u32::try_from(tries).unwrap());
        }
        clean(case, link).await;
    }
    let times = round.as_nanos() / slowest.as_nanos().max(1);
    usize::try_from(times).unwrap_or(case.most).clamp(1, case.most)
}

async fn prepare(op: &Op, link: &Link, most: usize) {
    let start = Instant::now();
    for i in 0..most.min(BEFORE) {
        op(link, i).await;
        if start.elapsed() > LONGEST_BEFORE {
            break;
        }
    }
}

async fn run(op: &Op, link: &Link, from: usize, times: usize) -> Duration {
    let start = Instant::now();
    for i in from..from + times {
        op(link, i).await;
    }
    start.elapsed()
}

/// Takes back what a round has made.
pub(crate) async fn clean(case: &Case, link: &Link) {
    if let Some(after) = &case.after {
        after(link, 0).await;
    }
}
