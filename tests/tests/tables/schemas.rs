//! Entities whose table is in a schema of its own, beside a table of that name in `public`.

use db::{Facade, contract::as_owner, prelude::*};
use futures::TryStreamExt;
use sea_orm::{ConnectionTrait, JoinType};
use tests::{Fixture, TestDatabase};

use crate::catalog::texts;

mod billing {
    pub mod invoice {
        use db::{OrganizationId, tenant_scoped};
        use sea_orm::entity::prelude::*;

        #[tenant_scoped]
        #[sea_orm::model]
        #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
        #[sea_orm(schema_name = "billing", table_name = "invoice")]
        pub struct Model {
            #[sea_orm(primary_key)]
            pub id: i64,
            pub organization_id: OrganizationId,
            #[sea_orm(unique)]
            pub number: String,
            pub total: i64,
            #[sea_orm(has_many)]
            pub lines: HasMany<super::line::Entity>,
        }

        impl ActiveModelBehavior for ActiveModel {}
    }

    pub mod line {
        use db::{OrganizationId, tenant_scoped};
        use sea_orm::entity::prelude::*;

        #[tenant_scoped]
        #[sea_orm::model]
        #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
        #[sea_orm(schema_name = "billing", table_name = "line")]
        pub struct Model {
            #[sea_orm(primary_key, auto_increment = false)]
            pub id: Uuid,
            pub organization_id: OrganizationId,
            pub invoice_id: i64,
            #[sea_orm(indexed)]
            pub text: String,
            #[sea_orm(belongs_to, from = "invoice_id", to = "id", on_delete = "Cascade")]
            pub invoice: BelongsTo<super::invoice::Entity>,
        }

        impl ActiveModelBehavior for ActiveModel {}
    }

    /// In the scope through the invoice.
    pub mod remark {
        use db::tenant_scoped;
        use sea_orm::entity::prelude::*;

        #[tenant_scoped(via = "invoice")]
        #[sea_orm::model]
        #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
        #[sea_orm(schema_name = "billing", table_name = "remark")]
        pub struct Model {
            #[sea_orm(primary_key, auto_increment = false)]
            pub id: i64,
            pub invoice_id: i64,
            #[sea_orm(belongs_to, from = "invoice_id", to = "id", skip_fk)]
            pub invoice: BelongsTo<super::invoice::Entity>,
        }

        impl ActiveModelBehavior for ActiveModel {}
    }
}

/// Another entity of the same table name.
mod archive {
    pub mod invoice {
        use db::{OrganizationId, tenant_scoped};
        use sea_orm::entity::prelude::*;

        #[tenant_scoped(name = "ArchivedInvoice")]
        #[sea_orm::model]
        #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
        #[sea_orm(schema_name = "archive", table_name = "invoice")]
        pub struct Model {
            #[sea_orm(primary_key, auto_increment = false)]
            pub id: Uuid,
            pub organization_id: OrganizationId,
            pub invoice_id: i64,
            #[sea_orm(belongs_to, relation_enum = "Source", from = "invoice_id", to = "id")]
            pub invoice: BelongsTo<super::super::billing::invoice::Entity>,
        }

        impl ActiveModelBehavior for ActiveModel {}
    }
}

use archive::invoice::{self as archived, ArchivedInvoice};
use billing::{
    invoice::{self, Invoice},
    line::{self, Line},
    remark::Remark,
};

/// A table that anybody may do anything to, with a row of each tenant: what a query that forgets the schema finds.
const DECOY: &str = "CREATE TABLE public.invoice (id bigint, organization_id uuid, number text, total bigint);
INSERT INTO public.invoice SELECT 1, id, 'decoy', 666 FROM organization;
GRANT ALL ON public.invoice TO PUBLIC;
CREATE TABLE public.line (id uuid, organization_id uuid, invoice_id bigint, text text);
GRANT ALL ON public.line TO PUBLIC;
CREATE TABLE public.remark (id bigint, invoice_id bigint);
GRANT ALL ON public.remark TO PUBLIC";

async fn create<F: Facade>(database: &TestDatabase) {
    for statement in database.migrator().contract().create_table::<F>(&db::Registry::collect()).unwrap() {
        database.execute(&statement).await;
    }
}

/// All tables, and one invoice of each organization with the id that the database gave it.
async fn fixture() -> (Fixture, i64, i64) {
    let f = Fixture::alone().await;
    f.database.execute("CREATE SCHEMA billing; CREATE SCHEMA archive").await;
    f.database.execute(DECOY).await;
    create::<Invoice>(&f.database).await;
    create::<Line>(&f.database).await;
    create::<Remark>(&f.database).await;
    create::<ArchivedInvoice>(&f.database).await;
    let mut ids = Vec::new();
    for (org, number) in [(&f.acme, "A-1"), (&f.globex, "G-1")] {
        let made =
            f.db.with_tenant_context(org.id, &org.owner, async |cx| Invoice::insert(draft(number, 10)).exec(cx).await);
        ids.push(made.await.unwrap());
    }
    f.database.execute(&format!("INSERT INTO billing.remark VALUES (1, {}), (2, {})", ids[0], ids[1])).await;
    let (acme, globex) = (ids[0], ids[1]);
    (f, acme, globex)
}

fn draft(number: &str, total: i64) -> invoice::Draft {
    invoice::Draft { number: Set(number.to_owned()), total: Set(total), ..Default::default() }
}

fn text(invoice: i64, text: &str) -> line::Draft {
    line::Draft { invoice_id: Set(invoice), text: Set(text.to_owned()), ..Default::default() }
}

async fn decoys(database: &TestDatabase) -> Vec<String> {
    let sql = "SELECT t::text FROM public.invoice t UNION ALL SELECT t::text FROM public.line t
               UNION ALL SELECT t::text FROM public.remark t ORDER BY 1";
    texts(&mut database.owner().await, sql).await
}

/// The table of that name in `public` was given the policies, and the entity's own stood open.
#[tokio::test]
async fn the_table_that_the_entity_names_is_protected_and_no_other() {
    let (f, ..) = fixture().await;
    let contract = f.database.migrator().contract().clone();
    // Run again, they change nothing.
    for statement in [contract.protect::<Invoice>(), contract.protect::<Remark>()].concat() {
        f.database.execute(&statement).await;
    }
    let sql = "SELECT c.oid::regclass::text || ' ' || c.relforcerowsecurity || ' ' || count(p.polname)
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_policy p ON p.polrelid = c.oid
               WHERE c.relkind = 'r' AND c.relname IN ('invoice', 'line', 'remark') GROUP BY c.oid ORDER BY 1";
    let tables = texts(&mut f.database.owner().await, sql).await;
    assert_eq!(
        tables,
        [
            "archive.invoice true 2",
            "billing.invoice true 2",
            "billing.line true 2",
            "billing.remark true 2",
            "invoice false 0",
            "line false 0",
            "remark false 0"
        ]
    );
    let references = "SELECT conrelid::regclass || ' ' || confrelid::regclass FROM pg_constraint
                      WHERE contype = 'f' AND conrelid::regclass::text LIKE ANY (ARRAY['billing.%', 'archive.%']) ORDER BY 1";
    assert_eq!(
        texts(&mut f.database.owner().await, references).await,
        ["archive.invoice billing.invoice", "billing.line billing.invoice"]
    );
}

#[tokio::test]
async fn queries_keep_to_the_schema_of_their_entity() {
    let (f, acme, globex) = fixture().await;
    let before = decoys(&f.database).await;
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        let rows = Invoice::find().all(cx).await?;
        assert_eq!(rows.iter().map(|row| row.number.as_str()).collect::<Vec<_>>(), ["A-1"]);
        assert!(Invoice::find_by_id(globex).one(cx).await?.is_none());
        assert_eq!(Invoice::find().filter(invoice::Column::Total.gt(5)).count(cx).await?, 1);
        assert_eq!(Invoice::find().paginate(cx, 10).fetch_page(0).await?.len(), 1);
        let streamed: Vec<_> = Invoice::find().stream(cx).await?.try_collect().await?;
        assert_eq!(streamed.len(), 1);

        Line::insert(text(acme, "one")).exec(cx).await?;
        let pointing = cx.savepoint(async |cx| Line::insert(text(globex, "theirs")).exec(cx).await).await;
        assert!(pointing.unwrap_err().is_foreign_key_violation());
        let two = Line::insert_many([text(acme, "two"), text(acme, "three")]).exec(cx).await?;
        assert_eq!(two.rows_affected, 2);
        ArchivedInvoice::insert(archived::Draft { invoice_id: Set(acme), ..Default::default() }).exec(cx).await?;

        let both = Line::find().find_also_related(Invoice).all(cx).await?;
        assert!(both.len() == 3 && both.iter().all(|(_, invoice)| invoice.as_ref().unwrap().id == acme));
        assert_eq!(Invoice::find().find_with_related(Line).all(cx).await?[0].1.len(), 3);
        assert_eq!(Invoice::find().join(JoinType::RightJoin, Line).count(cx).await?, 3);
        // Two tables of one name, side by side: under one name PostgreSQL takes neither.
        let both = ArchivedInvoice::find().find_also_related(archived::relation::Source).all(cx).await?;
        let same = cx.savepoint(async |cx| ArchivedInvoice::find().inner_join(Invoice).all(cx).await).await;
        assert_eq!(same.unwrap_err().sqlstate(), Some("42P09"));
        assert_eq!(both[0].1.as_ref().unwrap().number, "A-1");
        assert_eq!(Invoice::load().with(Line).all(cx).await?[0].lines.len(), 3);
        let lines = Line::find().select_only().column(line::Column::InvoiceId);
        assert_eq!(Invoice::find().in_subquery(invoice::Column::Id, lines).count(cx).await?, 1);
        assert_eq!(Invoice::find().has_related(Line, line::Column::Text.eq("two")).count(cx).await?, 1);
        // By the invoice, which is in a schema too.
        assert_eq!(Remark::find().all(cx).await?.len(), 1);

        Invoice::update_by_id(acme, draft("A-1", 20)).exec(cx).await?;
        assert!(Invoice::update_by_id(globex, draft("G-1", 0)).exec(cx).await.unwrap_err().is_not_found());
        assert_eq!(Invoice::update_many().set(draft("A-1", 30)).exec(cx).await?.rows_affected, 1);
        let raised = OnConflict::columns([invoice::Column::Number]).update_column(invoice::Writable::Total);
        let raised = Invoice::insert(draft("A-1", 40)).on_conflict(raised).exec_with_returning(cx).await?;
        assert_eq!((raised.id, raised.total), (acme, 40));
        let saved =
            Invoice::save(draft("A-2", 1)).with(Line, [line::Draft { text: Set("four".into()), ..Default::default() }]);
        let saved = saved.exec(cx).await?;
        assert_eq!(Line::delete_many().filter(line::Column::InvoiceId.eq(saved.id)).exec(cx).await?.rows_affected, 1);
        Invoice::delete_by_id(saved.id).exec(cx).await?;
        assert!(Invoice::delete_by_id(globex).exec(cx).await.unwrap_err().is_not_found());
        Ok(())
    })
    .await
    .unwrap();
    let theirs = f.db.with_tenant_context(f.globex.id, &f.globex.owner, async |cx| {
        Ok((Invoice::find().all(cx).await?, Line::find().count(cx).await?))
    });
    let (theirs, lines) = theirs.await.unwrap();
    assert_eq!((theirs.len(), theirs[0].number.as_str(), theirs[0].total, lines), (1, "G-1", 10, 0));
    assert_eq!(decoys(&f.database).await, before);
}

/// What SQL of one's own can do in a context is what the policies let through: in each schema.
#[tokio::test]
async fn the_policies_of_each_schema_hold_by_themselves() {
    use sea_orm::sqlx::{Executor, Row};

    let (f, ..) = fixture().await;
    let who = f.acme.owner.user_id();
    let mut stranger = f.database.stranger().await;
    let (prefix, tenant) = (&f.database.prefix, f.database.role("tenant"));
    let open = format!("BEGIN; SELECT {prefix}.enter_tenant('{}', '{who}'); SET LOCAL ROLE {tenant}", f.acme.id);
    stranger.execute(sea_orm::sqlx::raw_sql(sea_orm::sqlx::AssertSqlSafe(open))).await.unwrap();
    for (table, rows) in [
        ("billing.invoice", 1),
        ("billing.remark", 1),
        ("billing.line", 0),
        ("archive.invoice", 0),
        ("public.invoice", 2),
    ] {
        let sql = sea_orm::sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let count: i64 = sea_orm::sqlx::query(sql).fetch_one(&mut stranger).await.unwrap().get(0);
        assert_eq!(count, rows, "{table}");
    }
}

#[tokio::test]
async fn rows_are_touched_as_the_owner_of_the_named_schema() {
    let (f, ..) = fixture().await;
    let connection = f.database.migration_connection(&f.database.owner_url()).await;
    // Under FORCE an owner that is no superuser matches no policy.
    let owner = format!("{}_owner", f.database.prefix);
    f.database
        .execute(&format!(
            "CREATE ROLE {owner}; GRANT USAGE ON SCHEMA billing TO {owner}; ALTER TABLE billing.invoice OWNER TO {owner};
             ALTER TABLE public.invoice OWNER TO {owner}"
        ))
        .await;
    connection.execute_unprepared(&format!("SET ROLE {owner}")).await.unwrap();
    let update = "UPDATE billing.invoice SET total = total + 1";
    let touched = connection.execute_unprepared(update).await.unwrap();
    assert_eq!(touched.rows_affected(), 0);
    for table in [[db::TableName::of::<Invoice>()], ["billing.invoice".into()]] {
        let touched = as_owner(&connection, &table, async |connection| connection.execute_unprepared(update).await);
        assert_eq!(touched.await.unwrap().rows_affected(), 2);
    }
    let forced = "SELECT relforcerowsecurity::text FROM pg_class WHERE oid = 'billing.invoice'::regclass";
    assert_eq!(texts(&mut f.database.owner().await, forced).await, ["true"]);
    connection.close().await.unwrap();
}

/// A database of which each table has a schema of its own is clean, and where one is missing, it is missed by its name.
#[tokio::test]
async fn the_audit_knows_tables_by_their_schemas() {
    use db::{Registry, audit::Audit};

    let (f, ..) = fixture().await;
    f.database.execute("DROP TABLE public.invoice, public.line, public.remark").await;
    let migrator = f.database.migrator();
    let connection = f.database.migration_connection(&f.database.owner_url()).await;
    let registry = || Registry::empty().with::<Invoice>().with::<Line>().with::<Remark>().with::<ArchivedInvoice>();
    let of_schemas = async || {
        let report = Audit::new(&registry()).contract(migrator.contract()).run(&connection).await.unwrap();
        let findings = report.findings.into_iter();
        let in_schema = |name: &str| name.contains("billing") || name.contains("archive");
        findings.filter(|finding| in_schema(&finding.object.to_string())).collect::<Vec<_>>()
    };
    let found = of_schemas().await;
    assert!(found.is_empty(), "{found:?}");
    f.database.execute("ALTER TABLE archive.invoice NO FORCE ROW LEVEL SECURITY").await;
    let found = of_schemas().await;
    assert_eq!(found.iter().map(|finding| finding.object.to_string()).collect::<Vec<_>>(), ["table archive.invoice"]);
    f.database.execute("DROP TABLE archive.invoice; ALTER TABLE billing.line SET SCHEMA public").await;
    let found = of_schemas().await;
    let missing: Vec<_> = found.iter().map(|finding| finding.object.to_string()).collect();
    assert_eq!(missing, ["table archive.invoice", "table billing.line"]);
    for (finding, table) in
        found.iter().zip([r#"CREATE TABLE "archive"."invoice""#, r#"CREATE TABLE "billing"."line""#])
    {
        assert!(finding.repair.statements.iter().any(|sql| sql.contains(table)), "{finding:?}");
    }
    connection.close().await.unwrap();
}
