//! Findings of an audit that are accepted.

use crate::code::Code;

/// A finding that is accepted, with the reason.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Acceptance {
    /// What is found.
    pub code: Code,
    /// The name of the object that has it; any of the entity's where it is `None`.
    pub object: Option<&'static str>,
    /// Why it is acceptable.
    pub reason: &'static str,
}

impl Acceptance {
    /// For generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(code: Code, object: Option<&'static str>, reason: &'static str) -> Self {
        Self { code, object, reason }
    }
}
