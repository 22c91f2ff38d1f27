//! The roles, and what the database lets everybody do.
//!
//! Roles are the server's, not the database's: two databases may make them at the same moment, and advisory
//! locks do not reach across databases. So each statement on one is tried, and tried again.

use super::{Contract, block};
use crate::{
    Result, ScopeKind,
    error::Kind,
    sql::{do_block, literal, quote},
};

/// The longest name that PostgreSQL takes whole, in bytes.
const LONGEST: usize = 63;

/// Takes a name that `CREATE ROLE` takes, in quotes.
pub(super) fn check_name(name: &str) -> Result<()> {
    let why = if name.is_empty() {
        "it is empty"
    } else if name.len() > LONGEST {
        "it is longer than 63 bytes"
    } else if name.contains('\0') {
        "it has a NUL in it"
    } else if matches!(name, "public" | "none") || name.starts_with("pg_") {
        "PostgreSQL keeps it for itself"
    } else {
        return Ok(());
    };
    Err(Kind::Configuration(format!("no login role can have the name {name:?}: {why}").into()).into())
}

/// Roles of PostgreSQL's own that reach beyond every policy.
pub(crate) const BEYOND_POLICIES: [&str; 10] = [
    "pg_read_all_data",
    "pg_write_all_data",
    "pg_read_server_files",
    "pg_write_server_files",
    "pg_execute_server_program",
    "pg_read_all_stats",
    "pg_stat_scan_tables",
    "pg_monitor",
    "pg_create_subscription",
    "pg_maintain",
];

/// A role's name as what takes SQL in a string reads it, such as `regrole`.
fn regrole(name: &str) -> String {
    format!("{}::pg_catalog.regrole", literal(&quote(name)))
}

/// What a role that `install` has made is told by: its comment.
const MARK: &str = "Made by a contract of tenant isolation, and dropped by its uninstall.";

/// The login role's own limits: `SET ROLE` does not apply those of the role that is entered. The first makes the server
/// notice a client that is gone, and stop its statement; not every platform has it.
pub(super) const LIMITS: [(&str, &str); 3] = [
    ("client_connection_check_interval", "100ms"),
    ("statement_timeout", "30s"),
    ("idle_in_transaction_session_timeout", "60s"),
];

impl Contract {
    pub(super) fn create_roles(&self, password: Option<&str>) -> Vec<String> {
        let (login, is_login) = (quote(&self.login), regrole(&self.login));
        let password = password.map(|password| format!(" PASSWORD {}", literal(password))).unwrap_or_default();
        let mut statements = create_role(&self.prefix.gate(), "NOLOGIN NOINHERIT", false);
        statements.extend(create_role(&self.login, &format!("LOGIN NOINHERIT{password}"), true));
        for scope in ScopeKind::ALL {
            let role = self.prefix.role(scope);
            statements.extend(create_role(&role, "NOLOGIN NOINHERIT", false));
            // Where another database has granted it already, this owner may not be the one who can.
            statements.push(retry(&format!(
                "IF EXISTS (
                   SELECT FROM pg_catalog.pg_auth_members
                   WHERE roleid = '{role}'::pg_catalog.regrole AND member = {is_login}
                 ) THEN
                   NULL;
                 ELSIF pg_catalog.current_setting('server_version_num')::int >= 160000 THEN
                   EXECUTE {grant};
                 ELSE
                   GRANT {role} TO {login};
                 END IF;",
                grant = literal(&format!("GRANT {role} TO {login} WITH INHERIT FALSE, SET TRUE")),
            )));
        }
        // One that the role has already is somebody's decision.
        for (setting, value) in LIMITS {
            statements.push(retry(&format!(
                "IF NOT EXISTS (
                   SELECT FROM pg_catalog.pg_db_role_setting, pg_catalog.unnest(setconfig) setting
                   WHERE setrole = {is_login} AND setdatabase = 0 AND pg_catalog.starts_with(setting, '{setting}=')
                 ) THEN
                   BEGIN
                     ALTER ROLE {login} SET {setting} = '{value}';
                   EXCEPTION WHEN invalid_parameter_value THEN
                     RAISE NOTICE 'this platform has no {setting}';
                   END;
                 END IF;"
            )));
        }
        statements
    }

    /// Drops the roles that `install` has made. Of a login role that was there before, it takes the limits that it has
    /// set.
    pub(super) fn drop_roles(&self) -> Vec<String> {
        let roles = self.prefix.roles().into_iter().chain([self.login.clone()]);
        roles.map(|role| drop_role(&role)).collect()
    }
}

/// Makes a role, or takes one that is there already, unless row-level security would not hold it.
fn create_role(role: &str, attributes: &str, login: bool) -> Vec<String> {
    let powers = "rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication";
    let powers = if login { powers.to_owned() } else { format!("{powers} OR rolcanlogin") };
    let (name, role) = (literal(role), quote(role));
    vec![
        block(&format!(
            "IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {name}) THEN
               CREATE ROLE {role} {attributes};
               COMMENT ON ROLE {role} IS '{MARK}';
             END IF;
             -- Another database may make it at this moment.
             EXCEPTION WHEN duplicate_object OR unique_violation THEN
               NULL;"
        )),
        block(&format!(
            "IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {name} AND ({powers})) THEN
               RAISE EXCEPTION 'role % is there already, and may do more than it should', {name}
                 USING HINT = 'take its attributes away (ALTER ROLE), or give the contract another prefix';
             END IF;"
        )),
    ]
}

/// Drops a role that is marked; one that something still uses is left, and who wants to know is told what.
fn drop_role(role: &str) -> String {
    let (name, role) = (literal(role), quote(role));
    retry(&format!(
        "DECLARE
           role oid := (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = {name});
           used text;
         BEGIN
           IF pg_catalog.shobj_description(role, 'pg_authid') = '{MARK}' THEN
             DROP ROLE {role};
           ELSIF role IS NOT NULL THEN
             RAISE NOTICE 'role % is left: it was there before the contract', {name};
           END IF;
         EXCEPTION WHEN dependent_objects_still_exist THEN
           GET STACKED DIAGNOSTICS used = PG_EXCEPTION_DETAIL;
           RAISE NOTICE 'role % is left: it is used', {name} USING DETAIL = used;
         END;"
    ))
}

/// Runs a statement on a role, and again when another database does the same at this moment: PostgreSQL then
/// raises XX000 `tuple concurrently updated`.
fn retry(statement: &str) -> String {
    do_block(&format!(
        "BEGIN
           FOR attempt IN 1..50 LOOP
             BEGIN
               {statement}
               EXIT;
             EXCEPTION WHEN internal_error OR unique_violation THEN
               IF attempt = 50 THEN RAISE; END IF;
               PERFORM pg_catalog.pg_sleep(0.02);
             END;
           END LOOP;
         END"
    ))
}
