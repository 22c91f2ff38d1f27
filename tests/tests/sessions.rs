//! Sessions: whose they are, how long for, and that nobody gets at another's.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use db::{Credential, Db, prelude::*};
use entity::{
    NewSession, ResearchPlan, Session, authenticate, authenticate_session, create_pat, create_session, revoke_session,
    revoke_sessions, session::Model, touch_session,
};
use sea_orm::sqlx::query_scalar;
use secrecy::SecretString;
use tests::Fixture;

const HOUR: Duration = Duration::from_hours(1);

async fn sign_in(db: &Db, who: &Authenticated, lifetime: Duration) -> (Model, SecretString) {
    let new = NewSession { lifetime, ip_address: Some("192.0.2.1".into()), user_agent: Some("browser".into()) };
    db.with_identity_context(async |cx| create_session(cx, who, new.clone()).await).await.unwrap()
}

async fn look_up(db: &Db, secret: &SecretString) -> db::Result<Authenticated> {
    db.identity().read_only().run(async |cx| authenticate_session(cx, secret).await).await
}

async fn touch(db: &Db, who: &Authenticated, id: Uuid, lifetime: Duration) {
    db.with_identity_context(async |cx| touch_session(cx, who, id, lifetime).await).await.unwrap();
}

/// Returns when a session expires, in whole seconds from now.
async fn left(f: &Fixture, id: Uuid) -> i64 {
    let sql = "SELECT round(extract(epoch FROM expires_at - now()))::int8 FROM session WHERE id = $1";
    query_scalar(sql).bind(id).fetch_one(&mut f.database.owner().await).await.unwrap()
}

/// Asserts that this is left of a lifetime that has begun since a moment.
#[track_caller]
fn is_left_of(lifetime: Duration, since: Instant, left: i64) {
    let lifetime = lifetime.as_secs().cast_signed();
    let gone = since.elapsed().as_secs().cast_signed();
    assert!((lifetime - gone - 2..=lifetime).contains(&left), "{left} s of {lifetime} s, after {gone} s");
}

/// Moves when a session expires, as the owner of the table: how a test moves the clock.
async fn expires_in(f: &Fixture, id: Uuid, interval: &str) {
    f.database
        .execute(&format!(
            "UPDATE session SET expires_at = clock_timestamp() + interval '{interval}' WHERE id = '{id}'"
        ))
        .await;
}

#[tokio::test]
async fn whoever_bears_a_session_is_the_person_who_signed_in() {
    let f = Fixture::new().await;
    let (session, secret) = sign_in(&f.db, &f.acme.member, HOUR).await;
    assert_eq!((session.user_id, session.user_agent.as_deref()), (f.acme.member.user_id(), Some("browser")));
    for who in [look_up(&f.db, &secret).await.unwrap(), authenticate(&f.db, &secret).await.unwrap()] {
        assert_eq!((who.user_id(), who.credential()), (f.acme.member.user_id(), Credential::Session(session.id)));
        let plans = f.db.with_tenant_context(f.acme.id, &who, async |cx| ResearchPlan::find().all(cx).await).await;
        assert_eq!(plans.unwrap()[0].id, f.acme.plan);
        assert!(f.db.tenant(f.globex.id, &who).begin().await.unwrap_err().is_not_a_member());
    }
    assert_eq!(f.acme.member.credential(), Credential::SignIn);
    assert_eq!(Authenticated::assume(f.acme.member.user_id()).credential(), Credential::Assumed);
}

#[tokio::test]
async fn a_session_that_is_expired_or_revoked_is_refused_in_the_same_words() {
    let f = Fixture::new().await;
    let who = &f.acme.owner;
    let (expired, by_expired) = sign_in(&f.db, who, HOUR).await;
    let (revoked, by_revoked) = sign_in(&f.db, who, HOUR).await;
    let (_, at_once) = sign_in(&f.db, who, Duration::ZERO).await;
    look_up(&f.db, &by_expired).await.unwrap();
    look_up(&f.db, &by_revoked).await.unwrap();
    expires_in(&f, expired.id, "-1 millisecond").await;
    for _ in 0..2 {
        f.db.with_identity_context(async |cx| revoke_session(cx, who, revoked.id).await).await.unwrap();
    }
    let mut words = Vec::new();
    for secret in [by_expired, by_revoked, at_once, entity::Bearer::Session.new_secret(), "trs_".to_owned().into()] {
        let error = look_up(&f.db, &secret).await.unwrap_err();
        assert!(error.is_not_authenticated());
        words.push(error.to_string());
        words.push(authenticate(&f.db, &secret).await.unwrap_err().to_string());
    }
    words.dedup();
    assert_eq!(words.len(), 1, "{words:?}");

    // What is expired is not brought back.
    touch(&f.db, &f.acme.owner, expired.id, HOUR).await;
    assert!(left(&f, expired.id).await <= 0);
}

#[tokio::test]
async fn a_session_that_is_touched_lives_longer_and_never_shorter() {
    let (f, since) = (Fixture::new().await, Instant::now());
    let (session, secret) = sign_in(&f.db, &f.acme.owner, HOUR).await;
    let (other, _) = sign_in(&f.db, &f.acme.owner, HOUR).await;
    is_left_of(HOUR, since, left(&f, session.id).await);
    let touched = Instant::now();
    touch(&f.db, &f.acme.owner, session.id, 2 * HOUR).await;
    is_left_of(2 * HOUR, touched, left(&f, session.id).await);
    for shorter in [HOUR, Duration::ZERO, Duration::from_nanos(1)] {
        touch(&f.db, &f.acme.owner, session.id, shorter).await;
        is_left_of(2 * HOUR, touched, left(&f, session.id).await);
    }
    touch(&f.db, &f.acme.owner, session.id, Duration::MAX).await;
    assert!(left(&f, session.id).await > 99 * 365 * 24 * 3600);
    look_up(&f.db, &secret).await.unwrap();
    is_left_of(HOUR, since, left(&f, other.id).await);
    sign_in(&f.db, &f.acme.owner, Duration::MAX).await;
}

/// Whether a row was written is told by its version, not by a clock.
#[tokio::test]
async fn a_session_that_is_touched_often_is_written_once_a_minute() {
    let f = Fixture::new().await;
    let (session, _) = sign_in(&f.db, &f.acme.owner, HOUR).await;
    let mut owner = f.database.owner().await;
    let mut version = async || -> String {
        let sql = "SELECT ctid::text || xmin FROM session WHERE id = $1";
        query_scalar(sql).bind(session.id).fetch_one(&mut owner).await.unwrap()
    };
    // As if the last write had been so long ago.
    for (left, is_written) in [("1 hour", false), ("59 minutes 30 seconds", false), ("58 minutes 59 seconds", true)] {
        expires_in(&f, session.id, left).await;
        let before = version().await;
        touch(&f.db, &f.acme.owner, session.id, HOUR).await;
        let first = version().await;
        assert_eq!(first != before, is_written, "{left}");
        touch(&f.db, &f.acme.owner, session.id, HOUR).await;
        assert_eq!(version().await, first, "{left}: a second time");
    }
    // A session shorter than that is kept alive all the same, once half of it is over.
    expires_in(&f, session.id, "28 seconds").await;
    let before = version().await;
    touch(&f.db, &f.acme.owner, session.id, Duration::from_secs(58)).await;
    assert_ne!(version().await, before);
}

#[tokio::test]
async fn another_persons_session_is_neither_read_nor_revoked() {
    let f = Fixture::new().await;
    let (session, secret) = sign_in(&f.db, &f.acme.member, HOUR).await;
    for hostile in [&f.globex.owner, &f.acme.owner] {
        f.db.with_user_context(hostile, async |cx| {
            assert_eq!(Session::find_by_id(session.id).one(cx).await?, None);
            assert!(Session::find().all(cx).await?.is_empty());
            assert_eq!(Session::delete_many().exec(cx).await?.rows_affected, 0);
            let error = cx.savepoint(async |cx| Session::delete_by_id(session.id).exec(cx).await).await.unwrap_err();
            assert!(error.is_not_found(), "{error}");
            Ok(())
        })
        .await
        .unwrap();
    }
    look_up(&f.db, &secret).await.unwrap();

    // The control: the person ends it in a context of their own.
    f.db.with_user_context(&f.acme.member, async |cx| {
        assert_eq!(Session::find().all(cx).await?.len(), 1);
        Session::delete_by_id(session.id).exec(cx).await
    })
    .await
    .unwrap();
    assert!(look_up(&f.db, &secret).await.unwrap_err().is_not_authenticated());
}

#[tokio::test]
async fn all_sessions_of_a_person_are_revoked_and_nobody_elses() {
    let f = Fixture::new().await;
    let mut own = Vec::new();
    for _ in 0..3 {
        own.push(sign_in(&f.db, &f.acme.owner, HOUR).await.1);
    }
    let others = [&f.acme.member, &f.globex.owner];
    let others = [sign_in(&f.db, others[0], HOUR).await.1, sign_in(&f.db, others[1], HOUR).await.1];
    let revoke = || f.db.with_identity_context(async |cx| revoke_sessions(cx, f.acme.owner.user_id()).await);
    assert_eq!(revoke().await.unwrap(), 3);
    for secret in &own {
        assert!(look_up(&f.db, secret).await.unwrap_err().is_not_authenticated());
    }
    for secret in &others {
        look_up(&f.db, secret).await.unwrap();
    }
    assert_eq!(revoke().await.unwrap(), 0);
}

#[tokio::test]
async fn who_has_no_row_signs_in_nowhere() {
    let f = Fixture::new().await;
    let nobody = Authenticated::assume(UserId::new());
    let new = NewSession { lifetime: HOUR, ip_address: None, user_agent: None };
    let error = f.db.with_identity_context(async |cx| create_session(cx, &nobody, new).await).await.unwrap_err();
    assert!(error.is_foreign_key_violation(), "{error}");
}

/// An id is nothing by itself: whose session it is is asked, in the scope that sees all of them.
#[tokio::test]
async fn another_persons_session_is_neither_ended_nor_prolonged_by_its_id() {
    let f = Fixture::new().await;
    let (session, secret) = sign_in(&f.db, &f.acme.owner, HOUR).await;
    for stranger in [&f.globex.owner, &f.acme.member] {
        touch(&f.db, stranger, session.id, 2 * HOUR).await;
        f.db.with_identity_context(async |cx| revoke_session(cx, stranger, session.id).await).await.unwrap();
    }
    assert!(left(&f, session.id).await <= 3600);
    look_up(&f.db, &secret).await.unwrap();
    // The control.
    f.db.with_identity_context(async |cx| revoke_session(cx, &f.acme.owner, session.id).await).await.unwrap();
    look_up(&f.db, &secret).await.unwrap_err();
}

/// A session would outlive the token, and the token's revocation.
#[tokio::test]
async fn a_token_makes_and_prolongs_no_session() {
    let f = Fixture::new().await;
    let (_, secret) =
        f.db.with_user_context(&f.acme.owner, async |cx| create_pat(cx, "leaked", None).await).await.unwrap();
    let by_token = authenticate(&f.db, &secret).await.unwrap();
    let new = NewSession { lifetime: HOUR, ip_address: None, user_agent: None };
    let refused = f.db.with_identity_context(async |cx| create_session(cx, &by_token, new).await).await;
    assert!(refused.unwrap_err().is_not_authenticated());
    // Nor does it let one live longer.
    let (session, _) = sign_in(&f.db, &f.acme.owner, HOUR).await;
    let refused = f.db.with_identity_context(async |cx| touch_session(cx, &by_token, session.id, 2 * HOUR).await).await;
    assert!(refused.unwrap_err().is_not_authenticated());
}
