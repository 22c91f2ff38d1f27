//! What `Db::connect` checks of the login role.

use sea_orm::sqlx::{self, AssertSqlSafe, Row};

use crate::{DbOptions, Result, ScopeKind, audit::BEYOND_POLICIES, error::Kind, transaction::Connection};

/// Asks, in one round trip, whether the contract is there, and whether row-level security holds for the role
/// that the session is of.
pub(crate) async fn check(connection: &mut Connection, options: &DbOptions) -> Result<()> {
    let prefix = &options.prefix;
    let scopes = ScopeKind::ALL.map(|scope| format!("'{}'", prefix.role(scope))).join(", ");
    let beyond = BEYOND_POLICIES.map(|role| format!("'{role}'")).join(", ");
    // Simple protocol: one round trip, where a prepared statement would take two. The prefix is a plain
    // identifier, so there is nothing to escape.
    let sql = format!(
        "SELECT me.rolname::text AS login, me.rolsuper AS superuser, me.rolbypassrls AS bypass,
           pg_catalog.to_regnamespace('{prefix}') IS NOT NULL
             AND pg_catalog.to_regprocedure('{prefix}.enter_tenant(uuid,uuid)') IS NOT NULL AS migrated,
           (SELECT pg_catalog.string_agg(name, ', ') FROM pg_catalog.unnest(ARRAY[{scopes}]) name
              WHERE pg_catalog.to_regrole(name) IS NULL
                 OR NOT pg_catalog.pg_has_role(me.oid, pg_catalog.to_regrole(name), 'MEMBER')) AS missing,
           (SELECT pg_catalog.string_agg(name, ', ') FROM pg_catalog.unnest(ARRAY[{scopes}]) name
              WHERE pg_catalog.pg_has_role(me.oid, pg_catalog.to_regrole(name), 'USAGE')) AS inherited,
           (SELECT pg_catalog.string_agg(rolname, ', ') FROM pg_catalog.pg_roles
              WHERE rolname IN ({scopes}) AND (rolsuper OR rolbypassrls)) AS unheld,
           (SELECT min(r.rolname) FROM pg_catalog.pg_roles r
              WHERE (r.rolsuper OR r.rolbypassrls OR r.rolreplication OR r.rolcreaterole OR r.rolname = ANY (ARRAY[{beyond}]))
                AND pg_catalog.pg_has_role(me.oid, r.oid, 'MEMBER')) AS powerful,
           (SELECT min(r.rolname) FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles r ON r.oid = m.roleid
              WHERE m.admin_option AND m.member IN (
                SELECT me.oid UNION SELECT oid FROM pg_catalog.pg_roles WHERE rolname IN ({scopes}))) AS admin,
           (SELECT min(c.oid::pg_catalog.regclass::text) FROM pg_catalog.pg_class c
              WHERE c.relkind IN ('r', 'p') AND c.relrowsecurity
                AND pg_catalog.pg_has_role(me.oid, c.relowner, 'MEMBER')) AS owned
         FROM pg_catalog.pg_roles me WHERE me.rolname = session_user"
    );
    let row = connection.run(async |connection| {
        use sqlx::Executor;
        connection.fetch_one(sqlx::raw_sql(AssertSqlSafe(sql))).await
    });
    let row = row.await?;

    let login: String = row.try_get("login")?;
    if !row.try_get::<bool, _>("migrated")? {
        return Err(Kind::NotMigrated(format!("schema `{prefix}` or its functions are missing")).into());
    }
    if let Some(missing) = row.try_get::<Option<String>, _>("missing")? {
        return Err(Kind::NotMigrated(format!("`{login}` cannot become {missing}, or the role is missing")).into());
    }
    if options.allow_privileged_login {
        return Ok(());
    }
    let why = if row.try_get("superuser")? {
        "is a superuser".to_owned()
    } else if row.try_get("bypass")? {
        "has BYPASSRLS".to_owned()
    } else if let Some(roles) = row.try_get::<Option<String>, _>("inherited")? {
        format!("inherits {roles}")
    } else if let Some(roles) = row.try_get::<Option<String>, _>("unheld")? {
        format!("may become {roles}, which is a superuser or has BYPASSRLS")
    } else if let Some(role) = row.try_get::<Option<String>, _>("powerful")? {
        let who = if role == login { "has" } else { "can become a role that has" };
        format!("{who} a power that no policy holds (`{role}`: BYPASSRLS, REPLICATION, CREATEROLE or all data)")
    } else if let Some(role) = row.try_get::<Option<String>, _>("admin")? {
        format!("or a role that it can become may hand `{role}` on (admin option)")
    } else if let Some(table) = row.try_get::<Option<String>, _>("owned")? {
        format!("owns table {table}, or can become its owner")
    } else {
        return Ok(());
    };
    Err(Kind::PrivilegedLogin { login, why }.into())
}
