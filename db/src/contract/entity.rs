//! The policies and grants of one entity.

use super::{Contract, do_block, literal};
use crate::{Rows, ScopeDeclaration, ScopeKind, SelectColumns, UpdateColumns, options::quote};

/// The policies of a scope, without its name before them.
const POLICIES: [&str; 5] = ["boundary", "access", "insert", "update", "delete"];

impl Contract {
    pub(super) fn protect_table(&self, table: &str, scopes: &[ScopeDeclaration], fixed: &[&str]) -> Vec<String> {
        let name = quote(table);
        let roles = ScopeKind::ALL.map(|scope| self.prefix.role(scope)).join(", ");
        let mut statements = vec![
            format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"),
            format!("ALTER TABLE {name} FORCE ROW LEVEL SECURITY"),
            // TRUNCATE, REFERENCES and TRIGGER included: row-level security does not filter them.
            format!("REVOKE ALL ON TABLE {name} FROM PUBLIC, {roles}"),
        ];
        for scope in ScopeKind::ALL {
            for policy in POLICIES {
                statements.push(format!("DROP POLICY IF EXISTS {}_{policy} ON {name}", scope.as_str()));
            }
        }
        for declaration in scopes {
            statements.extend(self.policies(&name, declaration));
            statements.extend(self.grants(table, declaration, fixed));
        }
        statements
    }

    /// The restrictive policy is the boundary: permissive ones are or-ed, so without it one lax policy, added
    /// later, would open the table. The permissive one is the same, word for word: PostgreSQL then asks it once.
    fn policies(&self, name: &str, declaration: &ScopeDeclaration) -> Vec<String> {
        let boundary = self.boundary(declaration);
        let check = format!("USING ({boundary}) WITH CHECK ({boundary})");
        let mut policies = vec![
            self.policy(name, declaration, "boundary", "RESTRICTIVE", "ALL", &check),
            self.policy(name, declaration, "access", "PERMISSIVE", "ALL", &check),
        ];
        policies.extend(self.write_policies(name, declaration, &self.rows(declaration)));
        policies
    }

    /// The rows of the scope in a context that an entrance has opened, as SQL.
    ///
    /// In brackets of its own the question is asked once for the whole statement, and stands in no index's way. Put as
    /// `IS NOT NULL` it leaves the planner's estimates as they are; a plain boolean would halve them for each table.
    pub(super) fn boundary(&self, declaration: &ScopeDeclaration) -> String {
        let rows = self.rows(declaration);
        format!("({rows}) AND (SELECT true WHERE {}.context_is_genuine()) IS NOT NULL", self.prefix)
    }

    /// The rows of the scope, as SQL.
    pub(super) fn rows(&self, declaration: &ScopeDeclaration) -> String {
        let key = self.prefix.accessor(declaration.scope);
        match declaration.rows {
            Rows::All => key,
            Rows::Column(column) => format!("{} = {key}", quote(column)),
            Rows::Via(via) => {
                let via = via();
                let own: Vec<_> = via.columns.iter().map(|(own, _)| quote(own)).collect();
                let theirs: Vec<_> = via.columns.iter().map(|(_, theirs)| format!("via.{}", quote(theirs))).collect();
                // The policies of that table hold in here too.
                format!(
                    "({}) IN (SELECT {} FROM {} via WHERE via.{} = {key})",
                    own.join(", "),
                    theirs.join(", "),
                    quote(via.table),
                    quote(via.key),
                )
            }
        }
    }

    /// Restricts each verb that writes and is allowed to the members who may, where not all may. One that only reads is
    /// not restricted, so these are not `FOR ALL`.
    fn write_policies(&self, name: &str, declaration: &ScopeDeclaration, rows: &str) -> Vec<String> {
        let ScopeDeclaration { writers, ranked, verbs, .. } = declaration;
        if writers.is_empty() && ranked.is_none() {
            return Vec::new();
        }
        let schema = self.prefix.schema();
        let writers: Vec<_> = writers.iter().map(|role| literal(role)).collect();
        let has_role = match writers.as_slice() {
            [] => "true".to_owned(),
            writers => format!("{schema}.require_member_role({})", writers.join(", ")),
        };
        let ranks = ranked.map_or("true".to_owned(), |role| format!("{schema}.ranks_member_role({})", quote(role)));
        // In this order, which only `CASE` keeps: who has not the role is told so, and that tells of no row of another
        // tenant.
        let may = format!("CASE WHEN {rows} THEN CASE WHEN {has_role} THEN {ranks} ELSE false END ELSE false END");
        [
            (verbs.insert, "insert", format!("WITH CHECK ({may})")),
            (verbs.update != UpdateColumns::None, "update", format!("USING ({may}) WITH CHECK ({may})")),
            (verbs.delete, "delete", format!("USING ({may})")),
        ]
        .into_iter()
        .filter(|(allowed, ..)| *allowed)
        .map(|(_, verb, check)| self.policy(name, declaration, verb, "RESTRICTIVE", &verb.to_uppercase(), &check))
        .collect()
    }

    fn policy(
        &self,
        name: &str,
        declaration: &ScopeDeclaration,
        policy: &str,
        kind: &str,
        verb: &str,
        check: &str,
    ) -> String {
        let (scope, role) = (declaration.scope.as_str(), self.prefix.role(declaration.scope));
        format!("CREATE POLICY {scope}_{policy} ON {name} AS {kind} FOR {verb} TO {role} {check}")
    }

    /// Updates are granted by column, so that no scope or key column can be assigned. Which columns the table
    /// has is asked of the catalog: a migration runs against the table of its day, not against today's entity.
    fn grants(&self, table: &str, declaration: &ScopeDeclaration, fixed: &[&str]) -> Vec<String> {
        let (name, role) = (quote(table), self.prefix.role(declaration.scope));
        let mut verbs = vec![match declaration.verbs.select {
            SelectColumns::All => "SELECT".to_owned(),
            SelectColumns::Only(columns) => {
                format!("SELECT ({})", columns.iter().map(|column| quote(column)).collect::<Vec<_>>().join(", "))
            }
        }];
        verbs.extend(declaration.verbs.insert.then(|| "INSERT".to_owned()));
        verbs.extend(declaration.verbs.delete.then(|| "DELETE".to_owned()));
        let mut statements = vec![format!("GRANT {} ON TABLE {name} TO {role}", verbs.join(", "))];
        match declaration.verbs.update {
            UpdateColumns::None => {}
            UpdateColumns::Only(columns) => {
                let columns: Vec<_> = columns.iter().map(|column| quote(column)).collect();
                statements.push(format!("GRANT UPDATE ({}) ON TABLE {name} TO {role}", columns.join(", ")));
            }
            UpdateColumns::Writable => {
                let fixed: Vec<_> = fixed.iter().map(|column| literal(column)).collect();
                statements.push(do_block(&format!(
                    "DECLARE columns text := (
                       SELECT pg_catalog.string_agg(pg_catalog.quote_ident(attname), ', ')
                       FROM pg_catalog.pg_attribute
                       WHERE attrelid = {table}::pg_catalog.regclass AND attnum > 0 AND NOT attisdropped
                         AND attgenerated = '' AND attname NOT IN ({fixed})
                     );
                     BEGIN
                       IF columns IS NOT NULL THEN
                         EXECUTE 'GRANT UPDATE (' || columns || ') ON TABLE ' || {table} || ' TO {role}';
                       END IF;
                     END",
                    table = literal(&name),
                    fixed = fixed.join(", "),
                )));
            }
        }
        statements
    }

    pub(super) fn updated_at_trigger(&self, table: &str) -> String {
        format!(
            "CREATE OR REPLACE TRIGGER touch_updated_at BEFORE UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION {}.touch_updated_at()",
            quote(table),
            self.prefix.schema(),
        )
    }
}
