//! The policies that a scope of an entity asks for, as data.
//!
//! Their conditions have each bracket and cast as PostgreSQL writes them down, so that an audit compares them with those
//! of a database word for word: a bracket in another place can open a table.

use crate::{
    prefix::Prefix,
    scope::{Rows, ScopeDeclaration, UpdateColumns},
    sql::{literal, quote},
};

/// A policy on a table.
#[derive(Clone, Debug)]
pub(crate) struct PolicyDeclaration {
    pub(crate) name: String,
    /// The role that it is for.
    pub(crate) role: String,
    pub(crate) permissive: bool,
    /// `ALL`, `SELECT`, `INSERT`, `UPDATE` or `DELETE`.
    pub(crate) command: &'static str,
    pub(crate) using: Option<String>,
    pub(crate) check: Option<String>,
}

/// The policies of a scope, without its name before them.
pub(super) const KINDS: [&str; 5] = ["boundary", "access", "insert", "update", "delete"];

impl PolicyDeclaration {
    /// Returns the statement that makes it; `table` is SQL.
    pub(crate) fn create(&self, table: &str) -> String {
        let Self { name, role, command, .. } = self;
        let kind = if self.permissive { "PERMISSIVE" } else { "RESTRICTIVE" };
        let using = self.using.as_ref().map(|rows| format!(" USING ({rows})")).unwrap_or_default();
        let check = self.check.as_ref().map(|rows| format!(" WITH CHECK ({rows})")).unwrap_or_default();
        format!("CREATE POLICY {name} ON {table} AS {kind} FOR {command} TO {role}{using}{check}")
    }
}

impl Prefix {
    /// Returns the policies that a scope asks for.
    ///
    /// The restrictive policy is the boundary: permissive ones are or-ed, so without it one lax policy, added
    /// later, would open the table. The permissive one is the same, word for word: so each of them holds alone, and
    /// of rows that are read PostgreSQL asks it once.
    pub(crate) fn policies(&self, declaration: &ScopeDeclaration) -> Vec<PolicyDeclaration> {
        let boundary = self.boundary(declaration);
        let both = || (Some(boundary.clone()), Some(boundary.clone()));
        let mut policies = vec![
            self.policy(declaration, "boundary", false, "ALL", both()),
            self.policy(declaration, "access", true, "ALL", both()),
        ];
        policies.extend(self.write_policies(declaration));
        policies
    }

    /// The rows of the scope in a context that an entry function has opened, as SQL.
    ///
    /// In brackets of its own the question is asked once for the whole statement, and stands in no index's way. What it
    /// answers is the key that was sealed, and each row is held to that: the settings can be turned while the statement
    /// goes on. The key as it is at each row is asked too, for the planner, which makes an index condition of it. Put as
    /// `IS NOT NULL` the rest leaves the planner's estimates as they are; a plain boolean would halve them for each table,
    /// and a plain comparison would take the place of the first.
    ///
    /// INVARIANT: rows that are found through another table are restricted by that one's policies, and the entry
    /// function of sign-in has no key to turn.
    pub(crate) fn boundary(&self, declaration: &ScopeDeclaration) -> String {
        let (rows, sealed) = (self.rows(declaration), self.sealed_accessor(declaration.scope));
        match declaration.rows {
            Rows::Column(column) => format!(
                "({rows} AND (CASE WHEN ({} = (SELECT {sealed})) THEN true ELSE NULL::boolean END IS NOT NULL))",
                quote(column)
            ),
            Rows::All | Rows::Via(_) => {
                let key = self.accessor(declaration.scope);
                format!("({rows} AND ((SELECT true WHERE ({key} = {sealed})) IS NOT NULL))")
            }
        }
    }

    /// The rows of the scope, as SQL.
    pub(crate) fn rows(&self, declaration: &ScopeDeclaration) -> String {
        let key = self.accessor(declaration.scope);
        match declaration.rows {
            Rows::All => key,
            Rows::Column(column) => format!("({} = {key})", quote(column)),
            Rows::Via(via) => {
                let via = via();
                let own: Vec<_> = via.columns.iter().map(|(own, _)| quote(own)).collect();
                let own = if own.len() == 1 { own.concat() } else { format!("({})", own.join(", ")) };
                let theirs: Vec<_> = via.columns.iter().map(|(_, theirs)| format!("via.{}", quote(theirs))).collect();
                // The policies of that table hold in here too.
                format!(
                    "({own} IN (SELECT {} FROM {} via WHERE (via.{} = {key})))",
                    theirs.join(", "),
                    via.table.sql(),
                    quote(via.key),
                )
            }
        }
    }

    /// Restricts each verb that writes and is allowed to the members who may, where not all may. One that only reads is
    /// not restricted, so these are not `FOR ALL`.
    fn write_policies(&self, declaration: &ScopeDeclaration) -> Vec<PolicyDeclaration> {
        let ScopeDeclaration { writers, ranked, verbs, .. } = declaration;
        if writers.is_empty() && ranked.is_none() {
            return Vec::new();
        }
        let has_role = match writers {
            [] => "true".to_owned(),
            writers => format!("{self}.require_member_role(VARIADIC {})", texts(writers)),
        };
        let ranks = ranked.map(|role| format!("{self}.ranks_member_role({})", quote(role)));
        let in_scope = |may: &str| format!("CASE WHEN {} THEN {may} ELSE false END", self.rows(declaration));
        // In this order, which only `CASE` keeps: who has not the role is told so, and that tells of no row of another
        // tenant.
        let may = in_scope(&format!("CASE WHEN {has_role} THEN {} ELSE false END", ranks.as_deref().unwrap_or("true")));
        let may = || Some(may.clone());
        // Who has the role was asked of the row as it was; of what it becomes only its own role can say more.
        let becomes = Some(ranks.as_deref().map_or("true".to_owned(), in_scope));
        [
            (verbs.insert, "insert", "INSERT", (None, may())),
            (verbs.update != UpdateColumns::None, "update", "UPDATE", (may(), becomes)),
            (verbs.delete, "delete", "DELETE", (may(), None)),
        ]
        .into_iter()
        .filter(|(allowed, ..)| *allowed)
        .map(|(_, policy, command, checks)| self.policy(declaration, policy, false, command, checks))
        .collect()
    }

    fn policy(
        &self,
        declaration: &ScopeDeclaration,
        kind: &str,
        permissive: bool,
        command: &'static str,
        (using, check): (Option<String>, Option<String>),
    ) -> PolicyDeclaration {
        let (scope, role) = (declaration.scope.as_str(), self.role(declaration.scope));
        PolicyDeclaration { name: format!("{scope}_{kind}"), role, permissive, command, using, check }
    }
}

/// A list of texts, as PostgreSQL writes it down.
pub(super) fn texts(texts: &[impl AsRef<str>]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| format!("{}::text", literal(text.as_ref()))).collect();
    if texts.is_empty() { "ARRAY[]::text[]".to_owned() } else { format!("ARRAY[{}]", texts.join(", ")) }
}
