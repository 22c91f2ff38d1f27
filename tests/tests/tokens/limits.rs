//! The limits on tokens are the database's: names, expiries, and how many there are, also at once.

use std::time::{Duration, SystemTime};

use db::{Db, IsolationLevel, prelude::*};
use entity::{PersonalAccessToken, create_pat, personal_access_token::Draft, revoke_pat};
use futures::future::join_all;
use sea_orm::sqlx::query_scalar;
use tests::{Fixture, TestDatabase};

use crate::{assign, make};

async fn make_many(db: &Db, who: &Authenticated, names: impl Iterator<Item = u32>) -> Vec<db::Result<Uuid>> {
    let one = async |n: u32| make(db, who, &format!("token {n}")).await.map(|(token, _)| token.id);
    join_all(names.map(one)).await
}

#[track_caller]
fn assert_limit(error: &db::Error) {
    assert!(error.is_check_violation(), "{error}");
    assert_eq!(error.constraint(), Some("personal_access_token_limit"));
}

#[tokio::test]
async fn names_are_of_1_to_100_characters_and_unique_for_a_person() {
    let f = Fixture::new().await;
    for name in ["", &"x".repeat(101), &"é".repeat(101)] {
        assert!(make(&f.db, &f.acme.owner, name).await.unwrap_err().is_check_violation());
    }
    for name in ["x", &"x".repeat(100), &"é".repeat(100)] {
        make(&f.db, &f.acme.owner, name).await.unwrap();
        assert!(make(&f.db, &f.acme.owner, name).await.unwrap_err().is_unique_violation());
        make(&f.db, &f.acme.member, name).await.unwrap();
    }
}

#[tokio::test]
async fn an_expiry_in_the_past_is_refused() {
    let f = Fixture::new().await;
    let (minute, now) = (Duration::from_mins(1), SystemTime::now());
    let make = async |name: &str, expires_at: SystemTime| {
        f.db.with_user_context(&f.acme.owner, async |cx| create_pat(cx, name, Some(expires_at.into())).await).await
    };
    for past in [now, now - minute, SystemTime::UNIX_EPOCH] {
        let error = make("past", past).await.unwrap_err();
        assert!(error.is_check_violation(), "{error}");
        assert_eq!(error.constraint(), Some("personal_access_token_expires_at"));
    }
    make("future", now + minute).await.unwrap();
}

#[tokio::test]
async fn a_person_has_at_most_50_live_tokens() {
    let f = Fixture::new().await;
    let who = &f.acme.owner;
    let made: Vec<Uuid> = make_many(&f.db, who, 0..50).await.into_iter().map(Result::unwrap).collect();
    assert_limit(&make(&f.db, who, "one more").await.unwrap_err());
    // Somebody else's do not count, nor do revoked, expired and deleted ones.
    make(&f.db, &f.acme.member, "first").await.unwrap();
    f.db.with_user_context(who, async |cx| revoke_pat(cx, made[0]).await).await.unwrap();
    make(&f.db, who, "for the revoked one").await.unwrap();
    assert_limit(&make(&f.db, who, "one more").await.unwrap_err());
    assign(&f.database, made[1], "expires_at = clock_timestamp()").await;
    make(&f.db, who, "for the expired one").await.unwrap();
    assert_limit(&make(&f.db, who, "one more").await.unwrap_err());
    f.db.with_user_context(who, async |cx| PersonalAccessToken::delete_by_id(made[2]).exec(cx).await).await.unwrap();
    make(&f.db, who, "for the deleted one").await.unwrap();
    assert_limit(&make(&f.db, who, "one more").await.unwrap_err());
}

#[tokio::test]
async fn of_60_tokens_that_are_made_at_once_50_are_made() {
    let f = Fixture::with(|options| options.max_connections(8)).await;
    let results = make_many(&f.db, &f.acme.owner, 0..60).await;
    let refused: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
    assert_eq!(refused.len(), 10);
    refused.into_iter().for_each(assert_limit);

    // In one statement none is.
    let draft =
        |n: u8| Draft { name: Set(format!("token {n}")), token_digest: Set(vec![n; 32].into()), ..Default::default() };
    let insert = async |n| {
        f.db.with_user_context(&f.acme.member, async |cx| {
            PersonalAccessToken::insert_many((0..n).map(draft)).exec(cx).await.map(drop)
        })
        .await
    };
    assert_limit(&insert(51).await.unwrap_err());
    insert(50).await.unwrap();

    // The control: without the trigger all are.
    f.database.execute("DROP TRIGGER limit_personal_access_tokens ON personal_access_token").await;
    assert!(make_many(&f.db, &f.globex.owner, 0..60).await.iter().all(Result::is_ok));
}

/// Makes the 50th token, and before it is committed one more; returns whether the latter is made.
async fn one_more_is_made_while_the_last_one_is(f: &Fixture, who: &Authenticated) -> db::Result<()> {
    assert!(make_many(&f.db, who, 0..49).await.iter().all(Result::is_ok));
    let last = f.db.user(who).begin().await.unwrap();
    create_pat(&last, "the last one", None).await.unwrap();
    let (db, person) = (f.db.clone(), who.clone());
    let one_more = tokio::spawn(async move { make(&db, &person, "one more").await.map(drop) });
    until_it_waits_or_ends(&f.database, &one_more).await;
    last.commit().await.unwrap();
    one_more.await.unwrap()
}

async fn until_it_waits_or_ends<T>(database: &TestDatabase, task: &tokio::task::JoinHandle<T>) {
    let mut owner = database.owner().await;
    let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity \
                 WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'advisory')";
    while !task.is_finished() && !query_scalar::<_, bool>(waits).fetch_one(&mut owner).await.unwrap() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn one_more_waits_for_the_last_one_and_is_refused() {
    let f = Fixture::new().await;
    assert_limit(&one_more_is_made_while_the_last_one_is(&f, &f.acme.owner).await.unwrap_err());

    // The control: without the lock each sees the other's not, and there are 51.
    let mut owner = f.database.owner().await;
    let function = format!("{}.limit_personal_access_tokens()", f.database.prefix);
    let text: String = query_scalar("SELECT pg_get_functiondef($1::regprocedure)")
        .bind(&function)
        .fetch_one(&mut owner)
        .await
        .unwrap();
    let line = text.lines().find(|line| line.contains("pg_advisory_xact_lock")).unwrap();
    f.database.execute(&text.replace(line, "")).await;
    one_more_is_made_while_the_last_one_is(&f, &f.globex.owner).await.unwrap();
}

/// In a snapshot of the whole transaction others' tokens would not be seen, lock or no lock.
#[tokio::test]
async fn no_token_is_made_where_those_of_others_would_not_be_seen() {
    let f = Fixture::new().await;
    for level in [IsolationLevel::RepeatableRead, IsolationLevel::Serializable] {
        let made = f.db.user(&f.acme.owner).isolation(level).run(async |cx| create_pat(cx, "laptop", None).await).await;
        let error: db::Error = made.unwrap_err();
        assert_eq!(error.constraint(), Some("personal_access_token_isolation"), "{error}");
    }
}

/// The limit is looked at once a row has passed its policies: in another's name one waits for no lock of theirs, and so
/// does not learn that they are making a token.
#[tokio::test]
async fn whoever_makes_a_token_in_anothers_name_does_not_wait_for_them() {
    use sea_orm::sqlx::{AssertSqlSafe, Executor, query, raw_sql};

    let f = Fixture::new().await;
    let making = f.db.user(&f.acme.owner).begin().await.unwrap();
    create_pat(&making, "laptop", None).await.unwrap();
    let mut stranger = f.database.stranger().await;
    let (schema, role) = (&f.database.prefix, f.database.role("user"));
    for (whose, sqlstate) in [(&f.acme.owner, "42501"), (&f.globex.owner, "55P03")] {
        // The control: one's own lock, held elsewhere, is waited for.
        let held = f.db.user(&f.globex.owner).begin().await.unwrap();
        create_pat(&held, "held", None).await.unwrap();
        let enter = format!(
            "BEGIN; SELECT {schema}.enter_user('{}'); SET LOCAL lock_timeout = '200ms'; SET LOCAL ROLE {role}",
            f.globex.owner.user_id()
        );
        stranger.execute(raw_sql(AssertSqlSafe(enter))).await.unwrap();
        let sql = format!(
            "INSERT INTO personal_access_token (user_id, id, name, token_digest)
             VALUES ('{}', gen_random_uuid(), 'planted', decode(repeat('00', 32), 'hex'))",
            whose.user_id()
        );
        let error = query(AssertSqlSafe(sql)).execute(&mut stranger).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().code().unwrap(), sqlstate);
        stranger.execute("ROLLBACK").await.unwrap();
        held.rollback().await.unwrap();
    }
    making.rollback().await.unwrap();
}
