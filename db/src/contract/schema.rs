//! The contract's own schema: made by `install`, and distinguished from everybody else's by a mark.
//!
//! The mark is the schema's comment, which a dump has too. It says what was closed to PUBLIC before the first contract of the
//! database came, so that `uninstall` gives back what was taken and nothing else.

use super::{
    Contract,
    public::{CREATE_IN_PUBLIC, DATABASE_RIGHTS, closed_functions, is_open},
    roles::LIMITS,
};
use crate::{
    ScopeKind,
    sql::{do_block, literal, quote},
};

/// How the comment of a contract's schema begins; what was so before follows, with `; ` between.
const MARK: &str = "Made by a contract of tenant isolation, and dropped by its uninstall. So before it came:";

impl Contract {
    /// Makes the schema. One that no contract has made is refused, as `uninstall` drops it, and so are roles that are
    /// somebody else's.
    pub(super) fn make_schema(&self) -> String {
        let schema = self.prefix.schema();
        do_block(&format!(
            "DECLARE
               here oid := pg_catalog.to_regnamespace('{schema}');
               before text[];
               other record;
             BEGIN
               IF here IS NULL THEN
                 {refuse}
                 {before}
                 CREATE SCHEMA {schema};
                 EXECUTE pg_catalog.format('COMMENT ON SCHEMA {schema} IS %L', {mark} || pg_catalog.array_to_string(before, '; '));
               ELSIF NOT {is_ours} THEN
                 RAISE EXCEPTION 'schema {schema} is there already, and no contract has made it'
                   USING ERRCODE = 'duplicate_schema',
                     HINT = 'uninstall would drop it: give the contract another prefix, or rename the schema';
               ELSIF pg_catalog.obj_description(here, 'pg_namespace') IS NULL THEN
                 -- By a contract that left no mark.
                 EXECUTE pg_catalog.format('COMMENT ON SCHEMA {schema} IS %L', {mark} || {adopted});
               END IF;
             END",
            refuse = self.refuse_roles(),
            before = self.look_before(),
            is_ours = self.is_ours(),
            mark = literal(&format!("{MARK} ")),
            adopted = literal(CREATE_IN_PUBLIC),
        ))
    }

    /// Refuses roles that the contract would make, where they are there already and somebody uses them.
    fn refuse_roles(&self) -> String {
        let roles = self.prefix.roles().map(|role| literal(&role)).join(", ");
        format!(
            "FOR other IN
               SELECT r.rolname AS name, 'is a member of ' || pg_catalog.pg_get_userbyid(m.roleid) AS why
               FROM pg_catalog.pg_roles r JOIN pg_catalog.pg_auth_members m ON m.member = r.oid WHERE r.rolname IN ({roles})
               UNION ALL
               SELECT r.rolname, 'has ' || pg_catalog.pg_describe_object(d.classid, d.objid, 0)
               FROM pg_catalog.pg_roles r
               JOIN pg_catalog.pg_shdepend d
                 ON d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND d.refobjid = r.oid
               JOIN pg_catalog.pg_database b ON b.oid = d.dbid AND b.datname = pg_catalog.current_database()
               LEFT JOIN pg_catalog.pg_class c
                 ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = d.objid
               -- Rights on protected tables are what is left where somebody has dropped the schema.
               WHERE r.rolname IN ({roles}) AND (d.deptype = 'o' OR d.deptype = 'a' AND NOT c.relrowsecurity)
             LOOP
               RAISE EXCEPTION 'role % is there already, and another''s: it %', other.name, other.why
                 USING ERRCODE = 'duplicate_object', HINT = 'give the contract another prefix';
             END LOOP;"
        )
    }

    /// Returns whether the schema of the oid `here` is one that a contract made: by the mark, or where it was made
    /// before there was one, by what opens a context, which belongs to the definer role.
    fn is_ours(&self) -> String {
        format!(
            "(COALESCE(pg_catalog.starts_with(pg_catalog.obj_description(here, 'pg_namespace'), {mark}), false) OR 4 = (
               SELECT pg_catalog.count(*) FROM pg_catalog.pg_proc p
               WHERE p.pronamespace = here AND p.prosecdef AND pg_catalog.pg_get_userbyid(p.proowner) = '{gate}'
                 AND p.proname IN ('enter_tenant', 'enter_tenant_as_system', 'enter_user', 'enter_identity')
             ))",
            mark = literal(MARK),
            gate = self.prefix.gate(),
        )
    }

    /// The schemas of other contracts in this database, as `n`.
    fn others(&self) -> String {
        format!(
            "pg_catalog.pg_namespace n WHERE n.nspname <> '{schema}' AND (
               pg_catalog.starts_with(pg_catalog.obj_description(n.oid, 'pg_namespace'), {mark}) OR EXISTS (
                 SELECT FROM pg_catalog.pg_proc p
                 WHERE p.pronamespace = n.oid AND p.proname = 'enter_tenant_as_system' AND p.prosecdef
                   AND pg_catalog.pg_get_userbyid(p.proowner) = n.nspname || '_gate'
               )
             )",
            schema = self.prefix.schema(),
            mark = literal(MARK),
        )
    }

    /// What the comment of the schema of this oid says of before, as an array.
    fn said(schema: &str) -> String {
        format!(
            "pg_catalog.string_to_array(pg_catalog.substr(pg_catalog.obj_description({schema}, 'pg_namespace'), {}), '; ')",
            MARK.len() + 2,
        )
    }

    /// Finds out, into `before`, what is closed to PUBLIC, and what the login role has, as the contract comes. Where
    /// there is one already, it has closed what is closed, and knows.
    fn look_before(&self) -> String {
        let items = |items: &[&str]| items.iter().map(|item| literal(item)).collect::<Vec<_>>().join(", ");
        format!(
            "SELECT {said} INTO before FROM {others} LIMIT 1;
             IF NOT FOUND THEN
               before := ARRAY(
                 SELECT item FROM pg_catalog.unnest(ARRAY[{rights}]) item WHERE NOT EXISTS (
                   SELECT FROM pg_catalog.pg_database b,
                     pg_catalog.aclexplode(COALESCE(b.datacl, pg_catalog.acldefault('d', b.datdba))) a
                   WHERE b.datname = pg_catalog.current_database() AND a.grantee = 0 AND a.privilege_type = item
                 )
                 UNION ALL
                 SELECT {create} WHERE NOT EXISTS (
                   SELECT FROM pg_catalog.pg_namespace n, pg_catalog.aclexplode(n.nspacl) a
                   WHERE n.nspname = 'public' AND a.grantee = 0 AND a.privilege_type = 'CREATE'
                 )
                 UNION ALL
                 SELECT p.oid::pg_catalog.regprocedure::text FROM pg_catalog.pg_proc p WHERE {functions} AND NOT {is_open}
               );
             END IF;
             before := ARRAY(
               SELECT item FROM pg_catalog.unnest(before) item WHERE item !~ ' of the login role$'
               UNION ALL
               SELECT 'CONNECT of the login role' FROM pg_catalog.pg_database b, pg_catalog.aclexplode(b.datacl) a
               WHERE b.datname = pg_catalog.current_database() AND a.privilege_type = 'CONNECT'
                 AND pg_catalog.pg_get_userbyid(a.grantee) = {login}
               UNION ALL
               SELECT item || ' of the login role'
               FROM pg_catalog.unnest(ARRAY[{limits}]) item, pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) setting
               WHERE pg_catalog.pg_get_userbyid(s.setrole) = {login} AND s.setdatabase = 0
                 AND pg_catalog.starts_with(setting, item || '=')
             );",
            said = Self::said("n.oid"),
            others = self.others(),
            rights = items(&DATABASE_RIGHTS),
            create = literal(CREATE_IN_PUBLIC),
            functions = closed_functions(),
            is_open = is_open(),
            login = literal(&self.login),
            limits = items(&LIMITS.map(|(limit, _)| limit)),
        )
    }

    /// Lets the roles use the schema.
    pub(super) fn open_schema(&self) -> Vec<String> {
        let schema = self.prefix.schema();
        let mut roles = ScopeKind::ALL.map(|scope| self.prefix.role(scope)).to_vec();
        roles.push(quote(&self.login));
        vec![
            format!("REVOKE ALL ON SCHEMA {schema} FROM PUBLIC"),
            format!("GRANT USAGE ON SCHEMA {schema} TO {}", roles.join(", ")),
        ]
    }

    /// Returns a block in which `before` is what was so before the contract came, and `last` whether it is the only one
    /// of the database. Without the schema there is nothing to do.
    pub(super) fn as_before(&self, declare: &str, body: &str) -> String {
        do_block(&format!(
            "DECLARE
               here oid := pg_catalog.to_regnamespace('{schema}');
               before text[];
               last boolean;
               {declare}
             BEGIN
               IF here IS NULL THEN
                 RETURN;
               END IF;
               IF NOT {is_ours} THEN
                 RAISE EXCEPTION 'schema {schema} is not one that a contract has made'
                   USING ERRCODE = 'invalid_schema_name', HINT = 'which prefix did the contract have that was installed here?';
               END IF;
               before := COALESCE({said}, '{{}}');
               last := NOT EXISTS (SELECT FROM {others});
               {body}
             END",
            schema = self.prefix.schema(),
            is_ours = self.is_ours(),
            said = Self::said("here"),
            others = self.others(),
        ))
    }
}
