//! What `Db::connect` checks of the login role.

use futures_util::TryStreamExt;
use sea_orm::sqlx::{self, AssertSqlSafe, Either, Row, postgres::PgRow};

use crate::{
    DbOptions, Result, ScopeKind,
    context::transaction::Connection,
    contract::{BEYOND_POLICIES, ENTER_TENANT},
    error::{Kind, NOT_A_MEMBER},
    prefix::Prefix,
    sql::do_block,
};

/// Asks, in one round trip, whether the contract is there, whether contexts open, and whether row-level security holds
/// for the role that the session is of.
pub(crate) async fn check(connection: &mut Connection, options: &DbOptions) -> Result<()> {
    let prefix = &options.prefix;
    let (row, tried) = ask(connection, question(options)).await?;
    let Some(row) = row else {
        return Err(Kind::RightMissing(tried.unwrap_or_else(|| "the server has not answered".to_owned())).into());
    };

    let login: String = row.try_get("login")?;
    if !row.try_get::<bool, _>("migrated")? {
        return Err(Kind::NotMigrated(format!("schema `{prefix}` or its functions are missing")).into());
    }
    if let Some(missing) = row.try_get::<Option<String>, _>("missing")? {
        return Err(Kind::NotMigrated(format!("`{login}` cannot become {missing}, or the role is missing")).into());
    }
    if let Some(why) = tried.filter(|_| row.try_get("tries").unwrap_or(false)) {
        return Err(Kind::RightMissing(why).into());
    }
    if options.allow_privileged_login {
        return Ok(());
    }
    match power(&row, &login)? {
        Some(why) => Err(Kind::PrivilegedLogin { login, why }.into()),
        None => Ok(()),
    }
}

/// What is asked, in one message: the simple protocol, where a prepared statement would take two round trips. The prefix is
/// a plain identifier, so there is nothing to escape.
fn question(options: &DbOptions) -> String {
    let prefix = &options.prefix;
    let scopes = ScopeKind::ALL.map(|scope| format!("'{}'", prefix.role(scope))).join(", ");
    let enter = ENTER_TENANT.listed();
    let beyond = BEYOND_POLICIES.map(|role| format!("'{role}'")).join(", ");
    format!(
        "SELECT me.rolname::text AS login, me.rolsuper AS superuser, me.rolbypassrls AS bypass,
           pg_catalog.to_regnamespace('{prefix}') IS NOT NULL
             AND pg_catalog.to_regprocedure('{prefix}.{enter}') IS NOT NULL AS migrated,
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
                AND pg_catalog.pg_has_role(me.oid, c.relowner, 'MEMBER')) AS owned,
           COALESCE((SELECT pg_catalog.has_language_privilege(oid, 'USAGE') FROM pg_catalog.pg_language
              WHERE lanname = 'plpgsql'), false) AS tries
         FROM pg_catalog.pg_roles me WHERE me.rolname = session_user;
         {}",
        // An embedded server, which this option is for, does not come back from what is tried.
        if options.authorization().is_some() { String::new() } else { try_contexts(prefix) },
    )
}

/// Returns what the login role may do that no policy restricts.
fn power(row: &PgRow, login: &str) -> Result<Option<String>> {
    Ok(Some(if row.try_get("superuser")? {
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
        return Ok(None);
    }))
}

/// Sends both statements as one message; returns the row of the first, and where the second was denied a right, which.
async fn ask(connection: &mut Connection, sql: String) -> Result<(Option<PgRow>, Option<String>)> {
    connection
        .run(async |connection| {
            use sqlx::Executor;
            let mut answers = connection.fetch_many(sqlx::raw_sql(AssertSqlSafe(sql)));
            let mut row = None;
            let tried = loop {
                match answers.try_next().await {
                    Ok(Some(Either::Right(found))) => row = Some(found),
                    Ok(Some(Either::Left(_))) => {}
                    Ok(None) => break None,
                    Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42501") => {
                        break Some(error.message().to_owned());
                    }
                    // That is for the context that meets it: a part of the schema may be on its way.
                    Err(sqlx::Error::Database(_)) if row.is_some() => break None,
                    Err(error) => return Err(error),
                }
            };
            Ok((row, tried))
        })
        .await
}

/// Opens a context of each kind and asks what the policies ask, for nobody, and takes it back. Where a right is missing
/// that all contexts need, the program would otherwise start, and each of them fail.
fn try_contexts(prefix: &Prefix) -> String {
    // Nobody's id, so that nobody is a member.
    const NOBODY: &str = "'00000000-0000-0000-0000-000000000000'";
    let opens = [
        (ScopeKind::Tenant, format!("enter_tenant({NOBODY}, {NOBODY})")),
        (ScopeKind::Tenant, format!("enter_tenant_as_system({NOBODY})")),
        (ScopeKind::User, format!("enter_user({NOBODY})")),
        (ScopeKind::Identity, "enter_identity()".to_owned()),
    ];
    let one = |(scope, open): (ScopeKind, String)| {
        format!(
            "BEGIN
               PERFORM {prefix}.{open};
               SET LOCAL ROLE {role};
               PERFORM {accessor}, {sealed};
               RAISE EXCEPTION 'taken back' USING ERRCODE = 'raise_exception', CONSTRAINT = 'taken_back';
             EXCEPTION WHEN raise_exception OR insufficient_privilege OR undefined_function THEN
               GET STACKED DIAGNOSTICS why = CONSTRAINT_NAME;
               IF SQLSTATE = '42501' AND why <> '{NOT_A_MEMBER}' THEN
                 RAISE;
               END IF;
             END;",
            role = prefix.role(scope),
            accessor = prefix.accessor(scope),
            sealed = prefix.sealed_accessor(scope),
        )
    };
    let tries: String = opens.into_iter().map(one).collect();
    do_block(&format!("DECLARE why text;\nBEGIN\n{tries}\nEND"))
}
