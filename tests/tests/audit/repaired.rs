//! Repairs on tables with data: only what a repair says it changes has changed, and one that fails has changed nothing.

mod foreign_keys;
mod harmless;
mod together;
mod unique_keys;

use std::collections::BTreeSet;

use db::{
    Registry,
    audit::{Audit, AuditReport, Code, Finding},
};
use sea_orm::{
    DatabaseConnection,
    sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, raw_sql},
};
use tests::TestDatabase;

use crate::note::{Note, application};

/// Two organizations with a member each, and two notes of each one's.
const ROWS: &str = "
    INSERT INTO \"user\" (id, name, email) SELECT u, 'n', u::text || '@example.com' FROM unnest($ids$) u;
    INSERT INTO organization (id, name, slug) SELECT u, 'n', u::text FROM unnest($ids$) u;
    INSERT INTO member (id, organization_id, user_id, role) SELECT u, u, u, 'owner' FROM unnest($ids$) u;
    INSERT INTO note (id, organization_id, member_id, body)
      SELECT gen_random_uuid(), u, u, 'note ' || n FROM unnest($ids$) u, generate_series(1, 2) n;";

const IDS: &str = "ARRAY['00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-00000000000b']::uuid[]";

/// Everything that a repair could change by the way, a line each.
const STATE: &str = "
    SELECT line FROM (
      SELECT format('constraint %s %s: %s %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid),
        obj_description(k.oid, 'pg_constraint')) FROM pg_constraint k WHERE k.connamespace = 'public'::regnamespace
      UNION ALL
      SELECT format('index %s: %s %s %s %s %s %s', i.indexrelid::regclass, pg_get_indexdef(i.indexrelid), i.indisclustered,
        i.indisreplident, obj_description(i.indexrelid, 'pg_class'), c.reltablespace, c.reloptions) FROM pg_index i
      JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'public'::regnamespace
      UNION ALL
      SELECT format('relation %s: %s %s %s %s %s %s %s', c.oid::regclass, c.relkind, c.relacl, c.relowner::regrole, c.relreplident,
        c.relrowsecurity, c.relforcerowsecurity, obj_description(c.oid, 'pg_class'))
      FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind <> 'i'
      UNION ALL
      SELECT format('column %s %s: %s %s %s %s', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        a.attacl, col_description(a.attrelid, a.attnum)) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
      WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND c.relkind = 'r'
      UNION ALL
      SELECT format('policy %s %s: %s %s %s %s %s', p.polrelid::regclass, p.polname, p.polcmd, p.polpermissive, p.polroles,
        pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) FROM pg_policy p
      UNION ALL
      SELECT format('trigger %s %s %s', pg_get_triggerdef(t.oid), t.tgenabled, obj_description(t.oid, 'pg_trigger'))
      FROM pg_trigger t WHERE NOT t.tgisinternal
      UNION ALL
      SELECT format('view %s: %s', c.oid::regclass, pg_get_viewdef(c.oid)) FROM pg_class c
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v'
    ) state (line)";

const TABLES: &str =
    "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'";

/// A database with rows, and the entity `Note` beside the application's own.
struct Shop {
    database: TestDatabase,
    registry: Registry,
    owner: PgConnection,
    connection: DatabaseConnection,
    version: i32,
}

impl Shop {
    async fn open() -> Self {
        let database = TestDatabase::new().await;
        for sql in database.migrator().contract().create_table::<Note>(&Registry::collect()).unwrap() {
            database.execute(&sql).await;
        }
        database.execute(&ROWS.replace("$ids$", IDS)).await;
        let mut owner = database.owner().await;
        let connection = database.migration_connection(&database.owner_url()).await;
        let version =
            owner.fetch_one("SELECT current_setting('server_version_num')::int / 10000").await.unwrap().get(0);
        Self { registry: application().with::<Note>(), database, owner, connection, version }
    }

    /// Runs one message, as `psql -c` does; an error takes its transaction back.
    async fn try_run(&mut self, sql: &str) -> Result<(), String> {
        let sql = sql.replace("$p", &self.database.prefix);
        let done = self.owner.execute(raw_sql(AssertSqlSafe(sql.clone()))).await.map(drop);
        if done.is_err() {
            self.owner.execute("ROLLBACK").await.unwrap();
        }
        done.map_err(|error| format!("{sql}: {error}"))
    }

    async fn run(&mut self, sql: &str) {
        self.try_run(sql).await.unwrap();
    }

    async fn audit(&self) -> AuditReport {
        let migrator = self.database.migrator();
        let audit = Audit::new(&self.registry).contract(migrator.contract()).rows(true);
        audit.run(&self.connection).await.unwrap()
    }

    /// Returns the only finding of a code.
    async fn find(&self, code: Code) -> Finding {
        let report = self.audit().await;
        let mut found = report.of(code);
        let finding = found.next().cloned().unwrap_or_else(|| panic!("no {code}: {report}"));
        assert!(found.next().is_none(), "{report}");
        finding
    }

    async fn state(&mut self) -> BTreeSet<String> {
        let rows = self.owner.fetch_all(STATE).await.unwrap();
        let mut state: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
        let tables = self.owner.fetch_all(TABLES).await.unwrap();
        for table in tables.iter().map(|row| row.get::<String, _>(0)) {
            let sql = format!("SELECT COALESCE(string_agg(t::text, ' ' ORDER BY t::text), '') FROM {table} t");
            let rows: String = self.owner.fetch_one(AssertSqlSafe(sql)).await.unwrap().get(0);
            state.insert(format!("rows of {table}: {rows}"));
        }
        state
    }

    async fn close(self) {
        self.connection.close().await.unwrap();
        self.owner.close().await.unwrap();
    }
}

/// Returns what was there and is not, and what is there and was not.
fn changes(before: &BTreeSet<String>, after: &BTreeSet<String>) -> (Vec<String>, Vec<String>) {
    (before.difference(after).cloned().collect(), after.difference(before).cloned().collect())
}
