//! An acceptance, and whoever made the invitation, at the same moment: step by step.

use std::time::{Duration, Instant};

use db::Result;
use sea_orm::sqlx::{self, Connection, PgConnection};
use tests::PATIENCE;

use super::*;

async fn invited(f: &Fixture, by: &Authenticated, email: &str) -> Uuid {
    let new = NewInvitation { email: email.to_owned(), role: MemberRole::Admin, expires_at: next_year() };
    f.db.with_tenant_context(f.acme.id, by, async |cx| invite(cx, new).await).await.unwrap().id
}

/// Waits until a session of the test's database waits for another's lock, however busy the machine is. Fails if none does.
pub(super) async fn until_somebody_waits(f: &Fixture, owner: &mut PgConnection) {
    let since = Instant::now();
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(waits).bind(&f.database.name).fetch_one(&mut *owner).await.unwrap() == 0 {
        assert!(since.elapsed() < PATIENCE, "nobody waits");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Whoever made it stays what they are until the acceptance has ended: a demotion waits for it.
#[tokio::test]
async fn a_demotion_waits_for_an_acceptance_under_way() {
    let f = Fixture::new().await;
    let admin = join(&f, &f.acme, "admin@acme.example", MemberRole::Admin).await;
    let who = person(&f, "new@acme.example").await;
    let id = invited(&f, &admin, "new@acme.example").await;
    let accepting = f.db.identity().begin().await.unwrap();
    accept_invitation(&accepting, &who, id).await.unwrap();
    let mut owner = f.database.owner().await;
    let demoting = change(&f, &f.acme, &f.acme.owner, &admin, MemberRole::Member);
    let waiting = async {
        until_somebody_waits(&f, &mut owner).await;
        // It has not taken place: what it would be is seen after the commit alone.
        assert_eq!(role(&f, f.acme.id, &admin).await.as_deref(), Some("admin"));
        accepting.commit().await
    };
    let (demoted, accepted): (Result<()>, Result<()>) = futures::future::join(demoting, waiting).await;
    demoted.unwrap();
    accepted.unwrap();
    assert_eq!(role(&f, f.acme.id, &admin).await.as_deref(), Some("member"));
    assert_eq!(role(&f, f.acme.id, &who).await.as_deref(), Some("admin"));
    owner.close().await.unwrap();
}

/// Whose it is now is not whose it was when it was read: it is not accepted, though they are still what they were.
#[tokio::test]
async fn an_invitation_that_is_no_longer_its_makers_is_not_accepted() {
    let f = Fixture::new().await;
    let admin = join(&f, &f.acme, "admin@acme.example", MemberRole::Admin).await;
    for (email, by) in [
        ("one@acme.example", None),
        ("two@acme.example", Some(f.acme.owner.user_id())),
        ("three@acme.example", Some(admin.user_id())),
    ] {
        let who = person(&f, email).await;
        let id = invited(&f, &admin, email).await;
        // The membership is locked, so that the acceptance stops once it has read the invitation; and meanwhile …
        let (mut owner, mut watch) = (f.database.owner().await, f.database.owner().await);
        let mut transaction = owner.begin().await.unwrap();
        let lock = "SELECT 1 FROM member WHERE user_id = $1 FOR UPDATE";
        sqlx::query(lock).bind(admin.user_id().0).execute(&mut *transaction).await.unwrap();
        let accepting = f.db.with_identity_context(async |cx| accept_invitation(cx, &who, id).await);
        let changing = async {
            until_somebody_waits(&f, &mut watch).await;
            let change = sqlx::query("UPDATE invitation SET inviter_id = $2 WHERE id = $1").bind(id);
            change.bind(by.map(|by| by.0)).execute(&mut *transaction).await.unwrap();
            transaction.commit().await.unwrap();
        };
        let (accepted, ()) = futures::future::join(accepting, changing).await;
        // The control: the maker as before, and all else the same.
        if by == Some(admin.user_id()) {
            assert_eq!(accepted.unwrap(), f.acme.id);
        } else {
            fails(accepted, Error::is_not_found);
            assert_eq!(role(&f, f.acme.id, &who).await, None);
        }
        owner.close().await.unwrap();
        watch.close().await.unwrap();
    }
}
