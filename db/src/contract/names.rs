//! What the contract was told of the membership table.

use super::Contract;

/// The membership table, its columns, and the roles, the highest first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Members<'a> {
    /// With its schema, if it was named with one.
    pub(crate) table: &'a str,
    pub(crate) organization: &'a str,
    pub(crate) user: &'a str,
    pub(crate) role: Option<&'a str>,
    pub(crate) ranks: &'a [String],
}

impl Contract {
    pub(crate) fn membership(&self) -> Members<'_> {
        let membership = &self.membership;
        Members {
            table: &membership.table,
            organization: &membership.organization,
            user: &membership.user,
            role: membership.role.as_deref(),
            ranks: &membership.ranks,
        }
    }
}
