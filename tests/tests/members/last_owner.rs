//! An organization keeps an owner, whoever removes whom at the same moment.

use futures::future::join;

use super::*;

async fn owners(f: &Fixture, org: &Org) -> i64 {
    let sql = "SELECT count(*) FROM member WHERE organization_id = $1 AND role = 'owner'";
    sea_orm::sqlx::query_scalar(sql).bind(org.id.0).fetch_one(&mut f.database.owner().await).await.unwrap()
}

#[tokio::test]
async fn the_last_owner_stays() {
    let f = Fixture::new().await;
    let org = &f.acme;
    fails(remove(&f, org, &org.owner, &org.owner).await, Error::is_last_owner);
    fails(change(&f, org, &org.owner, &org.owner, MemberRole::Admin).await, Error::is_last_owner);
    // All at once: whichever row comes first, none goes.
    let all = async |cx: &mut TenantContext| Member::delete_many().exec(cx).await;
    let all = f.db.with_tenant_context(org.id, &org.owner, all).await;
    fails(all, Error::is_last_owner);
    // Sign-in, which sees everything, is restricted by the same.
    let person = f.db.with_identity_context(async |cx| User::delete_by_id(org.owner.user_id()).exec(cx).await).await;
    fails(person, Error::is_last_owner);
    let membership = f.db.with_identity_context(async |cx| {
        Member::delete_many().filter(member::Column::OrganizationId.eq(org.id)).exec(cx).await
    });
    fails(membership.await, Error::is_last_owner);
    assert_eq!((owners(&f, org).await, role(&f, org.id, &org.member).await.as_deref()), (1, Some("member")));

    // With a second one, the first may go.
    change(&f, org, &org.owner, &org.member, MemberRole::Owner).await.unwrap();
    remove(&f, org, &org.member, &org.owner).await.unwrap();
    assert_eq!(owners(&f, org).await, 1);
}

/// An organization goes with all its members: the last owner is no obstacle, and what it has researched is one.
#[tokio::test]
async fn an_organization_that_goes_takes_its_owner_with_it() {
    let f = Fixture::new().await;
    let founder = person(&f, "founder@initech.example").await;
    let new = entity::NewOrganization { name: "Initech".to_owned(), slug: "initech".to_owned() };
    f.db.with_identity_context(async |cx| {
        let id = entity::create_organization(cx, &founder, new).await?;
        Organization::delete_by_id(id).exec(cx).await
    })
    .await
    .unwrap();
    let researched = f.db.with_identity_context(async |cx| Organization::delete_by_id(f.acme.id).exec(cx).await).await;
    fails(researched, Error::is_foreign_key_violation);
}

/// Two owners who remove each other, or themselves, at once: one stays, at every isolation level.
#[tokio::test]
async fn of_two_owners_who_go_at_once_one_stays() {
    for level in [IsolationLevel::ReadCommitted, IsolationLevel::RepeatableRead, IsolationLevel::Serializable] {
        for round in 0..4 {
            let f = Fixture::new().await;
            let org = &f.acme;
            change(&f, org, &org.owner, &org.member, MemberRole::Owner).await.unwrap();
            assert_eq!(owners(&f, org).await, 2);
            // Both have looked around before either goes.
            let open = async |who: &Authenticated| {
                let cx = f.db.tenant(org.id, who).isolation(level).begin().await.unwrap();
                assert_eq!(Member::find().count(&cx).await.unwrap(), 2);
                cx
            };
            let (one, other) = (open(&org.owner).await, open(&org.member).await);
            let (of_one, of_other) = match round % 2 {
                0 => (&org.owner, &org.member),
                _ => (&org.member, &org.owner),
            };
            let go = async |cx: TenantContext, of: &Authenticated| -> db::Result<()> {
                if round < 2 {
                    remove_member(&cx, of.user_id()).await?;
                } else {
                    change_member_role(&cx, of.user_id(), MemberRole::Member).await?;
                }
                cx.commit().await
            };
            let (one, other) = join(go(one, of_one), go(other, of_other)).await;
            assert_eq!(owners(&f, org).await, 1, "{level}, round {round}: {one:?} {other:?}");
            let refused = match (one, other) {
                (Err(error), Ok(())) | (Ok(()), Err(error)) => error,
                both => panic!("{level}, round {round}: {both:?}"),
            };
            // Who has been removed meanwhile removes nobody any more; who removes themselves is the last one.
            let by_the_other = round % 2 == 1 && refused.is_permission_denied();
            assert!(
                refused.is_last_owner() || by_the_other || refused.is_serialization_failure(),
                "{level}, round {round}: {refused}"
            );
        }
    }
}

/// The control: without the trigger, both go.
#[tokio::test]
async fn without_the_trigger_an_organization_loses_its_last_owner() {
    let f = Fixture::new().await;
    f.database.execute("DROP TRIGGER keep_an_owner ON member").await;
    remove(&f, &f.acme, &f.acme.owner, &f.acme.owner).await.unwrap();
    assert_eq!(owners(&f, &f.acme).await, 0);
}
