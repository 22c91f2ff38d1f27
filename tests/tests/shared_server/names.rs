//! Names that are nobody's to choose: whatever PostgreSQL takes for a role or a database works.

use db::{
    Db, DbOptions,
    audit::{Audit, Severity},
    contract::{Contract, Membership},
};
use migration::{Migrator, MigratorTraitSelf, seed};
use sea_orm::sqlx::{AssertSqlSafe, Connection, PgConnection, query_scalar};
use tests::{PASSWORD, PATIENCE, TestDatabase};

/// What stands in the name of a role, beside what makes it this test's own.
const ODD: [&str; 8] = [
    "trovella-app",
    "Trovella App 100%s %I %L $1 {login} {0}",
    r#"o'brien "hi" back\slash"#,
    "$contract$ END; $function$ -- /* ; */",
    "$login$ $roles$ $schema$",
    "u@h.x:5432/db?x=y#z&",
    " 🦀 new\nline\ttab, \"a\",\"b\" ",
    "größe 東京 USER",
];

/// A name of the server's own, dropped in the end.
#[derive(Debug)]
struct Odd {
    database: TestDatabase,
    /// Of the login role, of the owner, who is no superuser, and of the database.
    login: String,
    owner: String,
    name: String,
}

impl Odd {
    async fn new(odd: &str) -> Self {
        let database = TestDatabase::empty().await;
        let name = |kind: &str| format!("{odd}{kind}{}", &database.name[1..9]);
        let odd = Self { login: name("l"), owner: name("o"), name: name("d"), database };
        let (owner, name) = (quote(&odd.owner), quote(&odd.name));
        odd.database.execute(&format!("CREATE ROLE {owner} LOGIN CREATEROLE PASSWORD 'owner'")).await;
        odd.database.execute(&format!("CREATE DATABASE {name} OWNER {owner}")).await;
        let mut superuser = PgConnection::connect(&odd.url(None)).await.unwrap();
        run(&mut superuser, &format!("ALTER SCHEMA public OWNER TO {owner}")).await;
        superuser.close().await.unwrap();
        odd
    }

    /// sqlx 0.9 writes no URL for each of these names, but reads them all.
    fn url(&self, role: Option<(&str, &str)>) -> String {
        let url = self.database.owner_url();
        let (server, _) = url.rsplit_once('/').unwrap();
        let (superuser, server) = server.rsplit_once('@').unwrap();
        let database = encode(&self.name);
        match role {
            Some((role, password)) => format!("postgres://{}:{}@{server}/{database}", encode(role), encode(password)),
            None => format!("{superuser}@{server}/{database}"),
        }
    }
}

/// Drops what has odd names; the rest goes with the database.
impl Drop for Odd {
    fn drop(&mut self) {
        let (name, owner, login) = (quote(&self.name), quote(&self.owner), quote(&self.login));
        let mut statements = vec![format!("DROP DATABASE {name} WITH (FORCE)"), format!("DROP ROLE IF EXISTS {login}")];
        // The roles that the owner has made are the last that are its own.
        let roles = ["tenant", "user", "identity", "gate"].map(|role| self.database.role(role));
        statements.extend(roles.map(|role| format!("DROP ROLE IF EXISTS {role}")));
        statements.push(format!("DROP ROLE IF EXISTS {owner}"));
        let url = self.database.owner_url();
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut superuser = PgConnection::connect(&url).await.unwrap();
                for sql in statements {
                    run(&mut superuser, &sql).await;
                }
            });
        })
        .join();
        assert!(dropped.is_ok() || std::thread::panicking(), "{self:?} was not dropped");
    }
}

async fn run(connection: &mut PgConnection, sql: &str) {
    let statement = sea_orm::sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
    statement.execute(connection).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn encode(text: &str) -> String {
    text.bytes().flat_map(|byte| format!("%{byte:02X}").into_bytes()).map(char::from).collect()
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Migrates, connects, fills, audits, and takes it all back.
async fn goes_through(odd: &Odd) {
    let migrator = Migrator::new(&odd.database.name, &odd.login, Some(PASSWORD.to_owned())).unwrap();
    // sqlx 0.9 logs in by SCRAM with no name in which there is a comma, or what `SASLprep` prohibits.
    let logs_in = !odd.login.contains([',', '\n']);
    let owner_url = if logs_in { odd.url(Some((&odd.owner, "owner"))) } else { odd.url(None) };
    let owner = odd.database.migration_connection(&owner_url).await;
    migrator.up(&owner, None).await.unwrap_or_else(|error| panic!("{odd:?}: {error}"));
    let options = if logs_in {
        DbOptions::from_url(&odd.url(Some((&odd.login, PASSWORD)))).unwrap()
    } else {
        DbOptions::from_url(&odd.url(None)).unwrap().session_authorization(&odd.login)
    };
    let options = options.prefix(&odd.database.name).unwrap().acquire_timeout(PATIENCE);
    let db = Db::connect(options).await.unwrap();
    assert_eq!(seed::run(&db).await.unwrap().plans, 4, "{odd:?}");

    let registry = db::Registry::collect();
    let report = Audit::new(&registry).contract(migrator.contract()).run(&owner).await.unwrap();
    assert!(report.is_clean(Severity::Error), "{odd:?}: {report}");
    assert!(report.roles.iter().any(|role| role.name == odd.login), "{odd:?}: {report}");
    // What is printed for a fault of this role's is SQL.
    let mut repairs = PgConnection::connect(&owner_url).await.unwrap();
    let login = quote(&odd.login);
    for fault in [
        format!("GRANT SELECT ON research_plan TO {login}"),
        format!("REVOKE USAGE ON SCHEMA {} FROM {login}", odd.database.name),
        format!("REVOKE {} FROM {login}", odd.database.role("user")),
        format!("ALTER ROLE {login} CREATEROLE"),
        format!("ALTER ROLE {login} IN DATABASE {} SET role = {}", quote(&odd.name), odd.database.role("user")),
    ] {
        run(&mut repairs, &fault).await;
        let found = Audit::new(&registry).contract(migrator.contract()).run(&owner).await.unwrap();
        let finding = found.at_least(Severity::Error).next();
        let finding = finding.unwrap_or_else(|| panic!("{fault} is not found: {found}"));
        for repair in &finding.repair.statements {
            run(&mut repairs, repair).await;
        }
        let mended = Audit::new(&registry).contract(migrator.contract()).run(&owner).await.unwrap();
        assert!(mended.is_clean(Severity::Error), "{fault}: {mended}");
    }
    db.close().await;
    repairs.close().await.unwrap();

    migrator.up(&owner, None).await.unwrap();
    migrator.down(&owner, None).await.unwrap_or_else(|error| panic!("{odd:?}: {error}"));
    let mut owner = odd.database.owner().await;
    let left: bool = query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)")
        .bind(&odd.login)
        .fetch_one(&mut owner)
        .await
        .unwrap();
    assert!(!left, "{odd:?}: the login role is left");
    owner.close().await.unwrap();
}

#[tokio::test]
async fn any_name_of_a_role_or_a_database_works() {
    let all = ODD.map(async |odd| {
        let odd = Odd::new(odd).await;
        goes_through(&odd).await;
        odd
    });
    // Dropped in the end: this thread then waits for a server that would wait for whoever is connecting on it.
    drop(futures::future::join_all(all).await);
}

/// As long as PostgreSQL takes it, to the byte.
#[tokio::test]
async fn the_longest_name_works() {
    // Nine bytes more make it this test's own.
    let odd = Odd::new(&format!("{}ü", "x".repeat(52))).await;
    assert_eq!(odd.login.len(), 63);
    goes_through(&odd).await;
}

#[test]
fn a_name_that_postgresql_does_not_take_is_refused_with_the_reason() {
    let contract = || Contract::new(Membership::new("member", "organization_id", "user_id"));
    for (login, why) in [
        ("", "empty"),
        (&*"x".repeat(64), "longer than 63 bytes"),
        (&*"ü".repeat(32), "longer than 63 bytes"),
        ("a\0b", "NUL"),
        ("public", "keeps it for itself"),
        ("none", "keeps it for itself"),
        ("pg_mine", "keeps it for itself"),
        ("app_tenant", "makes for its scopes"),
        ("app_gate", "makes for its scopes"),
    ] {
        let error = contract().login(login).unwrap_err();
        assert!(error.is_configuration() && error.to_string().contains(why), "{login:?}: {error}");
    }
    // In whichever order they are named.
    assert!(contract().login("crm_user").unwrap().prefix("crm").unwrap_err().is_configuration());
    assert!(contract().prefix("crm").unwrap().login("crm_user").unwrap_err().is_configuration());
    for login in ["PUBLIC", "None", "Pg_mine", "current_user", "app"] {
        assert_eq!(contract().login(login).unwrap().login_role(), login);
    }
    for prefix in ["public", "pg_temp", "information_schema", "", "App", "my-app", "1st", "user", "table", "ü"] {
        assert!(contract().prefix(prefix).unwrap_err().is_configuration(), "{prefix}");
        assert!(DbOptions::from_url("postgres://localhost/x").unwrap().prefix(prefix).is_err(), "{prefix}");
    }
}

/// A word of SQL's own is no prefix: the list is PostgreSQL's.
#[tokio::test]
async fn no_reserved_word_is_a_prefix() {
    let database = TestDatabase::empty().await;
    let mut owner = database.owner().await;
    let words: Vec<String> = query_scalar("SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'T')")
        .fetch_all(&mut owner)
        .await
        .unwrap();
    assert!(words.len() > 90);
    for word in words {
        let contract = Contract::new(Membership::new("member", "organization_id", "user_id"));
        assert!(contract.prefix(&word).is_err(), "{word}");
    }
    owner.close().await.unwrap();
}

/// `"PUBLIC"` is a role like any other, and is not taken for everybody.
#[tokio::test]
async fn a_role_that_is_called_like_everybody_is_not_everybody() {
    let mut odd = Odd::new("").await;
    "PUBLIC".clone_into(&mut odd.login);
    let mut superuser = odd.database.owner().await;
    let taken: bool = query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)")
        .bind(&odd.login)
        .fetch_one(&mut superuser)
        .await
        .unwrap();
    superuser.close().await.unwrap();
    if taken {
        eprintln!("skipped: another test of this server's has the role \"PUBLIC\"");
        odd.login.push_str(" is another's");
        return;
    }
    goes_through(&odd).await;
}
