//! What an audit returns.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{Code, Finding, Severity};
use crate::ScopeKind;

/// What an audit has found, and what it has seen.
///
/// It is read back from the JSON that it is written as, so that one can be kept, and compared with the next.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditReport {
    /// The database.
    pub database: String,
    /// The server's version, such as `17.6`.
    pub server_version: String,
    /// The role that looked.
    pub looked_as: String,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// What was found and is accepted.
    pub accepted: Vec<AcceptedFinding>,
    /// What could not be, or was not to be looked at, each in a sentence.
    pub not_looked_at: Vec<String>,
    /// The login and scope roles, the login role first.
    pub roles: Vec<AuditedRole>,
    /// The tables that are scoped, or that the login role or a scope role can reach, in alphabetical order.
    pub tables: Vec<AuditedTable>,
    /// The foreign keys between them.
    pub foreign_keys: Vec<AuditedForeignKey>,
}

/// A finding that is accepted in code.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AcceptedFinding {
    /// What was found.
    pub finding: Finding,
    /// Why it is acceptable.
    pub reason: String,
}

/// A role that requests run as.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditedRole {
    /// Its name.
    pub name: String,
    /// The scope whose contexts run as it; `None` for the login role.
    pub scope: Option<ScopeKind>,
}

/// A table, view or foreign table, and who may do what to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditedTable {
    /// Its name, with its schema.
    pub name: String,
    /// What it is: `table`, `partitioned table`, `view`, `materialized view` or `foreign table`.
    #[serde(deserialize_with = "kind")]
    pub kind: Kind,
    /// The facade of its entity, where it has one.
    pub entity: Option<String>,
    /// The scopes that its entity declares.
    pub scopes: Vec<AuditedScope>,
    /// Whether row-level security is on.
    pub row_security: bool,
    /// Whether it holds for the owner too.
    pub forced: bool,
    /// How many columns it has.
    pub columns: usize,
    /// What the login and scope roles may do, in the order of [`AuditReport::roles`].
    pub access: Vec<Access>,
}

// An alias, since serde would borrow a `&str` that it sees as one.
type Kind = &'static str;

/// A scope of a table.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditedScope {
    /// The scope.
    pub scope: ScopeKind,
    /// Which rows are in it, in words: `organization_id`, `by member`, `all rows`.
    pub rows: String,
}

/// What one role may do to one table, by its rights in the database.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Access {
    /// What it may read.
    pub select: AccessColumns,
    /// What it may set in a new row.
    pub insert: AccessColumns,
    /// What it may change.
    pub update: AccessColumns,
    /// Whether it may delete.
    pub delete: bool,
    /// Other privileges, such as `TRUNCATE`.
    pub others: Vec<String>,
    /// Which rows, in words; `None` where it may do nothing.
    pub rows: Option<String>,
}

/// Columns of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth")]
pub enum AccessColumns {
    /// None.
    None,
    /// These.
    Only(Vec<String>),
    /// All, also those that are added later.
    All,
}

/// A foreign key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditedForeignKey {
    /// Its name.
    pub name: String,
    /// The table that points.
    pub table: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// The table that is pointed at.
    pub references: String,
    /// That one's columns, in the same order.
    pub referenced_columns: Vec<String>,
    /// Whether it carries the scope of the two tables, or they share none.
    pub carries_scope: bool,
}

impl AuditReport {
    /// Returns the findings of this severity or a worse one.
    pub fn at_least(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.severity >= severity)
    }

    /// Returns whether there is no finding of this severity or a worse one.
    #[must_use]
    pub fn is_clean(&self, severity: Severity) -> bool {
        self.at_least(severity).next().is_none()
    }

    /// Returns the findings of one code.
    pub fn of(&self, code: Code) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.code == code)
    }
}

/// Reads what a table is.
fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static str, D::Error> {
    const KINDS: [&str; 5] = ["table", "partitioned table", "view", "materialized view", "foreign table"];
    let name = String::deserialize(deserializer)?;
    let known = KINDS.into_iter().find(|kind| *kind == name);
    known.ok_or_else(|| de::Error::custom(format_args!("no table is a `{name}`")))
}

/// One line for each finding: severity, code, object and message.
impl fmt::Display for AuditReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { severity, code, object, message, .. } in &self.findings {
            writeln!(f, "{severity}: {code}: {object}: {message}")?;
        }
        Ok(())
    }
}
