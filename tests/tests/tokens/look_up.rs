//! What the look-up costs, and what it writes down.

use std::time::Duration;

use db::prelude::*;
use entity::authenticate_pat;
use sea_orm::sqlx::{self, AssertSqlSafe, Executor, PgConnection, query_scalar, raw_sql};
use tests::{Fixture, TestDatabase};

use crate::{assign, look_up, make};

const INDEX: &str = "personal_access_token_by_digest";

/// Returns the plan of the function's own query, as the role that runs it.
async fn plan(database: &TestDatabase) -> String {
    let mut owner = database.owner().await;
    let source: String = query_scalar("SELECT prosrc FROM pg_proc WHERE oid = $1::regprocedure")
        .bind(format!("{}.authenticate_token(bytea)", database.prefix))
        .fetch_one(&mut owner)
        .await
        .unwrap();
    let (_, query) = source.split_once(" IN\n").unwrap();
    let (query, _) = query.split_once("LOOP").unwrap();
    let run = async |owner: &mut PgConnection, sql: String| owner.execute(raw_sql(AssertSqlSafe(sql))).await.unwrap();
    run(&mut owner, format!("SET ROLE {}", database.role("gate"))).await;
    // As in the function, after its first few calls: one plan for every digest.
    run(&mut owner, "SET plan_cache_mode = force_generic_plan".to_owned()).await;
    run(&mut owner, format!("PREPARE look_up (bytea) AS {query}")).await;
    let lines: Vec<String> =
        query_scalar(AssertSqlSafe("EXPLAIN EXECUTE look_up ('\\x00')")).fetch_all(&mut owner).await.unwrap();
    lines.join("\n")
}

#[tokio::test]
async fn a_digest_is_looked_up_by_its_index() {
    let f = Fixture::new().await;
    let (_, secret) = make(&f.db, &f.acme.owner, "laptop").await.unwrap();
    f.database
        .execute(&format!(
            "SET session_replication_role = replica;
             INSERT INTO personal_access_token (user_id, id, name, token_digest)
             SELECT '{}', gen_random_uuid(), 'token ' || n, sha256(n::text::bytea) FROM generate_series(1, 20000) n;
             ANALYZE personal_access_token",
            f.acme.owner.user_id()
        ))
        .await;
    let with_index = plan(&f.database).await;
    assert!(with_index.contains(INDEX) && !with_index.contains("Seq Scan"), "{with_index}");
    assert_eq!(look_up(&f.db, &secret).await.unwrap().user_id(), f.acme.owner.user_id());

    // The control: without the index the plan says so.
    f.database.execute(&format!("DROP INDEX {INDEX}")).await;
    let without = plan(&f.database).await;
    assert!(!without.contains(INDEX) && without.contains("Seq Scan"), "{without}");
}

async fn last_used(f: &Fixture, id: Uuid) -> Option<String> {
    let sql = "SELECT last_used_at::text FROM personal_access_token WHERE id = $1";
    query_scalar(sql).bind(id).fetch_one(&mut f.database.owner().await).await.unwrap()
}

#[tokio::test]
async fn when_a_token_was_last_used_is_written_at_most_once_a_minute() {
    let f = Fixture::new().await;
    let (token, secret) = make(&f.db, &f.acme.owner, "laptop").await.unwrap();
    let (other, _) = make(&f.db, &f.acme.owner, "phone").await.unwrap();
    assert_eq!(last_used(&f, token.id).await, None);
    look_up(&f.db, &secret).await.unwrap();
    assert!(last_used(&f, token.id).await.is_some());

    for (ago, is_written) in [("50 seconds", false), ("61 seconds", true), ("1 year", true)] {
        assign(&f.database, token.id, &format!("last_used_at = clock_timestamp() - interval '{ago}'")).await;
        let before = last_used(&f, token.id).await;
        look_up(&f.db, &secret).await.unwrap();
        let first = last_used(&f, token.id).await;
        assert_eq!(first != before, is_written, "{ago}");
        look_up(&f.db, &secret).await.unwrap();
        assert_eq!(last_used(&f, token.id).await, first, "{ago}: a second time");
    }
    assert_eq!(last_used(&f, other.id).await, None);
}

/// One look-up holds the row, as it has written it and not committed; another neither waits nor fails.
#[tokio::test]
async fn two_look_ups_at_once_do_not_wait_for_each_other() {
    let f = Fixture::new().await;
    let (token, secret) = make(&f.db, &f.acme.owner, "laptop").await.unwrap();
    let first = f.db.identity().begin().await.unwrap();
    authenticate_pat(&first, &secret).await.unwrap();

    // The control: the row is held, and its use is not yet to be seen.
    let sql = "SELECT 1 FROM personal_access_token WHERE id = $1 FOR NO KEY UPDATE NOWAIT";
    let held = query_scalar::<_, i32>(sql).bind(token.id).fetch_one(&mut f.database.owner().await).await;
    assert_eq!(sqlstate(&held.unwrap_err()), "55P03");
    assert_eq!(last_used(&f, token.id).await, None);

    let second = f.db.identity().statement_timeout(Duration::from_secs(20));
    let who = second.run(async |cx| authenticate_pat(cx, &secret).await).await.unwrap();
    assert_eq!(who.user_id(), f.acme.owner.user_id());
    first.commit().await.unwrap();
    assert!(last_used(&f, token.id).await.is_some());
}

fn sqlstate(error: &sqlx::Error) -> String {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default().into_owned()
}

/// That its use cannot be written down is no reason to refuse a token.
#[tokio::test]
async fn a_token_is_good_where_its_use_cannot_be_written_down() {
    let f = Fixture::new().await;
    let (token, secret) = make(&f.db, &f.acme.owner, "laptop").await.unwrap();
    f.database
        .execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'on purpose'; END $$;
             CREATE TRIGGER refuse BEFORE UPDATE ON personal_access_token FOR EACH ROW EXECUTE FUNCTION refuse()",
        )
        .await;
    assert_eq!(look_up(&f.db, &secret).await.unwrap().user_id(), f.acme.owner.user_id());
    assert_eq!(last_used(&f, token.id).await, None);
}
