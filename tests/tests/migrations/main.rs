//! No migration makes a scoped table without all that belongs to it, and a new one does not wreck the others.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod generate;
#[expect(unreachable_pub, reason = "an entity as in any program")]
#[path = "../audit/note.rs"]
mod note;

use db::{
    audit::{Audit, Severity},
    contract::{Contract, SCOPED_TABLE},
};
use migration::{CreateScopedTable, MigratorTraitSelf};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use sea_orm_migration::{MigrationTrait, SchemaManager, prelude::*};
use tests::TestDatabase;

use crate::note::{Note, application};

/// Has the database write down each table that is made with a scope column and in another way.
///
/// PostgreSQL itself tells, so that it does not matter how a migration builds its statement.
async fn watch(database: &TestDatabase) {
    let sql = format!(
        "CREATE SCHEMA watch; CREATE TABLE watch.seen (name text, command text);
         CREATE FUNCTION watch.look() RETURNS event_trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
         BEGIN
           INSERT INTO watch.seen SELECT object_identity, command_tag FROM pg_event_trigger_ddl_commands() made
           WHERE made.object_type = 'table' AND made.schema_name = 'public'
             AND current_query() NOT LIKE '{SCOPED_TABLE}%'
             AND EXISTS (
               SELECT FROM pg_attribute a WHERE a.attrelid = made.objid AND a.attname IN ('organization_id', 'user_id')
             );
         END $$;
         CREATE EVENT TRIGGER watch ON ddl_command_end
           WHEN TAG IN ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO') EXECUTE FUNCTION watch.look();"
    );
    database.execute(&sql).await;
}

async fn seen(connection: &DatabaseConnection) -> Vec<String> {
    let sql = "SELECT command || ' ' || name FROM watch.seen ORDER BY 1";
    let rows = connection.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

#[tokio::test]
async fn the_migrations_make_scoped_tables_by_the_contract_alone() {
    let database = TestDatabase::empty().await;
    watch(&database).await;
    let connection = database.migration_connection(&database.owner_url()).await;
    let migrator = database.migrator();
    migrator.up(&connection, None).await.unwrap();
    assert_eq!(seen(&connection).await, Vec::<String>::new());
    // And what they have made is as their entities ask for.
    let (registry, clean) = (application(), Severity::Warn);
    let report = Audit::new(&registry).contract(migrator.contract()).run(&connection).await.unwrap();
    assert!(report.is_clean(clean), "{report}");
    connection.close().await.unwrap();
}

/// A migration as somebody in a hurry writes it.
struct Hurried(&'static str);

impl MigrationName for Hurried {
    fn name(&self) -> &'static str {
        "hurried"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Hurried {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.0).await.map(drop)
    }
}

#[tokio::test]
async fn a_table_that_is_made_in_another_way_is_noticed() {
    let database = TestDatabase::new().await;
    watch(&database).await;
    let connection = database.migration_connection(&database.owner_url()).await;
    let manager = SchemaManager::new(&connection);
    for (sql, noticed) in [
        ("CREATE TABLE a (organization_id uuid)", "CREATE TABLE public.a"),
        ("CREATE TABLE b AS SELECT organization_id FROM member", "CREATE TABLE AS public.b"),
        ("SELECT user_id INTO c FROM member", "SELECT INTO public.c"),
        ("DO $$ BEGIN EXECUTE 'CREATE TABLE d (LIKE member)'; END $$", "CREATE TABLE public.d"),
        ("CREATE TABLE of_nobody (id uuid)", ""),
    ] {
        Hurried(sql).up(&manager).await.unwrap();
        let seen = seen(&connection).await;
        assert_eq!(seen.iter().any(|seen| seen == noticed), !noticed.is_empty(), "{sql}: {seen:?}");
        connection.execute_unprepared("DELETE FROM watch.seen").await.unwrap();
    }
    manager.create_scoped_table::<Note>(database.migrator().contract()).await.unwrap();
    assert_eq!(seen(&connection).await, Vec::<String>::new());
    connection.close().await.unwrap();
}

/// What the entity says is what the table has, and no more has to be done for a context to use it.
#[tokio::test]
async fn a_scoped_table_has_all_that_belongs_to_it_at_once() {
    use db::prelude::*;
    use note::{Column, Draft};

    let f = tests::Fixture::new().await;
    let connection = f.database.migration_connection(&f.database.owner_url()).await;
    let migrator = f.database.migrator();
    let contract: &Contract = migrator.contract();
    SchemaManager::new(&connection).create_scoped_table::<Note>(contract).await.unwrap();
    let registry = application().with::<Note>();
    let report = Audit::new(&registry).contract(contract).run(&connection).await.unwrap();
    assert!(report.findings.is_empty(), "{report}");

    let write = |body: &'static str| Draft { body: Set(body.to_owned()), ..Default::default() };
    for (org, body) in [(&f.acme, "acme's"), (&f.globex, "globex's")] {
        f.db.with_tenant_context(org.id, &org.owner, async |cx| Note::insert(write(body)).exec(cx).await)
            .await
            .unwrap();
    }
    let read = f.db.with_tenant_context(f.globex.id, &f.globex.member, async |cx| {
        let touched = Note::update_many().set(write("everybody's")).exec(cx).await?;
        assert_eq!(touched.rows_affected, 1);
        Note::find().order_by_asc(Column::Id).all(cx).await
    });
    let bodies: Vec<_> = read.await.unwrap().into_iter().map(|note| note.body).collect();
    assert_eq!(bodies, ["everybody's"]);
    let acme = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| Note::find().one(cx).await).await.unwrap();
    assert_eq!(acme.unwrap().body, "acme's");
    connection.close().await.unwrap();
}
