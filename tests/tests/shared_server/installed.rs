//! The contract's schema and roles among those of others: what is not its own is not taken, and not dropped.

use db::contract::{Contract, Membership};
use sea_orm::{
    ConnectionTrait, DatabaseConnection,
    sqlx::{self, Connection, raw_sql},
};
use tests::TestDatabase;

use crate::state::{same, state};

fn contract(database: &TestDatabase, prefix: &str) -> Contract {
    Contract::new(Membership::new("member", "organization_id", "user_id").role("role", &["owner", "member"]))
        .prefix(&format!("{}{prefix}", database.name))
        .unwrap()
        .login(&format!("{}{prefix}_login", database.name))
        .unwrap()
}

async fn run(connection: &DatabaseConnection, statements: Vec<String>) -> Result<(), String> {
    for sql in statements {
        connection.execute_unprepared(&sql).await.map_err(|error| format!("{error:?}"))?;
    }
    Ok(())
}

async fn connect(database: &TestDatabase) -> DatabaseConnection {
    database.migration_connection(&database.owner_url()).await
}

/// What others have on the server: tables with rights, roles, functions that are closed already.
async fn with_others(database: &TestDatabase) {
    let name = &database.name;
    database
        .execute(&format!(
            "CREATE ROLE {name}_user2 LOGIN; CREATE ROLE {name}_owner NOLOGIN;
             CREATE TABLE member (organization_id uuid, user_id uuid, role text);
             CREATE TABLE theirs (id int); GRANT SELECT ON theirs TO {name}_user2, PUBLIC;
             CREATE SCHEMA theirs AUTHORIZATION {name}_owner;
             CREATE FUNCTION theirs.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
             REVOKE EXECUTE ON FUNCTION theirs.f() FROM PUBLIC;
             REVOKE EXECUTE ON FUNCTION pg_catalog.lo_create(oid) FROM PUBLIC;
             REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC; GRANT TEMPORARY ON DATABASE {name} TO {name}_user2;
             GRANT CREATE ON SCHEMA public TO PUBLIC"
        ))
        .await;
}

async fn drop_others(database: &TestDatabase) {
    let name = &database.name;
    database
        .execute(&format!("DROP SCHEMA theirs CASCADE; DROP OWNED BY {name}_user2, {name}_owner; DROP ROLE {name}_user2; DROP ROLE {name}_owner"))
        .await;
}

#[tokio::test]
async fn what_is_installed_and_uninstalled_leaves_no_trace() {
    let database = TestDatabase::empty().await;
    with_others(&database).await;
    let owner = connect(&database).await;
    let before = state(&database).await;
    let contract = contract(&database, "");
    run(&owner, contract.install(Some("password"))).await.unwrap();
    let installed = state(&database).await;
    assert_ne!(before, installed);
    run(&owner, contract.install(None)).await.unwrap();
    same(&installed, &state(&database).await, "installed twice");
    run(&owner, contract.uninstall()).await.unwrap();
    same(&before, &state(&database).await, "uninstalled");
    // There is nothing left to do.
    run(&owner, contract.uninstall()).await.unwrap();
    same(&before, &state(&database).await, "uninstalled twice");
    owner.close().await.unwrap();
    drop_others(&database).await;
}

/// A second contract of the database needs what the first one has closed, in whichever order they go.
#[tokio::test]
async fn two_contracts_of_a_database_give_back_what_was_taken_when_the_last_one_goes() {
    let database = TestDatabase::empty().await;
    with_others(&database).await;
    let owner = connect(&database).await;
    let before = state(&database).await;
    let (first, second) = (contract(&database, "a"), contract(&database, "b"));
    for (goes, stays) in [(&first, &second), (&second, &first)] {
        run(&owner, stays.install(None)).await.unwrap();
        let alone = state(&database).await;
        run(&owner, goes.install(None)).await.unwrap();
        run(&owner, goes.uninstall()).await.unwrap();
        same(&alone, &state(&database).await, "the one that came second went first");
        run(&owner, goes.install(None)).await.unwrap();
        run(&owner, stays.uninstall()).await.unwrap();
        let closed = state(&database).await;
        let set_config = "grant EXECUTE to PUBLIC by postgres on function set_config(text,text,boolean)";
        assert!(!closed.iter().any(|line| line == set_config), "the other one still needs it");
        run(&owner, goes.uninstall()).await.unwrap();
        same(&before, &state(&database).await, "both went");
    }
    owner.close().await.unwrap();
    drop_others(&database).await;
}

/// A login role that was there before is left as it was: with its rights and its limits.
#[tokio::test]
async fn a_login_role_that_was_there_before_stays_as_it_was() {
    let database = TestDatabase::empty().await;
    let login = database.login();
    database
        .execute(&format!(
            "CREATE ROLE {login} LOGIN NOINHERIT; ALTER ROLE {login} SET statement_timeout = '5s';
             COMMENT ON ROLE {login} IS 'made by hand'; GRANT CONNECT ON DATABASE {} TO {login}",
            database.name
        ))
        .await;
    let owner = connect(&database).await;
    let before = state(&database).await;
    let contract = contract(&database, "");
    run(&owner, contract.install(Some("another"))).await.unwrap();
    let limits = state(&database).await;
    assert!(
        limits.iter().any(|line| line.contains("statement_timeout=5s") && line.contains("idle_in_transaction")),
        "{limits:#?}"
    );
    run(&owner, contract.uninstall()).await.unwrap();
    same(&before, &state(&database).await, "uninstalled");
    owner.close().await.unwrap();
}

/// Another database uses the roles: they stay, and that database goes on.
#[tokio::test]
async fn roles_that_another_database_uses_stay() {
    let (one, other) = (TestDatabase::new().await, TestDatabase::empty().await);
    let migrator = one.migrator();
    let (of_one, of_other) = (connect(&one).await, connect(&other).await);
    let before = state(&other).await;
    run(&of_other, migrator.contract().install(None)).await.unwrap();
    run(&of_other, migrator.contract().uninstall()).await.unwrap();
    same(&before, &state(&other).await, "uninstalled in the other database");
    migration::seed::run(&one.db().await).await.unwrap();
    of_one.close().await.unwrap();
    of_other.close().await.unwrap();
    drop(other);
}

#[tokio::test]
async fn a_schema_that_no_contract_has_made_is_refused_and_never_dropped() {
    let database = TestDatabase::empty().await;
    let owner = connect(&database).await;
    let name = &database.name;
    let contract = contract(&database, "");
    for (make, comment) in [
        (format!("CREATE SCHEMA {name}"), "empty"),
        (format!("CREATE SCHEMA {name}; CREATE TABLE {name}.theirs (id int)"), "with a table"),
        (format!("CREATE SCHEMA {name}; COMMENT ON SCHEMA {name} IS 'ours'"), "with a comment"),
        (
            format!(
                "CREATE SCHEMA {name}; CREATE FUNCTION {name}.enter_tenant(uuid, uuid) RETURNS void LANGUAGE sql AS ''"
            ),
            "with a function of one of our names",
        ),
    ] {
        database.execute(&make).await;
        let before = state(&database).await;
        let refused = run(&owner, contract.install(None)).await.unwrap_err();
        assert!(refused.contains("no contract has made it"), "{comment}: {refused}");
        let refused = run(&owner, contract.uninstall()).await.unwrap_err();
        assert!(refused.contains("not one that a contract has made"), "{comment}: {refused}");
        same(&before, &state(&database).await, comment);
        database.execute(&format!("DROP SCHEMA {name} CASCADE")).await;
    }
    owner.close().await.unwrap();
}

/// Databases were made before schemas had a mark; what a dump makes has the mark.
#[tokio::test]
async fn a_schema_that_was_made_before_there_was_a_mark_is_taken_for_ours() {
    let database = TestDatabase::new().await;
    let owner = connect(&database).await;
    let name = &database.name;
    database.execute(&format!("COMMENT ON SCHEMA {name} IS NULL")).await;
    run(&owner, database.migrator().contract().install(None)).await.unwrap();
    let mut superuser = database.owner().await;
    let comment: Option<String> = sqlx::query_scalar("SELECT obj_description(to_regnamespace($1), 'pg_namespace')")
        .bind(name)
        .fetch_one(&mut superuser)
        .await
        .unwrap();
    assert!(comment.unwrap().contains("contract"));
    superuser.close().await.unwrap();
    owner.close().await.unwrap();
}

/// Each thing of somebody else's that is in the schema or uses it stops `uninstall`, which says what it is, and nothing is lost.
#[tokio::test]
async fn what_others_have_in_the_schema_stops_uninstall() {
    let database = TestDatabase::empty().await;
    let owner = connect(&database).await;
    let name = &database.name;
    let contract = contract(&database, "");
    database.execute("CREATE TABLE member (organization_id uuid, user_id uuid, role text)").await;
    run(&owner, contract.install(None)).await.unwrap();
    run(&owner, contract.protect_membership()).await.unwrap();
    for (make, drop, what) in [
        (format!("CREATE TABLE {name}.theirs (id int)"), format!("DROP TABLE {name}.theirs"), "theirs"),
        (format!("CREATE SEQUENCE {name}.theirs"), format!("DROP SEQUENCE {name}.theirs"), "theirs"),
        (format!("CREATE TYPE {name}.theirs AS ENUM ('a')"), format!("DROP TYPE {name}.theirs"), "theirs"),
        (format!("CREATE DOMAIN {name}.theirs AS text"), format!("DROP DOMAIN {name}.theirs"), "theirs"),
        (
            format!("CREATE FUNCTION {name}.theirs() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
            format!("DROP FUNCTION {name}.theirs()"),
            "theirs",
        ),
        (
            format!("CREATE VIEW theirs AS SELECT {name}.current_user_id() AS id"),
            "DROP VIEW theirs".to_owned(),
            "theirs",
        ),
        (
            format!("CREATE TABLE theirs (of_org uuid DEFAULT {name}.current_organization_id())"),
            "DROP TABLE theirs".to_owned(),
            "of_org",
        ),
        (
            format!("CREATE POLICY theirs ON member USING (organization_id = {name}.current_organization_id())"),
            "DROP POLICY theirs ON member".to_owned(),
            "theirs",
        ),
        (
            format!(
                "CREATE TRIGGER theirs BEFORE UPDATE ON member FOR EACH ROW EXECUTE FUNCTION {name}.touch_updated_at()"
            ),
            "DROP TRIGGER theirs ON member".to_owned(),
            "theirs",
        ),
    ] {
        database.execute(&make).await;
        let before = state(&database).await;
        let mut superuser = database.owner().await;
        let mut stopped = None;
        for sql in contract.uninstall() {
            if let Err(error) = raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut superuser).await {
                stopped = error.into_database_error();
                break;
            }
        }
        let stopped = stopped.unwrap_or_else(|| panic!("{make}: nothing stopped it"));
        let stopped = stopped.downcast_ref::<sqlx::postgres::PgDatabaseError>();
        assert!(stopped.detail().unwrap_or_default().contains(what), "{make}: {stopped:?}");
        same(&before, &state(&database).await, &make);
        superuser.close().await.unwrap();
        database.execute(&drop).await;
    }
    run(&owner, contract.uninstall()).await.unwrap();
    owner.close().await.unwrap();
}

/// Policies, triggers and rights of the contract go, those of others stay; rows are as closed as before.
#[tokio::test]
async fn what_the_contract_made_of_tables_goes_with_it() {
    let database = TestDatabase::new().await;
    let owner = connect(&database).await;
    let name = &database.name;
    database
        .execute(&format!(
            "CREATE ROLE {name}_owner; CREATE POLICY theirs ON research_plan TO {name}_owner USING (true);
             GRANT SELECT ON research_plan TO {name}_owner; DROP TRIGGER forget_that_email_is_verified ON \"user\";
             DROP FUNCTION {name}.forget_that_email_is_verified();
             DROP FUNCTION {name}.invite_into_the_future() CASCADE;
             DROP FUNCTION {name}.limit_personal_access_tokens() CASCADE; DROP POLICY invitation_is_made ON invitation;
             DROP POLICY invitation_is_withdrawn ON invitation"
        ))
        .await;
    run(&owner, database.migrator().contract().uninstall()).await.unwrap();
    let after = state(&database).await;
    let left: Vec<_> = after.iter().filter(|line| line.contains(name) && !line.starts_with("column")).collect();
    let of_others = |line: &&&String| line.contains(&format!("{name}_owner"));
    assert!(left.iter().all(|line| of_others(&line)), "{left:#?}");
    assert!(left.iter().any(|line| line.starts_with("policy")), "{left:#?}");
    assert!(after.iter().any(|line| line.starts_with("relation research_plan r") && line.ends_with("t t")));
    database.execute(&format!("DROP OWNED BY {name}_owner")).await;
    owner.close().await.unwrap();
}

/// A role of one of the contract's names that somebody uses would give its rights to every context.
#[tokio::test]
async fn roles_that_are_somebody_elses_are_refused() {
    let database = TestDatabase::empty().await;
    let owner = connect(&database).await;
    let (name, user) = (&database.name, database.role("user"));
    let contract = contract(&database, "");
    for (make, drop, why) in [
        (
            format!("CREATE ROLE {user}; CREATE TABLE theirs (id int); GRANT SELECT ON theirs TO {user}"),
            format!("DROP TABLE theirs; DROP ROLE {user}"),
            "table theirs",
        ),
        (
            format!("CREATE ROLE {user}; CREATE TABLE theirs (id int); ALTER TABLE theirs OWNER TO {user}"),
            format!("DROP TABLE theirs; DROP ROLE {user}"),
            "table theirs",
        ),
        (
            format!("CREATE ROLE {user}; CREATE ROLE {name}_owner; GRANT {name}_owner TO {user}"),
            format!("DROP ROLE {user}; DROP ROLE {name}_owner"),
            "is a member of",
        ),
    ] {
        database.execute(&make).await;
        let refused = run(&owner, contract.install(None)).await.unwrap_err();
        assert!(refused.contains(&user) && refused.contains("another's") && refused.contains(why), "{refused}");
        database.execute(&drop).await;
    }
    run(&owner, contract.install(None)).await.unwrap();
    owner.close().await.unwrap();
}
