//! Each check can fail: what it is there to find is brought about on purpose, and found.

use std::time::{Duration, Instant};

use tests::{PATIENCE, TestDatabase};

use crate::{
    database,
    worker::{Plan, Worker},
    world::World,
};

/// How long a check waits here for what does not come about. Whatever does has all the time that it needs.
const IN_VAIN: Duration = Duration::from_secs(1);

/// Two tenants that have performed some transactions, in one world where nothing has gone wrong.
async fn peaceful(database: TestDatabase) -> (World, [Worker; 2]) {
    let options = database.options();
    let world = World::connect(database, options, 2).await;
    world.pool_is_whole().await.unwrap();
    let mut workers = [Worker::new(&world, 0, 1).await, Worker::new(&world, 1, 2).await];
    let plan = Plan { drops: false, timeouts: false, is_fault: |_| false };
    for worker in &mut workers {
        let committed = world.times("committed");
        while world.times("committed") < committed + 5 {
            worker.step(&world, plan).await.unwrap();
        }
    }
    check(&world, &workers).await.unwrap();
    (world, workers)
}

async fn check(world: &World, workers: &[Worker; 2]) -> Result<(), String> {
    let tenants = workers.each_ref().map(|worker| (&*worker.member, &worker.books));
    world.check(&tenants).await
}

/// Asserts that the check says so.
async fn finds(world: &World, workers: &[Worker; 2], what: &str) {
    let found = check(world, workers).await.unwrap_err();
    assert!(found.contains(what), "{what}: {found}");
}

#[tokio::test]
async fn a_commit_that_is_lost_is_found_out() {
    let (world, workers) = peaceful(database().await).await;
    world.database.execute("DELETE FROM tag WHERE ctid = (SELECT min(ctid) FROM tag)").await;
    finds(&world, &workers, "tag: missing").await;
}

#[tokio::test]
async fn a_rollback_that_is_kept_is_found_out() {
    let (world, workers) = peaceful(database().await).await;
    let organization = workers[0].member.organization;
    let sql = format!("INSERT INTO tag (organization_id, id, name) VALUES ('{organization}', gen_random_uuid(), 'a')");
    world.database.execute(&sql).await;
    finds(&world, &workers, "too many").await;
}

/// A row that no tenant has, as far as they know.
#[tokio::test]
async fn a_row_of_nobodys_is_found_out() {
    let (world, workers) = peaceful(database().await).await;
    world
        .database
        .execute("INSERT INTO bookmark VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid())")
        .await;
    finds(&world, &workers, "the tenants have").await;
}

/// A statement that runs in another tenant's context, by a way of the owner's: the row is as its tenant left it.
#[tokio::test]
async fn a_row_that_is_written_in_another_context_is_found_out() {
    let (world, workers) = peaceful(database().await).await;
    let [one, other] = workers.each_ref().map(|worker| worker.member.organization);
    let schema = &world.database.prefix;
    let sql = format!(
        "BEGIN; SELECT {schema}.enter_tenant_as_system('{other}');
         UPDATE tag SET name = name WHERE organization_id = '{one}'; COMMIT"
    );
    world.database.execute(&sql).await;
    finds(&world, &workers, "in a context of another tenant").await;
}

/// Here the books have it as well: only the mark says whose it is.
#[tokio::test]
async fn a_mark_of_another_tenants_is_found_out() {
    let (world, mut workers) = peaceful(database().await).await;
    let marker = workers[1].member.marker;
    workers[0].leave_mark(&world, marker).await;
    finds(&world, &workers, "with the mark of").await;
}

#[tokio::test]
async fn a_connection_that_is_not_given_back_is_found_out() {
    let (mut world, workers) = peaceful(database().await).await;
    let held = world.db.identity().begin().await.unwrap();
    world.patience = IN_VAIN;
    let since = Instant::now();
    loop {
        let found = world.pool_is_whole().await.unwrap_err();
        if found.contains("1 of 2 contexts can be open") {
            break;
        }
        // On a busy machine the one that can be open takes longer, too.
        assert!(since.elapsed() < PATIENCE, "{found}");
    }
    finds(&world, &workers, "a session is left in a transaction").await;
    world.patience = PATIENCE;
    held.rollback().await.unwrap();
    check(&world, &workers).await.unwrap();
}

/// A session that is no longer the pool's, and goes on.
#[tokio::test]
async fn a_session_too_many_is_found_out() {
    let (mut world, workers) = peaceful(database().await).await;
    let strangers = [world.database.stranger().await, world.database.stranger().await];
    world.patience = IN_VAIN;
    finds(&world, &workers, "there are more sessions than connections").await;
    world.patience = PATIENCE;
    drop(strangers);
    check(&world, &workers).await.unwrap();
}

/// A commit that is reported as rolled back is found out by the very transaction that comes next.
#[tokio::test]
async fn an_outcome_that_is_reported_wrongly_is_found_out() {
    let (world, mut workers) = peaceful(database().await).await;
    let before = workers[0].books.clone();
    let plan = Plan { drops: false, timeouts: false, is_fault: |_| false };
    let committed = world.times("committed");
    while world.times("committed") == committed {
        workers[0].step(&world, plan).await.unwrap();
    }
    workers[0].books = before;
    finds(&world, &workers, "as the tenant sees it").await;
}
