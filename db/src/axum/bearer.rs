//! The secret that a request carries.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header::AUTHORIZATION, request::Parts},
};
use secrecy::SecretString;

use super::Problem;

/// Extracts the secret of `Authorization: Bearer …` ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750)).
///
/// It says nothing of who the bearer is. Its `Debug` is redacted, and so is that of the request's header from here on.
/// A request without the header, with two of them, with another scheme or with an empty secret is answered 401 and
/// `WWW-Authenticate: Bearer`.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "an extractor, taken apart by the handler")]
pub struct Bearer(pub SecretString);

impl<S: Sync> FromRequestParts<S> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        for (_, header) in parts.headers.iter_mut().filter(|(name, _)| **name == AUTHORIZATION) {
            header.set_sensitive(true);
        }
        secret(&parts.headers).map(|secret| Self(secret.into())).ok_or_else(Problem::no_bearer)
    }
}

fn secret(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (header, None) = (all.next()?, all.next()) else { return None };
    let (scheme, secret) = header.to_str().ok()?.split_once(' ')?;
    let secret = secret.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
}

#[cfg(test)]
mod tests {
    use axum::extract::FromRequestParts;
    use axum::http::{HeaderMap, HeaderValue, Request, header::AUTHORIZATION};
    use futures_util::FutureExt as _;
    use secrecy::ExposeSecret;

    use super::{Bearer, secret};

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (AUTHORIZATION, HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn a_bearer_is_one_header_of_that_scheme_with_a_secret() {
        for (values, found) in [
            (&["Bearer x1"][..], Some("x1")),
            (&["bearer  x1 "], Some("x1")),
            (&[], None),
            (&["Bearer"], None),
            (&["Bearer "], None),
            (&["Basic x1"], None),
            (&["x1"], None),
            (&["Bearer \u{e9}"], None),
            (&["Bearer x1", "Bearer x2"], None),
        ] {
            assert_eq!(secret(&headers(values)), found, "{values:?}");
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        let mut parts = Request::builder().header(AUTHORIZATION, "Bearer hunter2").body(()).unwrap().into_parts().0;
        let bearer = Bearer::from_request_parts(&mut parts, &()).now_or_never().unwrap().unwrap();
        assert_eq!(bearer.0.expose_secret(), "hunter2");
        assert!(!format!("{bearer:?} {parts:?}").contains("hunter2"));
    }
}
