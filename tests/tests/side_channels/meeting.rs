//! Where tenants meet: locks, conflicts, channels and numbers are the server's or the table's, not a tenant's.

use db::prelude::*;
use entity::{authenticate_pat, create_pat, revoke_pat};
use sea_orm::sqlx::{Executor, postgres::PgListener, raw_sql};
use tests::{Fixture, Org, PATIENCE};

use crate::inside::{Inside, sqlstate};

/// A scope role may lock a table that it may update or delete from, whosever the rows are. The control is the same
/// entry once the lock is gone.
#[tokio::test]
async fn a_scope_role_that_locks_a_table_stops_every_entry() {
    let f = Fixture::new().await;
    let mut inside = Inside::tenant(&f, &f.globex).await;
    inside.say("LOCK TABLE member IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let mut other = f.database.stranger().await;
    let (app, acme, owner) = (&f.database.prefix, f.acme.id, f.acme.owner.user_id());
    let enter = format!("BEGIN; SET LOCAL lock_timeout = '200ms'; SELECT {app}.enter_tenant('{acme}', '{owner}')");
    let refused = other.execute(raw_sql(sea_orm::sqlx::AssertSqlSafe(enter))).await.unwrap_err();
    assert_eq!(sqlstate(&refused), "55P03");
    inside.say("ROLLBACK").await.unwrap();
    f.db.with_tenant_context(acme, &f.acme.owner, async |_| Ok(())).await.unwrap();
}

/// Opens a serializable context, and reads a few of its plans.
async fn read_plans(f: &Fixture, org: &Org, scans: &str) -> Inside {
    let (app, organization, user) = (&f.database.prefix, org.id, org.member.user_id());
    let enter = format!("{app}.enter_tenant('{organization}', '{user}')");
    let begin = "BEGIN ISOLATION LEVEL SERIALIZABLE";
    let mut inside = Inside::open(&f.database, begin, &enter, "tenant").await;
    inside.say(scans).await.unwrap();
    inside.say("SELECT title FROM research_plan ORDER BY created_at LIMIT 5").await.unwrap();
    inside
}

async fn insert(inside: &mut Inside, org: &Org) {
    let sql = "INSERT INTO research_plan (organization_id, id, title, question) VALUES";
    inside.say(&format!("{sql} ('{}', gen_random_uuid(), 'x', '')", org.id)).await.unwrap();
}

/// A scan of the whole table is remembered as having read all of it, other tenants' rows included. The control reads a few
/// rows by the index, whose entries are each tenant's own.
#[tokio::test]
async fn serializable_contexts_of_two_tenants_fail_because_of_each_other() {
    const BY_TABLE: &str =
        "SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = off";
    const BY_INDEX: &str = "SET LOCAL enable_seqscan = off";
    let f = Fixture::new().await;
    for org in [&f.acme, &f.globex] {
        f.database
            .execute(&format!(
                "INSERT INTO research_plan (organization_id, id, title, question)
                 SELECT '{}', gen_random_uuid(), 'x', '' FROM generate_series(1, 3000)",
                org.id
            ))
            .await;
    }
    f.database.execute("VACUUM ANALYZE research_plan").await;
    for (scans, fails) in [(BY_TABLE, true), (BY_INDEX, false)] {
        let mut first = read_plans(&f, &f.acme, scans).await;
        let mut second = read_plans(&f, &f.globex, scans).await;
        insert(&mut first, &f.acme).await;
        insert(&mut second, &f.globex).await;
        first.say("COMMIT").await.unwrap();
        let end = second.say("COMMIT").await;
        let end = end.as_ref().err().map(sqlstate);
        assert_eq!(end.as_deref(), fails.then_some("40001"), "{scans}");
    }
}

/// The context sees the tokens as they were when its snapshot was taken. The control is a context at the default level.
#[tokio::test]
async fn a_token_that_was_revoked_since_the_snapshot_is_accepted() {
    let f = Fixture::new().await;
    for (level, is_accepted) in [(IsolationLevel::RepeatableRead, true), (IsolationLevel::ReadCommitted, false)] {
        let name = format!("{level:?}");
        let make = f.db.with_user_context(&f.acme.owner, async |cx| create_pat(cx, &name, None).await);
        let (token, secret) = make.await.unwrap();
        let cx = f.db.identity().isolation(level).begin().await.unwrap();
        entity::User::find().count(&cx).await.unwrap();
        f.db.with_user_context(&f.acme.owner, async |cx| revoke_pat(cx, token.id).await).await.unwrap();
        let found = authenticate_pat(&cx, &secret).await;
        assert_eq!(found.is_ok(), is_accepted, "{level:?}: {found:?}");
        cx.rollback().await.unwrap();
    }
}

#[tokio::test]
async fn advisory_locks_are_one_space_for_all_tenants() {
    let f = Fixture::new().await;
    let (mut one, mut other) = (Inside::tenant(&f, &f.acme).await, Inside::tenant(&f, &f.globex).await);
    one.say("SELECT pg_advisory_xact_lock(42)").await.unwrap();
    assert!(!other.ask::<bool>("SELECT pg_try_advisory_xact_lock(42)").await.unwrap());
    one.say("ROLLBACK").await.unwrap();
    assert!(other.ask::<bool>("SELECT pg_try_advisory_xact_lock(42)").await.unwrap());
}

#[tokio::test]
async fn a_notification_is_heard_by_whoever_listens() {
    let f = Fixture::new().await;
    let mut listener = PgListener::connect(&f.database.login_url()).await.unwrap();
    listener.listen("news").await.unwrap();
    let mut inside = Inside::tenant(&f, &f.acme).await;
    inside.say("NOTIFY news, 'of acme'; COMMIT").await.unwrap();
    let heard = tokio::time::timeout(PATIENCE, listener.recv()).await.unwrap().unwrap();
    assert_eq!(heard.payload(), "of acme");
}

#[tokio::test]
async fn numbers_from_a_sequence_tell_how_many_all_tenants_draw() {
    let f = Fixture::new().await;
    let role = f.database.role("tenant");
    f.database.execute(&format!("CREATE SEQUENCE number; GRANT USAGE ON SEQUENCE number TO {role}")).await;
    let (mut one, mut other) = (Inside::tenant(&f, &f.acme).await, Inside::tenant(&f, &f.globex).await);
    let next = "SELECT nextval('number')";
    let before: i64 = one.ask(next).await.unwrap();
    other.say("SELECT nextval('number') FROM generate_series(1, 10)").await.unwrap();
    assert_eq!(one.ask::<i64>(next).await.unwrap() - before, 11);
}

/// An invitation's id is: an owner who inserts one with the id of another's learns that it is there. The control is an id
/// that nobody has.
#[tokio::test]
async fn a_key_that_is_unique_over_all_tenants_is_told_to_be_taken() {
    let f = Fixture::new().await;
    let taken = "01990000-0000-7000-8000-000000000001";
    let invitation = |organization, id: &str| {
        format!(
            "INSERT INTO invitation (organization_id, id, email, expires_at, inviter_id)
             VALUES ('{organization}', '{id}', 'a@b.example', now() + interval '1 day', {{inviter}})"
        )
    };
    f.database.execute(&invitation(f.acme.id, taken).replace("{inviter}", "NULL")).await;
    let (app, globex, owner) = (&f.database.prefix, f.globex.id, f.globex.owner.user_id());
    let enter = format!("{app}.enter_tenant('{globex}', '{owner}')");
    let mut inside = Inside::open(&f.database, "BEGIN", &enter, "tenant").await;
    for (id, answer) in [(taken, Some("23505")), ("01990000-0000-7000-8000-000000000002", None)] {
        let insert = invitation(globex, id).replace("{inviter}", &format!("'{owner}'"));
        assert_eq!(inside.attempt(&insert).await.err().as_deref(), answer, "{id}");
    }
}

/// A cursor that is held over the commit keeps the rows that it had not given yet, and the next context on the connection
/// can fetch them. One that has given none keeps all or none: PostgreSQL fetches what it holds as it closes the other
/// cursors, the seal among them, in no order.
#[tokio::test]
async fn a_held_cursor_keeps_its_rows_for_the_next_on_the_connection() {
    let f = Fixture::new().await;
    f.database
        .execute(&format!(
            "INSERT INTO research_plan (organization_id, id, title, question)
             SELECT '{}', gen_random_uuid(), 'x', '' FROM generate_series(1, 299)",
            f.acme.id
        ))
        .await;
    for (fetch, kept) in [("FETCH 1 FROM held", [299, 299]), ("SELECT 1", [0, 300])] {
        let mut inside = Inside::tenant(&f, &f.acme).await;
        inside.say("DECLARE held CURSOR WITH HOLD FOR SELECT id FROM research_plan").await.unwrap();
        assert_eq!(inside.say(fetch).await.unwrap().len(), 1);
        inside.say("COMMIT").await.unwrap();
        let enter = format!("{}.enter_tenant('{}', '{}')", f.database.prefix, f.globex.id, f.globex.member.user_id());
        inside.say(&format!("BEGIN; SELECT {enter}; SET LOCAL ROLE {}", f.database.role("tenant"))).await.unwrap();
        let rows = inside.say("FETCH ALL FROM held").await.unwrap().len();
        assert!(kept.contains(&rows), "{fetch}: {rows}");
    }
}
