//! What a program can do that means to get around the contexts, or that is merely odd.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Instant;

use db::{AssertSqlSafe, Db, Error, RawSelect, prelude::*};
use entity::{
    Organization, PlanStep, ResearchPlan, organization, plan_step,
    research_plan::{Column, Draft, Writable},
};
use futures::poll;
use sea_orm::{FromQueryResult, sqlx};
use tests::{Fixture, PATIENCE};

fn titled(title: &str) -> Draft {
    Draft { title: Set(title.to_owned()), question: Set("?".to_owned()), ..Default::default() }
}

/// The connections of the pool, as the server sees them, once they are back.
async fn open_transactions(f: &Fixture) -> i64 {
    let mut owner = f.database.owner().await;
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND usename = $2 AND state <> 'idle'";
    let (mut open, since) = (1, Instant::now());
    while open > 0 && since.elapsed() < PATIENCE {
        open = sqlx::query_scalar(sql)
            .bind(&f.database.name)
            .bind(f.database.login())
            .fetch_one(&mut owner)
            .await
            .unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    open
}

async fn count(f: &Fixture) -> u64 {
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| ResearchPlan::find().count(cx).await).await.unwrap()
}

/// A savepoint whose future is leaked stays open, so that a commit would only release it.
#[tokio::test]
async fn a_savepoint_that_is_leaked_closes_its_context() {
    let f = Fixture::with(|options| options.max_connections(1)).await;
    let result =
        f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
            let opened = tokio::sync::Notify::new();
            let mut leaked = Box::pin(cx.savepoint(async |_| {
                opened.notify_one();
                std::future::pending::<Result<(), Error>>().await
            }));
            tokio::select! {
                _ = &mut leaked => unreachable!(),
                () = opened.notified() => {}
            }
            std::mem::forget(leaked);
            ResearchPlan::insert(titled("lost")).exec(cx).await
        })
        .await;
    assert!(result.unwrap_err().is_interrupted());
    assert_eq!(count(&f).await, 1);
    assert_eq!(open_transactions(&f).await, 0);

    // By hand, the same.
    let mut cx = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    let mut leaked = Box::pin(cx.savepoint(async |_| std::future::pending::<Result<(), Error>>().await));
    while f.database.owner().await.last_query(&f).await.as_deref() != Some("SAVEPOINT context_1") {
        assert!(poll!(&mut leaked).is_pending());
    }
    assert!(poll!(&mut leaked).is_pending());
    std::mem::forget(leaked);
    assert!(cx.commit().await.unwrap_err().is_interrupted());
    assert_eq!(count(&f).await, 1);
    assert_eq!(open_transactions(&f).await, 0);
}

trait LastQuery {
    async fn last_query(&mut self, f: &Fixture) -> Option<String>;
}

impl LastQuery for sqlx::PgConnection {
    async fn last_query(&mut self, f: &Fixture) -> Option<String> {
        let sql = "SELECT query FROM pg_stat_activity WHERE datname = $1 AND usename = $2";
        sqlx::query_scalar(sql).bind(&f.database.name).bind(f.database.login()).fetch_optional(self).await.unwrap()
    }
}

/// Two contexts may be swapped, since a closure is lent its own mutably. Neither is committed for the other.
#[tokio::test]
async fn contexts_that_are_swapped_commit_nothing() {
    let f = Fixture::new().await;
    let mut globex = f.db.tenant(f.globex.id, &f.globex.owner).begin().await.unwrap();
    ResearchPlan::insert(titled("globex, by hand")).exec(&globex).await.unwrap();
    let result =
        f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
            ResearchPlan::insert(titled("acme, swapped")).exec(cx).await?;
            std::mem::swap(cx, &mut globex);
            // Whoever holds it, it is what it was opened as.
            assert_eq!(cx.organization_id(), f.globex.id);
            assert_eq!(ResearchPlan::find().filter(Column::Title.starts_with("acme")).count(cx).await?, 0);
            Ok(())
        })
        .await;
    assert!(result.unwrap_err().is_interrupted());
    assert_eq!(globex.organization_id(), f.acme.id);
    drop(globex);
    assert_eq!(count(&f).await, 1);

    // Within a savepoint it is the savepoint's end that would end the other one's transaction.
    let mut a = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    let mut b = f.db.tenant(f.globex.id, &f.globex.owner).begin().await.unwrap();
    ResearchPlan::insert(titled("by b")).exec(&b).await.unwrap();
    let swapped = a.savepoint(async |cx| {
        std::mem::swap(cx, &mut b);
        Ok::<_, Error>(())
    });
    assert!(swapped.await.unwrap_err().is_interrupted());
    assert!(a.commit().await.is_err());
    assert!(b.commit().await.unwrap_err().is_interrupted(), "its savepoint is still open");
    assert_eq!(count(&f).await, 1);
    assert_eq!(open_transactions(&f).await, 0);
}

/// The same text with values of other types is another statement.
#[tokio::test]
async fn one_text_with_values_of_different_types_is_sent_all_the_same() {
    let f = Fixture::with(|options| options.max_connections(1)).await;
    let filters = || {
        [
            Expr::val(1_i32).eq(Expr::val(1_i32)),
            Expr::val(1_i64).eq(Expr::val(1_i64)),
            Expr::val("1").eq(Expr::val("1")),
            Expr::val(true).eq(Expr::val(true)),
        ]
    };
    for _ in 0..2 {
        for filter in filters() {
            let plans = ResearchPlan::find().filter(filter.clone());
            let plans = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| plans.count(cx).await).await;
            assert_eq!(plans.unwrap_or_else(|error| panic!("{filter:?}: {error}")), 1);
        }
    }
}

#[tokio::test]
async fn numbers_beyond_bigint_are_no_panic() {
    let f = Fixture::new().await;
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        assert_eq!(ResearchPlan::find().limit(u64::MAX).all(cx).await?.len(), 1);
        assert_eq!(ResearchPlan::find().offset(u64::MAX).all(cx).await?.len(), 0);
        assert!(!ResearchPlan::find().limit(0).exists(cx).await?);
        let beyond = ResearchPlan::find().filter(Expr::val(u64::MAX).eq(1));
        assert!(beyond.all(cx).await.unwrap_err().is_raw_text());
        Ok(())
    })
    .await
    .unwrap();
}

/// An array is bound, or refused for what it is; sea-query panics at some.
#[tokio::test]
async fn arrays_that_cannot_be_bound_are_no_panic() {
    use sea_orm::{
        JsonValue,
        sea_query::{ArrayType, Enum, OptionEnum, Value},
    };

    let f = Fixture::new().await;
    f.database.execute("CREATE TYPE mood AS ENUM ('calm')").await;
    let array = |kind: ArrayType, values: Vec<Value>| Value::Array(kind, Some(Box::new(values)));
    let mood = |value: Option<&'static str>| {
        let named = |value: &'static str| Box::new(Enum { type_name: "mood".into(), value: value.into() });
        Value::Enum(value.map_or(OptionEnum::None("mood".into()), |value| OptionEnum::Some(named(value))))
    };
    let moods = ArrayType::Enum(Box::new("mood".into()));
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        let ask = |value: Value| ResearchPlan::find().filter(Expr::val(value).is_not_null()).count(&*cx);
        for bound in [
            array(ArrayType::Int, vec![]),
            array(ArrayType::Int, vec![1.into(), 2.into()]),
            array(moods.clone(), vec![mood(Some("calm"))]),
            // A value of JSON, which is not the NULL of SQL.
            array(ArrayType::Json, vec![JsonValue::Null.into()]),
        ] {
            assert_eq!(ask(bound.clone()).await?, 1, "{bound:?}");
        }
        assert_eq!(ask(Value::Array(ArrayType::Int, None)).await?, 0);
        for (refused, why) in [
            (array(ArrayType::Int, vec![1.into(), Value::Int(None)]), "a NULL"),
            (array(ArrayType::Json, vec![Value::Json(None)]), "a NULL"),
            (array(moods, vec![mood(Some("calm")), mood(None)]), "a NULL"),
            (array(ArrayType::Int, vec![1.into(), "2".into()]), "something else"),
            (array(ArrayType::Int, vec![Value::BigInt(None)]), "something else"),
            (array(ArrayType::Int, vec![array(ArrayType::Int, vec![1.into()])]), "an array of arrays"),
            (array(ArrayType::BigUnsigned, vec![u64::MAX.into()]), "larger than a `bigint`"),
        ] {
            let error = ask(refused).await.unwrap_err();
            assert!(error.is_raw_text() && error.to_string().contains(why), "{why}: {error}");
        }
        Ok(())
    })
    .await
    .unwrap();
}

/// More rows than one statement can bind the values of.
#[tokio::test]
async fn many_rows_are_inserted_in_one_call() {
    let f = Fixture::new().await;
    let step = |position| plan_step::Draft {
        plan_id: Set(f.acme.plan),
        position: Set(position),
        title: Set("many".to_owned()),
        ..Default::default()
    };
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        let inserted = PlanStep::insert_many((0..20_000).map(|n| step(n + 10))).exec(cx).await?;
        assert_eq!(inserted.rows_affected, 20_000);
        let returned = PlanStep::insert_many((0..9_000).map(|n| step(n + 30_000))).exec_with_returning(cx).await?;
        assert_eq!((returned.len(), returned[8_999].position), (9_000, 38_999));
        assert_eq!(PlanStep::find().count(cx).await?, 29_003);
        assert_eq!(PlanStep::insert_many([]).exec(cx).await?.rows_affected, 0);

        // A list is one value.
        let listed = PlanStep::find().filter(plan_step::Column::Position.is_in(0..70_000));
        assert_eq!(listed.count(cx).await?, 29_003);
        let each = Func::coalesce((0..70_000).map(Expr::val));
        let error =
            PlanStep::find().filter(plan_step::Column::Position.into_expr().eq(each)).all(cx).await.unwrap_err();
        assert!(error.is_too_many_values() && error.to_string().contains("65535"), "{error}");
        // Nothing was sent: the context goes on.
        assert_eq!(PlanStep::find().count(cx).await?, 29_003);
        Ok(())
    })
    .await
    .unwrap();
}

/// Locks, seeds and the like outlive a transaction on a pooled connection; others tell of every tenant's rows.
#[tokio::test]
async fn functions_that_reach_beyond_the_rows_are_refused() {
    use sea_orm::sea_query::extension::postgres::PgFunc;

    let f = Fixture::new().await;
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        for name in [
            "pg_advisory_lock",
            "PG_TRY_ADVISORY_LOCK",
            "pg_advisory_xact_lock",
            "pg_notify",
            "pg_sleep",
            "pg_stat_get_live_tuples",
            "pg_relation_size",
            "pg_export_snapshot",
            "pg_current_xact_id",
            "txid_current",
            "setseed",
            "set_config",
            "setval",
            "lo_create",
            "loread",
            "has_language_privilege",
            "dblink_exec",
            "ts_stat",
        ] {
            let filter = Expr::expr(Func::cust(name).arg(Column::Id.into_expr())).is_not_null();
            let error = ResearchPlan::find().filter(filter).all(cx).await.unwrap_err();
            assert!(error.is_raw_text() && error.to_string().contains("beyond the rows"), "{name}: {error}");
        }
        for lock in [PgFunc::try_advisory_lock(1_i64), PgFunc::advisory_xact_lock(1_i64)] {
            let filter = Expr::expr(lock).is_not_null();
            assert!(ResearchPlan::find().filter(filter).all(cx).await.unwrap_err().is_raw_text());
        }
        // What computes a value from a row goes through.
        let lower = Expr::expr(Func::lower(Column::Title.into_expr())).eq("plan of acme");
        let plans = ResearchPlan::find()
            .filter(lower.and(Expr::expr(Func::cust("length").arg(Column::Title.into_expr())).gt(3)));
        assert_eq!(plans.count(cx).await?, 1);
        Ok(())
    })
    .await
    .unwrap();
}

/// An upsert is an update too: what the scope may not update, it may not update so.
#[tokio::test]
async fn an_upsert_updates_no_more_than_the_scope_may() {
    mod note {
        #![allow(unreachable_pub, reason = "as an application would have it")]

        use db::{OrganizationId, tenant_scoped};
        use sea_orm::entity::prelude::*;

        #[tenant_scoped(allow(select, insert, update(title)))]
        #[sea_orm::model]
        #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
        #[sea_orm(table_name = "note")]
        pub struct Model {
            #[sea_orm(primary_key, auto_increment = false)]
            pub id: Uuid,
            pub organization_id: OrganizationId,
            pub title: String,
            pub author: String,
        }

        impl ActiveModelBehavior for ActiveModel {}
    }
    use note::Note;

    let f = Fixture::new().await;
    f.database
        .execute("CREATE TABLE note (organization_id uuid, id uuid, title text, author text, PRIMARY KEY (organization_id, id))")
        .await;
    for statement in f.database.migrator().contract().protect::<Note>() {
        f.database.execute(&statement).await;
    }
    let id = Uuid::now_v7();
    let draft = |title: &str| note::Draft { id: Set(id), title: Set(title.to_owned()), author: Set(title.to_owned()) };
    let key = || OnConflict::<Note>::columns([note::Column::Id]);
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        Note::insert(draft("one")).exec(cx).await?;
        let title = key().update_columns([note::Writable::Title]);
        let both = key().update_columns([note::Writable::Title, note::Writable::Author]);
        let upserted = Note::insert(draft("two")).on_conflict(title).exec_with_returning(cx).await?;
        assert_eq!((upserted.title.as_str(), upserted.author.as_str()), ("two", "one"));
        let error = Note::insert(draft("three")).on_conflict(both).exec(cx).await.unwrap_err();
        assert!(error.is_foreign_scope() && error.to_string().contains("author"), "{error}");
        let author = Note::update_many().col_expr(note::Writable::Author, Expr::value("me"));
        assert!(author.exec(cx).await.unwrap_err().is_foreign_scope());
        Ok(())
    })
    .await
    .unwrap();
}

/// A program that implements the traits by hand, past the macros, and says that there is no scope column.
#[tokio::test]
async fn a_facade_without_its_scope_column_is_refused() {
    #[derive(Clone, Copy, Debug, Default)]
    struct Evil;
    impl db::Facade for Evil {
        type Entity = <ResearchPlan as db::Facade>::Entity;
        type Draft = Draft;
        type Writable = Writable;
        const SCOPES: &'static [db::scope::ScopeDeclaration] = &[];
    }
    impl db::ScopedTo<db::Tenant> for Evil {
        const COLUMN: Option<Column> = None;
    }
    let f = Fixture::new().await;
    let evil = db::__private::find::<Evil>();
    let error = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| evil.count(cx).await).await.unwrap_err();
    assert!(error.is_foreign_scope(), "{error}");
}

#[derive(Debug, FromQueryResult)]
struct Title {
    title: String,
}

/// The escape hatch for raw SQL: no predicate, and what layer 3 lets through.
#[tokio::test]
async fn a_raw_select_sees_the_scope_and_writes_nothing() {
    let f = Fixture::new().await;
    let all =
        || RawSelect::<Title>::from_sql_and_values("SELECT title FROM research_plan WHERE title <> $1", ["x".into()]);
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        let plans = all().all(cx).await?;
        assert_eq!(plans.len(), 1);
        assert_eq!(plans[0].title, "plan of acme");
        let theirs = RawSelect::<Title>::from_sql_and_values(
            "SELECT title FROM research_plan WHERE organization_id = $1",
            [f.globex.id.into()],
        );
        assert!(theirs.one(cx).await?.is_none());
        for text in [
            "SET ROLE postgres",
            "RESET ROLE",
            "COMMIT",
            "SELECT 1; SELECT 2",
            "WITH a AS (DELETE FROM research_plan RETURNING title) SELECT title FROM a",
            "SELECT pg_try_advisory_lock(1)::text AS title",
            "SELECT query AS title FROM pg_stat_activity",
            "SELECT title FROM research_plan, pg_catalog.pg_ls_dir('.') AS x",
        ] {
            let refused = RawSelect::<Title>::from_sql_and_values(AssertSqlSafe(text.to_owned()), []);
            let error = refused.all(cx).await.unwrap_err();
            assert!(error.is_raw_sql_refused(), "{text}: {error}");
        }
        // Nothing of it reached the server.
        assert_eq!(ResearchPlan::find().count(cx).await?, 1);
        Ok(())
    })
    .await
    .unwrap();

    // The control: with row-level security off, it is the one way without a predicate.
    f.database.execute("ALTER TABLE research_plan DISABLE ROW LEVEL SECURITY").await;
    let open = f.db.tenant(f.acme.id, &f.acme.owner).read_only();
    assert_eq!(open.run(async |cx| all().all(cx).await).await.unwrap().len(), 2);
}

/// What the own organization's row says is the tenant's to read, and nobody else's row is there.
#[tokio::test]
async fn an_organization_reads_its_own_row_alone() {
    let f = Fixture::new().await;
    let find = |db: &Db, org: &tests::Org| {
        let (db, org) = (db.clone(), org.clone());
        async move { db.with_tenant_context(org.id, &org.owner, async |cx| Organization::find().all(cx).await).await }
    };
    for org in [&f.acme, &f.globex] {
        let found: Vec<organization::Model> = find(&f.db, org).await.unwrap();
        assert_eq!(found.iter().map(|row| row.id).collect::<Vec<_>>(), [org.id]);
    }
}
