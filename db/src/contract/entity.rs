//! The policies and grants of one entity.

use super::{Contract, do_block, literal};
use crate::{ScopeDeclaration, ScopeKind, UpdateColumns, options::quote};

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
            for policy in ["boundary", "access"] {
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
    /// later, would open the table.
    fn policies(&self, name: &str, declaration: &ScopeDeclaration) -> [String; 2] {
        let scope = declaration.scope;
        let key = self.prefix.accessor(scope);
        let rows = declaration.column.map_or_else(|| key.clone(), |column| format!("{} = {key}", quote(column)));
        [("boundary", "RESTRICTIVE"), ("access", "PERMISSIVE")].map(|(policy, kind)| {
            format!(
                "CREATE POLICY {scope}_{policy} ON {name} AS {kind} FOR ALL TO {role} USING ({rows}) WITH CHECK ({rows})",
                scope = scope.as_str(),
                role = self.prefix.role(scope),
            )
        })
    }

    /// Updates are granted by column, so that no scope or key column can be assigned. Which columns the table
    /// has is asked of the catalog: a migration runs against the table of its day, not against today's entity.
    fn grants(&self, table: &str, declaration: &ScopeDeclaration, fixed: &[&str]) -> Vec<String> {
        let (name, role) = (quote(table), self.prefix.role(declaration.scope));
        let mut verbs = vec!["SELECT"];
        verbs.extend(declaration.verbs.insert.then_some("INSERT"));
        verbs.extend(declaration.verbs.delete.then_some("DELETE"));
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
