//! Whole rows of one table: which, in what order, how many, and locked.

use db::prelude::*;

use crate::{
    tables::{
        project::{self, Project},
        task::{self, Task},
    },
    world::{id, with_and_without_row_level_security},
};

fn points(tasks: &[task::Model]) -> Vec<i32> {
    tasks.iter().map(|task| task.points).collect()
}

#[tokio::test]
async fn by_id_one_and_none() {
    with_and_without_row_level_security(async |w| {
        w.acme(async |cx| {
            assert_eq!(Task::find_by_id(id(11)).one(cx).await?.map(|task| task.points), Some(3));
            assert_eq!(Task::find_by_id(id(11)).require_one(cx).await?.title, "acme 11");
            // Only the other tenant has it.
            assert_eq!(Task::find_by_id(id(19)).one(cx).await?, None);
            let missing = Task::find_by_id(id(19)).require_one(cx).await.unwrap_err();
            assert!(missing.is_not_found(), "{missing}");
            assert!(!Project::find().filter(project::Column::Name.starts_with("globex")).exists(cx).await?);
            assert!(!Project::find_by_id(id(4)).exists(cx).await?);
            assert_eq!(Project::find().count(cx).await?, 3);
            Ok(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn filters_orders_and_limits() {
    with_and_without_row_level_security(async |w| {
        w.acme(async |cx| {
            let by_points = || Task::find().order_by_asc(task::Column::Points);
            assert_eq!(points(&by_points().all(cx).await?), [1, 3, 5, 8]);
            assert_eq!(points(&by_points().limit(2).offset(1).all(cx).await?), [3, 5]);
            assert_eq!(points(&by_points().limit(2).limit(None).offset(3).offset(None).all(cx).await?), [1, 3, 5, 8]);
            assert_eq!(by_points().limit(3).offset(2).count(cx).await?, 2);
            assert_eq!(points(&Task::find().order_by(task::Column::Points, Order::Desc).limit(1).all(cx).await?), [8]);
            assert_eq!(points(&Task::find().order_by_id_asc().all(cx).await?), [3, 5, 8, 1]);
            assert_eq!(points(&Task::find().order_by_id_desc().limit(1).all(cx).await?), [1]);
            let nulls = Task::find().order_by_with_nulls(task::Column::ProjectId, Order::Asc, NullOrdering::First);
            assert_eq!(points(&nulls.limit(1).all(cx).await?), [1]);
            let filtered = by_points().filter(task::Column::Points.gt(1)).filter(task::Column::Points.lt(8));
            assert_eq!(points(&filtered.all(cx).await?), [3, 5]);
            let at_most = |most: Option<i32>| {
                by_points().apply_if(most, |find, most| find.filter(task::Column::Points.lte(most)))
            };
            assert_eq!(points(&at_most(Some(3)).all(cx).await?), [1, 3]);
            assert_eq!(at_most(None).count(cx).await?, 4);
            Ok(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn locks() {
    with_and_without_row_level_security(async |w| {
        w.acme(async |cx| {
            assert_eq!(points(&Task::find_by_id(id(11)).lock_exclusive().all(cx).await?), [3]);
            assert_eq!(points(&Task::find_by_id(id(12)).lock_shared().all(cx).await?), [5]);
            assert_eq!(points(&Task::find_by_id(id(13)).lock(LockType::NoKeyUpdate).all(cx).await?), [8]);
            Ok(())
        })
        .await;
    })
    .await;
}

/// A queue: two workers at once are given two jobs, and the third none; and what the other tenant has locked is no
/// concern of theirs.
#[tokio::test]
async fn a_queue_of_jobs() {
    with_and_without_row_level_security(async |w| {
        let next = || {
            Task::find()
                .filter(task::Column::Points.gte(5))
                .order_by_id_asc()
                .limit(1)
                .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        };
        let theirs = w.db.tenant(w.f.globex.id, &w.f.globex.owner).begin().await.unwrap();
        assert_eq!(Task::find().lock_exclusive().all(&theirs).await.unwrap().len(), 5);

        let contexts = [
            w.db.tenant(w.f.acme.id, &w.f.acme.owner).begin().await.unwrap(),
            w.db.tenant(w.f.acme.id, &w.f.acme.owner).begin().await.unwrap(),
            w.db.tenant(w.f.acme.id, &w.f.acme.owner).begin().await.unwrap(),
        ];
        let mut given = Vec::new();
        for cx in &contexts {
            given.push(next().one(cx).await.unwrap().map(|task| task.points));
        }
        assert_eq!(given, [Some(5), Some(8), None]);
        let locked = next().lock_with_behavior(LockType::Update, LockBehavior::Nowait).one(&contexts[2]).await;
        assert_eq!(locked.unwrap_err().sqlstate(), Some("55P03"));
    })
    .await;
}

#[tokio::test]
async fn a_lock_in_a_read_only_context_is_refused_by_the_database() {
    with_and_without_row_level_security(async |w| {
        let context = w.db.tenant(w.f.acme.id, &w.f.acme.owner).read_only();
        let refused = context.run(async |cx| Task::find().lock_exclusive().all(cx).await).await.unwrap_err();
        assert_eq!(refused.sqlstate(), Some("25006"));
    })
    .await;
}
