//! A database that was made before there was a seal, or when it was made with a secret.

use std::time::Duration;

use db::{Registry, audit::Audit};
use migration::MigratorTraitSelf;
use sea_orm::sqlx::{AssertSqlSafe, Executor, PgConnection, Row, query_scalar, raw_sql};
use tests::{Fixture, TestDatabase};

/// The policies of the scopes that ask what was sealed.
async fn sealed(f: &Fixture) -> i64 {
    let sql = "SELECT count(*) FROM pg_policies WHERE qual LIKE '%sealed\\_%' AND with_check LIKE '%sealed\\_%'
                 AND policyname LIKE '%\\_boundary'";
    query_scalar(sql).fetch_one(&mut f.database.owner().await).await.unwrap()
}

async fn reads_its_plan(f: &Fixture) {
    let plans =
        f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| entity::ResearchPlan::find().count(cx).await);
    assert_eq!(plans.await.unwrap(), 1);
}

/// The migrations that change a contract of before, of which each brings it to today's.
async fn migrate_again(database: &TestDatabase, from: &str) {
    database.execute(&format!("DELETE FROM seaql_migrations WHERE version >= '{from}'")).await;
    let connection = database.migration_connection(&database.owner_url()).await;
    database.migrator().up(&connection, None).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_database_that_was_made_before_the_seal_is_given_one() {
    let f = Fixture::alone().await;
    let policies = sealed(&f).await;
    // One for each table and scope.
    assert_eq!(policies, 19);
    let app = &f.database.prefix;
    f.database
        .execute(&format!(
            "DROP FUNCTION {app}.sealed_organization_id(), {app}.sealed_user_id(), {app}.sealed_identity(),
               {app}.sealed_member_id(), {app}.sealed_member_role() CASCADE;
             DROP VIEW {app}.seal;
             CREATE POLICY invitation_is_made ON invitation AS RESTRICTIVE FOR INSERT TO {app}_tenant WITH CHECK (false)"
        ))
        .await;
    assert_eq!(sealed(&f).await, 0);
    migrate_again(&f.database, "m20261130_000011").await;
    assert_eq!(sealed(&f).await, policies);
    reads_its_plan(&f).await;
}

/// All that the contract makes of functions, policies, triggers, relations and grants, as text.
const DESCRIBE: &str = "
    SELECT format('%s on %s, %s for %s to %s: %s; %s', policyname, tablename, permissive, cmd, roles, qual, with_check)
      FROM pg_policies
    UNION ALL SELECT pg_get_functiondef(oid) || (SELECT array_agg(a::text ORDER BY a::text)::text FROM unnest(proacl) a) || pg_get_userbyid(proowner)
      FROM pg_proc WHERE pronamespace = '{app}'::regnamespace
    UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT format('%s %s of %s: %s', relkind, relname, pg_get_userbyid(relowner), relacl)
      FROM pg_class WHERE relnamespace = '{app}'::regnamespace
    UNION ALL SELECT datacl::text FROM pg_database WHERE datname = current_database()
    ORDER BY 1";

async fn describe(database: &TestDatabase) -> Vec<String> {
    let sql = DESCRIBE.replace("{app}", &database.prefix);
    query_scalar(AssertSqlSafe(sql)).fetch_all(&mut database.owner().await).await.unwrap()
}

/// Puts what the contract made before in the place of what it makes.
async fn seal_with_a_secret(database: &TestDatabase) {
    let (app, name) = (&database.prefix, &database.name);
    let drop = format!(
        "DO $$
         DECLARE one record;
         BEGIN
           FOR one IN SELECT policyname, tablename FROM pg_policies LOOP
             EXECUTE format('DROP POLICY %I ON %I', one.policyname, one.tablename);
           END LOOP;
           FOR one IN SELECT oid::regprocedure AS f FROM pg_proc WHERE pronamespace = '{app}'::regnamespace AND proname NOT IN
             ('limit_personal_access_tokens', 'forget_that_email_is_verified', 'invite_into_the_future')
           LOOP
             EXECUTE format('DROP FUNCTION %s CASCADE', one.f);
           END LOOP;
         END $$;
         DROP VIEW {app}.seal;
         GRANT TEMPORARY ON DATABASE {name} TO {app}_gate"
    );
    database.execute(&drop).await;
    let made = include_str!("sealed_with_a_secret.sql");
    database.execute(&made.replace("{app}", app).replace("{login}", &database.login())).await;
}

/// A context of the seal of before, on the login's connection.
async fn open_as_before(f: &Fixture) -> PgConnection {
    let mut login = f.database.stranger().await;
    let enter = format!(
        "BEGIN; SELECT {app}.enter_tenant('{}', '{}'); SET LOCAL ROLE {app}_tenant",
        f.acme.id,
        f.acme.owner.user_id(),
        app = f.database.prefix,
    );
    login.execute(raw_sql(AssertSqlSafe(enter))).await.unwrap();
    login
}

async fn plans(connection: &mut PgConnection) -> i64 {
    connection.fetch_one("SELECT count(*) FROM research_plan").await.unwrap().get(0)
}

async fn wait_until_somebody_waits(database: &TestDatabase) {
    let sql = "SELECT EXISTS (SELECT FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'DROP MATERIALIZED VIEW%')";
    let mut owner = database.owner().await;
    while !query_scalar::<_, bool>(sql).fetch_one(&mut owner).await.unwrap() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The migration waits for a context that is open, which goes on seeing its rows; and leaves nothing of the secret.
#[tokio::test]
async fn a_database_that_was_sealed_with_a_secret_is_given_the_seal_of_today() {
    let f = Fixture::alone().await;
    let today = describe(&f.database).await;
    seal_with_a_secret(&f.database).await;
    assert_ne!(describe(&f.database).await, today);
    let mut before = open_as_before(&f).await;
    assert_eq!(plans(&mut before).await, 1);
    let in_context = async {
        wait_until_somebody_waits(&f.database).await;
        assert_eq!(plans(&mut before).await, 1);
        let steps: i64 = before.fetch_one("SELECT count(*) FROM plan_step").await.unwrap().get(0);
        assert!(steps > 0, "a table that it had not read before");
        before.execute("COMMIT").await.unwrap();
    };
    futures::join!(migrate_again(&f.database, "m20261130_000011"), in_context);

    let migrated = describe(&f.database).await;
    let differences: Vec<_> = [(&migrated, &today), (&today, &migrated)]
        .iter()
        .map(|(these, others)| these.iter().filter(|this| !others.contains(this)).collect::<Vec<_>>())
        .collect();
    assert!(differences.iter().all(Vec::is_empty), "{differences:#?}");
    reads_its_plan(&f).await;
    let owner = f.database.migration_connection(&f.database.owner_url()).await;
    let migrator = f.database.migrator();
    let report = Audit::new(&Registry::collect()).contract(migrator.contract()).run(&owner).await.unwrap();
    assert!(report.findings.is_empty(), "{report}");
    owner.close().await.unwrap();
}

/// What an earlier version sends as it connects, and as a context opens, and as it asks for the member's role.
#[tokio::test]
async fn a_program_of_the_earlier_version_connects_and_has_no_member_role() {
    let f = Fixture::new().await;
    let app = &f.database.prefix;
    let mut login = f.database.stranger().await;
    let connects = format!(
        "DO $$ DECLARE why text; BEGIN
           PERFORM {app}.enter_tenant_as_system('00000000-0000-0000-0000-000000000000');
           SET LOCAL ROLE {app}_tenant;
           PERFORM {app}.current_organization_id(), {app}.context_is_genuine();
           RAISE EXCEPTION 'taken back' USING ERRCODE = 'raise_exception', CONSTRAINT = 'taken_back';
         EXCEPTION WHEN raise_exception OR insufficient_privilege OR undefined_function THEN
           GET STACKED DIAGNOSTICS why = CONSTRAINT_NAME;
           IF SQLSTATE = '42501' AND why <> 'not_a_member' THEN RAISE; END IF;
         END $$"
    );
    login.execute(raw_sql(AssertSqlSafe(connects))).await.unwrap();
    let mut context = open_as_before(&f).await;
    assert_eq!(plans(&mut context).await, 1);
    let role = format!("SELECT current_setting('{app}.member_role') WHERE {app}.context_is_genuine()");
    let error = context.execute(raw_sql(AssertSqlSafe(role))).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "42883");
}
