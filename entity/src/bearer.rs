//! The secrets that whoever bears them acts by.

use rand::{RngExt, distr::Alphanumeric, rand_core::UnwrapErr, rngs::SysRng};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// A kind of secret by which its bearer acts as a person: a prefix, 30 random characters of base62 (178 bits), and a
/// checksum of 6.
///
/// So a typo, or a string that only looks like one, is known without a database, and a scanner finds what was published
/// by accident: `tr[vs]_[0-9A-Za-z]{36}`, and then [`Bearer::of`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "whoever matches on it is to hear of a third kind")]
pub enum Bearer {
    /// A personal access token: `trv_…`.
    Token,
    /// A session: `trs_…`.
    Session,
}

const RANDOM: usize = 30;
const CHECKSUM: usize = 6;
const PREFIX: usize = 4;
const LENGTH: usize = PREFIX + RANDOM + CHECKSUM;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl Bearer {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Token => "trv_",
            Self::Session => "trs_",
        }
    }

    /// Makes a secret of this kind from the operating system's generator. It is wiped from memory on drop, and its
    /// `Debug` is redacted.
    ///
    /// # Panics
    ///
    /// If the operating system has no random bytes to give.
    ///
    /// ```
    /// use entity::Bearer;
    ///
    /// let secret = Bearer::Token.new_secret();
    /// assert_eq!(Bearer::of(&secret), Some(Bearer::Token));
    /// ```
    #[must_use]
    pub fn new_secret(self) -> SecretString {
        // INVARIANT: it never grows, so that no copy of it is left behind where it was.
        let mut secret = String::with_capacity(LENGTH);
        secret.push_str(self.prefix());
        for character in UnwrapErr(SysRng).sample_iter(Alphanumeric).take(RANDOM) {
            secret.push(char::from(character));
        }
        for character in checksum(secret.as_bytes()).iter() {
            secret.push(char::from(*character));
        }
        debug_assert_eq!((secret.len(), secret.capacity()), (LENGTH, LENGTH));
        SecretString::from(secret)
    }

    /// Returns the kind of a secret whose form and checksum are right; asks no database.
    #[must_use]
    pub fn of(secret: &SecretString) -> Option<Self> {
        let secret = secret.expose_secret().as_bytes();
        let kind =
            [Self::Token, Self::Session].into_iter().find(|kind| secret.starts_with(kind.prefix().as_bytes()))?;
        let (checked, given) = secret.split_last_chunk::<CHECKSUM>()?;
        // The text is compared, not the number that it denotes: one secret has one spelling.
        let right = secret.len() == LENGTH
            && checked[PREFIX..].iter().all(u8::is_ascii_alphanumeric)
            && *given == *checksum(checked);
        right.then_some(kind)
    }
}

/// Writes the CRC-32 of a text in base62, with zeros in front. It finds each typo of a single character.
fn checksum(text: &[u8]) -> Zeroizing<[u8; CHECKSUM]> {
    let mut rest = crc32fast::hash(text);
    let mut digits = Zeroizing::new([0; CHECKSUM]);
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Bearer> {
        Bearer::of(&text.to_owned().into())
    }

    #[test]
    fn a_checksum_is_of_six_digits() {
        assert_eq!(*checksum(b""), *b"000000");
        // The check value of CRC-32, 0xCBF43926 = 3421780262, in base62.
        assert_eq!(*checksum(b"123456789"), *b"3jZRME");
    }

    #[test]
    fn a_secret_of_either_kind_is_known_by_its_prefix() {
        for kind in [Bearer::Token, Bearer::Session] {
            let secret = kind.new_secret();
            assert!(secret.expose_secret().starts_with(kind.prefix()));
            assert_eq!((secret.expose_secret().len(), Bearer::of(&secret)), (LENGTH, Some(kind)));
        }
    }

    #[test]
    fn what_has_another_form_is_no_secret() {
        let body = "0".repeat(RANDOM);
        let with_checksum = |text: &str| format!("{text}{}", std::str::from_utf8(&*checksum(text.as_bytes())).unwrap());
        assert_eq!(of(&with_checksum(&format!("trv_{body}"))), Some(Bearer::Token));
        let forms = ["", "trv_", "trs_", "tr", &format!("trv_{body}000000"), &"é".repeat(20)].map(str::to_owned);
        let checked = [
            format!("try_{body}"),
            format!("TRV_{body}"),
            format!(" trv_{body}"),
            format!("trv_{body}0"),
            format!("trv_{}", &body[1..]),
            format!("trv_{}-", &body[1..]),
            format!("trv_{} ", &body[1..]),
            format!("trv_{}é", &body[2..]),
        ];
        for text in forms.into_iter().chain(checked.map(|text| with_checksum(&text))) {
            assert_eq!(of(&text), None, "{text:?}");
        }
    }
}
