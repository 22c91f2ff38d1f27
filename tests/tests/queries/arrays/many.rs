//! Many rows in one call: what is unset, what the database makes, in which order rows come back, whose they are.

use db::{OnConflict, prelude::*};

use super::{in_acme, texts};
use crate::{
    tables::{
        project::{self, Project},
        task::{self, Task},
    },
    world::{World, id, with_and_without_row_level_security},
};

/// Columns that the database fills.
pub(crate) mod ticket {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "ticket")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) id: i64,
        pub(crate) organization_id: OrganizationId,
        pub(crate) title: String,
        pub(crate) note: Option<String>,
        pub(crate) state: Option<String>,
        pub(crate) serial: i32,
        pub(crate) length: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use ticket::Ticket;

async fn world() -> World {
    let w = World::new().await;
    w.f.database
        .execute(
            "CREATE TABLE ticket (organization_id uuid, id bigint GENERATED ALWAYS AS IDENTITY, title text NOT NULL, note text,
                state text DEFAULT 'new', serial serial, length int GENERATED ALWAYS AS (length(title)) STORED,
                PRIMARY KEY (organization_id, id), UNIQUE (organization_id, title))",
        )
        .await;
    w.f.database.execute(&w.f.database.migrator().contract().protect::<Ticket>().join(";\n")).await;
    w
}

fn draft(title: &str) -> ticket::Draft {
    ticket::Draft { title: Set(title.to_owned()), ..Default::default() }
}

#[tokio::test]
async fn what_is_unset_is_its_default_and_what_is_null_is_null() {
    let w = world().await;
    w.acme(async |cx| {
        let unset = Ticket::insert_many([draft("a"), draft("b")]).exec_with_returning(cx).await?;
        assert!(unset.iter().all(|row| row.state.as_deref() == Some("new") && row.note.is_none()));
        let null = |title| ticket::Draft { state: Set(None), ..draft(title) };
        let nulls = Ticket::insert_many([null("c"), null("d")]).exec_with_returning(cx).await?;
        assert!(nulls.iter().all(|row| row.state.is_none()));
        // As SeaORM has it: a column that one of them sets is NULL in the others.
        let open = ticket::Draft { state: Set(Some("open".to_owned())), ..draft("e") };
        let mixed = Ticket::insert_many([open, draft("f"), null("g")]).exec_with_returning(cx).await?;
        assert_eq!(mixed.iter().map(|row| row.state.as_deref()).collect::<Vec<_>>(), [Some("open"), None, None]);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn what_the_database_makes_is_made_in_the_order_of_the_drafts() {
    let w = world().await;
    let titles: Vec<_> = (0..2_000).map(|n| format!("{}", (n * 7_919) % 2_000)).collect();
    let rows = w
        .acme(async |cx| Ticket::insert_many(titles.iter().map(|title| draft(title))).exec_with_returning(cx).await)
        .await;
    assert!(rows.iter().map(|row| &row.title).eq(&titles));
    assert!(rows.is_sorted_by_key(|row| row.id) && rows.is_sorted_by_key(|row| row.serial));
    assert!(rows.iter().all(|row| usize::try_from(row.length).unwrap() == row.title.len()));
    let keys =
        w.acme(async |cx| Ticket::insert_many([draft("x"), draft("y")]).exec_with_returning_keys(cx).await).await;
    assert_eq!(keys, [rows.last().unwrap().id + 1, rows.last().unwrap().id + 2]);
    let refused = ticket::Draft { length: Set(1), ..draft("z") };
    let refused = in_acme(&w, async |cx| Ticket::insert_many([refused.clone(), refused]).exec(cx).await).await;
    assert!(refused.unwrap_err().is_invalid_statement());
}

#[tokio::test]
async fn conflicts_of_many() {
    let w = world().await;
    w.acme(async |cx| {
        assert_eq!(Ticket::insert_many(["a", "b", "c"].map(draft)).exec(cx).await?.rows_affected, 3);
        let again = || ["c", "d", "a", "e"].map(draft);
        let by_title = || OnConflict::column(ticket::Column::Title);
        let left = Ticket::insert_many(again()).on_conflict(by_title().do_nothing()).exec_with_returning(cx).await?;
        assert_eq!(left.iter().map(|row| row.title.as_str()).collect::<Vec<_>>(), ["d", "e"]);
        let noted = again().map(|draft| ticket::Draft { note: Set(Some("seen".to_owned())), ..draft });
        let update = by_title().update_column(ticket::Writable::Note);
        let noted = Ticket::insert_many(noted).on_conflict(update).exec_with_returning(cx).await?;
        assert_eq!(noted.iter().map(|row| row.title.as_str()).collect::<Vec<_>>(), ["c", "d", "a", "e"]);
        assert!(noted.iter().all(|row| row.note.as_deref() == Some("seen")));
        Ok(())
    })
    .await;
    let error = in_acme(&w, async |cx| Ticket::insert_many(["x", "x"].map(draft)).exec(cx).await).await.unwrap_err();
    assert!(error.is_unique_violation());
    let twice = OnConflict::column(ticket::Column::Title).update_column(ticket::Writable::Note);
    let twice = Ticket::insert_many(["x", "x"].map(draft)).on_conflict(twice);
    assert!(in_acme(&w, async |cx| twice.exec(cx).await).await.unwrap_err().is_cardinality_violation());
}

/// The same text for any number of rows; more than go into one statement are in several, which are one.
#[tokio::test]
async fn batches() {
    let w = World::new().await;
    let task = |title: String, points| task::Draft { title: Set(title), points: Set(points), ..Default::default() };
    in_acme(&w, async |cx| Task::find().count(cx).await).await.unwrap();
    w.statements();
    for rows in [1, 2, 3, 10, 1_000] {
        let drafts = (0..rows).map(|n| task("x".to_owned(), n));
        let inserted = in_acme(&w, async |cx| Task::insert_many(drafts).exec(cx).await).await.unwrap();
        assert_eq!(inserted.rows_affected, u64::try_from(rows).unwrap());
    }
    assert_eq!(texts(&w).len(), 1);
    for (rows, length, statements) in [(32_768, 1, 1), (32_769, 1, 2), (3, 5 << 20, 3), (5, 3 << 20, 3)] {
        let drafts = (0..rows).map(|n| task("x".repeat(length), n));
        let context = in_acme(&w, async |cx| Task::insert_many(drafts).exec_with_returning(cx).await).await.unwrap();
        assert_eq!(w.statements().len(), statements, "{rows} rows of {length}");
        assert!(context.iter().map(|task| task.points).eq(0..rows), "in the order of the drafts");
    }
}

/// The second statement fails, and the error is swallowed: the first is not kept.
#[tokio::test]
async fn batches_are_all_or_nothing() {
    let w = World::new().await;
    let draft = |n: i32| task::Draft {
        id: Set(id(if n == 32_768 { 11 } else { 1_000_000 + u128::from(n.unsigned_abs()) })),
        title: Set(String::new()),
        points: Set(n),
        ..Default::default()
    };
    let kept = in_acme(&w, async |cx| {
        let failed = Task::insert_many((0..32_769).map(draft)).exec(cx).await;
        assert!(failed.unwrap_err().is_unique_violation());
        Ok(())
    });
    assert!(kept.await.unwrap_err().is_rolled_back());
    w.acme(async |cx| {
        let failed = cx.savepoint(async |cx| Task::insert_many((0..32_769).map(draft)).exec(cx).await).await;
        assert!(failed.unwrap_err().is_unique_violation());
        assert_eq!(Task::find().count(cx).await?, 4);
        Ok(())
    })
    .await;
}

/// A future that is dropped between two of its statements has inserted a part, which is not kept.
#[tokio::test]
async fn batches_that_are_dropped_on_the_way_are_not_kept() {
    use std::task::Poll;

    let w = World::new().await;
    let mut dropped = 0;
    for polls in 1.. {
        let cx = w.db.tenant(w.f.acme.id, &w.f.acme.owner).begin().await.unwrap();
        let drafts =
            (0..4).map(|n| task::Draft { title: Set("x".repeat(5 << 20)), points: Set(n), ..Default::default() });
        let done = {
            let mut insert = Task::insert_many(drafts).exec(&cx);
            let mut left = polls;
            std::future::poll_fn(|task| match insert.as_mut().poll(task) {
                Poll::Ready(done) => Poll::Ready(Some(done)),
                Poll::Pending => {
                    left -= 1;
                    if left == 0 { Poll::Ready(None) } else { Poll::Pending }
                }
            })
            .await
        };
        if let Some(done) = done {
            assert_eq!(done.unwrap().rows_affected, 4);
            cx.rollback().await.unwrap();
            break;
        }
        dropped += 1;
        cx.commit().await.unwrap_err();
    }
    assert!(dropped >= 4, "{dropped}");
    assert_eq!(w.acme(async |cx| Task::find().count(cx).await).await, 4);
}

/// The other tenant's rows have the same keys; what is inserted here is this one's, with row-level security and without.
#[tokio::test]
async fn many_rows_are_of_the_context() {
    with_and_without_row_level_security(async |w| {
        let rows = w
            .acme(async |cx| {
                let drafts = [4, 40, 41].map(|n| project::Draft {
                    id: Set(id(n)),
                    name: Set(format!("'{}'", w.f.globex.id)),
                    ..Default::default()
                });
                Project::insert_many(drafts).exec_with_returning(cx).await
            })
            .await;
        assert!(rows.iter().all(|row| row.organization_id == w.f.acme.id && row.rank == 7));
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [id(4), id(40), id(41)]);
    })
    .await;
}
