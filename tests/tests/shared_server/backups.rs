//! Dumps, by the role that `docs/operating.md` names and without it.

use std::process::Command;

use entity::ResearchPlan;
use migration::{MigratorTraitSelf, seed};
use sea_orm::sqlx::{AssertSqlSafe, Connection, PgConnection, raw_sql};
use tests::{Fixture, TestDatabase, program};

use crate::documented::{Roles, assert_clean, not_older, output, run, run_documented, said, url};

/// Fails without the role, and by the owner; is restored over nothing but its roles; and what is restored works.
#[tokio::test]
async fn a_backup_by_the_documented_role_is_restored_and_works() {
    let f = Fixture::alone().await;
    let database = &f.database;
    f.db.close().await;
    let Some(mut plain) = not_older("pg_dump", database).await else { return };
    run_documented("backup", database).await;
    assert_clean(database).await;
    let backup = url(database, Some((&database.role("backup"), "secret")));
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    run(plain.args(["--create", "--format=plain", "--file"]).arg(file("plain")).arg(&backup));
    run(Command::new(program("pg_dump").unwrap())
        .args(["--create", "--format=custom", "--file"])
        .arg(file("custom"))
        .arg(&backup));

    // Of the server's roles, those that are this database's.
    let roles = run(Command::new(program("pg_dumpall").unwrap()).args(["--roles-only", "-d"]).arg(url(database, None)));
    let roles = String::from_utf8(roles.stdout).unwrap();
    let roles: Vec<_> = roles.lines().filter(|line| line.contains(&database.name)).collect();
    std::fs::write(file("roles"), roles.join("\n")).unwrap();

    let server = url(database, None).replace(&format!("/{}", database.name), "/postgres");
    for format in ["plain", "custom"] {
        lose(database, &server).await;
        let psql = |sql: &str| {
            run(Command::new(program("psql").unwrap())
                .args(["-qX", "-v", "ON_ERROR_STOP=1", "-f"])
                .arg(file(sql))
                .arg(&server))
        };
        psql("roles");
        if format == "plain" {
            psql("plain");
        } else {
            run(Command::new(program("pg_restore").unwrap())
                .args(["--exit-on-error", "--create", "--dbname"])
                .arg(&server)
                .arg(file("custom")));
        }
        assert_clean(database).await;
        let db = database.db().await;
        for org in [&f.acme, &f.globex] {
            let count = db.with_tenant_context(org.id, &org.owner, async |cx| ResearchPlan::find().count(cx).await);
            assert_eq!(count.await.unwrap(), 1, "{format}");
        }
        assert!(
            db.with_tenant_context(f.acme.id, &f.globex.owner, async |_| Ok(())).await.unwrap_err().is_not_a_member()
        );
        db.close().await;
    }
    Roles(database, &["backup"]).drop().await;
}

/// Drops the database and every role that is its own, as if the server were lost.
async fn lose(database: &TestDatabase, server: &str) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    let mut run = async |sql: String| {
        raw_sql(AssertSqlSafe(sql.clone()))
            .execute(&mut connection)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    };
    run(format!("DROP DATABASE {} WITH (FORCE)", database.name)).await;
    for role in ["tenant", "user", "identity", "login", "gate", "backup"] {
        run(format!("DROP ROLE {}", database.role(role))).await;
    }
}

/// What the page says of dumps without the role.
#[tokio::test]
async fn a_dump_by_another_role_fails_or_has_no_rows() {
    let (database, owner_url) = TestDatabase::plainly_owned().await;
    let owner = database.migration_connection(&owner_url).await;
    database.migrator().up(&owner, None).await.unwrap();
    seed::run(&database.db().await).await.unwrap();
    owner.close().await.unwrap();
    if not_older("pg_dump", &database).await.is_none() {
        return;
    }
    let (set_config, name) = ("EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean)", &database.name);
    database
        .execute(&format!(
            "REVOKE {set_config} FROM PUBLIC; GRANT {set_config} TO {name}_gate;
             CREATE ROLE {name}_backup LOGIN PASSWORD 'secret'; GRANT pg_read_all_data TO {name}_backup"
        ))
        .await;
    let dump = |role: &str, password: &str, more: &[&str]| {
        output(Command::new(program("pg_dump").unwrap()).args(more).arg(url(&database, Some((role, password)))))
    };
    let backup = format!("{name}_backup");
    for (given, why) in [
        ("SELECT 1".to_owned(), "permission denied for database"),
        (format!("GRANT CONNECT ON DATABASE {name} TO {backup}"), "permission denied for function set_config"),
        (format!("GRANT {set_config} TO {backup}, {name}_owner"), "row-level security"),
    ] {
        database.execute(&given).await;
        let failed = dump(&backup, "secret", &[]);
        assert!(!failed.status.success() && said(&failed).contains(why), "{why}: {}", said(&failed));
    }
    // The owner, too, is under the policies.
    let owner = format!("{name}_owner");
    let failed = dump(&owner, "owner", &[]);
    assert!(!failed.status.success() && said(&failed).contains("row-level security"), "{}", said(&failed));
    let schema = dump(&owner, "owner", &["--schema-only"]);
    assert!(schema.status.success(), "{}", said(&schema));
    let empty = dump(&owner, "owner", &["--enable-row-security"]);
    assert!(empty.status.success(), "{}", said(&empty));
    let empty = String::from_utf8(empty.stdout).unwrap();
    assert!(empty.contains("COPY public.research_plan") && !empty.contains("Gripper market"), "rows were dumped");
    // The control: with the last right that the page gives there are rows.
    database.execute(&format!("ALTER ROLE {backup} BYPASSRLS")).await;
    let full = dump(&backup, "secret", &[]);
    assert!(full.status.success() && String::from_utf8(full.stdout).unwrap().contains("Gripper market"));
    Roles(&database, &["backup"]).drop().await;
}
