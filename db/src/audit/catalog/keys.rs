//! Keys and indexes.

use serde::Deserialize;

use super::Oid;

#[derive(Debug, Deserialize)]
pub(in crate::audit) struct ForeignKey {
    pub(in crate::audit) oid: Oid,
    pub(in crate::audit) name: String,
    pub(in crate::audit) relation: Oid,
    pub(in crate::audit) referenced: Oid,
    pub(in crate::audit) columns: Vec<String>,
    pub(in crate::audit) referenced_columns: Vec<String>,
    pub(in crate::audit) on_delete: String,
    pub(in crate::audit) on_update: String,
    /// The columns that `SET NULL` names; empty where it names none.
    pub(in crate::audit) set_columns: Vec<String>,
    pub(in crate::audit) validated: bool,
    pub(in crate::audit) enforced: bool,
    pub(in crate::audit) definition: String,
    pub(in crate::audit) comment: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(in crate::audit) struct Index {
    pub(in crate::audit) relation: Oid,
    pub(in crate::audit) name: String,
    pub(in crate::audit) sql: String,
    pub(in crate::audit) unique: bool,
    pub(in crate::audit) primary: bool,
    pub(in crate::audit) valid: bool,
    pub(in crate::audit) partial: bool,
    /// Whether it is that of a partition, of an index of the whole table.
    pub(in crate::audit) partition: bool,
    /// Its columns; nothing for one that is an expression.
    pub(in crate::audit) columns: Vec<Option<String>>,
    /// The columns that its expressions are over.
    pub(in crate::audit) under: Vec<String>,
    /// The kind of the constraint that it is of: `p`, `u` or `x`.
    pub(in crate::audit) constraint: Option<String>,
    /// Whether each row is checked at once, and not at the end.
    pub(in crate::audit) immediate: bool,
    pub(in crate::audit) oid: Oid,
    /// That of the constraint, else of the index where it is unique.
    pub(in crate::audit) definition: Option<String>,
    /// Where it is unique, or an exclusion's.
    pub(in crate::audit) details: Option<IndexDetails>,
}

/// What an index has beside its definition.
#[derive(Debug, Deserialize)]
pub(in crate::audit) struct IndexDetails {
    pub(in crate::audit) clustered: bool,
    pub(in crate::audit) replica_identity: bool,
    pub(in crate::audit) options: Vec<String>,
    pub(in crate::audit) tablespace: Option<String>,
    /// That of the constraint.
    pub(in crate::audit) comment: Option<String>,
    pub(in crate::audit) index_comment: Option<String>,
    /// Statistics targets, each with the number of its column.
    pub(in crate::audit) targets: Vec<(i32, i32)>,
    /// What depends on it, in words; with its oid where it is a constraint.
    pub(in crate::audit) dependents: Vec<(Oid, String)>,
}
