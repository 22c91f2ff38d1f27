//! Databases that this project did not make: an audit does not fail on them, and invents nothing.

use db::{Registry, audit::Audit};
use sea_orm::{
    ConnectionTrait, Database,
    sqlx::{AssertSqlSafe, Connection, Executor, PgConnection},
};
use tests::TestDatabase;

use crate::note::application;

/// The tables of `pgbench -i --foreign-keys --partitions=2`.
const PGBENCH: &str = "
    CREATE TABLE pgbench_branches (bid int NOT NULL PRIMARY KEY, bbalance int, filler char(88)) WITH (fillfactor = 100);
    CREATE TABLE pgbench_tellers (tid int NOT NULL PRIMARY KEY, bid int REFERENCES pgbench_branches, tbalance int, filler char(84));
    CREATE TABLE pgbench_accounts (aid int NOT NULL PRIMARY KEY, bid int REFERENCES pgbench_branches, abalance int, filler char(84))
      PARTITION BY RANGE (aid);
    CREATE TABLE pgbench_accounts_1 PARTITION OF pgbench_accounts FOR VALUES FROM (minvalue) TO (50001);
    CREATE TABLE pgbench_accounts_2 PARTITION OF pgbench_accounts FOR VALUES FROM (50001) TO (maxvalue);
    CREATE TABLE pgbench_history (tid int REFERENCES pgbench_tellers, bid int, aid int REFERENCES pgbench_accounts, delta int,
      mtime timestamp, filler char(22));";

/// Something of everything that a catalog can have, under names that want quotes.
const EVERYTHING: &str = r#"
    CREATE SCHEMA "Sales & co";
    CREATE TYPE "Sales & co".mood AS ENUM ('sad', 'ok');
    CREATE DOMAIN "Sales & co".positive AS int CHECK (VALUE > 0);
    CREATE TYPE "Sales & co".pair AS (a int, b text);
    CREATE TABLE "Sales & co"."Order" (
      "Id" int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mood "Sales & co".mood, n "Sales & co".positive, p "Sales & co".pair,
      tags text[], doc jsonb, twice int GENERATED ALWAYS AS (n * 2) STORED, during tstzrange, parent int REFERENCES "Sales & co"."Order" ON DELETE SET NULL
    );
    ALTER TABLE "Sales & co"."Order" DROP COLUMN doc;
    CREATE UNIQUE INDEX ON "Sales & co"."Order" (abs(n)) WHERE parent IS NULL;
    CREATE INDEX ON "Sales & co"."Order" USING gin (tags);
    CREATE TABLE event (at timestamptz NOT NULL, id bigint, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
    CREATE TABLE event_default PARTITION OF event DEFAULT;
    CREATE TABLE event_old PARTITION OF event FOR VALUES FROM ('2000-01-01') TO ('2001-01-01') PARTITION BY HASH (id);
    CREATE TABLE event_old_0 PARTITION OF event_old FOR VALUES WITH (MODULUS 1, REMAINDER 0);
"#;

const REST: &str = r#"
    CREATE TABLE parent (a int); CREATE TABLE child () INHERITS (parent);
    CREATE VIEW plain AS SELECT * FROM parent;
    CREATE VIEW of_a_view AS SELECT * FROM plain WHERE a IN (SELECT a FROM plain);
    CREATE RECURSIVE VIEW numbers (n) AS SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10;
    CREATE MATERIALIZED VIEW held AS SELECT * FROM of_a_view;
    CREATE UNIQUE INDEX ON held (a);
    CREATE RULE nothing AS ON INSERT TO plain DO INSTEAD NOTHING;
    CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
    CREATE FOREIGN TABLE remote (a int) SERVER nowhere;
    CREATE SEQUENCE free AS smallint CYCLE; CREATE UNLOGGED TABLE quick (a int PRIMARY KEY);
    CREATE STATISTICS wide ON a, (a + 1) FROM parent;
    CREATE FUNCTION on_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
    CREATE TRIGGER on_write BEFORE INSERT ON parent FOR EACH ROW EXECUTE FUNCTION on_write();
    CREATE PROCEDURE proceed(INOUT a int) LANGUAGE sql BEGIN ATOMIC SELECT a + 1; END;
    CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
    CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
    CREATE TABLE guarded (who name, a int); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON guarded USING (who = current_user); CREATE POLICY more ON guarded FOR INSERT TO CURRENT_USER WITH CHECK (true);
    CREATE TABLE locked (a int); ALTER TABLE locked ENABLE ROW LEVEL SECURITY;
    CREATE TABLE booking (room int, during tsrange, EXCLUDE USING gist (during WITH &&));
    COMMENT ON TABLE booking IS 'a "quoted" comment';
"#;

async fn everything(database: &TestDatabase) {
    database.execute(EVERYTHING).await;
    database.execute(REST).await;
    // Those that the server has.
    let mut owner = PgConnection::connect(&database.owner_url()).await.unwrap();
    let mut made = 0;
    for extension in
        ["pgcrypto", "pg_trgm", "btree_gist", "hstore", "citext", "postgres_fdw", "pg_stat_statements", "uuid-ossp"]
    {
        let sql = AssertSqlSafe(format!(r#"CREATE EXTENSION "{extension}""#));
        made += usize::from(owner.execute(sql).await.is_ok());
    }
    owner.close().await.unwrap();
    assert!(made > 0, "a server without any extension shows nothing here");
}

async fn nothing_is_found(database: &TestDatabase, registry: &Registry) {
    let owner = database.migration_connection(&database.owner_url()).await;
    let migrator = database.migrator();
    for audit in [Audit::new(registry), Audit::new(registry).contract(migrator.contract()).rows(true)] {
        let report = audit.run(&owner).await.unwrap();
        assert!(report.findings.is_empty(), "{report}");
    }
    owner.close().await.unwrap();
}

#[tokio::test]
async fn a_fresh_database_has_nothing() {
    let database = TestDatabase::empty().await;
    nothing_is_found(&database, &Registry::empty()).await;
}

#[tokio::test]
async fn the_schema_of_pgbench_has_nothing() {
    let database = TestDatabase::empty().await;
    database.execute(PGBENCH).await;
    nothing_is_found(&database, &Registry::empty()).await;
}

#[tokio::test]
async fn a_database_with_something_of_everything_has_nothing() {
    let database = TestDatabase::empty().await;
    everything(&database).await;
    nothing_is_found(&database, &Registry::empty()).await;
}

/// Beside the application's own tables, which the audit does look at; of the others what everybody may read is said once.
#[tokio::test]
async fn an_application_beside_others_is_clean() {
    use db::audit::{AuditReport, Code};
    let database = TestDatabase::new().await;
    database.execute(PGBENCH).await;
    everything(&database).await;
    let only_statistics = |report: &AuditReport| {
        let found = report.findings.iter().map(|finding| (finding.code, finding.object.to_string()));
        let found: Vec<_> = found.collect();
        // Where the server has that extension.
        let expected = [(Code::ExtensionReachable, "object pg_stat_statements".to_owned())];
        assert!(found.is_empty() || found == expected, "{report}");
    };
    let owner = database.migration_connection(&database.owner_url()).await;
    let (registry, migrator) = (application(), database.migrator());
    // An extension that counts statements shows a scope role those of all tenants, until that is closed too.
    for sql in migrator.contract().close_functions() {
        owner.execute_unprepared(&sql).await.unwrap();
    }
    only_statistics(&Audit::new(&registry).contract(migrator.contract()).rows(true).run(&owner).await.unwrap());
    only_statistics(&database.db().await.audit(&application()).await.unwrap());
}

/// With the entities of a program, a database that it was never migrated to lacks everything: and that is said.
#[tokio::test]
async fn a_database_that_was_not_migrated_lacks_everything() {
    use db::audit::Code;
    let database = TestDatabase::empty().await;
    let owner = database.migration_connection(&database.owner_url()).await;
    let migrator = database.migrator();
    let report = Audit::new(&application()).contract(migrator.contract()).run(&owner).await.unwrap();
    assert_eq!(report.of(Code::EntityTableMissing).count(), 10, "{report}");
    assert_eq!(report.of(Code::ContractMissing).count(), 6, "schema, three scopes, login, gate: {report}");
}

/// Whoever may log in can look, as long as the catalog can be read; nobody has to be a superuser.
#[tokio::test]
async fn a_stranger_can_look() {
    let database = TestDatabase::empty().await;
    everything(&database).await;
    let role = database.role("owner");
    database.execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'x'")).await;
    let stranger = Database::connect(database.url(Some((&role, "x")))).await.unwrap();
    let report = Audit::new(&Registry::empty()).run(&stranger).await.unwrap();
    assert!(report.findings.is_empty() && report.looked_as == role, "{report}");
    stranger.execute_unprepared("SELECT 1").await.unwrap();
    stranger.close().await.unwrap();
}
