//! Invitations: by whom, for whom, and once.

use db::Result;
use entity::{
    decline_invitation, expire_invitations,
    invitation::{self, InvitationStatus},
    withdraw_invitation,
};
use futures::future::join_all;

use super::*;

async fn invited(f: &Fixture, org: &Org, by: &Authenticated, email: &str, role: MemberRole) -> Result<Uuid> {
    let new = NewInvitation { email: email.to_owned(), role, expires_at: next_year() };
    Ok(f.db.with_tenant_context(org.id, by, async |cx| invite(cx, new).await).await?.id)
}

async fn accept(f: &Fixture, who: &Authenticated, id: Uuid) -> Result<OrganizationId> {
    f.db.with_identity_context(async |cx| accept_invitation(cx, who, id).await).await
}

async fn status(f: &Fixture, id: Uuid) -> InvitationStatus {
    let find = invitation_of(id);
    f.db.with_identity_context(async |cx| find.require_one(cx).await).await.unwrap().status
}

fn invitation_of(id: Uuid) -> db::Select<Invitation> {
    Invitation::find_by_id(id)
}

/// Makes it as if so many days had gone by since it was made, for one day.
async fn let_expire(f: &Fixture, id: Uuid) {
    let sql = "UPDATE invitation SET created_at = now() - interval '2 days', expires_at = now() - interval '1 day'";
    f.database.execute(&format!("{sql} WHERE id = '{id}'")).await;
}

#[tokio::test]
async fn who_is_invited_becomes_a_member() {
    let f = Fixture::new().await;
    let who = person(&f, "New@Acme.example").await;
    // However the address is spelt.
    let id = invited(&f, &f.acme, &f.acme.owner, "new@acme.EXAMPLE", MemberRole::Admin).await.unwrap();
    assert_eq!(role(&f, f.acme.id, &who).await, None);
    assert_eq!(accept(&f, &who, id).await.unwrap(), f.acme.id);
    assert_eq!(role(&f, f.acme.id, &who).await.as_deref(), Some("admin"));
    assert_eq!(status(&f, id).await, InvitationStatus::Accepted);
    fails(accept(&f, &who, id).await, Error::is_not_found).await;
    // A second one does not change what they are.
    let id = invited(&f, &f.acme, &f.acme.owner, "new@acme.example", MemberRole::Owner).await.unwrap();
    accept(&f, &who, id).await.unwrap();
    assert_eq!(role(&f, f.acme.id, &who).await.as_deref(), Some("admin"));
}

#[tokio::test]
async fn an_invitation_is_for_whoever_has_proved_the_address() {
    let f = Fixture::new().await;
    let id = invited(&f, &f.acme, &f.acme.owner, "new@acme.example", MemberRole::Owner).await.unwrap();
    // Another person, the other tenant's owner, and one who merely says that the address is theirs.
    let other = person(&f, "other@acme.example").await;
    let unproved = NewUser { name: "x".into(), email: "new@acme.example".into(), email_verified: false };
    let unproved =
        f.db.with_identity_context(async |cx| Ok(cx.authenticated(create_user(cx, unproved).await?.id))).await.unwrap();
    for who in [&other, &f.globex.owner, &f.acme.member, &unproved] {
        fails(accept(&f, who, id).await, Error::is_not_found).await;
        let declined = f.db.with_identity_context(async |cx| decline_invitation(cx, who, id).await).await;
        fails(declined, Error::is_not_found).await;
    }
    assert_eq!(status(&f, id).await, InvitationStatus::Pending);
    // The control.
    f.database.execute(r#"UPDATE "user" SET email_verified = true"#).await;
    accept(&f, &unproved, id).await.unwrap();
}

/// The one that is expired, used twice at once; and one that is not: once.
#[tokio::test]
async fn an_invitation_is_used_once_and_not_when_it_has_expired() {
    let f = Fixture::with(|options| options.max_connections(8)).await;
    let who = person(&f, "new@acme.example").await;
    let expired = invited(&f, &f.acme, &f.acme.owner, "new@acme.example", MemberRole::Member).await.unwrap();
    let_expire(&f, expired).await;
    for result in join_all((0..8).map(|_| accept(&f, &who, expired))).await {
        fails(result, Error::is_not_found).await;
    }
    assert_eq!(role(&f, f.acme.id, &who).await, None);

    let id = invited(&f, &f.acme, &f.acme.owner, "new@acme.example", MemberRole::Member).await.unwrap();
    let results = join_all((0..8).map(|_| accept(&f, &who, id))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    for result in results.into_iter().filter(Result::is_err) {
        fails(result, Error::is_not_found).await;
    }
    assert_eq!(role(&f, f.acme.id, &who).await.as_deref(), Some("member"));
}

/// Whoever waits for an acceptance that is under way sees what became of it.
#[tokio::test]
async fn an_invitation_that_is_withdrawn_meanwhile_is_not_accepted() {
    let f = Fixture::new().await;
    let who = person(&f, "new@acme.example").await;
    let id = invited(&f, &f.acme, &f.acme.owner, "new@acme.example", MemberRole::Member).await.unwrap();
    let withdrawing = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    withdraw_invitation(&withdrawing, id).await.unwrap();
    let mut accepting = Box::pin(accept(&f, &who, id));
    // It waits for the lock.
    let waited = tokio::time::timeout(std::time::Duration::from_millis(300), &mut accepting).await;
    assert!(waited.is_err(), "{waited:?}");
    withdrawing.commit().await.unwrap();
    fails(accepting.await, Error::is_not_found).await;
    assert_eq!(role(&f, f.acme.id, &who).await, None);
}

#[tokio::test]
async fn an_invitation_is_declined_withdrawn_or_expires() {
    let f = Fixture::new().await;
    let who = person(&f, "new@acme.example").await;
    let make = async || invited(&f, &f.acme, &f.acme.owner, "new@acme.example", MemberRole::Member).await.unwrap();
    let withdraw = async |by: &Org, id| {
        f.db.with_tenant_context(by.id, &by.owner, async |cx| withdraw_invitation(cx, id).await).await
    };
    let (declined, withdrawn, expired) = (make().await, make().await, make().await);
    f.db.with_identity_context(async |cx| decline_invitation(cx, &who, declined).await).await.unwrap();
    // Another tenant's owner cannot, nor does it tell them anything.
    fails(withdraw(&f.globex, withdrawn).await, Error::is_not_found).await;
    withdraw(&f.acme, withdrawn).await.unwrap();
    withdraw(&f.acme, withdrawn).await.unwrap();
    fails(withdraw(&f.acme, declined).await, Error::is_not_found).await;
    let_expire(&f, expired).await;
    assert_eq!(f.db.with_identity_context(async |cx| expire_invitations(cx).await).await.unwrap(), 1);
    assert_eq!(f.db.with_identity_context(async |cx| expire_invitations(cx).await).await.unwrap(), 0);
    for (id, expected) in [
        (declined, InvitationStatus::Declined),
        (withdrawn, InvitationStatus::Withdrawn),
        (expired, InvitationStatus::Expired),
    ] {
        assert_eq!(status(&f, id).await, expected);
        fails(accept(&f, &who, id).await, Error::is_not_found).await;
    }
    assert_eq!(role(&f, f.acme.id, &who).await, None);
}

#[tokio::test]
async fn nobody_invites_above_their_own_role() {
    let f = Fixture::new().await;
    let admin = join(&f, &f.acme, "admin@acme.example", MemberRole::Admin).await;
    let to = "friend@acme.example";
    fails(invited(&f, &f.acme, &admin, to, MemberRole::Owner).await, Error::is_permission_denied).await;
    fails(invited(&f, &f.acme, &f.acme.member, to, MemberRole::Member).await, Error::is_permission_denied).await;
    fails(invited(&f, &f.acme, &f.globex.owner, to, MemberRole::Member).await, Error::is_not_a_member).await;
    invited(&f, &f.acme, &admin, to, MemberRole::Admin).await.unwrap();
    // One that an owner has made to an owner's role is not an admin's to change.
    let owners = invited(&f, &f.acme, &f.acme.owner, to, MemberRole::Owner).await.unwrap();
    let withdrawn = f.db.with_tenant_context(f.acme.id, &admin, async |cx| withdraw_invitation(cx, owners).await).await;
    fails(withdrawn, Error::is_not_found).await;
    assert_eq!(status(&f, owners).await, InvitationStatus::Pending);
    // Nor is its role, which is no column that a tenant may update.
    let raise = invitation::Draft { role: Set(MemberRole::Admin), ..Default::default() };
    let raised = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        Invitation::update_by_id(owners, raise).exec(cx).await
    });
    fails(raised.await, Error::is_foreign_scope).await;
    // It is over before it began.
    let past = DateTimeUtc::from_timestamp(0, 0).unwrap();
    let new = NewInvitation { email: to.into(), role: MemberRole::Member, expires_at: past };
    let past = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| invite(cx, new).await).await;
    fails(past, Error::is_check_violation).await;
}
