//! What the migration makes, takes back, and makes again; and as whom.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use db::{Db, DbOptions, contract::as_owner};
use migration::{Migrator, MigratorTraitSelf, seed};
use sea_orm::{
    ConnectionTrait, DbErr,
    sqlx::{self, AssertSqlSafe, Connection, PgConnection},
};
use tests::{Fixture, PATIENCE, TestDatabase};

/// Everything that the migration makes in a database, in words: columns, constraints, indexes, triggers,
/// policies, functions, and who may do what to each. Its own records are left out.
async fn snapshot(database: &TestDatabase) -> Vec<String> {
    const SQL: &str = "
        WITH acl AS (
            SELECT 'schema ' || nspname AS object, coalesce(nspacl, acldefault('n', nspowner)) AS acl FROM pg_namespace
             WHERE nspname NOT LIKE 'pg_%' AND nspname <> 'information_schema'
            UNION ALL SELECT 'database', coalesce(datacl, acldefault('d', datdba)) FROM pg_database
             WHERE datname = current_database()
            UNION ALL SELECT 'function ' || p.oid::regprocedure, coalesce(proacl, acldefault('f', proowner)) FROM pg_proc p
             WHERE proname IN ('set_config', 'lo_creat', 'lo_create', 'lo_from_bytea') OR pronamespace = to_regnamespace($1)
            UNION ALL SELECT 'table ' || relname, coalesce(relacl, acldefault('r', relowner)) FROM pg_class
             WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
            UNION ALL SELECT 'column ' || relname || '.' || attname, attacl FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
             WHERE relnamespace = 'public'::regnamespace AND attacl IS NOT NULL
        ), objects (line) AS (
            SELECT format('grant %s to %s on %s', privilege_type, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END, object)
              FROM acl, aclexplode(acl.acl)
            UNION ALL SELECT format('column %s.%s %s %s %s', relname, attname, format_type(atttypid, atttypmod), attnotnull,
                (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = attrelid AND adnum = attnum))
              FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
             WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
            UNION ALL SELECT format('rls %s %s %s', relname, relrowsecurity, relforcerowsecurity) FROM pg_class
             WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
            UNION ALL SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
             WHERE connamespace = 'public'::regnamespace
            UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
            UNION ALL SELECT format('policy %s', to_jsonb(p)) FROM pg_policies p
            UNION ALL SELECT format('function %s %s', proowner::regrole, pg_get_functiondef(oid)) FROM pg_proc
             WHERE pronamespace = to_regnamespace($1)
            UNION ALL SELECT format('relation %s %s %s %s', relname, relkind, relowner::regrole, relacl) FROM pg_class
             WHERE relnamespace = to_regnamespace($1)
            UNION ALL SELECT format('role %s %s', to_jsonb(r) - 'oid', (SELECT array_agg(m.roleid::regrole::text ORDER BY 1)
                FROM pg_auth_members m WHERE m.member = r.oid)) FROM pg_roles r WHERE rolname LIKE $1 || '\\_%'
        )
        SELECT line FROM objects WHERE line NOT LIKE '%seaql_migrations%' ORDER BY line COLLATE \"C\"";
    let mut owner = database.owner().await;
    let lines = sqlx::query_scalar(SQL).bind(&database.name).fetch_all(&mut owner).await.unwrap();
    owner.close().await.unwrap();
    lines
}

#[tokio::test]
async fn down_takes_everything_back_and_up_again_makes_the_same() {
    let database = TestDatabase::empty().await;
    let (migrator, connection) = (database.migrator(), database.migration_connection(&database.owner_url()).await);
    let empty = snapshot(&database).await;

    migrator.up(&connection, None).await.unwrap();
    let up = snapshot(&database).await;
    for part in
        ["column research_plan.title", "policy", "function", "trigger", "role", "relation seal v", "rls plan_step t t"]
    {
        assert!(up.iter().any(|line| line.starts_with(part)), "the snapshot sees {part}");
    }
    migrator.up(&connection, None).await.unwrap();
    assert_eq!(snapshot(&database).await, up, "up twice");

    migrator.down(&connection, None).await.unwrap();
    assert_eq!(snapshot(&database).await, empty, "down");
    migrator.up(&connection, None).await.unwrap();
    assert_eq!(snapshot(&database).await, up, "up, down, up");
    for step in 1..=migrator.migrations().len() {
        migrator.down(&connection, Some(1)).await.unwrap_or_else(|error| panic!("down, step {step}: {error}"));
    }
    assert_eq!(snapshot(&database).await, empty, "down, step by step");
}

/// `fresh` drops the tables, never calls `down`, and leaves the schema of the functions.
#[tokio::test]
async fn fresh_starts_over() {
    let f = Fixture::new().await;
    let before = snapshot(&f.database).await;
    let connection = f.database.migration_connection(&f.database.owner_url()).await;
    f.database.migrator().fresh(&connection).await.unwrap();
    assert_eq!(snapshot(&f.database).await, before);
    let seeded = seed::run(&f.database.db().await).await.unwrap();
    assert_eq!(seeded.organizations, 2);
}

/// Roles are the server's: four databases make the same ones at the same moment, and each works.
#[tokio::test]
async fn databases_that_share_their_roles_migrate_at_the_same_moment() {
    let databases = futures::future::join_all((0..4).map(|_| TestDatabase::empty())).await;
    let shared = databases[0].migrator();
    let migrate = async |database: &TestDatabase| {
        let connection = database.migration_connection(&database.owner_url()).await;
        shared.up(&connection, None).await.unwrap();
        connection.close().await.unwrap();
    };
    futures::future::join_all(databases.iter().map(migrate)).await;
    for database in &databases {
        let options = DbOptions::from_url(&database.url(Some((&databases[0].login(), tests::PASSWORD)))).unwrap();
        let options = options.prefix(&databases[0].name).unwrap().acquire_timeout(PATIENCE);
        let db = Db::connect(options).await.unwrap();
        assert_eq!(seed::run(&db).await.unwrap().plans, 4);
        db.close().await;
    }
    // A role that another database still uses is left, and that database goes on.
    let connection = databases[1].migration_connection(&databases[1].owner_url()).await;
    shared.down(&connection, None).await.unwrap();
    let db = databases[0].db().await;
    assert_eq!(seed::run(&db).await.unwrap(), seed::Seeded::default());
    // And the roles, which are there already, are no obstacle.
    shared.up(&connection, None).await.unwrap();
    connection.close().await.unwrap();
    db.close().await;
    // The roles go with the first database, so the others have to be gone by then.
    for database in databases.into_iter().rev() {
        drop(database);
    }
}

#[tokio::test]
async fn the_seed_program_fills_the_tables_once() {
    let database = TestDatabase::new().await;
    let db = database.db().await;
    let seeded = seed::run(&db).await.unwrap();
    assert_eq!(seeded, seed::Seeded { organizations: 2, members: 4, plans: 4 });
    let rows = async || -> Vec<String> {
        let mut rows = Vec::new();
        let mut owner = database.owner().await;
        for table in ["\"user\"", "organization", "member", "research_plan", "plan_step"] {
            let sql = format!("SELECT to_jsonb(t)::text FROM {table} t ORDER BY t.id");
            rows.extend(sqlx::query_scalar::<_, String>(AssertSqlSafe(sql)).fetch_all(&mut owner).await.unwrap());
        }
        rows
    };
    let before = rows().await;
    assert_eq!(before.len(), 4 + 2 + 4 + 4 + 10);
    assert_eq!(seed::run(&db).await.unwrap(), seed::Seeded::default());
    assert_eq!(rows().await, before);
}

#[tokio::test]
async fn an_owner_that_is_no_superuser_migrates() {
    let (database, url) = TestDatabase::plainly_owned().await;
    let mut owner = PgConnection::connect(&url).await.unwrap();
    let privileged: bool =
        sqlx::query_scalar("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
            .fetch_one(&mut owner)
            .await
            .unwrap();
    assert!(!privileged, "this test is about an owner that is no superuser");

    let connection = database.migration_connection(&url).await;
    let migrator = database.migrator();
    migrator.up(&connection, None).await.unwrap();
    let up = snapshot(&database).await;
    let gate = database.role("gate");
    for (of, what) in [("function", "the entry functions"), ("relation seal v", "the view of the seal")] {
        assert!(up.iter().any(|line| line.starts_with(&format!("{of} {gate} "))), "{what}: the definer role's");
    }
    let members: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_auth_members WHERE roleid = $1::regrole AND member <> 10 AND NOT admin_option",
    )
    .bind(&gate)
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(members, 0, "nobody is left in the definer role");

    let db = database.db().await;
    assert_eq!(seed::run(&db).await.unwrap().plans, 4);
    db.close().await;
    migrator.down(&connection, None).await.unwrap();
    migrator.up(&connection, None).await.unwrap();
    assert_eq!(snapshot(&database).await, up, "up, down, up");
    migrator.fresh(&connection).await.unwrap();
    assert_eq!(snapshot(&database).await, up, "fresh");
    connection.close().await.unwrap();
    owner.close().await.unwrap();
}

async fn forced(connection: &mut PgConnection) -> bool {
    let sql = "SELECT relforcerowsecurity FROM pg_class WHERE oid = 'research_plan'::regclass";
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}

/// Under FORCE the owner matches no policy. `as_owner` is how a migration touches rows all the same.
#[tokio::test]
async fn a_backfill_touches_its_rows_as_owner_and_none_otherwise() {
    let (database, url) = TestDatabase::plainly_owned().await;
    let connection = database.migration_connection(&url).await;
    database.migrator().up(&connection, None).await.unwrap();
    seed::run(&database.db().await).await.unwrap();
    let backfill = "UPDATE research_plan SET question = 'filled'";

    // The control: PostgreSQL reports success, and nothing was done.
    assert_eq!(connection.execute_unprepared(backfill).await.unwrap().rows_affected(), 0);
    let touched = as_owner(&connection, &["research_plan"], async |connection| {
        Ok(connection.execute_unprepared(backfill).await?.rows_affected())
    });
    assert_eq!(touched.await.unwrap(), 4);

    let mut superuser = database.owner().await;
    assert!(forced(&mut superuser).await, "forced again");
    let failed: Result<(), DbErr> = as_owner(&connection, &["research_plan"], async |connection| {
        connection.execute_unprepared("UPDATE research_plan SET question = 'lost'").await?;
        Err(DbErr::Custom("changed my mind".to_owned()))
    })
    .await;
    assert!(failed.is_err());
    assert!(forced(&mut superuser).await, "forced again after a failure");
    let filled: i64 = sqlx::query_scalar("SELECT count(*) FROM research_plan WHERE question = 'filled'")
        .fetch_one(&mut superuser)
        .await
        .unwrap();
    assert_eq!(filled, 4, "what failed was rolled back");
}

/// A new foreign key is checked as the owner: under FORCE against nothing, and it is marked valid.
#[tokio::test]
async fn a_foreign_key_is_checked_as_owner_and_not_otherwise() {
    let (database, url) = TestDatabase::plainly_owned().await;
    let connection = database.migration_connection(&url).await;
    database.migrator().up(&connection, None).await.unwrap();
    seed::run(&database.db().await).await.unwrap();
    connection.execute_unprepared("ALTER TABLE plan_step ADD COLUMN after_id uuid").await.unwrap();
    as_owner(&connection, &["plan_step"], async |connection| {
        connection.execute_unprepared("UPDATE plan_step SET after_id = gen_random_uuid() WHERE position = 2").await
    })
    .await
    .unwrap();
    let add = "ALTER TABLE plan_step ADD CONSTRAINT after FOREIGN KEY (organization_id, after_id)
               REFERENCES plan_step (organization_id, id)";

    let checked =
        as_owner(&connection, &["plan_step"], async |connection| connection.execute_unprepared(add).await).await;
    assert!(checked.unwrap_err().to_string().contains("violates foreign key constraint"));

    // The control: added plainly, it is taken for valid over rows that dangle.
    connection.execute_unprepared(add).await.unwrap();
    let mut superuser = database.owner().await;
    let (valid, dangling): (bool, i64) = sqlx::query_as(
        "SELECT (SELECT convalidated FROM pg_constraint WHERE conname = 'after'),
                (SELECT count(*) FROM plan_step s WHERE after_id IS NOT NULL
                   AND NOT EXISTS (SELECT FROM plan_step t WHERE t.id = s.after_id))",
    )
    .fetch_one(&mut superuser)
    .await
    .unwrap();
    assert!(valid && dangling == 4, "valid: {valid}, dangling: {dangling}");
}

/// Where no superuser migrates, whoever is one can close `set_config` beforehand; the entry functions still open.
#[tokio::test]
async fn set_config_that_was_closed_beforehand_is_no_obstacle() {
    let (database, url) = TestDatabase::plainly_owned().await;
    let set_config = "FUNCTION pg_catalog.set_config(text, text, boolean)";
    database
        .execute(&format!(
            "REVOKE EXECUTE ON {set_config} FROM PUBLIC;
             GRANT EXECUTE ON {set_config} TO {} WITH GRANT OPTION",
            database.role("owner")
        ))
        .await;
    let connection = database.migration_connection(&url).await;
    database.migrator().up(&connection, None).await.unwrap();
    assert_eq!(seed::run(&database.db().await).await.unwrap().plans, 4);
    let may: bool =
        sqlx::query_scalar("SELECT has_function_privilege($1, 'set_config(text, text, boolean)', 'EXECUTE')")
            .bind(database.role("tenant"))
            .fetch_one(&mut database.owner().await)
            .await
            .unwrap();
    assert!(!may, "no scope role may call it");
}

/// A role that is there already may be anybody's. One that row-level security would not hold is not taken.
#[tokio::test]
async fn a_role_that_may_do_more_than_it_should_is_not_taken() {
    for (role, attribute) in [
        ("tenant", "BYPASSRLS"),
        ("user", "SUPERUSER"),
        ("identity", "LOGIN"),
        ("gate", "CREATEROLE"),
        ("login", "SUPERUSER"),
    ] {
        let database = TestDatabase::empty().await;
        let role = database.role(role);
        database.execute(&format!("CREATE ROLE {role} {attribute}")).await;
        let connection = database.migration_connection(&database.owner_url()).await;
        let error = database.migrator().up(&connection, None).await.unwrap_err().to_string();
        assert!(error.contains(&role) && error.contains("may do more than it should"), "{error}");
        // Without the attribute it is.
        database.execute(&format!("ALTER ROLE {role} NO{attribute}")).await;
        database.migrator().up(&connection, None).await.unwrap();
        connection.close().await.unwrap();
        // Given to a scope role later, it is found as the pool connects.
        if role.ends_with("_tenant") {
            database.execute(&format!("ALTER ROLE {role} {attribute}")).await;
            let error = Db::connect(database.options()).await.unwrap_err();
            assert!(error.is_privileged_login() && error.to_string().contains(&role), "{error}");
        }
    }
}

/// Another database's owner finds the roles there, made by somebody else. From PostgreSQL 16 on only those who may
/// give the definer role away can: the migration says who has to.
#[tokio::test]
async fn a_second_owner_migrates_over_roles_that_are_there_already() {
    let (first, first_url) = TestDatabase::plainly_owned().await;
    let (second, second_url) = TestDatabase::plainly_owned().await;
    let shared = first.migrator();
    let up = async |database: &TestDatabase, url: &str| {
        let connection = database.migration_connection(url).await;
        let result = shared.up(&connection, None).await;
        connection.close().await.unwrap();
        result
    };
    up(&first, &first_url).await.unwrap();
    if let Err(error) = up(&second, &second_url).await {
        let error = error.to_string();
        assert!(error.contains(&first.role("gate")) && error.contains("may not become it"), "{error}");
        first.execute(&format!("GRANT {} TO {} WITH ADMIN OPTION", first.role("gate"), second.role("owner"))).await;
        up(&second, &second_url).await.unwrap();
    }
    let options = DbOptions::from_url(&second.url(Some((&first.login(), tests::PASSWORD)))).unwrap();
    let db = Db::connect(options.prefix(&first.name).unwrap().acquire_timeout(PATIENCE)).await.unwrap();
    assert_eq!(seed::run(&db).await.unwrap().plans, 4);
    db.close().await;
    // The roles go with the first database.
    drop(second);
    drop(first);
}

#[test]
fn the_migrator_does_not_show_the_password() {
    let migrator = Migrator::new("app", "app_login", Some("hunter2".to_owned())).unwrap();
    assert!(!format!("{migrator:?}").contains("hunter2"));
}
