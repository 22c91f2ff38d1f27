//! How much is done in a second by many tasks on few connections.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::join_all;

use crate::{
    case::{Case, Op},
    link::Link,
    options::Options,
    runner::{Compared, Series, turns},
};

pub(crate) const TASKS: [usize; 3] = [8, 32, 128];
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(500);
const QUICK_ROUND: Duration = Duration::from_millis(100);

/// Measures how often a second so many tasks do a thing, in each way.
pub(crate) async fn measure(section: &str, case: &Case, link: &Arc<Link>, tasks: usize, options: &Options) -> Compared {
    let time = if options.quick { QUICK_ROUND } else { ROUND };
    let mut series = Series::new(case.ways.iter().map(|(way, _)| *way));
    for (_, op) in &case.ways {
        // Each connection prepares its statements.
        round(*op, link, tasks, QUICK_ROUND).await;
    }
    for number in 0..options.rounds(ROUNDS) {
        for way in turns(case.ways.len(), number) {
            series.push(way, round(case.ways[way].1, link, tasks, time).await);
        }
    }
    series.compare(section, &named(case, tasks), "a second", format!("{} ms", time.as_millis()))
}

pub(crate) fn named(case: &Case, tasks: usize) -> String {
    format!("{}, {tasks} tasks", case.name)
}

async fn round(op: Op, link: &Arc<Link>, tasks: usize, time: Duration) -> f64 {
    let start = Instant::now();
    let tasks = (0..tasks).map(|task| {
        let link = Arc::clone(link);
        tokio::spawn(async move {
            let mut done = 0_u32;
            while start.elapsed() < time {
                // Each task has tenants of its own.
                op(&link, task + 1_000 * usize::try_from(done).unwrap()).await;
                done += 1;
            }
            done
        })
    });
    let done: u32 = join_all(tasks).await.into_iter().map(Result::unwrap).sum();
    f64::from(done) / start.elapsed().as_secs_f64()
}
