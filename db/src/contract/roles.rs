//! The roles, and what the database lets everybody do.
//!
//! Roles are the server's, not the database's: two databases may make them at the same moment, and advisory
//! locks do not reach across databases. So each statement on one is tried, and tried again.

use super::{Contract, block, do_block, literal};
use crate::{Result, ScopeKind, error::Kind, sql::quote};

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

/// A role's name as what takes SQL in a string reads it, such as `regrole`.
fn regrole(name: &str) -> String {
    format!("{}::pg_catalog.regrole", literal(&quote(name)))
}

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
        // The login's own limits: `SET ROLE` does not apply those of the role that is entered. The first makes
        // the server notice a client that is gone, and stop its statement; not every platform has it.
        for (setting, value) in [
            ("client_connection_check_interval", "100ms"),
            ("statement_timeout", "30s"),
            ("idle_in_transaction_session_timeout", "60s"),
        ] {
            statements.push(retry(&format!(
                "IF NOT EXISTS (
                   SELECT FROM pg_catalog.pg_db_role_setting, pg_catalog.unnest(setconfig) setting
                   WHERE setrole = {is_login} AND setdatabase = 0 AND setting = '{setting}={value}'
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

    pub(super) fn create_schema(&self) -> Vec<String> {
        let schema = self.prefix.schema();
        let mut roles: Vec<String> = ScopeKind::ALL.iter().map(|scope| self.prefix.role(*scope)).collect();
        roles.push(quote(&self.login));
        vec![
            format!("CREATE SCHEMA IF NOT EXISTS {schema}"),
            format!("REVOKE ALL ON SCHEMA {schema} FROM PUBLIC"),
            format!("GRANT USAGE ON SCHEMA {schema} TO {}", roles.join(", ")),
        ]
    }

    /// Takes from PUBLIC what a tenant could use to leave its scope, or to leave something behind on the
    /// connection.
    pub(super) fn close_database(&self) -> Vec<String> {
        let login = literal(&self.login);
        let mut statements = vec![
            block(&format!(
                "EXECUTE pg_catalog.format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', pg_catalog.current_database());
                 EXECUTE pg_catalog.format('GRANT CONNECT ON DATABASE %I TO %I', pg_catalog.current_database(), {login});
                 EXECUTE pg_catalog.format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I', pg_catalog.current_database(), current_user);
                 BEGIN
                   REVOKE CREATE ON SCHEMA public FROM PUBLIC;
                 EXCEPTION WHEN insufficient_privilege THEN
                   NULL;
                 END;"
            )),
            // To revoke what one does not own is no error, and does nothing.
            block(&format!(
                "IF pg_catalog.has_database_privilege({login}, pg_catalog.current_database(), 'TEMPORARY') THEN
                   RAISE WARNING 'PUBLIC may make temporary tables in this database: its owner has to REVOKE TEMPORARY from PUBLIC';
                 END IF;
                 IF pg_catalog.has_schema_privilege({login}, 'public', 'CREATE') THEN
                   RAISE WARNING 'PUBLIC may create in schema public: its owner has to REVOKE CREATE from PUBLIC';
                 END IF;"
            )),
        ];
        statements.push(self.let_the_gate_refresh(true));
        statements.extend(self.close_functions());
        statements
    }

    pub(super) fn open_database(&self) -> Vec<String> {
        let mut statements = vec![self.let_the_gate_refresh(false), block(&format!(
            "EXECUTE pg_catalog.format('REVOKE ALL ON DATABASE %I FROM %I', pg_catalog.current_database(), {login});
             EXECUTE pg_catalog.format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO PUBLIC', pg_catalog.current_database());",
            login = literal(&self.login),
        ))];
        statements.extend(self.open_functions());
        statements
    }

    pub(super) fn drop_roles(&self) -> Vec<String> {
        let scopes = ScopeKind::ALL.iter().map(|scope| self.prefix.role(*scope));
        scopes
            .chain([self.login.clone(), self.prefix.gate()])
            .map(|role| {
                retry(&format!(
                    "BEGIN
                       DROP ROLE IF EXISTS {};
                     EXCEPTION WHEN dependent_objects_still_exist THEN
                       RAISE NOTICE 'role % is left: another database uses it', {};
                     END;",
                    quote(&role),
                    literal(&role),
                ))
            })
            .collect()
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
