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
    fails(accept(&f, &who, id).await, Error::is_not_found);
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
        fails(accept(&f, who, id).await, Error::is_not_found);
        let declined = f.db.with_identity_context(async |cx| decline_invitation(cx, who, id).await).await;
        fails(declined, Error::is_not_found);
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
        fails(result, Error::is_not_found);
    }
    assert_eq!(role(&f, f.acme.id, &who).await, None);

    let id = invited(&f, &f.acme, &f.acme.owner, "new@acme.example", MemberRole::Member).await.unwrap();
    let results = join_all((0..8).map(|_| accept(&f, &who, id))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    for result in results.into_iter().filter(Result::is_err) {
        fails(result, Error::is_not_found);
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
    let mut owner = f.database.owner().await;
    tokio::select! {
        done = &mut accepting => unreachable!("it does not wait for the lock: {done:?}"),
        () = meeting::until_somebody_waits(&f, &mut owner) => {}
    }
    withdrawing.commit().await.unwrap();
    fails(accepting.await, Error::is_not_found);
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
    fails(withdraw(&f.globex, withdrawn).await, Error::is_not_found);
    withdraw(&f.acme, withdrawn).await.unwrap();
    withdraw(&f.acme, withdrawn).await.unwrap();
    fails(withdraw(&f.acme, declined).await, Error::is_not_found);
    let_expire(&f, expired).await;
    assert_eq!(f.db.with_identity_context(async |cx| expire_invitations(cx).await).await.unwrap(), 1);
    assert_eq!(f.db.with_identity_context(async |cx| expire_invitations(cx).await).await.unwrap(), 0);
    for (id, expected) in [
        (declined, InvitationStatus::Declined),
        (withdrawn, InvitationStatus::Withdrawn),
        (expired, InvitationStatus::Expired),
    ] {
        assert_eq!(status(&f, id).await, expected);
        fails(accept(&f, &who, id).await, Error::is_not_found);
    }
    assert_eq!(role(&f, f.acme.id, &who).await, None);
}

#[tokio::test]
async fn nobody_invites_above_their_own_role() {
    let f = Fixture::new().await;
    let admin = join(&f, &f.acme, "admin@acme.example", MemberRole::Admin).await;
    let to = "friend@acme.example";
    fails(invited(&f, &f.acme, &admin, to, MemberRole::Owner).await, Error::is_permission_denied);
    fails(invited(&f, &f.acme, &f.acme.member, to, MemberRole::Member).await, Error::is_permission_denied);
    fails(invited(&f, &f.acme, &f.globex.owner, to, MemberRole::Member).await, Error::is_not_a_member);
    invited(&f, &f.acme, &admin, to, MemberRole::Admin).await.unwrap();
    // One that an owner has made to an owner's role is not an admin's to change.
    let owners = invited(&f, &f.acme, &f.acme.owner, to, MemberRole::Owner).await.unwrap();
    let withdrawn = f.db.with_tenant_context(f.acme.id, &admin, async |cx| withdraw_invitation(cx, owners).await).await;
    fails(withdrawn, Error::is_not_found);
    assert_eq!(status(&f, owners).await, InvitationStatus::Pending);
    // Nor is its role, which is no column that a tenant may update.
    let raise = invitation::Draft { role: Set(MemberRole::Admin), ..Default::default() };
    let raised = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        Invitation::update_by_id(owners, raise).exec(cx).await
    });
    fails(raised.await, Error::is_foreign_scope);
    // It is over before it began.
    let past = DateTimeUtc::from_timestamp(0, 0).unwrap();
    let new = NewInvitation { email: to.into(), role: MemberRole::Member, expires_at: past };
    let past = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| invite(cx, new).await).await;
    fails(past, Error::is_check_violation);
    // Nor by a row that says it was made long before.
    let yesterday = chrono::Utc::now() - chrono::Duration::days(1);
    let draft = |cx: &TenantContext| invitation::Draft {
        email: Set(to.into()),
        role: Set(MemberRole::Member),
        status: Set(InvitationStatus::Pending),
        inviter_id: Set(cx.user_id()),
        created_at: Set(yesterday - chrono::Duration::days(1)),
        expires_at: Set(yesterday),
        ..Default::default()
    };
    let over =
        f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| Invitation::insert(draft(cx)).exec(cx).await);
    fails(over.await, Error::is_check_violation);
    // What ends while the transaction goes on, which has the time at which it began, is over as well.
    let slow = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        let soon = chrono::Utc::now() + chrono::Duration::milliseconds(50);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        invite(cx, NewInvitation { email: to.into(), role: MemberRole::Member, expires_at: soon }).await
    });
    fails(slow.await, Error::is_check_violation);
}

/// Whoever goes, or is made less, leaves no way back in behind: not for themselves, and not for a second address of theirs.
#[tokio::test]
async fn an_invitation_falls_with_the_role_of_whoever_made_it() {
    let f = Fixture::new().await;
    let second = person(&f, "second@acme.example").await;
    for (gone, to) in [
        ("removed", MemberRole::Member),
        ("demoted", MemberRole::Admin),
        ("lowered", MemberRole::Member),
        ("deleted", MemberRole::Admin),
    ] {
        let first = join(&f, &f.acme, &format!("{gone}@acme.example"), MemberRole::Owner).await;
        let id = invited(&f, &f.acme, &first, "second@acme.example", to).await.unwrap();
        match gone {
            "removed" => remove(&f, &f.acme, &f.acme.owner, &first).await.unwrap(),
            "demoted" | "lowered" => change(&f, &f.acme, &f.acme.owner, &first, MemberRole::Member).await.unwrap(),
            _ => {
                let delete = async |cx: &mut IdentityContext| User::delete_by_id(first.user_id()).exec(cx).await;
                f.db.with_identity_context(delete).await.unwrap();
            }
        }
        fails(accept(&f, &second, id).await, Error::is_not_found);
        assert_eq!(status(&f, id).await, InvitationStatus::Pending, "{gone}: rolled back as a whole");
    }
    assert_eq!(role(&f, f.acme.id, &second).await, None);
    // The control: one of somebody who is still what they were.
    let id = invited(&f, &f.acme, &f.acme.owner, "second@acme.example", MemberRole::Admin).await.unwrap();
    accept(&f, &second, id).await.unwrap();
}

/// In another's name, or in nobody's, which would be the same once its maker has gone; or answered already.
#[tokio::test]
async fn an_invitation_is_made_in_ones_own_name_and_only_withdrawn() {
    let f = Fixture::new().await;
    let admin = join(&f, &f.acme, "admin@acme.example", MemberRole::Admin).await;
    let draft = |inviter_id, status| invitation::Draft {
        email: Set("friend@acme.example".to_owned()),
        role: Set(MemberRole::Member),
        status: Set(status),
        expires_at: Set(next_year()),
        inviter_id: Set(inviter_id),
        ..Default::default()
    };
    let own = Some(admin.user_id());
    for (inviter, status) in [
        (Some(f.acme.owner.user_id()), InvitationStatus::Pending),
        (None, InvitationStatus::Pending),
        (own, InvitationStatus::Accepted),
    ] {
        let insert = Invitation::insert(draft(inviter, status));
        let made = f.db.with_tenant_context(f.acme.id, &admin, async |cx| insert.exec(cx).await).await;
        fails(made, Error::is_permission_denied);
    }
    let system = NewInvitation { email: "x@y.example".into(), role: MemberRole::Member, expires_at: next_year() };
    let system = f.db.system_tenant(f.acme.id, "test").run(async |cx| invite(cx, system).await).await;
    fails(system, Error::is_permission_denied);

    let insert = Invitation::insert(draft(own, InvitationStatus::Pending));
    let id = f.db.with_tenant_context(f.acme.id, &admin, async |cx| insert.exec(cx).await).await.unwrap();
    let set = async |status| {
        let draft = invitation::Draft { status: Set(status), ..Default::default() };
        let update = Invitation::update_by_id(id, draft);
        f.db.with_tenant_context(f.acme.id, &admin, async |cx| update.exec(cx).await).await
    };
    for status in [InvitationStatus::Accepted, InvitationStatus::Declined, InvitationStatus::Expired] {
        fails(set(status).await, Error::is_permission_denied);
    }
    set(InvitationStatus::Withdrawn).await.unwrap();
    fails(set(InvitationStatus::Pending).await, Error::is_permission_denied);
    assert_eq!(status(&f, id).await, InvitationStatus::Withdrawn);
}

/// Another letter that a locale takes for the same one is another mailbox.
#[tokio::test]
async fn an_address_is_folded_from_a_to_z_alone() {
    let f = Fixture::new().await;
    let kelvin = person(&f, "\u{212A}ate@acme.example").await;
    let kate = person(&f, "KATE@acme.example").await;
    let id = invited(&f, &f.acme, &f.acme.owner, "kate@acme.example", MemberRole::Member).await.unwrap();
    fails(accept(&f, &kelvin, id).await, Error::is_not_found);
    accept(&f, &kate, id).await.unwrap();
}

/// An address that changes has to be proved again, or a person would take the invitations to any.
#[tokio::test]
async fn another_address_is_not_proved_by_the_one_before() {
    let f = Fixture::new().await;
    let who = person(&f, "mine@acme.example").await;
    let id = invited(&f, &f.acme, &f.acme.owner, "theirs@acme.example", MemberRole::Member).await.unwrap();
    let set = async |draft: user::Draft| {
        let update = User::update_by_id(who.user_id(), draft);
        f.db.with_identity_context(async |cx| update.exec(cx).await).await.unwrap().email_verified
    };
    let email =
        user::Draft { email: Set("theirs@acme.example".into()), email_verified: Set(true), ..Default::default() };
    assert!(!set(email).await, "in the same statement");
    fails(accept(&f, &who, id).await, Error::is_not_found);
    assert!(set(user::Draft { email_verified: Set(true), ..Default::default() }).await);
    accept(&f, &who, id).await.unwrap();
}

/// Two invitations to one organization, accepted at the same moment: the person is a member once, and neither fails.
#[tokio::test]
async fn two_invitations_at_once_make_one_member() {
    let f = Fixture::with(|options| options.max_connections(8)).await;
    let who = person(&f, "new@acme.example").await;
    let invite = async || invited(&f, &f.acme, &f.acme.owner, "new@acme.example", MemberRole::Member).await.unwrap();
    let ids = [invite().await, invite().await, invite().await, invite().await];
    for accepted in join_all(ids.map(|id| accept(&f, &who, id))).await {
        accepted.unwrap();
    }
    assert_eq!(role(&f, f.acme.id, &who).await.as_deref(), Some("member"));
}

/// Whoever made it is removed at the same moment: one waits for the other, and neither is given up for a deadlock.
#[tokio::test]
async fn an_acceptance_and_the_removal_of_whoever_invited_do_not_deadlock() {
    for round in 0..8 {
        let f = Fixture::new().await;
        let admin = join(&f, &f.acme, "admin@acme.example", MemberRole::Admin).await;
        let who = person(&f, "new@acme.example").await;
        let id = invited(&f, &f.acme, &admin, "new@acme.example", MemberRole::Member).await.unwrap();
        let removing = async {
            tokio::time::sleep(std::time::Duration::from_millis(2 * round)).await;
            remove(&f, &f.acme, &f.acme.owner, &admin).await
        };
        let (accepted, removed) = futures::future::join(accept(&f, &who, id), removing).await;
        removed.unwrap();
        let joined = role(&f, f.acme.id, &who).await.is_some();
        match accepted {
            Ok(_) => assert!(joined),
            Err(error) => assert!(error.is_not_found() && !joined, "{error}"),
        }
    }
}

/// What an index would not take is refused as a value, not as a failure of the server's.
#[tokio::test]
async fn an_address_and_a_slug_are_no_longer_than_they_may_be() {
    let f = Fixture::new().await;
    let email = |length: usize| "x".repeat(length);
    for bad in [email(0), email(321), email(20_000)] {
        let new = NewUser { name: "x".into(), email: bad.clone(), email_verified: false };
        let made = f.db.with_identity_context(async |cx| create_user(cx, new).await).await;
        fails(made, Error::is_check_violation);
        fails(invited(&f, &f.acme, &f.acme.owner, &bad, MemberRole::Member).await, Error::is_check_violation);
        let new = entity::NewOrganization { name: "x".into(), slug: bad };
        let owner = &f.acme.owner;
        let made = f.db.with_identity_context(async |cx| entity::create_organization(cx, owner, new).await).await;
        fails(made, Error::is_check_violation);
    }
    let longest = NewUser { name: "x".into(), email: email(320), email_verified: false };
    f.db.with_identity_context(async |cx| create_user(cx, longest).await).await.unwrap();
}
