//! What `install` takes from PUBLIC, and gives back: who loses it is said beforehand, and may keep it.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::{Contract, block, closed::Closed, function::ENTER_TENANT, plan::Plan};
use crate::sql::{do_block, literal};

/// What is taken from PUBLIC on the database.
pub(super) const DATABASE_RIGHTS: [&str; 2] = ["CONNECT", "TEMPORARY"];
/// How the mark of the schema calls what is taken from PUBLIC on the schema `public`.
pub(super) const CREATE_IN_PUBLIC: &str = "CREATE in schema public";

/// Returns whether the function `p` is one that is closed, and that PUBLIC may execute as PostgreSQL comes.
pub(super) fn closed_functions() -> String {
    let patterns: Vec<_> = Closed::all().map(Closed::pattern).collect();
    format!(
        "p.prokind = 'f' AND p.proname ~ ANY (ARRAY[{}])
         AND (p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace OR EXISTS (
           SELECT FROM pg_catalog.pg_depend e
           WHERE e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND e.objid = p.oid AND e.deptype = 'e'
         ))
         AND NOT EXISTS (
           SELECT FROM pg_catalog.pg_init_privs i
           WHERE i.objoid = p.oid AND i.classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass
         )",
        patterns.join(", ")
    )
}

/// Returns whether PUBLIC may execute the function `p`.
pub(super) fn is_open() -> &'static str {
    "EXISTS (
       SELECT FROM pg_catalog.aclexplode(COALESCE(p.proacl, pg_catalog.acldefault('f', p.proowner))) a WHERE a.grantee = 0
     )"
}

impl Contract {
    /// Leaves PUBLIC what it has: [`install`](Self::install) then takes nothing from anybody.
    ///
    /// # This widens power
    ///
    /// A scope role is one of PUBLIC. It may then make temporary tables, which outlive its context, and execute what
    /// tells of other tenants' rows or turns a context within a query. The audit finds each of these. It is for the
    /// time in which an application moves: the next `install` without it takes them.
    pub fn leave_public(mut self) -> Self {
        self.leave_public = true;
        self
    }

    /// Names roles that go on as before, such as that of the application which this one replaces: what
    /// [`install`](Self::install) takes from PUBLIC they are given themselves. A role that is not there is passed over.
    ///
    /// They are under no policy of the contract's. Where they read scoped tables, they need a policy of their own, or
    /// `BYPASSRLS`: see `docs/operating.md`.
    pub fn keep_for(mut self, roles: &[&str]) -> Self {
        self.kept = roles.iter().map(|&role| role.to_owned()).collect();
        self
    }

    /// Finds out what [`install`](Self::install) would take from PUBLIC in this database, and who has it by that alone:
    /// whoever is cut off. After `install` it says what is still open, and who has to close it.
    ///
    /// It changes nothing. A role that may not see who is connected, as `install` takes that from PUBLIC too, counts no
    /// sessions.
    ///
    /// # Errors
    ///
    /// What the connection or PostgreSQL says.
    pub async fn plan<C: ConnectionTrait>(&self, connection: &C) -> Result<Plan, DbErr> {
        // It is among what the contract closes, and a role that may not execute it may not even name it.
        let sees = ask(connection, SEES_SESSIONS.to_owned()).await?;
        let document = ask(connection, self.plan_sql(sees == "true")).await?;
        let mut plan: Plan = serde_json::from_str(&document).map_err(|error| DbErr::Json(error.to_string()))?;
        plan.left = self.leave_public;
        Ok(plan)
    }

    /// What is open to PUBLIC, and who has it by that alone, as one JSON document.
    fn plan_sql(&self, sees_sessions: bool) -> String {
        let own: Vec<_> = self.prefix.roles().iter().chain([&self.login]).map(|role| literal(role)).collect();
        let kept: Vec<_> = self.kept.iter().map(|role| literal(role)).collect();
        let groups: Vec<_> = Closed::all()
            .map(|closed| format!("({}, {}, {})", closed.pattern(), literal(closed.why), closed.monitoring))
            .collect();
        // Without what is said of it, where a name would end the line.
        let lines = include_str!("plan.sql").lines().filter(|line| !line.starts_with("--"));
        let sql: String = lines.flat_map(|line| [line, "\n"]).collect();
        sql.replace("$groups$", &groups.join(", "))
            .replace("$closed$", &closed_functions())
            .replace("$open$", is_open())
            .replace("$sessions$", if sees_sessions { SESSIONS } else { NO_SESSIONS })
            .replace("$enter$", &ENTER_TENANT.listed())
            .replace("$prefix$", self.prefix.schema())
            .replace("$kept$", &kept.join(", ").replace('$', "\\x24"))
            .replace("$own$", &own.join(", ").replace('$', "\\x24"))
    }

    /// Takes from PUBLIC what a tenant could use to leave something behind on the connection, or to reach others.
    pub(super) fn close_public(&self) -> Vec<String> {
        let login = literal(&self.login);
        let mut statements = vec![block(&format!(
            "EXECUTE pg_catalog.format('GRANT CONNECT ON DATABASE %I TO %I', pg_catalog.current_database(), {login});"
        ))];
        if self.leave_public {
            statements.push(self.let_the_gate_set(true));
            return statements;
        }
        statements.extend(self.kept.iter().map(|role| keep(role)));
        statements.push(block(
            "EXECUTE pg_catalog.format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', pg_catalog.current_database());
             BEGIN
               REVOKE CREATE ON SCHEMA public FROM PUBLIC;
             EXCEPTION WHEN insufficient_privilege OR invalid_schema_name THEN
               NULL;
             END;",
        ));
        // To revoke what one does not own is no error, and does nothing.
        statements.push(block(&format!(
            "IF pg_catalog.has_database_privilege({login}, pg_catalog.current_database(), 'TEMPORARY') THEN
               RAISE WARNING 'PUBLIC may make temporary tables in this database: its owner has to REVOKE TEMPORARY from PUBLIC';
             END IF;
             IF pg_catalog.to_regnamespace('public') IS NOT NULL AND pg_catalog.has_schema_privilege({login}, 'public', 'CREATE') THEN
               RAISE WARNING 'PUBLIC may create in schema public: its owner has to REVOKE CREATE from PUBLIC';
             END IF;"
        )));
        statements.extend(self.close_functions());
        statements
    }

    /// Gives PUBLIC what `install` has taken from it, unless another contract of this database needs it to be closed.
    /// What was closed before stays so.
    pub(super) fn open_public(&self) -> String {
        let kept: Vec<_> = self.kept.iter().map(|role| literal(role)).collect();
        let rights = DATABASE_RIGHTS.map(literal).join(", ");
        self.as_before(
            "item text;
             kept name;",
            &format!(
                "IF NOT last THEN
                   RETURN;
                 END IF;
                 FOREACH item IN ARRAY ARRAY[{rights}] LOOP
                   IF NOT item = ANY (before) AND NOT EXISTS (
                     SELECT FROM pg_catalog.pg_database b, pg_catalog.aclexplode(COALESCE(b.datacl, pg_catalog.acldefault('d', b.datdba))) a
                     WHERE b.datname = pg_catalog.current_database() AND a.grantee = 0 AND a.privilege_type = item
                   ) THEN
                     EXECUTE pg_catalog.format('GRANT %s ON DATABASE %I TO PUBLIC', item, pg_catalog.current_database());
                     FOR kept IN SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY (ARRAY[{kept}]::text[]) LOOP
                       EXECUTE pg_catalog.format('REVOKE %s ON DATABASE %I FROM %I', item, pg_catalog.current_database(), kept);
                     END LOOP;
                   END IF;
                 END LOOP;
                 IF NOT {create} = ANY (before) AND pg_catalog.to_regnamespace('public') IS NOT NULL THEN
                   BEGIN
                     GRANT CREATE ON SCHEMA public TO PUBLIC;
                     FOR kept IN SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY (ARRAY[{kept}]::text[]) LOOP
                       EXECUTE pg_catalog.format('REVOKE CREATE ON SCHEMA public FROM %I', kept);
                     END LOOP;
                   EXCEPTION WHEN insufficient_privilege THEN
                     NULL;
                   END;
                 END IF;
                 IF NOT {IS_SUPERUSER} THEN
                   RETURN;
                 END IF;
                 FOR item IN
                   SELECT {FUNCTION} FROM pg_catalog.pg_proc p
                   WHERE {functions} AND NOT {is_open} AND NOT p.oid::pg_catalog.regprocedure::text = ANY (before)
                 LOOP
                   EXECUTE 'GRANT EXECUTE ON FUNCTION ' || item || ' TO PUBLIC';
                   EXECUTE 'REVOKE EXECUTE ON FUNCTION ' || item || ' FROM pg_read_all_stats';
                   FOR kept IN SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY (ARRAY[{kept}]::text[]) LOOP
                     EXECUTE pg_catalog.format('REVOKE EXECUTE ON FUNCTION %s FROM %I', item, kept);
                   END LOOP;
                 END LOOP;",
                kept = kept.join(", "),
                create = literal(CREATE_IN_PUBLIC),
                functions = closed_functions(),
                is_open = is_open(),
            ),
        )
    }

    /// Lets the definer role make settings, or takes that back. Where no superuser migrates, one who has closed the
    /// function beforehand has given whoever does the grant option on it.
    pub(super) fn let_the_gate_set(&self, begin: bool) -> String {
        let (verb, to) = if begin { ("GRANT", "TO") } else { ("REVOKE", "FROM") };
        block(&format!(
            "IF pg_catalog.has_function_privilege('{SET_CONFIG}', 'EXECUTE WITH GRANT OPTION') THEN
               {verb} EXECUTE ON FUNCTION {SET_CONFIG} {to} {gate};
             END IF;",
            gate = self.prefix.gate(),
        ))
    }
}

/// Whether the role may see who is connected.
const SEES_SESSIONS: &str =
    "SELECT pg_catalog.has_function_privilege('pg_catalog.pg_stat_get_activity(integer)', 'EXECUTE')::text";
const SESSIONS: &str = "SELECT s.usesysid AS role, pg_catalog.count(*) AS sessions FROM pg_catalog.pg_stat_activity s
  WHERE s.datid = (SELECT oid FROM here) AND s.pid <> pg_catalog.pg_backend_pid() GROUP BY 1";
const NO_SESSIONS: &str = "SELECT NULL::oid AS role, 0::int8 AS sessions WHERE false";

/// Returns the text of the one row.
async fn ask<C: ConnectionTrait>(connection: &C, sql: String) -> Result<String, DbErr> {
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    row.ok_or_else(|| DbErr::Custom("the server has not said what PUBLIC may do".to_owned()))?.try_get_by_index(0)
}

/// What makes the settings of a context.
pub(crate) const SET_CONFIG: &str = "pg_catalog.set_config(text, text, boolean)";

/// Whether the one who migrates is a superuser.
pub(super) const IS_SUPERUSER: &str = "(SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)";

/// The function `p`, as SQL.
const FUNCTION: &str = "pg_catalog.format('%s.%I(%s)', p.pronamespace::pg_catalog.regnamespace, p.proname, \
     pg_catalog.pg_get_function_identity_arguments(p.oid))";

/// Gives a role by itself what it has by PUBLIC.
fn keep(role: &str) -> String {
    let rights = DATABASE_RIGHTS.map(literal).join(", ");
    do_block(&format!(
        "DECLARE
           role oid := (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = {name});
           item text;
         BEGIN
           FOREACH item IN ARRAY ARRAY[{rights}] LOOP
             IF pg_catalog.has_database_privilege(role, pg_catalog.current_database(), item) THEN
               EXECUTE pg_catalog.format('GRANT %s ON DATABASE %I TO %I', item, pg_catalog.current_database(), {name});
             END IF;
           END LOOP;
           IF pg_catalog.has_schema_privilege(role, pg_catalog.to_regnamespace('public'), 'CREATE')
             AND pg_catalog.has_schema_privilege(pg_catalog.to_regnamespace('public'), 'CREATE WITH GRANT OPTION')
           THEN
             EXECUTE pg_catalog.format('GRANT CREATE ON SCHEMA public TO %I', {name});
           END IF;
           FOR item IN
             SELECT {FUNCTION} FROM pg_catalog.pg_proc p
             WHERE {functions} AND pg_catalog.has_function_privilege(role, p.oid, 'EXECUTE')
               AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE WITH GRANT OPTION')
           LOOP
             EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO %I', item, {name});
           END LOOP;
         END",
        name = literal(role),
        functions = closed_functions(),
    ))
}
