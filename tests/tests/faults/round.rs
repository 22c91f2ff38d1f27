//! Tenants at work while faults are injected, and then the check.

use std::{cell::Cell, env, rc::Rc, time::Instant};

use tokio::task::{LocalSet, spawn_local};

use super::{
    inject::{Fault, inject},
    worker::{Plan, Worker},
    world::World,
};

/// Returns the number that an environment variable gives.
fn from_env(name: &str) -> Option<u64> {
    env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is no number: {value}")))
}

/// Seed of all that is drawn: `SEED`, or one that is made up. Printed in any case.
pub(crate) fn seed() -> u64 {
    let seed = from_env("SEED").unwrap_or_else(|| fastrand::u64(..));
    eprintln!("SEED={seed}");
    seed
}

/// Tenants at work: how many there are, how many transactions each performs in a round at least, and in which way; and
/// what has to happen to them before they stop.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) tenants: u8,
    pub(crate) transactions: usize,
    pub(crate) plan: Plan,
    pub(crate) expected: &'static [&'static str],
}

/// Plays as many rounds as `FAULTS_ROUNDS` says (two): the tenants work until each has performed its transactions, every
/// fault has been injected and all that is expected has happened; then everything is checked.
pub(crate) async fn rounds(world: World, load: Load, faults: &[Fault<'_>]) {
    let (seed, rounds) = (seed(), from_env("FAULTS_ROUNDS").unwrap_or(2));
    let mut random = fastrand::Rng::with_seed(seed);
    let (world, mut workers) = (Rc::new(world), Vec::new());
    for place in 0..load.tenants {
        workers.push(Worker::new(&world, place, random.u64(..)).await);
    }
    // Each connection is made before the load begins: on a busy machine that may take longer than an acquire timeout.
    world.pool_is_whole().await.unwrap();
    let start = Instant::now();
    for round in 0..rounds {
        workers = LocalSet::new()
            .run_until(play(&world, workers, load, faults, &mut random))
            .await
            .unwrap_or_else(|what| panic!("SEED={seed}, round {round}: {what}"));
        let tenants: Vec<_> = workers.iter().map(|worker| (&*worker.member, &worker.books)).collect();
        world.check(&tenants).await.unwrap_or_else(|what| panic!("SEED={seed}, after round {round}: {what}"));
    }
    world.db.close().await;
    let rows: usize = workers.iter().flat_map(|worker| worker.books.rows()).map(|rows| rows.len()).sum();
    let performed = world.performed.get();
    let (seconds, faults) = (start.elapsed().as_secs_f64(), faults.len());
    eprintln!(
        "{rounds} rounds, {performed} transactions, {faults} faults a round, {rows} rows, {seconds:.1} s: {}",
        world.tally.borrow()
    );
    assert_eq!(world.tally.borrow().missing(&["committed", "ended otherwise"]), None);
}

/// One round. The tenants' tasks are on one thread: a future that holds a program in an `async` closure is not proven to
/// be `Send`. The pool's own are on others.
async fn play(
    world: &Rc<World>,
    workers: Vec<Worker>,
    load: Load,
    faults: &[Fault<'_>],
    random: &mut fastrand::Rng,
) -> Result<Vec<Worker>, String> {
    let injected = Rc::new(Cell::new(false));
    let tasks: Vec<_> = (workers.into_iter())
        .map(|mut worker| {
            let (world, injected) = (world.clone(), injected.clone());
            spawn_local(async move {
                let mut left = load.transactions;
                while (left > 0 || !injected.get()) && !world.failed.get() {
                    worker.step(&world, load.plan).await.inspect_err(|_| world.failed.set(true))?;
                    left = left.saturating_sub(1);
                }
                Ok::<_, String>(worker)
            })
        })
        .collect();
    inject(world, faults, load, random).await;
    injected.set(true);
    let mut workers = Vec::new();
    for task in tasks {
        workers.push(task.await.unwrap()?);
    }
    Ok(workers)
}
