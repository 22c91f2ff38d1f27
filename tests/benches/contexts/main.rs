//! What a context costs, beside the bare statement and beside a transaction of SeaORM's that is written by hand.
//!
//! `cargo bench -p tests --bench contexts`; `-- --help` names the options. All ways of a thing are measured in one run, in
//! turns, and compared round by round. The bare statement is a superuser's, on a connection that is open. What is written by
//! hand is `begin`, `SET LOCAL`, the query and `commit`, on tables whose plain policies compare a column with the setting; no
//! connection is pinged before it is used. Ours is `db`, as an application has it. Nobody listens to spans.
#![expect(clippy::panic, clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures, and says what")]

mod case;
mod cases;
mod delay;
mod growth;
mod link;
mod machine;
mod options;
mod plans;
mod report;
mod runner;
mod server_cpu;
mod statistics;
mod throughput;
mod trips;
mod world;

use std::{env, sync::Arc};

use case::Case;
use delay::Delay;
use link::{Link, Path};
use machine::Machine;
use options::Options;
use report::Report;
use server_cpu::Servers;
use tokio::runtime::Runtime;
use tracing::subscriber::{NoSubscriber, set_global_default};
use world::World;

/// A thousand tenants with a hundred rows each.
const TENANTS: u32 = 1_000;
const PLANS: u32 = 100;

fn main() {
    // Before the tests' server sets one that listens to all spans, SeaORM's included.
    set_global_default(NoSubscriber::default()).unwrap();
    let options = Options::parse(env::args().skip(1));
    // As a service's handlers, not on the main thread.
    Runtime::new().unwrap().block_on(async { tokio::spawn(run(options)).await.unwrap() });
}

async fn run(options: Options) {
    let world = Arc::new(full().await);
    let machine = Machine::ask(&mut world.fixture.database.owner().await).await;
    let mut report = Report::new(machine, options.json);
    direct(&world, &options, &mut report).await;
    delayed(&world, &options, &mut report).await;
    at_once(&world, &options, &mut report).await;
    server_cpu(&world, &options, &mut report).await;
    if options.plans {
        plans::explain(&world, &options, &mut report).await;
    }
    drop(world);
    if options.growth {
        growth::run(&options, &mut report).await;
    }
    report.end();
}

async fn full() -> World {
    let world = World::new(TENANTS, PLANS).await;
    world.make_steps().await;
    world
}

async fn direct(world: &Arc<World>, options: &Options, report: &mut Report) {
    let section = "direct";
    let cases = wanted(options, section, cases::timed());
    if cases.is_empty() {
        return;
    }
    let link = Link::new(world, Path { socket: world.socket().await, ..Path::default() }).await;
    for case in &cases {
        let mut compared = runner::measure(section, case, &link, options).await;
        if !case.is_long() {
            let counted = trips::count(world, case);
            for (way, (_, trips)) in compared.ways.iter_mut().zip(counted) {
                way.round_trips = Some(trips);
            }
        }
        report.compared(compared);
    }
}

async fn delayed(world: &Arc<World>, options: &Options, report: &mut Report) {
    let section = "0.5 ms of network";
    let mut cases = wanted(options, section, cases::timed());
    // The network is no matter for what takes seconds.
    cases.retain(|case| case.name != cases::LONGEST);
    if cases.is_empty() {
        return;
    }
    let delay = Delay::start(world.server(), world.socket().await);
    report.network(delay.adjust(world).await);
    let link = Link::new(world, delay.path()).await;
    for case in &cases {
        report.compared(runner::measure(section, case, &link, options).await);
    }
}

async fn at_once(world: &Arc<World>, options: &Options, report: &mut Report) {
    let section = "throughput on 5 connections";
    let link = Arc::new(Link::new(world, Path { bare_pool: true, ..Path::default() }).await);
    for case in cases::at_once() {
        for tasks in throughput::TASKS {
            if options.wants(section, &throughput::named(&case, tasks)) {
                report.compared(throughput::measure(section, &case, &link, tasks, options).await);
            }
        }
    }
}

async fn server_cpu(sealed: &Arc<World>, options: &Options, report: &mut Report) {
    let section = "server CPU";
    let cases = wanted(options, section, cases::of_the_server());
    if cases.is_empty() {
        return;
    }
    let unsealed = full().await;
    unsealed.unseal().await;
    let Some(servers) = Servers::connect(sealed, &Arc::new(unsealed)).await else {
        eprintln!("{section}: the server's processes are not to be seen from here");
        return;
    };
    for case in &cases {
        report.compared(servers.measure(section, case, options).await);
    }
}

fn wanted(options: &Options, section: &str, cases: Vec<Case>) -> Vec<Case> {
    cases.into_iter().filter(|case| options.wants(section, case.name)).collect()
}
