//! What one role may do to one relation, by its rights in the database.

use std::collections::BTreeSet;

use super::{
    Access, AccessColumns,
    catalog::{Oid, Relation},
};

/// The privileges of one role on one relation, without those that everybody has.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one for each privilege")]
pub(super) struct Granted {
    /// Whether it may read every column, also those that are added later.
    pub(super) select_whole: bool,
    /// The columns that it was given by name.
    pub(super) select: BTreeSet<String>,
    pub(super) insert_whole: bool,
    pub(super) insert: BTreeSet<String>,
    pub(super) update_whole: bool,
    pub(super) update: BTreeSet<String>,
    pub(super) delete: bool,
    pub(super) others: Vec<String>,
}

impl Granted {
    pub(super) fn to(role: Oid, relation: &Relation) -> Self {
        let mut granted = Self::default();
        for (_, privilege) in relation.acl.iter().filter(|(grantee, _)| *grantee == role) {
            match privilege.as_str() {
                "SELECT" => granted.select_whole = true,
                "INSERT" => granted.insert_whole = true,
                "UPDATE" => granted.update_whole = true,
                "DELETE" => granted.delete = true,
                other => granted.others.push(other.to_owned()),
            }
        }
        for column in &relation.columns {
            for (_, privilege) in column.acl.iter().filter(|(grantee, _)| *grantee == role) {
                let columns = match privilege.as_str() {
                    "SELECT" => &mut granted.select,
                    "INSERT" => &mut granted.insert,
                    "UPDATE" => &mut granted.update,
                    _ => continue,
                };
                columns.insert(column.name.clone());
            }
        }
        granted
    }

    pub(super) fn insert_any(&self) -> bool {
        self.insert_whole || !self.insert.is_empty()
    }

    /// Returns whether it may write one of the columns: into a new row, or into one that is there.
    pub(super) fn writes_any<'a>(&self, mut columns: impl Iterator<Item = &'a String>) -> bool {
        self.insert_any() || self.update_whole || columns.any(|column| self.update.contains(column))
    }

    /// Returns whether it is nothing.
    pub(super) fn is_none(&self) -> bool {
        let columns = [&self.select, &self.insert, &self.update].into_iter().all(BTreeSet::is_empty);
        columns
            && !(self.select_whole || self.insert_whole || self.update_whole || self.delete)
            && self.others.is_empty()
    }

    pub(super) fn into_access(self, rows: Option<String>) -> Access {
        let columns = |whole: bool, named: BTreeSet<String>| match (whole, named.is_empty()) {
            (true, _) => AccessColumns::All,
            (false, true) => AccessColumns::None,
            (false, false) => AccessColumns::Only(named.into_iter().collect()),
        };
        Access {
            select: columns(self.select_whole, self.select),
            insert: columns(self.insert_whole, self.insert),
            update: columns(self.update_whole, self.update),
            delete: self.delete,
            others: self.others,
            rows,
        }
    }
}
