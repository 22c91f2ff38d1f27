//! The tests, by their names.

use std::{
    future::Future,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use libtest_mimic::{Arguments, Failed, Trial};

use super::{
    block_on, control, probes::Group, report::Outcome, setup::Isolation, strangers, subject::Subject, world::World,
};
use crate::{Registry, TableName};

/// One test.
#[derive(Clone, Debug)]
pub(super) enum Test {
    /// Who gets in at all.
    Strangers,
    Probes(TableName, Group),
    Control(TableName),
    /// There is nothing to test, which is no success.
    Nothing,
}

/// Returns the tests of all entities.
pub(super) fn tests(registry: &Registry) -> Vec<Test> {
    let tables = registry.entities().map(crate::RegisteredEntity::table_name);
    let of_table = |table: &TableName| {
        let of = table.clone();
        let groups = Group::ALL.into_iter().map(move |group| Test::Probes(of.clone(), group));
        groups.chain([Test::Control(table.clone())])
    };
    let tests: Vec<_> = tables.flat_map(of_table).collect();
    if tests.is_empty() { vec![Test::Nothing] } else { [vec![Test::Strangers], tests].concat() }
}

impl Test {
    pub(super) fn name(&self) -> String {
        match self {
            Self::Strangers => "contexts::strangers".to_owned(),
            Self::Probes(table, group) => format!("{table}::{}", group.name()),
            Self::Control(table) => format!("{table}::control"),
            Self::Nothing => "entities".to_owned(),
        }
    }

    /// Runs the test, and returns what is worth knowing.
    pub(super) async fn run(&self, world: &World) -> Result<Vec<String>, String> {
        let outcome = self.probe(world).await?;
        outcome.check()?;
        Ok(outcome.known)
    }

    async fn probe(&self, world: &World) -> Result<Outcome, String> {
        let of = |table: &TableName| {
            let subject = world.subjects.iter().find(|subject| subject.entity.table_name() == table);
            subject.ok_or_else(|| format!("table {table} is in no registry that the setup gives"))
        };
        let outcome = match self {
            Self::Strangers => strangers::run(world).await,
            Self::Probes(table, group) => probe(world, of(table)?, *group).await,
            Self::Control(table) => control::run(world, of(table)?).await,
            Self::Nothing => {
                return Err("no entity is registered: is the crate that has them named in the test? \
                            (`use entity as _;`)"
                    .to_owned());
            }
        };
        outcome.map_err(|failure| failure.to_string())
    }
}

async fn probe(world: &World, subject: &Subject, group: Group) -> super::Result<Outcome> {
    let mut login = world.login(world.probed()).await?;
    let outcome = group.run(world, subject, &mut login).await?;
    login.close().await?;
    Ok(outcome)
}

/// What all tests of the process share; made by the first that runs.
struct Shared<F> {
    setup: Option<F>,
    isolation: Option<Isolation>,
    world: Option<Result<Arc<World>, String>>,
}

/// Runs the tests as `cargo test` and nextest ask for them, and returns how they went.
pub fn main<F, Fut>(setup: F) -> ExitCode
where
    F: FnOnce() -> Fut + Send + 'static,
    Fut: Future<Output = Isolation>,
{
    let arguments = Arguments::from_args();
    let shared = Arc::new(Mutex::new(Shared { setup: Some(setup), isolation: None, world: None }));
    let trial = |test: Test| {
        let shared = shared.clone();
        Trial::test(test.name(), move || {
            let world = world(&shared)?;
            let known = block_on(test.run(&world)).map_err(|failure| failure.to_string())??;
            for line in known {
                // As a test's own output: shown where it is asked for.
                tracing::info!(test = test.name(), "{line}");
            }
            Ok(())
        })
    };
    let trials = tests(&Registry::collect()).into_iter().map(trial).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
    // The copies before what the user keeps: that may be what drops the roles.
    drop(shared.world.take());
    drop(shared.isolation.take());
    conclusion.exit_code()
}

fn world<F, Fut>(shared: &Mutex<Shared<F>>) -> Result<Arc<World>, Failed>
where
    F: FnOnce() -> Fut,
    Fut: Future<Output = Isolation>,
{
    let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(setup) = shared.setup.take() {
        let made = block_on(async {
            let isolation = setup().await;
            let world = World::new(&isolation).await;
            (isolation, world)
        });
        let (isolation, world) = made.map_err(|failure| failure.to_string())?;
        shared.isolation = Some(isolation);
        shared.world = Some(world.map(Arc::new).map_err(|failure| failure.to_string()));
    }
    match &shared.world {
        Some(Ok(world)) => Ok(world.clone()),
        Some(Err(why)) => Err(why.as_str().into()),
        None => Err("the database could not be set up; the first test that failed says why".into()),
    }
}
