//! The names that the contract uses.

use std::{fmt, sync::Arc};

use crate::{Result, ScopeKind, error::Kind};

/// The words that PostgreSQL 15 to 18 take for no name without quotes.
const RESERVED: &str = "\
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation \
    column concurrently constraint create cross current_catalog current_date current_role current_schema \
    current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for \
    foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral \
    leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps \
    placing primary references returning right select session_user similar some symmetric system_user table \
    tablesample then to trailing true union unique user using variadic verbose when where window with";

/// The prefix of a contract, from which the names of its schema, roles and settings derive; `app` by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix(Arc<str>);

impl Default for Prefix {
    fn default() -> Self {
        Self("app".into())
    }
}

impl Prefix {
    /// Takes a lower-case SQL identifier, so that it needs no quotes.
    pub(crate) fn new(name: &str) -> Result<Self> {
        let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.len() <= 40
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !plain {
            let why = "a prefix has to be at most 40 lower-case letters, digits and underscores, with a letter first";
            return Err(Kind::Configuration(why.into()).into());
        }
        if RESERVED.split(' ').any(|word| word == name) {
            let why = format!("the prefix stands in SQL without quotes, and `{name}` is a word of SQL's own");
            return Err(Kind::Configuration(why.into()).into());
        }
        // The schema of that name would be PostgreSQL's, or everybody's.
        if matches!(name, "public" | "information_schema") || name.starts_with("pg_") {
            let why = format!("the prefix names the contract's own schema, and `{name}` is another's");
            return Err(Kind::Configuration(why.into()).into());
        }
        Ok(Self(name.into()))
    }

    /// Returns the schema of the contract's functions.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.0
    }

    /// Returns the role that a context of the scope runs as.
    #[must_use]
    pub fn role(&self, scope: ScopeKind) -> String {
        format!("{}_{}", self.0, scope.as_str())
    }

    /// Returns the role that owns the functions which open a context.
    #[must_use]
    pub fn gate(&self) -> String {
        format!("{}_gate", self.0)
    }

    /// Returns the roles that the contract makes beside the login role.
    pub(crate) fn roles(&self) -> [String; 4] {
        let [tenant, user, identity] = ScopeKind::ALL.map(|scope| self.role(scope));
        [tenant, user, identity, self.gate()]
    }

    /// Returns the setting that holds the key of a scope.
    #[must_use]
    pub fn setting(&self, scope: ScopeKind) -> String {
        match scope {
            ScopeKind::Tenant => format!("{}.organization_id", self.0),
            ScopeKind::User => format!("{}.user_id", self.0),
            ScopeKind::Identity => format!("{}.identity", self.0),
        }
    }

    /// Returns the table whose cursor is the seal on contexts.
    pub(crate) fn seal(&self) -> String {
        format!("{}.seal", self.0)
    }

    /// Returns the call that gives the key of a scope, which raises where no context is open.
    pub(crate) fn accessor(&self, scope: ScopeKind) -> String {
        match scope {
            ScopeKind::Tenant => format!("{}.current_organization_id()", self.0),
            ScopeKind::User => format!("{}.current_user_id()", self.0),
            ScopeKind::Identity => format!("{}.in_identity_context()", self.0),
        }
    }

    /// Returns the call that gives the key of a scope as it was sealed; null where no such context is open.
    pub(crate) fn sealed_accessor(&self, scope: ScopeKind) -> String {
        match scope {
            ScopeKind::Tenant => format!("{}.sealed_organization_id()", self.0),
            ScopeKind::User => format!("{}.sealed_user_id()", self.0),
            ScopeKind::Identity => format!("{}.sealed_identity()", self.0),
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
