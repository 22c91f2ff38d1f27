//! Tables, views, foreign tables and sequences, as the catalog has them.

use serde::Deserialize;

use super::{Acl, Oid, list};
use crate::sql::quote;

/// A table, view, foreign table or sequence.
#[derive(Debug, Deserialize)]
pub(in crate::audit) struct Relation {
    pub(in crate::audit) oid: Oid,
    pub(in crate::audit) schema: String,
    pub(in crate::audit) name: String,
    /// Its name, as SQL.
    pub(in crate::audit) sql: String,
    pub(in crate::audit) kind: String,
    pub(in crate::audit) owner: Oid,
    pub(in crate::audit) row_security: bool,
    pub(in crate::audit) forced: bool,
    pub(in crate::audit) partition: bool,
    /// Whether its owner may read it: an owner can lose that.
    pub(in crate::audit) owner_reads: bool,
    /// Whether a view runs as who asks.
    pub(in crate::audit) invoker: bool,
    /// Without the owner's.
    #[serde(deserialize_with = "list")]
    pub(in crate::audit) acl: Acl,
    /// Who may hand a privilege on.
    pub(in crate::audit) grants_on: Vec<Oid>,
    #[serde(deserialize_with = "list")]
    pub(in crate::audit) columns: Vec<Column>,
}

/// A column; the catalog's query returns it as a list.
#[derive(Debug, Deserialize)]
pub(in crate::audit) struct Column {
    pub(in crate::audit) name: String,
    pub(in crate::audit) sql_type: String,
    pub(in crate::audit) not_null: bool,
    pub(in crate::audit) generated: bool,
    /// Who has a privilege on it alone.
    #[serde(deserialize_with = "list")]
    pub(in crate::audit) acl: Acl,
}

impl Relation {
    /// Returns its name with its schema, to be read; no two relations have the same.
    pub(in crate::audit) fn full_name(&self) -> String {
        let part = |name: &str| if name.contains('.') { quote(name) } else { name.to_owned() };
        format!("{}.{}", part(&self.schema), part(&self.name))
    }

    /// Returns who has which privilege on it, or on a column of it, the owner left out.
    pub(in crate::audit) fn privileges(&self) -> impl Iterator<Item = (Oid, &str)> {
        let of_columns = self.columns.iter().flat_map(|column| &column.acl);
        self.acl.iter().chain(of_columns).map(|(grantee, privilege)| (*grantee, privilege.as_str()))
    }

    pub(in crate::audit) fn is_table(&self) -> bool {
        matches!(self.kind.as_str(), "r" | "p")
    }

    pub(in crate::audit) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Returns what it is, in words.
    pub(in crate::audit) fn kind_name(&self) -> &'static str {
        match self.kind.as_str() {
            "p" => "partitioned table",
            "v" => "view",
            "m" => "materialized view",
            "f" => "foreign table",
            "S" => "sequence",
            _ => "table",
        }
    }
}
