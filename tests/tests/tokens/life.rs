//! A token from when it is made until nobody gets in by it.

use std::time::{Duration, SystemTime};

use db::{Credential, prelude::*};
use entity::{
    Bearer, PersonalAccessToken, ResearchPlan, User, authenticate, create_pat, list_user_pats,
    personal_access_token::{Draft, Writable},
    revoke_pat,
};
use secrecy::SecretString;
use tests::Fixture;

use crate::{assign, look_up, make};

fn in_an_hour() -> DateTimeUtc {
    (SystemTime::now() + Duration::from_hours(1)).into()
}

#[tokio::test]
async fn whoever_bears_a_token_is_the_person_who_made_it() {
    let f = Fixture::new().await;
    let (token, secret) = make(&f.db, &f.acme.member, "laptop").await.unwrap();
    let (_, other) = make(&f.db, &f.globex.owner, "laptop").await.unwrap();
    for who in [look_up(&f.db, &secret).await.unwrap(), authenticate(&f.db, &secret).await.unwrap()] {
        assert_eq!((who.user_id(), who.credential()), (f.acme.member.user_id(), Credential::Token(token.id)));
        let plans = f.db.with_tenant_context(f.acme.id, &who, async |cx| ResearchPlan::find().all(cx).await).await;
        assert_eq!(plans.unwrap()[0].id, f.acme.plan);
        assert!(f.db.tenant(f.globex.id, &who).begin().await.unwrap_err().is_not_a_member());
    }
    assert_eq!(authenticate(&f.db, &other).await.unwrap().user_id(), f.globex.owner.user_id());
}

#[tokio::test]
async fn what_is_unknown_malformed_expired_or_revoked_is_refused_in_the_same_words() {
    let f = Fixture::new().await;
    let who = &f.acme.owner;
    let (expired, by_expired) =
        f.db.with_user_context(who, async |cx| create_pat(cx, "expired", Some(in_an_hour())).await).await.unwrap();
    let (revoked, by_revoked) = make(&f.db, who, "revoked").await.unwrap();
    let (deleted, by_deleted) = make(&f.db, who, "deleted").await.unwrap();
    let (_, of_nobody) = make(&f.db, &f.globex.member, "gone").await.unwrap();
    // The control: each of them was let in before.
    for secret in [&by_expired, &by_revoked, &by_deleted, &of_nobody] {
        authenticate(&f.db, secret).await.unwrap();
    }
    assign(&f.database, expired.id, "expires_at = clock_timestamp() - interval '1 millisecond'").await;
    f.db.with_user_context(who, async |cx| {
        revoke_pat(cx, revoked.id).await?;
        PersonalAccessToken::delete_by_id(deleted.id).exec(cx).await
    })
    .await
    .unwrap();
    let gone = f.globex.member.user_id();
    f.db.with_identity_context(async |cx| User::delete_by_id(gone).exec(cx).await).await.unwrap();

    let mut words = Vec::new();
    for secret in [
        by_expired,
        by_revoked,
        by_deleted,
        of_nobody,
        Bearer::Token.new_secret(),
        Bearer::Session.new_secret(),
        SecretString::from("trv_malformed".to_owned()),
        SecretString::from(String::new()),
    ] {
        for result in [look_up(&f.db, &secret).await, authenticate(&f.db, &secret).await] {
            let error = result.unwrap_err();
            assert!(error.is_not_authenticated() && error.sqlstate().is_none());
            words.push(format!("{error} {error:?}"));
        }
    }
    let first = words[0].clone();
    assert!(words.iter().all(|other| *other == first), "{words:#?}");
    assert_eq!(words.len(), 16);
}

/// Digests are not unique, or one person could ask which ones another has. So one who has got at a digest can plant it.
#[tokio::test]
async fn a_digest_that_somebody_else_has_planted_lets_nobody_in_as_them() {
    let f = Fixture::new().await;
    let (token, secret) = make(&f.db, &f.acme.owner, "laptop").await.unwrap();
    let planted = Draft { name: Set("laptop".to_owned()), token_digest: Set(token.token_digest), ..Default::default() };
    f.db.with_user_context(&f.globex.owner, async |cx| PersonalAccessToken::insert(planted).exec(cx).await)
        .await
        .unwrap();
    assert!(look_up(&f.db, &secret).await.unwrap_err().is_not_authenticated());
    f.db.with_user_context(&f.globex.owner, async |cx| {
        let planted = list_user_pats(cx).await?.remove(0);
        revoke_pat(cx, planted.id).await
    })
    .await
    .unwrap();
    assert_eq!(look_up(&f.db, &secret).await.unwrap().user_id(), f.acme.owner.user_id());
}

/// One that has leaked makes others, and revokes those that were there.
#[tokio::test]
async fn a_token_makes_and_revokes_tokens() {
    let f = Fixture::new().await;
    let (laptop, secret) = make(&f.db, &f.acme.owner, "laptop").await.unwrap();
    let by_token = authenticate(&f.db, &secret).await.unwrap();
    let (_, another) = make(&f.db, &by_token, "another").await.unwrap();
    f.db.with_user_context(&by_token, async |cx| revoke_pat(cx, laptop.id).await).await.unwrap();
    assert!(authenticate(&f.db, &secret).await.unwrap_err().is_not_authenticated());
    assert_eq!(authenticate(&f.db, &another).await.unwrap().user_id(), f.acme.owner.user_id());
}

#[tokio::test]
async fn another_persons_token_is_not_found_to_be_revoked() {
    let f = Fixture::new().await;
    let (token, secret) = make(&f.db, &f.acme.member, "laptop").await.unwrap();
    for hostile in [&f.globex.owner, &f.acme.owner] {
        let error = f.db.with_user_context(hostile, async |cx| revoke_pat(cx, token.id).await).await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
        // In the same words as one that there is not.
        let none = f.db.with_user_context(hostile, async |cx| revoke_pat(cx, Uuid::nil()).await).await.unwrap_err();
        assert_eq!(error.to_string(), none.to_string());
        assert!(f.db.with_user_context(hostile, async |cx| list_user_pats(cx).await).await.unwrap().is_empty());
    }
    look_up(&f.db, &secret).await.unwrap();
    f.db.with_user_context(&f.acme.member, async |cx| revoke_pat(cx, token.id).await).await.unwrap();
    look_up(&f.db, &secret).await.unwrap_err();
}

#[tokio::test]
async fn a_token_is_revoked_twice_without_an_error_and_once_for_good() {
    let f = Fixture::new().await;
    let who = &f.acme.owner;
    let (token, secret) = make(&f.db, who, "laptop").await.unwrap();
    let revoke = || {
        f.db.with_user_context(who, async |cx| {
            revoke_pat(cx, token.id).await?;
            Ok(list_user_pats(cx).await?.remove(0).revoked_at)
        })
    };
    let first = revoke().await.unwrap();
    assert!(first.is_some());
    assert_eq!(revoke().await.unwrap(), first);

    for revoked_at in [None, Some(in_an_hour())] {
        let draft = Draft { revoked_at: Set(revoked_at), ..Default::default() };
        let by_id = f.db.with_user_context(who, async |cx| {
            PersonalAccessToken::update_by_id(token.id, draft.clone()).exec(cx).await.map(drop)
        });
        let many = f.db.with_user_context(who, async |cx| {
            PersonalAccessToken::update_many()
                .col_expr(Writable::RevokedAt, Expr::value(revoked_at))
                .exec(cx)
                .await
                .map(drop)
        });
        for error in [by_id.await.unwrap_err(), many.await.unwrap_err()] {
            assert!(error.is_check_violation(), "{error}");
            assert_eq!(error.constraint(), Some("personal_access_token_revoked"));
        }
    }
    // A name is no obstacle.
    let renamed = Draft { name: Set("old laptop".to_owned()), ..Default::default() };
    let renamed = f
        .db
        .with_user_context(who, async |cx| PersonalAccessToken::update_by_id(token.id, renamed.clone()).exec(cx).await);
    assert_eq!(renamed.await.unwrap().revoked_at, first);
    assert!(look_up(&f.db, &secret).await.unwrap_err().is_not_authenticated());

    // The control: without the trigger it is let in again.
    f.database.execute("DROP TRIGGER limit_personal_access_tokens ON personal_access_token").await;
    let draft = Draft { revoked_at: Set(None), ..Default::default() };
    f.db.with_user_context(who, async |cx| PersonalAccessToken::update_by_id(token.id, draft).exec(cx).await)
        .await
        .unwrap();
    look_up(&f.db, &secret).await.unwrap();
}

/// What a token is known by, and how long for, is settled when it is made.
#[tokio::test]
async fn neither_the_digest_nor_the_expiry_of_a_token_is_changed() {
    let f = Fixture::new().await;
    let (token, _) = make(&f.db, &f.acme.owner, "laptop").await.unwrap();
    let drafts = [
        Draft { expires_at: Set(Some(in_an_hour())), ..Default::default() },
        Draft { token_digest: Set(vec![0; 32].into()), ..Default::default() },
        Draft { last_used_at: Set(None), ..Default::default() },
        Draft { created_at: Set(in_an_hour()), ..Default::default() },
    ];
    for draft in drafts {
        let error =
            f.db.with_user_context(&f.acme.owner, async |cx| {
                PersonalAccessToken::update_by_id(token.id, draft.clone()).exec(cx).await
            })
            .await
            .unwrap_err();
        assert!(error.is_foreign_scope(), "{error}");
    }
}
