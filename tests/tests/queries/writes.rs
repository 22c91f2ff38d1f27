//! Inserts, updates and deletes, of one row and of many.

use db::{OnConflict, prelude::*};

use crate::{
    tables::{
        profile::{self, Profile},
        project::{self, Project},
        task::{self, Task},
        task_tag::{self, TaskTag},
    },
    world::{id, with_and_without_row_level_security},
};

fn draft(name: &str, rank: i32) -> project::Draft {
    project::Draft { name: Set(name.to_owned()), rank: Set(rank), ..Default::default() }
}

#[tokio::test]
async fn insert() {
    with_and_without_row_level_security(async |w| {
        w.acme(async |cx| {
            let key = Project::insert(draft("new", 5)).exec(cx).await?;
            let row =
                Project::insert(project::Draft { rank: NotSet, ..draft("newer", 0) }).exec_with_returning(cx).await?;
            assert_eq!((row.organization_id, row.rank), (w.f.acme.id, 7), "the default of the column");
            assert_eq!(Project::insert(draft("newest", 6)).exec_without_returning(cx).await?.rows_affected, 1);
            let found = Project::find_by_id(key).require_one(cx).await?;
            assert_eq!((found.organization_id, found.name.as_str()), (w.f.acme.id, "new"));
            // The other tenant has this id; here it is free.
            let key = Project::insert(project::Draft { id: Set(id(4)), ..draft("four", 4) }).exec(cx).await?;
            assert_eq!(key, id(4));
            assert_eq!(Project::find().count(cx).await?, 7);
            let taken = cx
                .savepoint(async |cx| {
                    Project::insert(project::Draft { id: Set(id(4)), ..draft("four", 4) }).exec(cx).await
                })
                .await;
            assert!(taken.unwrap_err().is_unique_violation());
            Ok(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn insert_many() {
    with_and_without_row_level_security(async |w| {
        w.acme(async |cx| {
            let drafts = || [draft("a", 1), draft("b", 2)];
            assert_eq!(Project::insert_many(drafts()).exec(cx).await?.rows_affected, 2);
            let rows = Project::insert_many(drafts()).exec_with_returning(cx).await?;
            assert_eq!(
                rows.iter().map(|row| (row.organization_id, row.rank)).collect::<Vec<_>>(),
                [(w.f.acme.id, 1), (w.f.acme.id, 2)]
            );
            let keys = Project::insert_many(drafts()).exec_with_returning_keys(cx).await?;
            assert_eq!(Project::find().filter(project::Column::Id.is_in(keys)).count(cx).await?, 2);
            assert_eq!(Project::insert_many([]).exec(cx).await?.rows_affected, 0);
            let keys = TaskTag::insert_many([task_tag::Draft { task_id: Set(id(14)), tag_id: Set(id(23)) }]);
            assert_eq!(keys.exec_with_returning_keys(cx).await?, [(id(14), id(23))]);
            Ok(())
        })
        .await;
    })
    .await;
}

/// The other tenant has each of these keys; so has this one, but for 4.
#[tokio::test]
async fn on_conflict() {
    with_and_without_row_level_security(async |w| {
        let with_id = |n, name: &str, rank| project::Draft { id: Set(id(n)), ..draft(name, rank) };
        w.acme(async |cx| {
            let left = Project::insert(with_id(1, "x", 9)).on_conflict_do_nothing();
            assert!(left.clone().exec(cx).await.unwrap_err().is_not_found());
            assert_eq!(left.exec_without_returning(cx).await?.rows_affected, 0);
            let many = Project::insert_many([with_id(1, "x", 9), with_id(4, "acme 4", 4)]).on_conflict_do_nothing();
            assert_eq!(many.exec_with_returning_keys(cx).await?, [id(4)]);
            let by_id = || OnConflict::column(project::Column::Id);
            let changed =
                Project::insert(with_id(2, "changed", 20)).on_conflict(by_id().update_column(project::Writable::Name));
            assert_eq!(changed.exec(cx).await?, id(2));
            let changed = Project::find_by_id(id(2)).require_one(cx).await?;
            assert_eq!((changed.name.as_str(), changed.rank), ("changed", 2));
            let both = [project::Writable::Name, project::Writable::Rank];
            let rows = Project::insert_many([with_id(2, "two", 22), with_id(5, "five", 55)])
                .on_conflict(by_id().update_columns(both))
                .exec_with_returning(cx)
                .await?;
            assert_eq!(rows.iter().map(|row| row.rank).collect::<Vec<_>>(), [22, 55]);
            // By another key than the primary one: the other tenant's profile of project 2 is no obstacle.
            let of = |project| profile::Draft {
                project_id: Set(id(project)),
                text: Set("mine".to_owned()),
                ..Default::default()
            };
            let by_project =
                || OnConflict::columns([profile::Column::ProjectId]).update_columns([profile::Writable::Text]);
            assert_eq!(Profile::insert(of(2)).on_conflict(by_project()).exec_with_returning(cx).await?.text, "mine");
            assert_eq!(Profile::insert(of(1)).on_conflict(by_project()).exec(cx).await?, id(31));
            let nothing = Profile::insert(of(1)).on_conflict_do_nothing_on([profile::Column::ProjectId]);
            assert_eq!(nothing.exec_without_returning(cx).await?.rows_affected, 0);
            let nothing = Profile::insert_many([of(1), of(3)]).on_conflict_do_nothing_on([profile::Column::ProjectId]);
            assert_eq!(nothing.exec(cx).await?.rows_affected, 1);
            assert_eq!(Profile::find().count(cx).await?, 3);
            Ok(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn update_by_id_and_by_row() {
    with_and_without_row_level_security(async |w| {
        w.acme(async |cx| {
            let renamed =
                Project::update_by_id(id(1), project::Draft { name: Set("one".to_owned()), ..Default::default() });
            assert_eq!(renamed.exec(cx).await?.name, "one");
            let mut draft = project::Draft::from(Project::find_by_id(id(1)).require_one(cx).await?);
            draft.rank = Set(11);
            let saved = Project::update(draft.clone()).exec(cx).await?;
            assert_eq!((saved.name.as_str(), saved.rank), ("one", 11));
            // Nothing is set: nothing is written.
            assert_eq!(Project::update(project::Draft::from(saved.clone())).exec(cx).await?, saved);
            Project::update(project::Draft { rank: Set(12), ..project::Draft::from(saved.clone()) })
                .exec_without_returning(cx)
                .await?;
            assert_eq!(Project::find_by_id(id(1)).require_one(cx).await?.rank, 12);
            Project::update(project::Draft::from(saved.clone())).exec_without_returning(cx).await?;
            let missing = Project::update_by_id(id(4), project::Draft { rank: Set(0), ..Default::default() });
            assert!(missing.exec_without_returning(cx).await.unwrap_err().is_not_found());
            let missing = Project::update_by_id(id(4), project::Draft { rank: Set(0), ..Default::default() });
            assert!(missing.exec(cx).await.unwrap_err().is_not_found());
            let theirs = project::Model { id: id(4), organization_id: w.f.globex.id, name: String::new(), rank: 0 };
            let theirs = Project::update(project::Draft { rank: Set(0), ..project::Draft::from(theirs) });
            assert!(theirs.exec(cx).await.unwrap_err().is_not_found());
            let no_key = Project::update(project::Draft { rank: Set(0), ..Default::default() }).exec(cx).await;
            assert!(no_key.unwrap_err().is_key_not_set());
            let another = Project::update_by_id(id(2), draft).exec(cx).await;
            assert!(another.unwrap_err().is_key_changed());
            Ok(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn update_many() {
    with_and_without_row_level_security(async |w| {
        w.acme(async |cx| {
            let points = || Expr::col(task::Column::Points);
            let raised = Task::update_many().col_expr(task::Writable::Points, points().add(1)).exec(cx).await?;
            assert_eq!(raised.rows_affected, 4);
            let set = task::Draft { title: Set("large".to_owned()), ..Default::default() };
            let mut large =
                Task::update_many().set(set).filter(task::Column::Points.gt(5)).exec_with_returning(cx).await?;
            large.sort_by_key(|task| task.points);
            assert_eq!(
                large.iter().map(|task| (task.points, task.title.as_str())).collect::<Vec<_>>(),
                [(6, "large"), (9, "large")]
            );
            let none = Task::update_many()
                .col_expr(task::Writable::Points, 0)
                .filter(task::Column::Id.eq(id(19)))
                .exec(cx)
                .await?;
            assert_eq!(none.rows_affected, 0);
            let most = Some(5);
            let some = Task::update_many()
                .col_expr(task::Writable::Points, 0)
                .apply_if(most, |update, most| update.filter(task::Column::Points.lte(most)));
            assert_eq!(some.exec(cx).await?.rows_affected, 2);
            Ok(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn delete() {
    with_and_without_row_level_security(async |w| {
        w.acme(async |cx| {
            Task::delete_by_id(id(11)).exec(cx).await?;
            assert_eq!(Task::delete_by_id(id(12)).exec_with_returning(cx).await?.points, 5);
            assert!(Task::delete_by_id(id(19)).exec(cx).await.unwrap_err().is_not_found());
            assert!(Task::delete_by_id(id(19)).exec_with_returning(cx).await.unwrap_err().is_not_found());
            let row = Task::find_by_id(id(13)).require_one(cx).await?;
            Task::delete(&row).exec(cx).await?;
            assert!(Task::delete(&row).exec(cx).await.unwrap_err().is_not_found());
            TaskTag::delete_by_id((id(11), id(21))).exec(cx).await?;
            let links = TaskTag::delete_many().filter_by_ids([(id(11), id(22)), (id(12), id(21)), (id(14), id(21))]);
            assert_eq!(links.exec(cx).await?.rows_affected, 2);
            assert_eq!(Project::delete_many().filter_by_ids([]).exec(cx).await?.rows_affected, 0);
            let of_rank = |rank: Option<i32>| {
                Project::delete_many().apply_if(rank, |delete, rank| delete.filter(project::Column::Rank.eq(rank)))
            };
            assert_eq!(of_rank(Some(3)).exec_with_returning(cx).await?.len(), 1);
            assert_eq!(of_rank(None).exec(cx).await?.rows_affected, 2);
            assert_eq!(Project::find().count(cx).await?, 0);
            Ok(())
        })
        .await;
    })
    .await;
}
