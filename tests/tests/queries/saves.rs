//! A row and those that point at it, saved in one call.

use db::prelude::*;

use crate::{
    tables::{
        profile::{self, Profile},
        project::{self, Project},
        task::{self, Task},
        task_tag::{self, TaskTag},
    },
    world::{World, id, with_and_without_row_level_security},
};

fn project(name: &str) -> project::Draft {
    project::Draft { name: Set(name.to_owned()), ..Default::default() }
}

fn task(title: &str, points: i32) -> task::Draft {
    task::Draft { title: Set(title.to_owned()), points: Set(points), ..Default::default() }
}

#[tokio::test]
async fn a_row_with_rows_that_point_at_it() {
    with_and_without_row_level_security(async |w| {
        let saved = w
            .acme(async |cx| {
                let profile = profile::Draft { text: Set("of new".to_owned()), ..Default::default() };
                Project::save(project("new"))
                    .with(Task, [task("a", 1), task("b", 2), task("c", 3)])
                    .with(Profile, [profile])
                    .exec(cx)
                    .await
            })
            .await;
        assert_eq!((saved.organization_id, saved.rank), (w.f.acme.id, 7));
        let tasks: Vec<_> =
            saved.tasks.iter().map(|task| (task.project_id, task.title.as_str(), task.points)).collect();
        assert_eq!(tasks, [(Some(saved.id), "a", 1), (Some(saved.id), "b", 2), (Some(saved.id), "c", 3)]);
        assert_eq!(saved.profile.as_ref().unwrap().project_id, saved.id);
        let found = w
            .acme(async |cx| Project::load().filter_by_id(saved.id).with(Task).with(Profile).require_one(cx).await)
            .await;
        assert_eq!(found.tasks.len(), 3);
    })
    .await;
}

/// Two rows for a `has_one` do not compile in one call; in two calls they are refused before anything is sent.
#[tokio::test]
async fn a_has_one_has_one_row() {
    with_and_without_row_level_security(async |w| {
        let profile = |text: &str| profile::Draft { text: Set(text.to_owned()), ..Default::default() };
        w.acme(async |cx| {
            let twice = Project::save(project("new")).with(Profile, [profile("a")]).with(Profile, Some(profile("b")));
            assert!(twice.exec(cx).await.unwrap_err().is_several_for_one());
            let boxed = Project::save(project("new"))
                .with_each([Profile::save(profile("a"))])
                .with(Task, [task("a", 1)])
                .with_each(Some(Profile::save(profile("b"))));
            let error = boxed.exec(cx).await.unwrap_err();
            assert!(error.is_several_for_one() && error.to_string().contains("`profile` of `project`"), "{error}");
            // Nothing was sent, so nothing is lost: the context goes on.
            assert_eq!(Project::find().count(cx).await?, 3);
            let none =
                Project::save(project("none")).with(Profile, None).with(Profile, Some(profile("b"))).exec(cx).await?;
            assert_eq!(none.profile.as_ref().unwrap().text, "b");
            Ok(())
        })
        .await;
        assert_eq!(w.acme(async |cx| Profile::find().count(cx).await).await, 2);
    })
    .await;
}

/// One statement for the rows of each table.
#[tokio::test]
async fn rows_are_inserted_together() {
    with_and_without_row_level_security(async |w| {
        w.acme(async |_| Ok(())).await;
        let context = w.db.tenant(w.f.acme.id, &w.f.acme.owner);
        context
            .run(async |cx| Project::save(project("new")).with(Task, (0..50).map(|n| task("t", n))).exec(cx).await)
            .await
            .unwrap();
        assert_eq!(w.statements().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn rows_that_are_there_are_updated() {
    with_and_without_row_level_security(async |w| {
        let saved = w
            .acme(async |cx| {
                let one = Project::find_by_id(id(1)).require_one(cx).await?;
                let mut tasks =
                    one.find_related(Task).order_by_id_asc().all(cx).await?.into_iter().map(task::Draft::from);
                let (mut first, second) = (tasks.next().unwrap(), tasks.next().unwrap());
                first.points = Set(30);
                // One that is moved here from another project.
                let moved = task::Draft::from(Task::find_by_id(id(13)).require_one(cx).await?);
                let draft = project::Draft { rank: Set(10), ..project::Draft::from(one) };
                let link = task_tag::Draft { tag_id: Set(id(23)), ..Default::default() };
                Project::save(draft)
                    .with_each([
                        Task::save(first).with(TaskTag, vec![]),
                        Task::save(second).with(TaskTag, vec![link.clone()]),
                        Task::save(moved).with(TaskTag, vec![]),
                        Task::save(task("new", 4)).with(TaskTag, vec![link]),
                    ])
                    .exec(cx)
                    .await
            })
            .await;
        assert_eq!((saved.id, saved.rank), (id(1), 10));
        let tasks: Vec<_> = saved.tasks.iter().map(|task| (task.points, task.task_tags.len())).collect();
        assert_eq!(tasks, [(30, 0), (5, 1), (8, 0), (4, 1)]);
        let count = w.acme(async |cx| Task::find().filter(task::Column::ProjectId.eq(id(1))).count(cx).await).await;
        assert_eq!(count, 4);
    })
    .await;
}

/// A draft of a row that only the other tenant has: not found, and nothing else of the save is kept.
fn of_another_tenant(w: &World) -> task::Draft {
    let theirs =
        task::Model { id: id(19), organization_id: w.f.globex.id, project_id: None, title: String::new(), points: 0 };
    task::Draft { points: Set(1), ..task::Draft::from(theirs) }
}

#[tokio::test]
async fn all_or_nothing() {
    with_and_without_row_level_security(async |w| {
        // The error is swallowed, and the context would commit.
        let context = w.db.tenant(w.f.acme.id, &w.f.acme.owner);
        let kept = context
            .run(async |cx| {
                let failed =
                    Project::save(project("half")).with(Task, [task("a", 1), of_another_tenant(w)]).exec(cx).await;
                assert!(failed.unwrap_err().is_not_found());
                Ok::<_, db::Error>(())
            })
            .await;
        assert!(kept.unwrap_err().is_rolled_back());
        let half = || Project::find().filter(project::Column::Name.eq("half"));
        assert!(!w.acme(async |cx| half().exists(cx).await).await);

        // In a savepoint, the savepoint is lost, and the context goes on.
        w.acme(async |cx| {
            let failed = cx
                .savepoint(async |cx| {
                    let save = Project::save(project("half")).with(Task, [of_another_tenant(w)]);
                    assert!(save.exec(cx).await.unwrap_err().is_not_found());
                    Ok::<_, db::Error>(())
                })
                .await;
            assert!(failed.unwrap_err().is_rolled_back());
            assert!(!half().exists(cx).await?);
            Project::insert(project("whole")).exec(cx).await?;
            Ok(())
        })
        .await;
        assert_eq!(w.acme(async |cx| Project::find().count(cx).await).await, 4);
    })
    .await;
}

/// A statement that fails after the spoilt one is refused without being sent.
#[tokio::test]
async fn nothing_more_is_sent_after_a_save_that_failed() {
    with_and_without_row_level_security(async |w| {
        let cx = w.db.tenant(w.f.acme.id, &w.f.acme.owner).begin().await.unwrap();
        Project::save(project("half")).with(Task, [of_another_tenant(w)]).exec(&cx).await.unwrap_err();
        assert!(Project::find().all(&cx).await.unwrap_err().is_rolled_back());
        assert!(cx.commit().await.unwrap_err().is_rolled_back());
        assert_eq!(w.acme(async |cx| Project::find().count(cx).await).await, 3);
    })
    .await;
}

/// A future that is dropped between two of its statements has saved a part, which is not kept.
#[tokio::test]
async fn a_save_that_is_dropped_on_the_way_is_not_kept() {
    use std::{future::Future, task::Poll};

    with_and_without_row_level_security(async |w| {
        let mut dropped = 0;
        for polls in 1.. {
            let cx = w.db.tenant(w.f.acme.id, &w.f.acme.owner).begin().await.unwrap();
            let done = {
                let mut save = Box::pin(Project::save(project("half")).with(Task, [task("a", 1)]).exec(&cx));
                let mut left = polls;
                std::future::poll_fn(|task| match save.as_mut().poll(task) {
                    Poll::Ready(done) => Poll::Ready(Some(done)),
                    Poll::Pending => {
                        left -= 1;
                        if left == 0 { Poll::Ready(None) } else { Poll::Pending }
                    }
                })
                .await
            };
            if let Some(done) = done {
                done.unwrap();
                cx.rollback().await.unwrap();
                break;
            }
            dropped += 1;
            cx.commit().await.unwrap_err();
        }
        assert!(dropped >= 2, "{dropped}");
        assert_eq!(w.acme(async |cx| Project::find().count(cx).await).await, 3);
    })
    .await;
}
