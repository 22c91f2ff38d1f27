//! Putting a table under row-level security: the statements for its policies and grants.

use super::policy::KINDS;
use crate::{
    prefix::Prefix,
    scope::{ScopeDeclaration, ScopeKind, SelectColumns, UpdateColumns, entity_table::EntityTable},
    sql::{do_block, literal, quote},
};

impl Prefix {
    /// Returns the statements that protect the table of an entity, and keep its column `updated_at`.
    pub(crate) fn protect_entity(&self, entity: &EntityTable) -> Vec<String> {
        let table = entity.name.sql();
        let mut statements = self.protect_table(&table, entity.scopes, &entity.fixed);
        if entity.column("updated_at").is_some() {
            statements.push(self.updated_at_trigger(&table));
        }
        statements
    }

    /// `table` is SQL.
    pub(crate) fn protect_table(&self, table: &str, scopes: &[ScopeDeclaration], fixed: &[&str]) -> Vec<String> {
        let roles = ScopeKind::ALL.map(|scope| self.role(scope)).join(", ");
        let mut statements = vec![
            format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"),
            format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY"),
            // TRUNCATE, REFERENCES and TRIGGER included: row-level security does not filter them.
            format!("REVOKE ALL ON TABLE {table} FROM PUBLIC, {roles}"),
        ];
        for scope in ScopeKind::ALL {
            for policy in KINDS {
                statements.push(format!("DROP POLICY IF EXISTS {}_{policy} ON {table}", scope.as_str()));
            }
        }
        let uses: Vec<_> = scopes.iter().map(|declaration| self.role(declaration.scope)).collect();
        statements.push(use_schema_of(table, &uses));
        for declaration in scopes {
            statements.extend(self.policies(declaration).iter().map(|policy| policy.create(table)));
            statements.extend(self.grants(table, declaration, fixed));
        }
        statements.push(self.grant_sequences(table));
        statements
    }

    /// `table` is SQL.
    pub(crate) fn unprotect_table(&self, table: &str) -> Vec<String> {
        let roles = ScopeKind::ALL.map(|scope| self.role(scope)).join(", ");
        let policies =
            ScopeKind::ALL.iter().flat_map(|scope| KINDS.map(|policy| format!("{}_{policy}", scope.as_str())));
        let mut statements: Vec<_> =
            policies.map(|policy| format!("DROP POLICY IF EXISTS {policy} ON {table}")).collect();
        statements.extend([
            format!("DROP TRIGGER IF EXISTS touch_updated_at ON {table}"),
            format!("REVOKE ALL ON TABLE {table} FROM {roles}"),
            format!("ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"),
            format!("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"),
        ]);
        statements
    }

    /// Updates are granted by column, so that no scope or key column can be assigned. Which columns the table
    /// has is asked of the catalog: a migration runs against the table of its day, not against today's entity.
    fn grants(&self, table: &str, declaration: &ScopeDeclaration, fixed: &[&str]) -> Vec<String> {
        let role = self.role(declaration.scope);
        let mut verbs = vec![match declaration.verbs.select {
            SelectColumns::All => "SELECT".to_owned(),
            SelectColumns::Only(columns) => {
                format!("SELECT ({})", columns.iter().map(|column| quote(column)).collect::<Vec<_>>().join(", "))
            }
        }];
        verbs.extend(declaration.verbs.insert.then(|| "INSERT".to_owned()));
        verbs.extend(declaration.verbs.delete.then(|| "DELETE".to_owned()));
        let mut statements = vec![format!("GRANT {} ON TABLE {table} TO {role}", verbs.join(", "))];
        match declaration.verbs.update {
            UpdateColumns::None => {}
            UpdateColumns::Only(columns) => {
                let columns: Vec<_> = columns.iter().map(|column| quote(column)).collect();
                statements.push(format!("GRANT UPDATE ({}) ON TABLE {table} TO {role}", columns.join(", ")));
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
                    table = literal(table),
                    fixed = fixed.join(", "),
                )));
            }
        }
        statements
    }

    /// `table` is SQL.
    pub(crate) fn updated_at_trigger(&self, table: &str) -> String {
        format!(
            "CREATE OR REPLACE TRIGGER touch_updated_at BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {}.touch_updated_at()",
            self.schema(),
        )
    }
}

/// Lets roles use the schema of a table, where not everybody may. `table` is SQL.
pub(super) fn use_schema_of(table: &str, roles: &[String]) -> String {
    let roles: Vec<_> = roles.iter().map(|role| literal(role)).collect();
    do_block(&format!(
        "DECLARE
           place oid := (SELECT relnamespace FROM pg_catalog.pg_class WHERE oid = {}::pg_catalog.regclass);
           role text;
         BEGIN
           FOREACH role IN ARRAY ARRAY[{}]::text[] LOOP
             IF NOT pg_catalog.has_schema_privilege(role, place, 'USAGE') THEN
               EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA %s TO %I', place::pg_catalog.regnamespace, role);
             END IF;
           END LOOP;
         END",
        literal(table),
        roles.join(", "),
    ))
}
