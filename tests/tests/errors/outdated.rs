//! Connections that have had their day: after a migration, and after a failover.

use db::{Db, Error, TenantContext};
use entity::ResearchPlan;
use sea_orm::sqlx::{AssertSqlSafe, Connection, query_scalar};
use tests::Fixture;

use super::titled;

/// Opens so many contexts at once, and reads in each: each connection of the pool has the statement prepared.
async fn read_in_each(f: &Fixture, contexts: usize) -> Vec<Result<usize, Error>> {
    let mut open = Vec::new();
    for _ in 0..contexts {
        open.push(f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap());
    }
    let mut read = Vec::new();
    for cx in &open {
        read.push(ResearchPlan::find().all(cx).await.map(|plans| plans.len()));
    }
    read
}

/// `SELECT` of a column whose type a migration has changed: PostgreSQL refuses a statement that was prepared before.
async fn change_the_type(f: &Fixture, to: &str) {
    f.database.execute(&format!("ALTER TABLE research_plan ALTER question TYPE {to}")).await;
}

#[tokio::test]
async fn a_migration_fails_one_context_and_not_one_for_each_connection() {
    let f = Fixture::with(|options| options.max_connections(4)).await;
    assert!(read_in_each(&f, 4).await.iter().all(Result::is_ok));
    change_the_type(&f, "varchar(10000)").await;
    let read = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| ResearchPlan::find().all(cx).await);
    let error = read.await.unwrap_err();
    assert!(error.is_stale_statement() && !error.is_invalid_statement(), "{error}");
    assert!(error.to_string().contains("run the transaction again"), "{error}");
    // Of the other connections none was told.
    let read = read_in_each(&f, 4).await;
    assert!(read.iter().all(Result::is_ok), "{read:?}");
    assert_eq!(f.db.check_database().await.connections_in_use, 0);
}

/// In a savepoint it is the savepoint's: the context goes on, and its connection goes all the same.
#[tokio::test]
async fn a_migration_and_a_savepoint() {
    let f = Fixture::with(|options| options.max_connections(1)).await;
    read_in_each(&f, 1).await;
    change_the_type(&f, "varchar(10000)").await;
    let stale =
        f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx: &mut TenantContext| {
            let read = cx.savepoint(async |cx| ResearchPlan::find().all(cx).await).await;
            ResearchPlan::insert(titled("kept")).exec(cx).await?;
            Ok(read.unwrap_err())
        })
        .await;
    assert!(stale.unwrap().is_stale_statement());
    assert_eq!(read_in_each(&f, 1).await.pop().unwrap().unwrap(), 2);
}

#[tokio::test]
async fn a_migration_is_nothing_to_a_context_that_is_run_again() {
    let f = Fixture::with(|options| options.max_connections(3)).await;
    read_in_each(&f, 3).await;
    change_the_type(&f, "varchar(10000)").await;
    let again = f.db.tenant(f.acme.id, &f.acme.owner).retry(1);
    let plans = again.run(async |cx| ResearchPlan::find().all(cx).await).await.unwrap();
    assert_eq!(plans.len(), 1);
}

/// A server that takes no writes, as a standby does: connections to it go, so that the next are to whatever has its name.
#[tokio::test]
async fn a_failover_fails_one_context_and_not_one_for_each_connection() {
    let f = Fixture::new().await;
    let (name, read_only) = (&f.database.name, "default_transaction_read_only");
    f.database.execute(&format!("ALTER DATABASE {name} SET {read_only} = on")).await;
    let db = Db::connect(f.database.options().max_connections(2)).await.unwrap();
    let write = async || {
        let insert = ResearchPlan::insert(titled("written"));
        db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| insert.exec(cx).await).await
    };
    let one = db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    let error = write().await.unwrap_err();
    assert!(error.is_server_read_only() && !error.is_read_only(), "{error}");
    assert!(error.to_string().contains("connect to the primary"), "{error}");
    drop(one);
    let mut owner = f.database.owner().await;
    for sql in [format!("SET {read_only} = off"), format!("ALTER DATABASE {name} RESET {read_only}")] {
        sea_orm::sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut owner).await.unwrap();
    }
    // Both connections were to the server as it was.
    let (first, second) = (db.tenant(f.acme.id, &f.acme.owner).begin(), db.tenant(f.acme.id, &f.acme.owner).begin());
    for cx in [first.await.unwrap(), second.await.unwrap()] {
        ResearchPlan::insert(titled("written")).exec(&cx).await.unwrap();
        cx.commit().await.unwrap();
    }
    write().await.unwrap();
    let written: i64 =
        query_scalar("SELECT count(*) FROM research_plan WHERE title = 'written'").fetch_one(&mut owner).await.unwrap();
    assert_eq!(written, 3);
    owner.close().await.unwrap();
}
