//! A secret's form and checksum, which cost no query.

use std::{collections::HashSet, time::Duration};

use db::Db;
use entity::{Bearer, NewSession, authenticate, authenticate_pat, authenticate_session, create_pat, create_session};
use secrecy::{ExposeSecret, SecretString};
use tests::{Fixture, Proxy};

const BASE62: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

#[test]
fn of_a_hundred_thousand_no_two_are_the_same_and_each_has_its_checksum() {
    let mut seen = HashSet::new();
    for (n, kind) in [Bearer::Token, Bearer::Session].into_iter().cycle().take(100_000).enumerate() {
        let secret = kind.new_secret();
        assert_eq!(Bearer::of(&secret), Some(kind), "{n}");
        let text = secret.expose_secret();
        let prefix = if kind == Bearer::Token { "trv_" } else { "trs_" };
        let body = text.strip_prefix(prefix).unwrap();
        assert!(body.len() == 36 && body.chars().all(|c| BASE62.contains(c)), "{n}");
        assert_eq!(body[30..], checksum(&text[..34]), "{n}");
        // The random part, so that neither the prefix nor the checksum makes two of one.
        assert!(seen.insert(body[..30].to_owned()), "{n} is there already");
    }
}

/// The checksum, computed here bit by bit: the same polynomial, and nothing of the code that is tested.
fn checksum(text: &str) -> String {
    let mut crc = u32::MAX;
    for byte in text.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    let crc = u64::from(!crc);
    let digit = |place| BASE62.as_bytes()[usize::try_from(crc / 62_u64.pow(place) % 62).unwrap()];
    (0..6).rev().map(|place| char::from(digit(place))).collect()
}

/// Each character is as likely as another: a generator that is reduced by a remainder would favour the first ones.
#[test]
fn no_character_is_favoured() {
    let mut counts = [0_u32; 62];
    for _ in 0..20_000 {
        let secret = Bearer::Token.new_secret();
        for c in secret.expose_secret()[4..34].chars() {
            counts[BASE62.find(c).unwrap()] += 1;
        }
    }
    // 9,677 of each are expected, with a deviation of 98: ten of those either way. A byte modulo 62 would give the first
    // eight a quarter more.
    for (c, count) in BASE62.chars().zip(counts) {
        assert!((8_700..10_700).contains(&count), "{c}: {count}");
    }
}

/// Everything that is one mistake away from a secret.
fn typos(secret: &str) -> Vec<String> {
    let mut typos = Vec::new();
    for at in 0..secret.len() {
        for c in BASE62.chars().chain(['_', '-', ' ', '\0', 'é']).filter(|c| !secret[at..].starts_with(*c)) {
            typos.push(format!("{}{c}{}", &secret[..at], &secret[at + 1..]));
        }
        typos.push(format!("{}{}", &secret[..at], &secret[at + 1..]));
        typos.push(secret[..at].to_owned());
        for c in ['0', 'A', 'z', '_', ' '] {
            typos.push(format!("{}{c}{}", &secret[..at], &secret[at..]));
        }
        if let Some(next) = secret.get(at + 1..at + 2).filter(|next| *next != &secret[at..=at]) {
            typos.push(format!("{}{next}{}{}", &secret[..at], &secret[at..=at], &secret[at + 2..]));
        }
    }
    for around in ["0", "a", " ", "\n", "trv_", "Bearer "] {
        typos.extend([format!("{secret}{around}"), format!("{around}{secret}")]);
    }
    let body = &secret[4..];
    typos.extend(["trs_", "trv-", "TRV_", "try_", "tr_", "trv__", "", "Trv_"].map(|prefix| format!("{prefix}{body}")));
    typos.retain(|typo| typo != secret);
    typos
}

async fn behind_a_proxy(f: &Fixture) -> (Db, Proxy) {
    let (proxy, options) = f.database.proxy().await;
    (Db::connect(options.max_connections(1)).await.unwrap(), proxy)
}

#[tokio::test]
async fn each_typo_of_a_token_or_a_session_is_refused_without_a_query() {
    let f = Fixture::new().await;
    let who = &f.acme.owner;
    let new = NewSession { lifetime: Duration::from_mins(10), ip_address: None, user_agent: None };
    let (_, token) = f.db.with_user_context(who, async |cx| create_pat(cx, "laptop", None).await).await.unwrap();
    let (_, session) = f.db.with_identity_context(async |cx| create_session(cx, who, new.clone()).await).await.unwrap();
    let (db, proxy) = behind_a_proxy(&f).await;

    let cx = db.identity().begin().await.unwrap();
    drop(proxy.statements());
    let before = proxy.round_trips();
    for secret in [&token, &session] {
        let typos = typos(secret.expose_secret());
        assert!(typos.len() > 40 * 61);
        for typo in typos {
            let secret = SecretString::from(typo.clone());
            assert_eq!(Bearer::of(&secret), None, "{typo}");
            for result in [
                authenticate_pat(&cx, &secret).await,
                authenticate_session(&cx, &secret).await,
                // The one connection is taken: asked for, it would be waited for.
                authenticate(&db, &secret).await,
            ] {
                assert!(result.unwrap_err().is_not_authenticated(), "{typo}");
            }
        }
    }
    // A secret of the other kind is none either.
    assert!(authenticate_pat(&cx, &session).await.unwrap_err().is_not_authenticated());
    assert!(authenticate_session(&cx, &token).await.unwrap_err().is_not_authenticated());
    assert_eq!((proxy.round_trips() - before, proxy.statements().len()), (0, 0));

    // The control: what is right is asked for, by one statement each.
    authenticate_pat(&cx, &token).await.unwrap();
    authenticate_session(&cx, &session).await.unwrap();
    let asked = proxy.statements();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked[0].contains("authenticate_token($1)") && proxy.round_trips() > before);
    cx.commit().await.unwrap();
    for secret in [&token, &session] {
        assert_eq!(authenticate(&db, secret).await.unwrap().user_id(), who.user_id());
    }
}
