//! Scoped queries in the filter of another.

use db::prelude::*;

use crate::{
    tables::{
        profile::Profile,
        project::{self, Project},
        tag::{self, Tag},
        task::{self, Task},
        task_tag::{self, TaskTag},
    },
    world::{id, with_and_without_row_level_security},
};

#[tokio::test]
async fn has_related() {
    with_and_without_row_level_security(async |w| {
        let ranks = |projects: Vec<project::Model>| projects.iter().map(|project| project.rank).collect::<Vec<_>>();
        let find = || Project::find().order_by_id_asc();
        let small = task::Column::Points.lt(6);
        // Only the other tenant has a task of 100 points, in project 3.
        let large = task::Column::Points.gt(50);
        assert_eq!(ranks(w.acme(async |cx| find().has_related(Task, small.clone()).all(cx).await).await), [1]);
        assert_eq!(ranks(w.acme(async |cx| find().has_related(Task, large.clone()).all(cx).await).await), [0; 0]);
        assert_eq!(ranks(w.acme(async |cx| find().has_related(Task, Condition::all()).all(cx).await).await), [1, 2]);
        assert_eq!(ranks(w.acme(async |cx| find().has_no_related(Task, Condition::all()).all(cx).await).await), [3]);
        assert_eq!(
            ranks(w.acme(async |cx| find().has_no_related(Profile, Condition::all()).all(cx).await).await),
            [2, 3]
        );
        // An `or` in the condition does not get out of it.
        let always = Condition::any().add(Expr::val(1).eq(1)).add(large);
        assert_eq!(ranks(w.acme(async |cx| find().has_related(Task, always).all(cx).await).await), [1, 2]);
    })
    .await;
}

/// Through a junction: the other tenant has put tag 21 on task 14.
#[tokio::test]
async fn has_related_through_a_junction() {
    with_and_without_row_level_security(async |w| {
        let points = w
            .acme(async |cx| Task::find().has_related(Tag, tag::Column::Id.eq(id(21))).order_by_id_asc().all(cx).await)
            .await;
        assert_eq!(points.iter().map(|task| task.points).collect::<Vec<_>>(), [3, 5]);
        let untagged = w.acme(async |cx| Task::find().has_no_related(Tag, Condition::all()).all(cx).await).await;
        assert_eq!(untagged.iter().map(|task| task.points).collect::<Vec<_>>(), [1]);
    })
    .await;
}

#[tokio::test]
async fn in_subquery() {
    with_and_without_row_level_security(async |w| {
        let tagged = || TaskTag::find().select_only().column(task_tag::Column::TaskId);
        let found = w
            .acme(async |cx| {
                let first = tagged().filter(task_tag::Column::TagId.eq(id(21)));
                Task::find().in_subquery(task::Column::Id, first).order_by_id_asc().all(cx).await
            })
            .await;
        assert_eq!(found.iter().map(|task| task.points).collect::<Vec<_>>(), [3, 5]);
        // What the column would be read into is of no matter.
        let typed = || tagged().into_tuple::<Uuid>();
        let found = w.acme(async |cx| Task::find().not_in_subquery(task::Column::Id, typed()).all(cx).await).await;
        assert_eq!(found.iter().map(|task| task.points).collect::<Vec<_>>(), [1]);

        // One in another, with a join, beside a third, and counted.
        let count = w
            .acme(async |cx| {
                let tasks = Task::find()
                    .inner_join(Project)
                    .filter(project::Column::Rank.lte(2))
                    .in_subquery(task::Column::Id, tagged())
                    .select_only()
                    .column(task::Column::ProjectId);
                let large =
                    Task::find().filter(task::Column::Points.gt(4)).select_only().column(task::Column::ProjectId);
                Project::find()
                    .in_subquery(project::Column::Id, tasks)
                    .in_subquery(project::Column::Id, large)
                    .count(cx)
                    .await
            })
            .await;
        assert_eq!(count, 2);
    })
    .await;
}

#[tokio::test]
async fn updates_and_deletes_with_a_subquery() {
    with_and_without_row_level_security(async |w| {
        let of_rank =
            |rank| Project::find().filter(project::Column::Rank.eq(rank)).select_only().column(project::Column::Id);
        let updated = w
            .acme(async |cx| {
                Task::update_many()
                    .col_expr(task::Writable::Points, Expr::col(task::Column::Points).add(1))
                    .in_subquery(task::Column::ProjectId, of_rank(1))
                    .exec(cx)
                    .await
            })
            .await;
        assert_eq!(updated.rows_affected, 2);
        let deleted = w
            .acme(async |cx| {
                Task::delete_many().not_in_subquery(task::Column::ProjectId, of_rank(1)).exec_with_returning(cx).await
            })
            .await;
        assert_eq!(deleted.iter().map(|task| task.points).collect::<Vec<_>>(), [8]);
        let deleted = w
            .acme(async |cx| Task::delete_many().in_subquery(task::Column::ProjectId, of_rank(1)).exec(cx).await)
            .await;
        assert_eq!(deleted.rows_affected, 2);
        let updated = w
            .acme(async |cx| {
                let none =
                    Project::find().filter(project::Column::Rank.eq(99)).select_only().column(project::Column::Id);
                Task::update_many()
                    .set(task::Draft { points: Set(0), ..Default::default() })
                    .not_in_subquery(task::Column::Id, none)
                    .exec(cx)
                    .await
            })
            .await;
        assert_eq!(updated.rows_affected, 1);
    })
    .await;
}

#[tokio::test]
async fn raw_text_in_a_subquery_is_refused() {
    with_and_without_row_level_security(async |w| {
        let text = || Expr::cust("1=1) OR (1=1");
        let sub = || Project::find().filter(text()).select_only().column(project::Column::Id);
        w.acme(async |cx| {
            let refused = [
                Task::find().in_subquery(task::Column::ProjectId, sub()).all(cx).await.unwrap_err(),
                Task::find()
                    .in_subquery(text(), Project::find().select_only().column(project::Column::Id))
                    .all(cx)
                    .await
                    .unwrap_err(),
                Project::find().has_related(Task, Condition::all().add(text())).all(cx).await.unwrap_err(),
                Task::delete_many().in_subquery(task::Column::ProjectId, sub()).exec(cx).await.unwrap_err(),
                Task::delete_many().not_in_subquery(text(), sub()).exec(cx).await.unwrap_err(),
                Task::update_many()
                    .col_expr(task::Writable::Points, 1)
                    .in_subquery(task::Column::ProjectId, sub())
                    .exec(cx)
                    .await
                    .unwrap_err(),
            ];
            for refused in refused {
                assert!(refused.is_raw_text(), "{refused}");
            }
            Ok(())
        })
        .await;
    })
    .await;
}
