//! What the definer role needs of the application's tables, so that contexts open.

use super::{Contract, tokens::READ};
use crate::TableName;

/// Columns of a table on which the definer role has a privilege.
#[derive(Clone, Debug)]
pub(crate) struct Need {
    pub(crate) table: TableName,
    /// `SELECT` or `UPDATE`.
    pub(crate) privilege: &'static str,
    pub(crate) columns: Vec<String>,
}

impl Contract {
    /// Returns what the definer role is granted on tables.
    pub(crate) fn needs(&self) -> Vec<Need> {
        let membership = &self.membership;
        let need = |table: &str, privilege, columns: &[&str]| {
            let table = TableName::from(table);
            Need {
                table: TableName::new(table.schema().or(Some("public")), table.name()),
                privilege,
                columns: columns.iter().map(|&column| column.to_owned()).collect(),
            }
        };
        let mut members = vec![membership.organization.as_str(), &membership.user];
        members.extend(membership.role.as_deref());
        let mut needs = vec![need(&membership.table, "SELECT", &members)];
        if let (Some(_), Some((organizations, key))) = (&membership.role, &membership.organizations) {
            needs.push(need(organizations, "SELECT", &[key]));
            needs.push(need(organizations, "UPDATE", &["updated_at"]));
        }
        if let Some(table) = self.token_table() {
            needs.push(need(table, "SELECT", &READ.split(", ").collect::<Vec<_>>()));
            needs.push(need(table, "UPDATE", &["last_used_at"]));
        }
        needs
    }
}
