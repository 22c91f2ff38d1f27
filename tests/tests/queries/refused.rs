//! What PostgreSQL refuses of a query says what went wrong, and can be asked about.

use db::{Error, OnConflict, prelude::*};

use crate::{
    tables::{
        profile::{self, Profile},
        project::{self, Project},
        task::{self, Task},
    },
    world::{World, id},
};

async fn refused<T: std::fmt::Debug>(
    w: &World,
    sqlstate: &str,
    says: &str,
    query: impl AsyncFnOnce(&mut TenantContext) -> db::Result<T>,
) -> Error {
    let error = w.db.with_tenant_context(w.f.acme.id, &w.f.acme.owner, query).await.unwrap_err();
    assert_eq!(error.sqlstate(), Some(sqlstate), "{error}");
    assert!(error.to_string().contains(says), "{error}");
    error
}

fn project(name: &str) -> project::Draft {
    project::Draft { name: Set(name.to_owned()), ..Default::default() }
}

#[tokio::test]
async fn values_that_do_not_fit() {
    let w = World::new().await;
    w.f.database.execute("ALTER TABLE project ALTER name TYPE varchar(9)").await;
    let check = async |sqlstate: &str, says: &str, value: Expr| {
        let update = Task::update_many().col_expr(task::Writable::Points, value);
        let error = refused(&w, sqlstate, says, async |cx| update.exec(cx).await).await;
        assert!(error.is_data_exception() && !error.is_invalid_statement());
    };
    check("22003", "out of the range", Expr::col(task::Column::Points).mul(i32::MAX)).await;
    check("22P02", "no value of the type", Expr::val("many").cast_as("integer")).await;
    let days =
        |text: &str| Expr::expr(Func::cust("date_part").arg("day").arg(Expr::val(text).cast_as("date"))).cast_as("int");
    check("22007", "a date or a time", days("tomorrow or so")).await;
    check("22008", "a date or a time", days("2026-02-31")).await;
    check("22012", "division by zero", Expr::col(task::Column::Points).div(0)).await;
    let error = refused(&w, "22001", "longer than its column", async |cx| {
        Project::insert(project("0123456789")).exec(cx).await
    });
    assert!(error.await.is_data_exception());
    let error = refused(&w, "22021", "NUL", async |cx| Project::insert(project("a\0")).exec(cx).await).await;
    assert!(error.is_data_exception());
    let pattern = Project::find().filter(project::Column::Name.like("\\"));
    assert!(refused(&w, "22025", "pattern", async |cx| pattern.all(cx).await).await.is_data_exception());
}

#[tokio::test]
async fn rows_that_meet_each_other() {
    let w = World::new().await;
    let both = ["a", "b"].map(|name| project::Draft { id: Set(id(9)), ..project(name) });
    let upsert = OnConflict::column(project::Column::Id).update_column(project::Writable::Name);
    let upsert = Project::insert_many(both).on_conflict(upsert);
    let error = refused(&w, "21000", "give each key once", async |cx| upsert.exec(cx).await).await;
    assert!(error.is_cardinality_violation() && !error.is_unique_violation());
    w.f.database.execute("ALTER TABLE project ADD EXCLUDE USING btree (name WITH =)").await;
    let error =
        refused(&w, "23P01", "exclude each other", async |cx| Project::insert(project("acme 1")).exec(cx).await);
    assert!(error.await.is_exclusion_violation());
}

#[tokio::test]
async fn statements_that_do_not_fit_the_database() {
    let w = World::new().await;
    w.f.database
        .execute(
            "ALTER TABLE task DROP points, ADD points int GENERATED ALWAYS AS (7) STORED;
             ALTER TABLE profile DROP text; DROP TABLE tag",
        )
        .await;
    let task = task::Draft { title: Set("x".to_owned()), points: Set(1), ..Default::default() };
    let error = refused(&w, "428C9", "leave it unset in the draft", async |cx| Task::insert(task).exec(cx).await).await;
    assert!(error.is_invalid_statement() && error.to_string().contains("\"points\""), "{error}");
    let by_name = Project::insert(project("x")).on_conflict(OnConflict::column(project::Column::Name).do_nothing());
    let error = refused(&w, "42P10", "columns of a unique key", async |cx| by_name.exec(cx).await).await;
    assert!(error.is_invalid_statement());
    let error = refused(&w, "42703", "run the migrations", async |cx| Profile::find().all(cx).await).await;
    assert!(error.is_invalid_statement() && error.to_string().contains("profile.text"), "{error}");
    let gone = crate::tables::tag::Tag::find();
    assert!(refused(&w, "42P01", "run the migrations", async |cx| gone.all(cx).await).await.is_invalid_statement());
    let locked = Project::find().distinct().lock_exclusive();
    let error = refused(&w, "0A000", "lock the rows of a query with DISTINCT", async |cx| locked.all(cx).await).await;
    assert!(error.is_invalid_statement() && !error.is_stale_statement());
    let compared = Task::find().filter(task::Column::Title.into_expr().eq(1));
    let error = refused(&w, "42883", "these types", async |cx| compared.all(cx).await).await;
    assert!(error.is_invalid_statement());
    let update = Profile::update_many().set(profile::Draft { project_id: Set(id(1)), ..Default::default() });
    assert!(w.db.with_tenant_context(w.f.acme.id, &w.f.acme.owner, async |cx| update.exec(cx).await).await.is_ok());
}

/// A write, or a lock, in a context that only reads is the program's mistake and no word about the server.
#[tokio::test]
async fn a_lock_in_a_context_that_only_reads() {
    let w = World::new().await;
    let locked = w.db.tenant(w.f.acme.id, &w.f.acme.owner).read_only();
    let error = locked.run(async |cx| Project::find().lock_exclusive().all(cx).await).await.unwrap_err();
    assert!(error.is_read_only() && !error.is_server_read_only(), "{error}");
    assert!(error.to_string().contains("read-only context"), "{error}");
}
