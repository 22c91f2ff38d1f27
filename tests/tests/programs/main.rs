//! Random programs of three tenants, whose contexts are open at the same time and whose rows have the same ids, on the
//! real thing and on a model that has a map for each tenant: the answers are the same, and so are the rows in the end.
//!
//! `PROGRAMS` says how many (200), and `SEED` which: a failure prints the seed, and the program, shrunk, as a list
//! of steps.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod draw;
mod filter;
mod list;
mod model;
mod op;
mod program;
mod real;
mod run;
mod stage;
#[path = "../queries/tables.rs"]
mod tables;
mod values;
mod world;

use std::{
    cell::{Cell, RefCell},
    env,
    time::Instant,
};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use tokio::runtime::Runtime;

use self::{
    model::Fault,
    program::Program,
    run::{Performed, run},
    stage::Policies,
    world::World,
};

/// Returns the number that an environment variable gives.
fn from_env(name: &str) -> Option<u64> {
    env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is no number: {value}")))
}

/// What was found: what differs, and the program, shrunk.
struct Found {
    differs: String,
    program: Program,
}

/// Runs random programs in one database.
fn search(runtime: &Runtime, world: &World, programs: u32, seed: u64, fault: Fault) -> Result<Performed, Found> {
    let config = Config { cases: programs, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let (performed, found, passed) = (RefCell::new(Performed::new()), RefCell::new(None), Cell::new(0));
    let result = runner.run(&draw::program(), |program| {
        let of_program = runtime.block_on(run(world, &program, fault)).map_err(|differs| {
            found.replace(Some(Found { differs, program: program.clone() }));
            TestCaseError::fail("it differs")
        })?;
        let mut performed = performed.borrow_mut();
        for (name, (done, failed)) in of_program {
            let all = performed.entry(name).or_default();
            *all = (all.0 + done, all.1 + failed);
        }
        passed.set(passed.get() + 1);
        if passed.get() % 1_000 == 0 {
            eprintln!("{} programs have passed", passed.get());
        }
        Ok(())
    });
    match result {
        Ok(()) => Ok(performed.take()),
        // The last that failed is the smallest.
        Err(TestError::Fail(why, _)) => Err(found.take().unwrap_or_else(|| panic!("{why}"))),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs as many programs as are asked for, and asserts that they pass.
fn programs(policies: Policies) {
    let programs = from_env("PROGRAMS").map_or(200, |programs| u32::try_from(programs).unwrap());
    let seed = from_env("SEED").unwrap_or_else(|| fastrand::u64(..));
    let runtime = runtime();
    let world = runtime.block_on(World::new(policies));
    let start = Instant::now();
    match search(&runtime, &world, programs, seed, Fault::None) {
        Ok(performed) => {
            let seconds = start.elapsed().as_secs_f64();
            eprintln!("{programs} programs in {seconds:.1} s, SEED={seed}; performed, and failed as they should:");
            for (name, (done, failed)) in &performed {
                eprintln!("{name:>20} {done:>7} {failed:>7}");
                assert!(*done > 0 || programs < 200, "{name} has never succeeded");
            }
        }
        Err(Found { differs, program }) => {
            panic!("SEED={seed} PROGRAMS={programs} does it again, policies {policies:?}\n{differs}\n{program:?}")
        }
    }
    runtime.block_on(async {
        world.assert_that_the_past_is_as_it_was().await;
        world.end().await;
    });
}

#[test]
fn programs_answer_as_the_model_does() {
    programs(Policies::On);
}

/// The query's own predicate holds alone.
#[test]
fn programs_answer_as_the_model_does_without_row_level_security() {
    programs(Policies::Off);
}

/// A model that is wrong in one thing is found out, and the program that shows it is short.
#[test]
fn a_model_that_leaks_is_found_out() {
    let runtime = runtime();
    let world = runtime.block_on(World::new(Policies::On));
    for fault in [Fault::Find, Fault::Insert, Fault::UpdateMany, Fault::TakeBack] {
        let Err(Found { differs, program }) = search(&runtime, &world, 200, 1, fault) else {
            panic!("{fault:?} was not found in 200 programs");
        };
        eprintln!("{fault:?}: {differs}\n{program:?}");
        let rows: usize = program.rows.iter().map(Vec::len).sum();
        assert!(program.steps.len() <= 4, "{fault:?}: {program:?}");
        assert!(rows <= 12, "{fault:?}: {program:?}");
    }
    runtime.block_on(world.end());
}

/// What only row-level security holds is found out where there is none.
#[test]
fn tables_without_policies_are_found_out() {
    let runtime = runtime();
    let world = runtime.block_on(World::new(Policies::OffUnnoticed));
    let Err(Found { differs, program }) = search(&runtime, &world, 200, 1, Fault::None) else {
        panic!("it was not found in 200 programs");
    };
    assert!(differs.contains("Raw("), "{differs}");
    assert_eq!(program.steps.len(), 1, "{program:?}");
    runtime.block_on(world.end());
}
