//! Working on research plans: steps are added, moved and done with, by several members at once.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use db::{Db, prelude::*};
use entity::{
    PlanStep, ResearchPlan, add_plan_step, complete_research_plan, move_plan_step,
    plan_step::{self, Column},
    research_plan::PlanStatus,
};
use futures::future::join_all;
use tests::{Fixture, Org};

/// The positions and titles of the steps of an organization's plan, in order.
async fn steps(db: &Db, org: &Org) -> Vec<(i32, String)> {
    let steps = PlanStep::find().filter(Column::PlanId.eq(org.plan)).order_by_asc(Column::Position);
    let steps = db.tenant(org.id, &org.owner).read_only().run(async |cx| steps.all(cx).await).await.unwrap();
    steps.into_iter().map(|step| (step.position, step.title)).collect()
}

async fn titles(db: &Db, org: &Org) -> Vec<String> {
    steps(db, org).await.into_iter().map(|(_, title)| title).collect()
}

async fn add(db: &Db, org: &Org, plan: Uuid, title: &str) -> db::Result<plan_step::Model> {
    db.with_tenant_context(org.id, &org.member, async |cx| add_plan_step(cx, plan, title).await).await
}

async fn go(db: &Db, org: &Org, step: Uuid, position: i32) -> db::Result<plan_step::Model> {
    db.with_tenant_context(org.id, &org.member, async |cx| move_plan_step(cx, step, position).await).await
}

#[tokio::test]
async fn a_step_is_added_at_the_end() {
    let f = Fixture::new().await;
    let step = add(&f.db, &f.acme, f.acme.plan, "four").await.unwrap();
    assert_eq!((step.position, step.plan_id), (4, f.acme.plan));
    assert_eq!(titles(&f.db, &f.acme).await, ["one", "two", "three", "four"]);
    assert_eq!(titles(&f.db, &f.globex).await, ["one", "two", "three"]);

    assert!(add(&f.db, &f.acme, f.acme.plan, "").await.unwrap_err().is_check_violation());
    assert!(add(&f.db, &f.acme, Uuid::now_v7(), "x").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn the_first_step_of_a_plan_without_steps_stands_at_1() {
    let f = Fixture::new().await;
    let steps = PlanStep::delete_many().filter(Column::PlanId.eq(f.acme.plan));
    let deleted = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| steps.exec(cx).await).await.unwrap();
    assert_eq!(deleted.rows_affected, 3);
    assert_eq!(add(&f.db, &f.acme, f.acme.plan, "one").await.unwrap().position, 1);
}

/// Each from each position to each other, against a list from which the step is taken and into which it is put.
#[tokio::test]
async fn a_step_is_moved_from_anywhere_to_anywhere() {
    let f = Fixture::new().await;
    let mut ids = f.acme.steps.clone();
    let mut expected = titles(&f.db, &f.acme).await;
    for title in ["four", "five"] {
        ids.push(add(&f.db, &f.acme, f.acme.plan, title).await.unwrap().id);
        expected.push(title.to_owned());
    }
    for from in 0..5 {
        for to in 0..5 {
            let position = i32::try_from(to + 1).unwrap();
            let moved = go(&f.db, &f.acme, ids[from], position).await.unwrap();
            assert_eq!((moved.id, moved.position), (ids[from], position));
            let (id, title) = (ids.remove(from), expected.remove(from));
            ids.insert(to, id);
            expected.insert(to, title);
            let found = steps(&f.db, &f.acme).await;
            assert_eq!(found, (1..).zip(expected.clone()).collect::<Vec<_>>(), "from {from} to {to}");
        }
    }
    assert_eq!(titles(&f.db, &f.globex).await, ["one", "two", "three"]);
}

#[tokio::test]
async fn a_step_is_moved_to_places_that_are_there() {
    let f = Fixture::new().await;
    let [one, ..] = f.acme.steps[..] else { unreachable!() };
    for beyond in [4, 1000, i32::MAX] {
        assert_eq!(go(&f.db, &f.acme, one, beyond).await.unwrap().position, 3);
        assert_eq!(titles(&f.db, &f.acme).await, ["two", "three", "one"]);
    }
    for below in [0, -1, i32::MIN] {
        let refused = go(&f.db, &f.acme, one, below).await.unwrap_err();
        assert!(refused.is_check_violation(), "{refused}");
    }
    assert_eq!(titles(&f.db, &f.acme).await, ["two", "three", "one"]);
    assert!(go(&f.db, &f.acme, Uuid::now_v7(), 1).await.unwrap_err().is_not_found());
}

/// A step that was deleted leaves its place empty; no two steps meet for it.
#[tokio::test]
async fn a_step_is_moved_across_a_gap() {
    let f = Fixture::new().await;
    let four = add(&f.db, &f.acme, f.acme.plan, "four").await.unwrap();
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        PlanStep::delete_by_id(f.acme.steps[1]).exec(cx).await
    })
    .await
    .unwrap();
    go(&f.db, &f.acme, four.id, 1).await.unwrap();
    assert_eq!(titles(&f.db, &f.acme).await, ["four", "one", "three"]);
    go(&f.db, &f.acme, four.id, 4).await.unwrap();
    assert_eq!(titles(&f.db, &f.acme).await, ["one", "three", "four"]);
}

#[tokio::test]
async fn a_plan_is_completed_and_stays_so() {
    let f = Fixture::new().await;
    for _ in 0..2 {
        let plan = f
            .db
            .with_tenant_context(f.acme.id, &f.acme.member, async |cx| complete_research_plan(cx, f.acme.plan).await)
            .await
            .unwrap();
        assert_eq!((plan.id, plan.status), (f.acme.plan, PlanStatus::Completed));
    }
}

#[tokio::test]
async fn another_organization_adds_moves_and_completes_nothing() {
    let f = Fixture::new().await;
    let before = steps(&f.db, &f.acme).await;
    assert!(add(&f.db, &f.globex, f.acme.plan, "spy").await.unwrap_err().is_not_found());
    assert!(go(&f.db, &f.globex, f.acme.steps[0], 3).await.unwrap_err().is_not_found());
    let completed = f
        .db
        .with_tenant_context(f.globex.id, &f.globex.owner, async |cx| complete_research_plan(cx, f.acme.plan).await);
    assert!(completed.await.unwrap_err().is_not_found());

    assert_eq!(steps(&f.db, &f.acme).await, before);
    let plan = ResearchPlan::find_by_id(f.acme.plan);
    let plan = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| plan.require_one(cx).await).await.unwrap();
    assert_eq!(plan.status, PlanStatus::Planning);
    // The same calls do something where the plan is one's own.
    add(&f.db, &f.acme, f.acme.plan, "ours").await.unwrap();
    go(&f.db, &f.acme, f.acme.steps[0], 3).await.unwrap();
    assert_ne!(steps(&f.db, &f.acme).await, before);
}

/// Steps are added and moved by several members at once; each has a place of its own in the end, and none is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_are_added_and_moved_at_once() {
    let f = Fixture::new().await;
    let adding = (0..20).map(|n| {
        let (db, org) = (f.db.clone(), f.acme.clone());
        tokio::spawn(async move { add(&db, &org, org.plan, &format!("new {n}")).await.map(drop) })
    });
    let moving = (0..40).map(|n| {
        let (db, org) = (f.db.clone(), f.acme.clone());
        tokio::spawn(async move { go(&db, &org, org.steps[n % 3], i32::try_from(1 + n % 7).unwrap()).await.map(drop) })
    });
    let tasks: Vec<_> = adding.chain(moving).collect();
    for done in join_all(tasks).await {
        done.unwrap().unwrap();
    }
    let steps = steps(&f.db, &f.acme).await;
    let positions: Vec<i32> = steps.iter().map(|(position, _)| *position).collect();
    assert_eq!(positions, (1..=23).collect::<Vec<_>>());
    let mut titles: Vec<_> = steps.into_iter().map(|(_, title)| title).collect();
    titles.sort_unstable();
    titles.dedup();
    assert_eq!(titles.len(), 23);
}

/// The control of the test above: without the lock, two that are added at once want one place.
#[tokio::test]
async fn steps_that_are_added_at_once_without_a_lock_meet() {
    let f = Fixture::new().await;
    let last = || PlanStep::find().filter(Column::PlanId.eq(f.acme.plan)).order_by_desc(Column::Position);
    let draft = |position| plan_step::Draft {
        plan_id: Set(f.acme.plan),
        position: Set(position),
        title: Set("new".to_owned()),
        ..Default::default()
    };
    let one = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    let other = f.db.tenant(f.acme.id, &f.acme.member).begin().await.unwrap();
    let (at, beside) = (last().require_one(&one).await.unwrap(), last().require_one(&other).await.unwrap());
    PlanStep::insert(draft(at.position + 1)).exec(&one).await.unwrap();
    one.commit().await.unwrap();
    let refused = PlanStep::insert(draft(beside.position + 1)).exec(&other).await.unwrap_err();
    assert!(refused.is_unique_violation(), "{refused}");
}
