//! Texts that are nobody's to read in a log.

use std::fmt;

use sea_orm::DeriveValueType;

/// A text that is stored as it is and must not be shown: the hash of a password, another provider's token.
///
/// Its `Debug` is redacted, so that a row or a draft with one can be logged; it has no `Display`.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct Secret(String);

impl Secret {
    /// Returns the text, for the code that compares it or sends it on.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_is_not_shown() {
        let secret = Secret::from("hunter2".to_owned());
        assert_eq!((format!("{secret:?}").as_str(), secret.expose()), ("Secret(…)", "hunter2"));
    }
}
