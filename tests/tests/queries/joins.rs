//! Joins along declared relations, of two tables and of more.

use db::prelude::*;

use crate::{
    tables::{
        profile::{self, Profile},
        project::{self, Project},
        tag::{self, Tag},
        task::{self, Task},
        task_tag::{self, TaskTag},
    },
    world::{id, with_and_without_row_level_security},
};

/// Names of projects and tasks, as they are expected.
fn pairs<const N: usize>(pairs: [(&str, Option<&str>); N]) -> Vec<(String, Option<String>)> {
    pairs.into_iter().map(|(project, task)| (project.to_owned(), task.map(str::to_owned))).collect()
}

fn names((project, task): (project::Model, Option<task::Model>)) -> (String, Option<String>) {
    (project.name, task.map(|task| task.title))
}

const ALSO: [(&str, Option<&str>); 4] =
    [("acme 1", Some("acme 11")), ("acme 1", Some("acme 12")), ("acme 2", Some("acme 13")), ("acme 3", None)];

#[tokio::test]
async fn find_also_related() {
    with_and_without_row_level_security(async |w| {
        let query =
            || Project::find().find_also_related(Task).order_by_asc(project::Column::Id).order_by_asc(task::Column::Id);
        let found = w.acme(async |cx| query().all(cx).await).await;
        assert_eq!(found.into_iter().map(names).collect::<Vec<_>>(), pairs(ALSO));
        let one = w.acme(async |cx| query().filter(project::Column::Rank.eq(2)).one(cx).await).await;
        assert_eq!(one.map(names), Some(("acme 2".to_owned(), Some("acme 13".to_owned()))));
        let (count, exists) = w.acme(async |cx| Ok((query().count(cx).await?, query().exists(cx).await?))).await;
        assert_eq!((count, exists), (4, true));
    })
    .await;
}

/// The rows of the left side stay, though the other tenant has related ones for them.
#[tokio::test]
async fn left_rows_stay_where_only_the_other_tenant_has_related_ones() {
    with_and_without_row_level_security(async |w| {
        let found = w
            .acme(async |cx| Project::find().find_also_related(Profile).order_by_asc(project::Column::Id).all(cx).await)
            .await;
        let found: Vec<_> =
            found.into_iter().map(|(project, profile)| (project.rank, profile.map(|p| p.text))).collect();
        assert_eq!(found, [(1, Some("acme of 1".to_owned())), (2, None), (3, None)]);
    })
    .await;
}

#[tokio::test]
async fn find_both_related() {
    with_and_without_row_level_security(async |w| {
        let found = w
            .acme(async |cx| Project::find().find_both_related(Task).order_by_asc(task::Column::Id).all(cx).await)
            .await;
        let found: Vec<_> = found.into_iter().map(|(project, task)| (project.name, Some(task.title))).collect();
        assert_eq!(found, pairs(ALSO)[..3]);
    })
    .await;
}

#[tokio::test]
async fn find_with_related() {
    with_and_without_row_level_security(async |w| {
        let found = w
            .acme(async |cx| {
                // The order given first goes first; the rows of one need not stay together.
                Project::find().order_by_desc(task::Column::Points).find_with_related(Task).all(cx).await
            })
            .await;
        let mut found: Vec<_> = found
            .into_iter()
            .map(|(project, tasks)| (project.rank, tasks.into_iter().map(|task| task.points).collect::<Vec<_>>()))
            .collect();
        found.sort_unstable();
        assert_eq!(found, [(1, vec![5, 3]), (2, vec![8]), (3, vec![])]);
    })
    .await;
}

/// Through a junction, which the other tenant has more rows in: tag 21 on task 14.
#[tokio::test]
async fn find_related_through_a_junction() {
    with_and_without_row_level_security(async |w| {
        let found =
            w.acme(async |cx| Task::find().find_with_related(Tag).order_by_asc(tag::Column::Id).all(cx).await).await;
        let found: Vec<(i32, Vec<String>)> = found
            .into_iter()
            .map(|(task, tags)| (task.points, tags.into_iter().map(|tag| tag.name).collect()))
            .collect();
        let tags = |tags: &[&str]| tags.iter().map(|tag| format!("acme {tag}")).collect::<Vec<_>>();
        assert_eq!(found, [(3, tags(&["21", "22"])), (5, tags(&["21"])), (8, tags(&["22"])), (1, vec![])]);

        let back = w
            .acme(async |cx| Tag::find().find_also_related(Task).filter(task::Column::Points.gt(4)).count(cx).await)
            .await;
        assert_eq!(back, 2);
    })
    .await;
}

#[tokio::test]
async fn joins_of_three_tables_and_more() {
    with_and_without_row_level_security(async |w| {
        let three = w
            .acme(async |cx| {
                Project::find()
                    .find_also_related(Task)
                    .find_also_related(Profile)
                    .order_by_asc(task::Column::Id)
                    .filter(task::Column::Id.is_not_null())
                    .all(cx)
                    .await
            })
            .await;
        let three: Vec<_> = three
            .into_iter()
            .map(|(project, task, profile)| (project.rank, task.unwrap().points, profile.map(|p| p.text)))
            .collect();
        let of_1 = || Some("acme of 1".to_owned());
        assert_eq!(three, [(1, 3, of_1()), (1, 5, of_1()), (2, 8, None)]);

        // A chain: from the task on, and on.
        let five = w
            .acme(async |cx| {
                Project::find()
                    .find_also_related(Task)
                    .and_also_related(TaskTag)
                    .and_also_related(Tag)
                    .find_also_related(Profile)
                    .order_by_asc(task::Column::Id)
                    .order_by_asc(tag::Column::Id)
                    .all(cx)
                    .await
            })
            .await;
        let five: Vec<_> = five
            .into_iter()
            .map(|(project, task, link, tag, profile)| {
                assert_eq!(link.map(|link| link.tag_id), tag.as_ref().map(|tag| tag.id));
                (project.rank, task.map(|task| task.points), tag.map(|tag| tag.name), profile.is_some())
            })
            .collect();
        let tag = |tag: &str| Some(format!("acme {tag}"));
        assert_eq!(
            five,
            [
                (1, Some(3), tag("21"), true),
                (1, Some(3), tag("22"), true),
                (1, Some(5), tag("21"), true),
                (2, Some(8), tag("22"), false),
                (3, None, None, false),
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn six_tables() {
    with_and_without_row_level_security(async |w| {
        let rows = w
            .acme(async |cx| {
                Tag::find()
                    .find_also_related(Task)
                    .find_also(Task, Project)
                    .find_also(Project, Profile)
                    .filter(tag::Column::Id.eq(id(22)))
                    .order_by_asc(task::Column::Id)
                    .all(cx)
                    .await
            })
            .await;
        let rows: Vec<_> = rows
            .into_iter()
            .map(|(_, task, project, profile)| (task.unwrap().points, project.unwrap().rank, profile.is_some()))
            .collect();
        assert_eq!(rows, [(3, 1, true), (8, 2, false)]);
        let six = w
            .acme(async |cx| {
                Profile::find()
                    .find_also_related(Project)
                    .find_also(Project, Task)
                    .find_also(Task, TaskTag)
                    .find_also(TaskTag, Tag)
                    .count(cx)
                    .await
            })
            .await;
        assert_eq!(six, 3);
    })
    .await;
}

#[tokio::test]
async fn inner_and_left_join() {
    with_and_without_row_level_security(async |w| {
        let find = || Project::find().filter(task::Column::Points.gte(5));
        let inner = w.acme(async |cx| find().inner_join(Task).order_by_id_asc().all(cx).await).await;
        assert_eq!(inner.into_iter().map(|project| project.rank).collect::<Vec<_>>(), [1, 2]);
        let left =
            w.acme(async |cx| Project::find().left_join(Task).filter(task::Column::Id.is_null()).all(cx).await).await;
        assert_eq!(left.into_iter().map(|project| project.rank).collect::<Vec<_>>(), [3]);
    })
    .await;
}

/// In these the rows of the right side stay; the other tenant's do not.
#[tokio::test]
async fn right_and_full_join() {
    with_and_without_row_level_security(async |w| {
        let ids = |ids: Vec<(Option<Uuid>, Option<Uuid>)>| {
            ids.into_iter()
                .map(|(a, b)| (a.map_or(0, |id| id.as_u128()), b.map_or(0, |id| id.as_u128())))
                .collect::<Vec<_>>()
        };
        let select = |kind| {
            Project::find()
                .join(kind, Task)
                .order_by_asc(task::Column::Id)
                .order_by_asc(project::Column::Id)
                .select_only()
                .column_as(project::Column::Id, "p")
                .column_as(task::Column::Id, "t")
                .into_tuple::<(Option<Uuid>, Option<Uuid>)>()
        };
        let right = w.acme(async |cx| select(JoinType::RightJoin).all(cx).await).await;
        assert_eq!(ids(right), [(1, 11), (1, 12), (2, 13), (0, 14)]);
        let full = w.acme(async |cx| select(JoinType::FullOuterJoin).all(cx).await).await;
        assert_eq!(ids(full), [(1, 11), (1, 12), (2, 13), (0, 14), (3, 0)]);
        let right = w.acme(async |cx| Project::find().right_join(Task).count(cx).await).await;
        assert_eq!(right, 4);
        let mixed = w
            .acme(async |cx| {
                Project::find()
                    .left_join(Profile)
                    .right_join(Task)
                    .join_from(JoinType::LeftJoin, Task, TaskTag)
                    .count(cx)
                    .await
            })
            .await;
        assert_eq!(mixed, 5);
    })
    .await;
}

#[tokio::test]
async fn joins_under_another_name() {
    with_and_without_row_level_security(async |w| {
        let found = w
            .acme(async |cx| {
                Project::find()
                    .join_as(JoinType::InnerJoin, Task, "small")
                    .join_as(JoinType::InnerJoin, Task, "large")
                    .filter(Expr::col(("small", task::Column::Points)).lt(Expr::col(("large", task::Column::Points))))
                    .select_only()
                    .column(project::Column::Name)
                    .tbl_col_as(("small", task::Column::Title), "small_title")
                    .tbl_col_as(("large", task::Column::Title), "large_title")
                    .into_tuple::<(String, String, String)>()
                    .all(cx)
                    .await
            })
            .await;
        assert_eq!(found, [("acme 1".to_owned(), "acme 11".to_owned(), "acme 12".to_owned())]);
    })
    .await;
}

#[tokio::test]
async fn joins_in_reverse() {
    with_and_without_row_level_security(async |w| {
        let found = w
            .acme(async |cx| Project::find().reverse_join(Task).filter(task::Column::Points.eq(8)).all(cx).await)
            .await;
        assert_eq!(found.into_iter().map(|project| project.rank).collect::<Vec<_>>(), [2]);
        let found = w
            .acme(async |cx| {
                Task::find()
                    .join_as_rev(JoinType::LeftJoin, Project, "p")
                    .filter(Expr::col(("p", "id")).is_null())
                    .all(cx)
                    .await
            })
            .await;
        assert_eq!(found.into_iter().map(|task| task.points).collect::<Vec<_>>(), [1]);
        // Through the junction, from its other end.
        let found = w
            .acme(async |cx| {
                Task::find()
                    .join_rev(JoinType::InnerJoin, Tag)
                    .filter(tag::Column::Id.eq(id(21)))
                    .order_by_id_asc()
                    .all(cx)
                    .await
            })
            .await;
        assert_eq!(found.into_iter().map(|task| task.points).collect::<Vec<_>>(), [3, 5]);
    })
    .await;
}

#[tokio::test]
async fn a_join_without_a_condition_is_refused() {
    with_and_without_row_level_security(async |w| {
        for kind in [JoinType::CrossJoin, JoinType::StraightJoin] {
            let refused = w.acme(async |cx| Ok(Project::find().join(kind, Task).all(cx).await.unwrap_err())).await;
            assert!(refused.is_raw_text(), "{refused}");
        }
    })
    .await;
}

#[tokio::test]
async fn find_related_of_a_row() {
    with_and_without_row_level_security(async |w| {
        let project = w.acme(async |cx| Project::find_by_id(id(1)).require_one(cx).await).await;
        let tasks = w.acme(async |cx| project.find_related(Task).order_by_asc(task::Column::Id).all(cx).await).await;
        assert_eq!(tasks.iter().map(|task| task.points).collect::<Vec<_>>(), [3, 5]);
        let tags = w.acme(async |cx| tasks[0].find_related(Tag).order_by_id_asc().all(cx).await).await;
        assert_eq!(tags.iter().map(|tag| tag.id).collect::<Vec<_>>(), [id(21), id(22)]);
        let back = w.acme(async |cx| tasks[0].find_related(Project).one(cx).await).await;
        assert_eq!(back, Some(project));
        let link = w
            .acme(async |cx| tags[1].find_related(Task).filter(task_tag::Column::TagId.eq(id(22))).count(cx).await)
            .await;
        assert_eq!(link, 2);
    })
    .await;
}

#[tokio::test]
async fn rows_that_belong_to_a_row() {
    with_and_without_row_level_security(async |w| {
        let points = w
            .acme(async |cx| {
                let project = Project::find_by_id(id(1)).require_one(cx).await?;
                let tag = Tag::find_by_id(id(21)).require_one(cx).await?;
                let both = Task::find().belongs_to(&project).has_related(Tag, tag::Column::Id.eq(tag.id));
                let tagged = Task::find().belongs_to(&tag).order_by_id_asc().all(cx).await?;
                assert_eq!(tagged.iter().map(|task| task.points).collect::<Vec<_>>(), [3, 5]);
                both.order_by_id_desc().all(cx).await
            })
            .await;
        assert_eq!(points.iter().map(|task| task.points).collect::<Vec<_>>(), [5, 3]);
        let theirs = project::Model { id: id(3), organization_id: w.f.globex.id, name: String::new(), rank: 3 };
        assert_eq!(w.acme(async |cx| Task::find().belongs_to(&theirs).count(cx).await).await, 0);
    })
    .await;
}

/// A row of the other tenant's, had from elsewhere, is related to nothing.
#[tokio::test]
async fn nothing_is_related_to_a_row_of_another_tenant() {
    with_and_without_row_level_security(async |w| {
        let theirs = project::Model { id: id(4), organization_id: w.f.globex.id, name: String::new(), rank: 4 };
        let tasks = w.acme(async |cx| theirs.find_related(Task).all(cx).await).await;
        assert!(tasks.is_empty());
        let loaded = w.acme(async |cx| [theirs.clone()].load_many(Task, cx).await).await;
        assert_eq!(loaded.iter().map(Vec::len).collect::<Vec<_>>(), [0]);
        let profile =
            profile::Model { id: id(32), organization_id: w.f.globex.id, project_id: id(4), text: String::new() };
        assert_eq!(w.acme(async |cx| profile.find_related(Project).one(cx).await).await, None);
    })
    .await;
}
