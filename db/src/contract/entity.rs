//! The policies and grants of one entity.

use super::{Prefix, do_block, literal};
use crate::{Rows, ScopeDeclaration, ScopeKind, SelectColumns, UpdateColumns, options::quote};

/// The policies of a scope, without its name before them.
pub(super) const POLICIES: [&str; 5] = ["boundary", "access", "insert", "update", "delete"];

/// A policy that a scope of an entity asks for.
#[derive(Clone, Debug)]
pub(crate) struct PolicyDeclaration {
    pub(crate) name: String,
    /// The role that it is for.
    pub(crate) role: String,
    pub(crate) permissive: bool,
    /// `ALL`, `INSERT`, `UPDATE` or `DELETE`.
    pub(crate) command: &'static str,
    pub(crate) using: Option<String>,
    pub(crate) check: Option<String>,
}

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
            for policy in POLICIES {
                statements.push(format!("DROP POLICY IF EXISTS {}_{policy} ON {table}", scope.as_str()));
            }
        }
        let uses: Vec<_> = scopes.iter().map(|declaration| self.role(declaration.scope)).collect();
        statements.push(use_schema_of(table, &uses));
        for declaration in scopes {
            statements.extend(self.policies(declaration).iter().map(|policy| policy.create(table)));
            statements.extend(self.grants(table, declaration, fixed));
        }
        statements.extend(self.grants_around(table, scopes));
        statements
    }

    /// `table` is SQL.
    pub(crate) fn unprotect_table(&self, table: &str) -> Vec<String> {
        let roles = ScopeKind::ALL.map(|scope| self.role(scope)).join(", ");
        let policies =
            ScopeKind::ALL.iter().flat_map(|scope| POLICIES.map(|policy| format!("{}_{policy}", scope.as_str())));
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

    /// Returns the policies that a scope asks for.
    ///
    /// The restrictive policy is the boundary: permissive ones are or-ed, so without it one lax policy, added
    /// later, would open the table. The permissive one is the same, word for word: PostgreSQL then asks it once.
    pub(crate) fn policies(&self, declaration: &ScopeDeclaration) -> Vec<PolicyDeclaration> {
        let boundary = self.boundary(declaration);
        let both = || (Some(boundary.clone()), Some(boundary.clone()));
        let mut policies = vec![
            self.policy(declaration, "boundary", false, "ALL", both()),
            self.policy(declaration, "access", true, "ALL", both()),
        ];
        policies.extend(self.write_policies(declaration, &self.rows(declaration)));
        policies
    }

    /// The rows of the scope in a context that an entry function has opened, as SQL.
    ///
    /// In brackets of its own the question is asked once for the whole statement, and stands in no index's way. What it
    /// answers is the key that was sealed, and each row is held to that: the settings can be turned while the statement
    /// goes on. The key as it is at each row is asked too, for the planner, which makes an index condition of it. Put
    /// as
    /// `IS NOT NULL` the rest leaves the planner's estimates as they are; a plain boolean would halve them for each table, and
    /// a plain comparison would take the place of the first.
    ///
    /// INVARIANT: rows that are found through another table are restricted by that one's policies, and the entry
    /// function of sign-in has no key to turn.
    fn boundary(&self, declaration: &ScopeDeclaration) -> String {
        let (rows, key, schema) = (self.rows(declaration), self.accessor(declaration.scope), self.schema());
        match declaration.rows {
            Rows::Column(column) => {
                let column = quote(column);
                format!(
                    "{rows} AND (CASE WHEN {column} = (SELECT {key} WHERE {schema}.context_is_genuine()) \
                     THEN true END) IS NOT NULL"
                )
            }
            Rows::All | Rows::Via(_) => {
                format!("({rows}) AND (SELECT true WHERE {schema}.context_is_genuine()) IS NOT NULL")
            }
        }
    }

    /// The rows of the scope, as SQL.
    fn rows(&self, declaration: &ScopeDeclaration) -> String {
        let key = self.accessor(declaration.scope);
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
                    via.table.sql(),
                    quote(via.key),
                )
            }
        }
    }

    /// Restricts each verb that writes and is allowed to the members who may, where not all may. One that only reads is
    /// not restricted, so these are not `FOR ALL`.
    fn write_policies(&self, declaration: &ScopeDeclaration, rows: &str) -> Vec<PolicyDeclaration> {
        let ScopeDeclaration { writers, ranked, verbs, .. } = declaration;
        if writers.is_empty() && ranked.is_none() {
            return Vec::new();
        }
        let schema = self.schema();
        let writers: Vec<_> = writers.iter().map(|role| literal(role)).collect();
        let has_role = match writers.as_slice() {
            [] => "true".to_owned(),
            writers => format!("{schema}.require_member_role({})", writers.join(", ")),
        };
        let ranks = ranked.map_or("true".to_owned(), |role| format!("{schema}.ranks_member_role({})", quote(role)));
        // In this order, which only `CASE` keeps: who has not the role is told so, and that tells of no row of another
        // tenant.
        let may = format!("CASE WHEN {rows} THEN CASE WHEN {has_role} THEN {ranks} ELSE false END ELSE false END");
        let may = || Some(may.clone());
        [
            (verbs.insert, "insert", "INSERT", (None, may())),
            (verbs.update != UpdateColumns::None, "update", "UPDATE", (may(), may())),
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
        policy: &str,
        permissive: bool,
        command: &'static str,
        (using, check): (Option<String>, Option<String>),
    ) -> PolicyDeclaration {
        let (scope, role) = (declaration.scope.as_str(), self.role(declaration.scope));
        PolicyDeclaration { name: format!("{scope}_{policy}"), role, permissive, command, using, check }
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
