//! No secret, and no digest of one, is in what the workspace writes to a log, an error or a `Debug`.

use std::{
    fmt::Debug,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use db::prelude::*;
use entity::{
    Bearer, NewSession, PersonalAccessToken, Session, authenticate, authenticate_session, create_pat, create_session,
    list_user_pats, personal_access_token, revoke_pat, revoke_session, revoke_sessions, session, touch_session,
};
use secrecy::{ExposeSecret, SecretString};
use tests::Fixture;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::{filter::LevelFilter, fmt::format::FmtSpan};

/// Everything that was said, at any level.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl io::Write for Said {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Said {
    fn listen(&self) -> DefaultGuard {
        let said = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_span_events(FmtSpan::NEW | FmtSpan::CLOSE)
            .with_ansi(false)
            .with_writer(move || said.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn say(&self, of: &impl Debug) {
        self.0.lock().unwrap().extend(format!("{of:?} {of:#?}\n").bytes());
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Returns which forms of a secret, or of its digest, were said.
    fn tells(&self, secret: &SecretString, digest: &[u8]) -> Vec<&'static str> {
        let text = self.text();
        let hex = digest.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        let url_safe = base64(digest, b'-', b'_');
        let forms = [
            ("the secret", secret.expose_secret().to_owned()),
            ("its random part", secret.expose_secret()[4..34].to_owned()),
            ("its digest in hexadecimal digits", hex.clone()),
            ("its digest in capital ones", hex.to_uppercase()),
            ("its digest in base64", base64(digest, b'+', b'/')),
            ("its digest in base64 of URLs", url_safe),
            ("its digest in numbers", format!("{digest:?}").trim_matches(['[', ']']).to_owned()),
            ("its digest in lines of numbers", format!("{:?}", &digest[..4]).replace(", ", ",\n")),
            ("the secret in bytes", format!("{:?}", secret.expose_secret().as_bytes()).trim_matches(['[', ']']).into()),
        ];
        forms.into_iter().filter(|(_, form)| text.contains(form.as_str())).map(|(name, _)| name).collect()
    }
}

/// Base64 of 32 bytes, without the padding.
fn base64(bytes: &[u8], plus: u8, slash: u8) -> String {
    let alphabet = [(b'A'..=b'Z').collect(), (b'a'..=b'z').collect(), (b'0'..=b'9').collect(), vec![plus, slash]];
    let alphabet = alphabet.concat();
    let bits = bytes.iter().map(|byte| format!("{byte:08b}")).collect::<Vec<_>>().concat();
    let digit = |bits: &[u8]| usize::from_str_radix(std::str::from_utf8(bits).unwrap(), 2).unwrap() << (6 - bits.len());
    bits.as_bytes().chunks(6).map(|bits| char::from(alphabet[digit(bits)])).collect()
}

#[test]
fn base64_is_base64() {
    assert_eq!(base64(b"any carnal pleas", b'+', b'/'), "YW55IGNhcm5hbCBwbGVhcw");
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a life from its beginning to its end")]
async fn the_life_of_a_token_and_of_a_session_tells_neither_secret_nor_digest() {
    let f = Fixture::new().await;
    let said = Said::default();
    let _listening = said.listen();
    let who = &f.acme.owner;

    let (token, by_token) = f.db.with_user_context(who, async |cx| create_pat(cx, "laptop", None).await).await.unwrap();
    said.say(&(&token, &by_token));
    said.say(&authenticate(&f.db, &by_token).await.unwrap());
    let new = NewSession { lifetime: Duration::from_mins(10), ip_address: None, user_agent: Some("browser".into()) };
    let (session, by_session) =
        f.db.with_identity_context(async |cx| create_session(cx, who, new.clone()).await).await.unwrap();
    said.say(&(&session, &by_session, &new));
    said.say(&authenticate(&f.db, &by_session).await.unwrap());

    let draft = personal_access_token::Draft {
        name: Set("laptop".to_owned()),
        token_digest: Set(token.token_digest.clone()),
        ..Default::default()
    };
    said.say(&draft);
    let insert = PersonalAccessToken::insert(draft);
    let refused = f.db.with_user_context(who, async |cx| insert.exec(cx).await).await.unwrap_err();
    assert!(refused.is_unique_violation());
    said.say(&refused);
    let columns = session::ScopeColumns { user_id: who.user_id() };
    let draft = session::Draft {
        token_digest: Set(session.token_digest.clone()),
        expires_at: Set(session.expires_at),
        ..Default::default()
    };
    said.say(&draft);
    let insert = Session::insert_into(columns, draft);
    let refused = f.db.with_identity_context(async |cx| insert.exec(cx).await).await.unwrap_err();
    assert!(refused.is_unique_violation());
    said.say(&refused);

    f.db.with_user_context(who, async |cx| {
        said.say(&list_user_pats(cx).await?);
        revoke_pat(cx, token.id).await?;
        said.say(&Session::find().all(cx).await?);
        let undone = personal_access_token::Draft { revoked_at: Set(None), ..Default::default() };
        let undone = cx.savepoint(async |cx| PersonalAccessToken::update_by_id(token.id, undone).exec(cx).await).await;
        said.say(&undone.unwrap_err());
        Ok(())
    })
    .await
    .unwrap();
    f.db.with_identity_context(async |cx| {
        touch_session(cx, who, session.id, Duration::from_mins(100)).await?;
        said.say(&authenticate_session(cx, &by_session).await?);
        said.say(&*cx);
        revoke_session(cx, who, session.id).await?;
        revoke_sessions(cx, who.user_id()).await
    })
    .await
    .unwrap();
    let typo = SecretString::from(format!("{}0", by_token.expose_secret()));
    for secret in [&by_token, &by_session, &typo, &Bearer::Token.new_secret()] {
        let error = authenticate(&f.db, secret).await.unwrap_err();
        said.say(&error);
        said.say(&error.to_string());
    }

    for (secret, digest) in [(&by_token, token.token_digest.as_ref()), (&by_session, session.token_digest.as_ref())] {
        assert_eq!(said.tells(secret, digest), [""; 0]);
    }
    // The controls: what was sent was listened to, and each form is found once it is said.
    let text = said.text();
    for heard in ["scope=\"identity\"", "outcome=\"committed\"", "Digest(…)", "not authenticated"] {
        assert!(text.contains(heard), "{heard} is not in {text}");
    }
    tracing::trace!(secret = by_token.expose_secret(), "on purpose");
    assert_eq!(said.tells(&by_token, token.token_digest.as_ref()), ["the secret", "its random part"]);
    said.say(&session.token_digest.as_ref());
    let numbers = ["its digest in numbers"];
    assert_eq!(said.tells(&by_session, session.token_digest.as_ref())[..1], numbers);
}
