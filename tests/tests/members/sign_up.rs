//! Making people and organizations.

use entity::{NewOrganization, OwnAccount, Session, account, create_organization};

use super::*;

#[tokio::test]
async fn an_organization_has_its_owner_from_the_first_moment_or_is_not_there() {
    let f = Fixture::new().await;
    let founder = person(&f, "founder@initech.example").await;
    let new = |slug: &str| NewOrganization { name: "Initech".to_owned(), slug: slug.to_owned() };
    let made = async |who: &Authenticated, new| {
        f.db.with_identity_context(async |cx| create_organization(cx, who, new).await).await
    };
    let id = made(&founder, new("initech")).await.unwrap();
    assert_eq!(role(&f, id, &founder).await.as_deref(), Some("owner"));
    f.db.with_tenant_context(id, &founder, async |cx| {
        assert_eq!(ResearchPlan::find().count(cx).await?, 0);
        Ok(())
    })
    .await
    .unwrap();
    fails(made(&founder, new("initech")).await, Error::is_unique_violation).await;
    // Whoever is nobody founds nothing: the whole is taken back.
    let nobody = Authenticated::assume(UserId::new());
    fails(made(&nobody, new("ghosts")).await, Error::is_foreign_key_violation).await;
    made(&founder, new("ghosts")).await.unwrap();
}

#[tokio::test]
async fn an_address_is_one_persons_however_it_is_spelt() {
    let f = Fixture::new().await;
    person(&f, "Ada@Acme.example").await;
    for email in ["Ada@Acme.example", "ada@acme.example", "ADA@ACME.EXAMPLE"] {
        let new = NewUser { name: "Eve".into(), email: email.into(), email_verified: true };
        let again = f.db.with_identity_context(async |cx| create_user(cx, new).await).await;
        fails(again, Error::is_unique_violation).await;
    }
}

/// One's own profile, name, ways to sign in; nobody else's.
#[tokio::test]
async fn a_person_has_a_profile_and_ways_to_sign_in_without_their_secrets() {
    let f = Fixture::new().await;
    for (who, name) in [(&f.acme.owner, "one"), (&f.acme.member, "other")] {
        f.db.with_identity_context(async |cx| {
            entity::Account::insert_into(
                account::ScopeColumns { user_id: who.user_id() },
                account::Draft {
                    account_id: Set(name.to_owned()),
                    provider_id: Set("password".to_owned()),
                    password: Set(Some("hash".to_owned().into())),
                    ..Default::default()
                },
            )
            .exec(cx)
            .await
        })
        .await
        .unwrap();
    }
    f.db.with_user_context(&f.acme.owner, async |cx| {
        assert_eq!(User::find().require_one(cx).await?.id, f.acme.owner.user_id());
        let renamed = user::Draft { name: Set("Ada".to_owned()), ..Default::default() };
        User::update_by_id(f.acme.owner.user_id(), renamed.clone()).exec(cx).await?;
        let other = User::update_by_id(f.acme.member.user_id(), renamed).exec(cx).await;
        fails(other, Error::is_not_found).await;
        let email = user::Draft { email: Set("x@y.example".to_owned()), ..Default::default() };
        let email = User::update_by_id(f.acme.owner.user_id(), email).exec(cx).await;
        fails(email, Error::is_foreign_scope).await;
        let own: Vec<_> = OwnAccount::find().all(cx).await?.into_iter().map(|account| account.account_id).collect();
        assert_eq!(own, ["one"]);
        assert_eq!(Session::find().count(cx).await?, 0);
        Ok(())
    })
    .await
    .unwrap();
    for column in [account::Column::Password, account::Column::AccessToken] {
        let secret = OwnAccount::find().select_only().column(column).into_tuple::<Option<String>>();
        let read = f.db.with_user_context(&f.acme.owner, async |cx| secret.all(cx).await).await;
        fails(read, |error| error.sqlstate() == Some("42703")).await;
    }
}
