//! The contract's own expressions as PostgreSQL writes them down: what an audit compares those of the database with.
//!
//! Each bracket and cast is as `pg_get_expr` has it, so that the two are compared word for word: a bracket in another place
//! can open a table. Names have no quotes here, and those of tables no schema.

use super::{Contract, Prefix, literal};
use crate::{Rows, ScopeDeclaration, ScopeKind};

/// Both sides of a policy, as PostgreSQL writes them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written {
    pub(crate) using: Option<String>,
    pub(crate) check: Option<String>,
}

impl Prefix {
    /// Returns the policy of that name, without the scope's before it.
    pub(crate) fn written_policy(&self, declaration: &ScopeDeclaration, policy: &str) -> Written {
        let both = |rows: String| Written { using: Some(rows.clone()), check: Some(rows) };
        match policy {
            "insert" => Written { using: None, check: Some(self.written_role(declaration)) },
            "update" => both(self.written_role(declaration)),
            "delete" => Written { using: Some(self.written_role(declaration)), check: None },
            _ => both(self.written_boundary(declaration)),
        }
    }

    /// The rows of the scope in a context that an entry function has opened.
    pub(crate) fn written_boundary(&self, declaration: &ScopeDeclaration) -> String {
        let (rows, genuine) = (self.written_rows(declaration), format!("{}.context_is_genuine()", self.schema()));
        match declaration.rows {
            Rows::Column(column) => {
                let key = self.accessor(declaration.scope);
                format!(
                    "({rows} AND (CASE WHEN ({column} = (SELECT {key} WHERE {genuine})) THEN true \
                     ELSE NULL::boolean END IS NOT NULL))",
                    column = name(column),
                )
            }
            Rows::All | Rows::Via(_) => format!("({rows} AND ((SELECT true WHERE {genuine}) IS NOT NULL))"),
        }
    }

    /// The rows of the scope.
    pub(crate) fn written_rows(&self, declaration: &ScopeDeclaration) -> String {
        let key = self.accessor(declaration.scope);
        match declaration.rows {
            Rows::All => key,
            Rows::Column(column) => format!("({} = {key})", name(column)),
            Rows::Via(via) => {
                let via = via();
                let own: Vec<_> = via.columns.iter().map(|(own, _)| name(own)).collect();
                let own = if own.len() == 1 { own.concat() } else { format!("({})", own.join(", ")) };
                let theirs: Vec<_> = via.columns.iter().map(|(_, theirs)| format!("via.{}", name(theirs))).collect();
                format!(
                    "({own} IN (SELECT {} FROM {} via WHERE (via.{} = {key})))",
                    theirs.join(", "),
                    via.table.sql(),
                    name(via.key),
                )
            }
        }
    }

    /// What restricts a write to the members who may.
    fn written_role(&self, declaration: &ScopeDeclaration) -> String {
        let schema = self.schema();
        let roles = texts(declaration.writers.iter().copied());
        let has_role = if declaration.writers.is_empty() {
            "true".to_owned()
        } else {
            format!("{schema}.require_member_role(VARIADIC {roles})")
        };
        let ranks =
            declaration.ranked.map_or("true".to_owned(), |role| format!("{schema}.ranks_member_role({})", name(role)));
        format!(
            "CASE WHEN {} THEN CASE WHEN {has_role} THEN {ranks} ELSE false END ELSE false END",
            self.written_rows(declaration)
        )
    }
}

impl Contract {
    /// Returns the body of a function that is one expression; `None` for one whose text PostgreSQL keeps as it is.
    pub(super) fn written_body(&self, function: &str) -> Option<String> {
        let prefix = &self.prefix;
        let setting = |setting: &str| format!("current_setting('{setting}'::text)");
        let accessor = |scope, of| format!("RETURN ({})::{of}", setting(&prefix.setting(scope)));
        Some(match function {
            "current_organization_id" => accessor(ScopeKind::Tenant, "uuid"),
            "current_user_id" => accessor(ScopeKind::User, "uuid"),
            "in_identity_context" => accessor(ScopeKind::Identity, "boolean"),
            "ranks_member_role" => {
                let ranks = texts(self.membership.ranks.iter().map(String::as_str));
                format!(
                    "RETURN ({prefix}.context_is_genuine() AND (({user} = ''::text) OR \
                     COALESCE((array_position({ranks}, {own}) <= array_position({ranks}, role)), false)))",
                    user = setting(&prefix.setting(ScopeKind::User)),
                    own = setting(&format!("{prefix}.member_role")),
                )
            }
            _ => return None,
        })
    }
}

/// A list of texts.
fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let texts: Vec<_> = texts.map(|text| format!("{}::text", literal(text))).collect();
    if texts.is_empty() { "ARRAY[]::text[]".to_owned() } else { format!("ARRAY[{}]", texts.join(", ")) }
}

/// A name; what is compared has no quotes around it.
fn name(name: &str) -> String {
    crate::options::quote(name)
}
