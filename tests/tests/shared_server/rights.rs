//! What the contract's own roles need: each right that `install` gives is missed by the audit, and where every context needs
//! it, `Db::connect` says so.

use db::{
    Db, Registry,
    audit::{Audit, Code, Severity},
    contract::Contract,
};
use migration::MigratorTraitSelf;
use sea_orm::{
    DatabaseConnection,
    sqlx::{AssertSqlSafe, Connection, PgConnection, query_as, raw_sql},
};
use tests::TestDatabase;

/// What has been granted to the roles of the contract, but for the rights on tables that entities ask for: what it is, what
/// takes it, and what gives it back.
const GRANTED: &str = "
    WITH role AS (SELECT oid, rolname FROM pg_roles WHERE rolname IN ($1 || '_tenant', $1 || '_user', $1 || '_identity', $1 || '_gate', $1 || '_login')),
    granted (kind, object, privilege, grantee) AS (
      SELECT 'DATABASE', quote_ident(datname), a.privilege_type, a.grantee
        FROM pg_database, aclexplode(datacl) a WHERE datname = current_database()
      UNION ALL SELECT 'SCHEMA', quote_ident(nspname), a.privilege_type, a.grantee FROM pg_namespace, aclexplode(nspacl) a
      UNION ALL SELECT 'FUNCTION', oid::regprocedure::text, a.privilege_type, a.grantee FROM pg_proc, aclexplode(proacl) a
        WHERE a.grantee <> proowner
      UNION ALL SELECT 'TABLE', oid::regclass::text, a.privilege_type, a.grantee FROM pg_class, aclexplode(relacl) a
        WHERE a.grantee <> relowner AND a.grantee = (SELECT oid FROM role WHERE rolname = $1 || '_gate')
      -- An owner can lose a right, too.
      UNION ALL SELECT 'TABLE', oid::regclass::text, 'SELECT', relowner FROM pg_class WHERE oid = to_regclass($1 || '.seal')
      UNION ALL SELECT 'TABLE', attrelid::regclass::text, format('%s (%I)', a.privilege_type, attname), a.grantee
        FROM pg_attribute, aclexplode(attacl) a WHERE a.grantee = (SELECT oid FROM role WHERE rolname = $1 || '_gate')
    )
    SELECT format('%s on %s to %s', privilege, object, rolname),
      format('REVOKE %s ON %s %s FROM %I', privilege, kind, object, rolname),
      format('GRANT %s ON %s %s TO %I', privilege, kind, object, rolname)
    FROM granted JOIN role ON role.oid = grantee
    UNION ALL
    SELECT format('%s to %s', scope.rolname, login.rolname), format('REVOKE %I FROM %I', scope.rolname, login.rolname),
      format('GRANT %I TO %I', scope.rolname, login.rolname)
        || CASE WHEN current_setting('server_version_num')::int >= 160000 THEN ' WITH INHERIT FALSE, SET TRUE' ELSE '' END
    FROM pg_auth_members m JOIN role scope ON scope.oid = m.roleid JOIN role login ON login.oid = m.member
    ORDER BY 1";

async fn run(connection: &mut PgConnection, sql: &str) {
    raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn errors(contract: &Contract, owner: &DatabaseConnection) -> (Vec<String>, Vec<String>) {
    let registry = Registry::collect();
    let report = Audit::new(&registry).contract(contract).run(owner).await.unwrap();
    let errors: Vec<_> = report.at_least(Severity::Error).cloned().collect();
    assert!(errors.iter().all(|error| error.code == Code::ContractMissing), "{report}");
    let repairs = errors.iter().flat_map(|error| error.repair.statements.clone()).collect();
    (errors.iter().map(|error| format!("{}: {}", error.object, error.message)).collect(), repairs)
}

#[tokio::test]
async fn each_right_that_is_taken_away_is_found_and_given_back() {
    let database = TestDatabase::new().await;
    let migrator = database.migrator();
    let owner = database.migration_connection(&database.owner_url()).await;
    let mut superuser = database.owner().await;
    let granted: Vec<(String, String, String)> =
        query_as(GRANTED).bind(&database.name).fetch_all(&mut superuser).await.unwrap();
    assert!(granted.len() > 35, "{granted:#?}");
    assert_eq!(errors(migrator.contract(), &owner).await.0, Vec::<String>::new());
    let mut fails = Vec::new();
    for (what, take, give) in &granted {
        run(&mut superuser, take).await;
        let (found, repairs) = errors(migrator.contract(), &owner).await;
        assert!(!found.is_empty(), "nobody misses {what}");
        let works = opens(&database).await;
        match Db::connect(database.options()).await {
            Ok(db) => {
                db.close().await;
                assert!(works, "a pool starts without {what}, and its contexts fail");
            }
            Err(error) => {
                assert!(error.is_not_migrated() || error.is_login_refused(), "{what}: {error}");
                fails.push(what.as_str());
            }
        }
        for repair in &repairs {
            run(&mut superuser, repair).await;
        }
        assert_eq!(errors(migrator.contract(), &owner).await.0, Vec::<String>::new(), "{what}: {repairs:#?}");
        run(&mut superuser, give).await;
    }
    // Without any of these no context of some kind opens.
    let name = &database.name;
    for what in [
        format!("EXECUTE on set_config(text,text,boolean) to {name}_gate"),
        format!("EXECUTE on {name}.enter_user(uuid) to {name}_login"),
        format!("EXECUTE on {name}.sealed_identity() to {name}_identity"),
        format!("EXECUTE on {name}.current_organization_id() to {name}_tenant"),
        format!("SELECT (organization_id) on member to {name}_gate"),
        format!("SELECT on {name}.seal to {name}_gate"),
        format!("USAGE on {name} to {name}_login"),
        format!("CONNECT on {name} to {name}_login"),
        format!("{name}_user to {name}_login"),
    ] {
        assert!(fails.contains(&&*what), "a pool starts without {what}: {fails:#?}");
    }
    database.db().await.close().await;
}

/// Whether a context of each kind opens, past the pool.
async fn opens(database: &TestDatabase) -> bool {
    let Ok(mut login) = PgConnection::connect(&database.login_url()).await else { return false };
    let name = &database.name;
    let nobody = "'00000000-0000-0000-0000-000000000000'";
    let mut opens = true;
    for (scope, open, ask, sealed) in [
        ("tenant", format!("enter_tenant_as_system({nobody})"), "current_organization_id", "sealed_organization_id"),
        ("tenant", format!("enter_tenant({nobody}, {nobody})"), "current_organization_id", "sealed_organization_id"),
        ("user", format!("enter_user({nobody})"), "current_user_id", "sealed_user_id"),
        ("identity", "enter_identity()".to_owned(), "in_identity_context", "sealed_identity"),
    ] {
        let sql = format!(
            "BEGIN; SELECT {name}.{open}; SET LOCAL ROLE {name}_{scope}; SELECT {name}.{ask}(), {name}.{sealed}()"
        );
        if let Err(error) = raw_sql(AssertSqlSafe(sql)).execute(&mut login).await {
            opens &= error.to_string().contains("not a member");
        }
        raw_sql("ROLLBACK").execute(&mut login).await.unwrap();
    }
    opens
}

/// As the contract's own warning says, where no superuser migrates.
#[tokio::test]
async fn a_superuser_who_closes_set_config_later_is_told_what_to_give() {
    let (database, url) = TestDatabase::plainly_owned().await;
    let owner = database.migration_connection(&url).await;
    let migrator = database.migrator();
    migrator.up(&owner, None).await.unwrap();
    database.db().await.close().await;

    database.execute("REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC").await;
    let error = Db::connect(database.options()).await.unwrap_err();
    assert!(error.is_not_migrated() && error.to_string().contains("set_config"), "{error}");
    let (found, repairs) = errors(migrator.contract(), &owner).await;
    assert_eq!(found.len(), 1, "{found:?}");
    for repair in repairs {
        database.execute(&repair).await;
    }
    assert_eq!(errors(migrator.contract(), &owner).await.0, Vec::<String>::new());
    database.db().await.close().await;
}

/// A server whose administrator has taken `public` from everybody, as many guides advise.
#[tokio::test]
async fn a_schema_that_not_everybody_may_use_is_opened_to_those_who_need_it() {
    let database = TestDatabase::empty().await;
    database.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC").await;
    database.migrate().await;
    migration::seed::run(&database.db().await).await.unwrap();
}
