//! Rows with those that are related to them.

use db::prelude::*;

use crate::{
    tables::{
        profile::Profile,
        project::{self, Project},
        tag::{self, Tag},
        task::{self, Task},
        task_tag::TaskTag,
    },
    world::{id, with_and_without_row_level_security},
};

#[tokio::test]
async fn load() {
    with_and_without_row_level_security(async |w| {
        let projects = w
            .acme(async |cx| {
                let tasks =
                    Task::load().filter(task::Column::Points.gt(3)).order_by_desc(task::Column::Points).with(Tag);
                Project::load().with(tasks).with(Profile).order_by_id_desc().all(cx).await
            })
            .await;
        let found: Vec<_> = projects
            .into_iter()
            .map(|project| {
                assert!(project.tasks.is_loaded() && project.profile.is_loaded() && project.bookmarks.is_unloaded());
                let tasks: Vec<(i32, Vec<Uuid>)> = project
                    .tasks
                    .into_iter()
                    .map(|task| (task.points, task.tags.into_iter().map(|tag| tag.id).collect()))
                    .collect();
                (project.rank, tasks, project.profile.into_option().map(|profile| profile.text))
            })
            .collect();
        let of_1 = Some("acme of 1".to_owned());
        assert_eq!(found, [(3, vec![], None), (2, vec![(8, vec![id(22)])], None), (1, vec![(5, vec![id(21)])], of_1)]);
    })
    .await;
}

#[tokio::test]
async fn load_nested_by_a_tuple() {
    with_and_without_row_level_security(async |w| {
        let project = w
            .acme(async |cx| Project::load().filter_by_id(id(1)).with((Task, TaskTag, Tag)).require_one(cx).await)
            .await;
        let mut tags: Vec<_> = project
            .tasks
            .into_iter()
            .flat_map(|task| task.task_tags)
            .map(|link| link.tag.into_option().unwrap().id)
            .collect();
        tags.sort_unstable();
        assert_eq!(tags, [id(21), id(21), id(22)]);
    })
    .await;
}

/// One that belongs to none, and one that belongs to one; each the statement for the rows, and one for the relation.
#[tokio::test]
async fn load_what_a_row_belongs_to() {
    with_and_without_row_level_security(async |w| {
        let tasks =
            w.acme(async |cx| Task::load().with(Project).order_by_id_asc().limit(4).offset(2).all(cx).await).await;
        let found: Vec<_> =
            tasks.into_iter().map(|task| (task.points, task.project.into_option().map(|p| p.rank))).collect();
        assert_eq!(found, [(8, Some(2)), (1, None)]);
        let one = w.acme(async |cx| Profile::load().with(Project).one(cx).await).await;
        assert_eq!(one.unwrap().project.as_ref().unwrap().name, "acme 1");
    })
    .await;
}

#[tokio::test]
async fn load_many_and_load_one() {
    with_and_without_row_level_security(async |w| {
        let (tasks, few, profiles) = w
            .acme(async |cx| {
                let projects = Project::find().order_by_id_asc().all(cx).await?;
                let few = Task::find().filter(task::Column::Points.gt(3)).order_by_asc(task::Column::Id);
                Ok((
                    projects.load_many(Task, cx).await?,
                    projects.load_many(few, cx).await?,
                    projects.load_one(Profile, cx).await?,
                ))
            })
            .await;
        assert_eq!(tasks.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 0]);
        assert_eq!(few.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 0]);
        let profiles: Vec<_> = profiles.into_iter().map(|profile| profile.map(|profile| profile.text)).collect();
        assert_eq!(profiles, [Some("acme of 1".to_owned()), None, None]);

        // The same row twice, in another order.
        let twice = w
            .acme(async |cx| {
                let mut projects = Project::find().order_by_id_desc().all(cx).await?;
                projects.push(projects[2].clone());
                projects.load_many(Task, cx).await
            })
            .await;
        assert_eq!(twice.iter().map(Vec::len).collect::<Vec<_>>(), [0, 1, 2, 2]);
    })
    .await;
}

#[tokio::test]
async fn load_many_to_many() {
    with_and_without_row_level_security(async |w| {
        let tags = w
            .acme(async |cx| {
                let tasks = Task::find().order_by_id_asc().all(cx).await?;
                tasks.load_many_to_many(Tag::find().order_by_asc(tag::Column::Id), TaskTag, cx).await
            })
            .await;
        let tags: Vec<Vec<_>> = tags.into_iter().map(|tags| tags.into_iter().map(|tag| tag.id).collect()).collect();
        assert_eq!(tags, [vec![id(21), id(22)], vec![id(21)], vec![id(22)], vec![]]);
    })
    .await;
}

#[tokio::test]
async fn pages_of_rows_with_their_relations() {
    with_and_without_row_level_security(async |w| {
        w.acme(async |cx| {
            let mut pages = Project::load().with(Task).order_by_id_asc().paginate(cx, 2);
            let numbers = pages.num_items_and_pages().await?;
            assert_eq!((numbers.number_of_items, numbers.number_of_pages), (3, 2));
            assert_eq!((pages.num_items().await?, pages.num_pages().await?), (3, 2));
            let tasks = |projects: Vec<project::ModelEx>| {
                projects.iter().map(|project| project.tasks.len()).collect::<Vec<_>>()
            };
            assert_eq!(tasks(pages.fetch_page(1).await?), [0]);
            assert_eq!((pages.cur_page(), tasks(pages.fetch().await?)), (0, vec![2, 1]));
            assert_eq!(pages.fetch_and_next().await?.map(tasks), Some(vec![2, 1]));
            pages.next();
            assert_eq!(pages.fetch_and_next().await?.map(tasks), None);
            Ok(())
        })
        .await;
    })
    .await;
}

/// A load is one statement for the rows and one for each relation, however many rows there are.
#[tokio::test]
async fn a_relation_is_loaded_by_one_statement() {
    with_and_without_row_level_security(async |w| {
        let _counted = w.statements();
        let context = w.db.tenant(w.f.acme.id, &w.f.acme.owner);
        context.run(async |cx| Project::load().with((Task, Tag)).with(Profile).all(cx).await).await.unwrap();
        assert_eq!(w.statements().len(), 4);
        let context = w.db.tenant(w.f.acme.id, &w.f.acme.owner);
        context
            .run(async |cx| {
                let none = Project::find().filter(project::Column::Rank.eq(9)).all(cx).await?;
                assert!(none.load_many(Task, cx).await?.is_empty());
                Ok::<_, db::Error>(())
            })
            .await
            .unwrap();
        assert_eq!(w.statements().len(), 1, "no rows, no statement");
    })
    .await;
}

/// More rows than PostgreSQL binds values.
#[tokio::test]
async fn many_rows_are_loaded_in_parts() {
    with_and_without_row_level_security(async |w| {
        let one = w.acme(async |cx| Project::find_by_id(id(2)).require_one(cx).await).await;
        let mut many: Vec<_> =
            (0..70_000).map(|n| project::Model { id: Uuid::from_u128(1_000_000 + n), ..one.clone() }).collect();
        many.push(one);
        let tasks = w.acme(async |cx| many.load_many(Task, cx).await).await;
        assert_eq!(tasks.len(), 70_001);
        assert_eq!(tasks.iter().map(Vec::len).sum::<usize>(), 1);
        assert_eq!(tasks[70_000].len(), 1);
    })
    .await;
}
