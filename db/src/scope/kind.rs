//! A scope as a value.

/// A [`Scope`](crate::Scope) as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScopeKind {
    /// [`Tenant`](crate::Tenant).
    Tenant,
    /// [`User`](crate::User).
    User,
    /// [`Identity`](crate::Identity).
    Identity,
}

impl ScopeKind {
    /// All scopes.
    pub const ALL: [Self; 3] = [Self::Tenant, Self::User, Self::Identity];

    /// Returns the scope's name in lower case, as in role names and tracing spans.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::User => "user",
            Self::Identity => "identity",
        }
    }
}
