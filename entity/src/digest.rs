//! What is stored of a secret.

use std::fmt;

use sea_orm::DeriveValueType;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};

/// The SHA-256 digest of a secret: what is stored of it, and what it is found by.
///
/// The secret has 178 random bits, so nobody finds it from its digest, and no salt is needed. Its `Debug` is redacted
/// all the same: in a log it would tell which lines are of one person.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct Digest(Vec<u8>);

impl Digest {
    pub(crate) fn of(secret: &SecretString) -> Self {
        Self(Self::bytes_of(secret).to_vec())
    }

    pub(crate) fn bytes_of(secret: &SecretString) -> [u8; 32] {
        Sha256::digest(secret.expose_secret()).into()
    }
}

impl From<Vec<u8>> for Digest {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(…)")
    }
}
