//! One thing that an audit has found.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Code, Repair, Severity};

/// One thing that an audit has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// What kind of thing.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What has it.
    pub object: Object,
    /// What it means here, in a sentence.
    pub message: String,
    /// What repairs it: statements, to be read before they are run, and what has to be known or decided.
    pub repair: Repair,
}

/// What has a fault.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Object {
    /// What it is.
    pub kind: ObjectKind,
    /// The table it is of, with its schema, where it is a table or a part of one.
    pub table: Option<String>,
    /// Its own name: of a table or function with its schema, of a policy or constraint without its table.
    pub name: String,
}

/// A kind of database object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ObjectKind {
    /// A role.
    Role,
    /// A table, partitioned ones and partitions included.
    Table,
    /// A column of a table.
    Column,
    /// A policy of a table.
    Policy,
    /// A constraint or an index of a table.
    Constraint,
    /// A view, materialized ones included.
    View,
    /// A table whose rows are elsewhere.
    ForeignTable,
    /// A function or procedure.
    Function,
    /// A sequence.
    Sequence,
    /// A schema.
    Schema,
    /// A publication.
    Publication,
    /// The database itself.
    Database,
    /// The server.
    Server,
    /// An acceptance that is declared in code.
    Acceptance,
    /// Anything else that has an owner or rights.
    Other,
}

impl ObjectKind {
    /// Returns the name, in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Table => "table",
            Self::Column => "column",
            Self::Policy => "policy",
            Self::Constraint => "constraint",
            Self::View => "view",
            Self::ForeignTable => "foreign table",
            Self::Function => "function",
            Self::Sequence => "sequence",
            Self::Schema => "schema",
            Self::Publication => "publication",
            Self::Database => "database",
            Self::Server => "server",
            Self::Acceptance => "acceptance",
            Self::Other => "object",
        }
    }
}

impl Object {
    pub(crate) fn new(kind: ObjectKind, name: impl Into<String>) -> Self {
        Self { kind, table: None, name: name.into() }
    }

    /// A table itself.
    pub(crate) fn table(name: impl Into<String>) -> Self {
        let name = name.into();
        Self { kind: ObjectKind::Table, table: Some(name.clone()), name }
    }

    /// Something that a table has.
    pub(crate) fn of_table(kind: ObjectKind, table: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind, table: Some(table.into()), name: name.into() }
    }
}

impl Object {
    /// Returns the name, with that of the table where it is a part of one: what
    /// [`Registry::accept`](crate::Registry::accept) takes.
    #[must_use]
    pub fn whole_name(&self) -> String {
        match &self.table {
            Some(table) if *table != self.name => format!("{} of {table}", self.name),
            _ => self.name.clone(),
        }
    }
}

/// Names the kind, the object and its table: `constraint organization_slug_key of public.organization`.
impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.as_str(), self.whole_name())
    }
}
