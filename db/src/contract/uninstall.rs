//! Taking the contract back: what it made, and nothing else.

use super::{
    Contract,
    function::{SIGNATURES, TRIGGERS},
    on_tables,
    policy::KINDS,
    public::SET_CONFIG,
    roles::LIMITS,
};
use crate::{scope::ScopeKind, sql::literal};

impl Contract {
    /// Returns the statements that take back what [`install`](Self::install) made, and what the contract made of
    /// tables: policies, triggers, grants to its roles. What PUBLIC had before, it has then again. Nothing else is
    /// dropped: they stop with an error that says what of others is in the schema, or uses a function in it. A role
    /// that something still uses is left, as in another database, and so is one that was there before.
    ///
    /// Row-level security stays as it is on the tables, so that nobody sees rows who did not before;
    /// [`unprotect`](Self::unprotect) takes it away.
    #[must_use]
    pub fn uninstall(&self) -> Vec<String> {
        let mut statements = vec![
            self.refuse_what_is_of_others(),
            self.unprotect_all(),
            self.open_public(),
            self.take_from_roles(),
            self.drop_schema(),
        ];
        statements.extend(self.drop_roles());
        statements
    }

    /// The functions of the contract in the schema of the oid `here`, as `p`.
    fn functions_here(&self) -> String {
        let names: Vec<_> = SIGNATURES.iter().map(|function| literal(function.name)).collect();
        format!(
            "pg_catalog.pg_proc p WHERE p.pronamespace = here
               AND (pg_catalog.pg_get_userbyid(p.proowner) = '{gate}' OR p.proname = ANY (ARRAY[{names}]))",
            gate = self.prefix.gate(),
            names = names.join(", "),
        )
    }

    /// The policies of the contract, as `y`.
    fn own_policies(&self) -> String {
        let roles = self.prefix.roles().map(|role| literal(&role)).join(", ");
        let scopes = ScopeKind::ALL.iter().flat_map(|scope| KINDS.map(|kind| format!("{}_{kind}", scope.as_str())));
        let names = scopes.chain(on_tables::POLICIES.map(str::to_owned)).map(|name| literal(&name)).collect::<Vec<_>>();
        format!(
            "pg_catalog.pg_policy y WHERE y.polname = ANY (ARRAY[{names}]) AND NOT EXISTS (
               SELECT FROM pg_catalog.unnest(y.polroles) r WHERE r = 0 OR NOT pg_catalog.pg_get_userbyid(r) IN ({roles})
             )",
            names = names.join(", "),
        )
    }

    /// The triggers of the contract, as `t`.
    fn own_triggers(&self) -> String {
        format!(
            "pg_catalog.pg_trigger t WHERE t.tgname IN ({names}) AND NOT t.tgisinternal
               AND t.tgfoid IN (SELECT p.oid FROM {functions})",
            names = TRIGGERS.map(|function| literal(function.name)).join(", "),
            functions = self.functions_here(),
        )
    }

    fn refuse_what_is_of_others(&self) -> String {
        self.as_before(
            "others text;",
            &format!(
                "SELECT pg_catalog.string_agg(DISTINCT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid), ', ') INTO others
                 FROM pg_catalog.pg_depend d WHERE (
                   d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND d.refobjid = here
                   OR d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.refobjid IN (SELECT p.oid FROM {functions})
                 )
                 AND NOT (d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid IN (SELECT p.oid FROM {functions}))
                 AND NOT (d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid IN (
                   SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relnamespace = here AND pg_catalog.pg_get_userbyid(c.relowner) = '{gate}'
                 ))
                 AND NOT (d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND d.objid IN (SELECT y.oid FROM {policies}))
                 AND NOT (d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND d.objid IN (SELECT t.oid FROM {triggers}));
                 IF others IS NOT NULL THEN
                   RAISE EXCEPTION 'schema {schema} cannot be dropped: it is used by what the contract did not make'
                     USING ERRCODE = 'dependent_objects_still_exist', DETAIL = others,
                       HINT = 'drop that, or move it to another schema, and uninstall again';
                 END IF;",
                functions = self.functions_here(),
                policies = self.own_policies(),
                triggers = self.own_triggers(),
                gate = self.prefix.gate(),
                schema = self.prefix.schema(),
            ),
        )
    }

    /// Drops policies and triggers, and takes from the roles what they were granted on tables.
    fn unprotect_all(&self) -> String {
        let roles = self.prefix.roles().map(|role| literal(&role)).join(", ");
        self.as_before(
            "one record;",
            &format!(
                "FOR one IN SELECT y.polname AS name, y.polrelid::pg_catalog.regclass AS on_table FROM {policies} LOOP
                   EXECUTE pg_catalog.format('DROP POLICY %I ON %s', one.name, one.on_table);
                 END LOOP;
                 FOR one IN SELECT t.tgname AS name, t.tgrelid::pg_catalog.regclass AS on_table FROM {triggers} LOOP
                   EXECUTE pg_catalog.format('DROP TRIGGER %I ON %s', one.name, one.on_table);
                 END LOOP;
                 FOR one IN
                   SELECT DISTINCT r.rolname AS name, c.relkind = 'S' AS is_sequence, c.oid::pg_catalog.regclass AS on_table
                   FROM pg_catalog.pg_shdepend d
                   JOIN pg_catalog.pg_database b ON b.oid = d.dbid AND b.datname = pg_catalog.current_database()
                   JOIN pg_catalog.pg_roles r ON r.oid = d.refobjid
                   JOIN pg_catalog.pg_class c ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = d.objid
                   WHERE d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND d.deptype = 'a' AND r.rolname IN ({roles})
                     AND c.relnamespace <> here
                 LOOP
                   EXECUTE pg_catalog.format('REVOKE ALL ON %s %s FROM %I',
                     CASE WHEN one.is_sequence THEN 'SEQUENCE' ELSE 'TABLE' END, one.on_table, one.name);
                 END LOOP;
                 FOR one IN
                   SELECT DISTINCT r.rolname AS name, n.nspname AS schema
                   FROM pg_catalog.pg_namespace n, pg_catalog.aclexplode(n.nspacl) a, pg_catalog.pg_roles r
                   WHERE r.oid = a.grantee AND r.rolname IN ({roles}) AND n.oid <> here
                 LOOP
                   EXECUTE pg_catalog.format('REVOKE ALL ON SCHEMA %I FROM %I', one.schema, one.name);
                 END LOOP;",
                policies = self.own_policies(),
                triggers = self.own_triggers(),
            ),
        )
    }

    /// Takes from the definer role and the login role what they have of the database, and the limits of a login role
    /// that was there before.
    fn take_from_roles(&self) -> String {
        let (gate, login) = (self.prefix.gate(), literal(&self.login));
        let limits = LIMITS.map(|(limit, value)| format!("({}, {})", literal(limit), literal(value))).join(", ");
        self.as_before(
            "one text;",
            &format!(
                "EXECUTE pg_catalog.format('REVOKE ALL ON DATABASE %I FROM {gate}', pg_catalog.current_database());
                 IF pg_catalog.has_function_privilege('{SET_CONFIG}', 'EXECUTE WITH GRANT OPTION') THEN
                   REVOKE EXECUTE ON FUNCTION {SET_CONFIG} FROM {gate};
                 END IF;
                 IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {login}) THEN
                   RETURN;
                 END IF;
                 IF NOT 'CONNECT of the login role' = ANY (before) THEN
                   EXECUTE pg_catalog.format('REVOKE CONNECT ON DATABASE %I FROM %I', pg_catalog.current_database(), {login});
                 END IF;
                 FOR one IN
                   SELECT l.name FROM (VALUES {limits}) l (name, value), pg_catalog.pg_db_role_setting s
                   WHERE pg_catalog.pg_get_userbyid(s.setrole) = {login} AND s.setdatabase = 0
                     AND l.name || '=' || l.value = ANY (s.setconfig) AND NOT l.name || ' of the login role' = ANY (before)
                 LOOP
                   EXECUTE pg_catalog.format('ALTER ROLE %I RESET %s', {login}, one);
                 END LOOP;"
            ),
        )
    }

    /// Drops the functions, at once, as some of them ask others, and what else the definer role has in the schema.
    fn drop_schema(&self) -> String {
        self.as_before(
            "one record;
             functions text;",
            &format!(
                "SELECT pg_catalog.string_agg(p.oid::pg_catalog.regprocedure::text, ', ') INTO functions FROM {functions};
                 IF functions IS NOT NULL THEN
                   EXECUTE 'DROP FUNCTION ' || functions;
                 END IF;
                 -- The last one first, as one may be made of another.
                 FOR one IN
                   SELECT c.relname AS name, CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind
                   FROM pg_catalog.pg_class c
                   WHERE c.relnamespace = here AND c.relkind IN ('r', 'm', 'v') AND pg_catalog.pg_get_userbyid(c.relowner) = '{gate}'
                   ORDER BY c.oid DESC
                 LOOP
                   EXECUTE pg_catalog.format('DROP %s {schema}.%I', one.kind, one.name);
                 END LOOP;
                 DROP SCHEMA {schema};",
                functions = self.functions_here(),
                gate = self.prefix.gate(),
                schema = self.prefix.schema(),
            ),
        )
    }
}
