//! The queries of `docs/queries.md`.

use db::{OnConflict, Result, prelude::*};
use entity::{
    Organization, PlanStep, ResearchPlan,
    plan_step::{self, StepStatus},
    research_plan::{self, Column, PlanStatus},
};
use futures::{FutureExt, future::BoxFuture};

/// Runs a query; some are given a plan.
pub(super) type Query = for<'a> fn(&'a TenantContext, Uuid) -> BoxFuture<'a, Result<()>>;

/// Returns the queries of the guide that read, and those that write.
pub(super) fn queries() -> Vec<(&'static str, Query)> {
    [of_one_table(), related(), paged(), writing()].concat()
}

fn of_one_table() -> Vec<(&'static str, Query)> {
    vec![
        ("a row by its id", |cx, id| ResearchPlan::find_by_id(id).one(cx).map(done).boxed()),
        ("the latest of some", |cx, _| {
            let plans = ResearchPlan::find()
                .filter(Column::Status.is_in([PlanStatus::Planning, PlanStatus::Executing]))
                .filter(Condition::any().add(Column::Title.contains("market")).add(Column::CreatedBy.is_null()))
                .filter(Column::Question.contains("who"));
            plans.order_by_desc(Column::CreatedAt).limit(20).all(cx).map(done).boxed()
        }),
        ("how many", |cx, _| ResearchPlan::find().count(cx).map(done).boxed()),
        ("whether any", |cx, _| {
            ResearchPlan::find().filter(Column::Status.eq(PlanStatus::Failed)).exists(cx).map(done).boxed()
        }),
        ("groups", |cx, _| {
            let steps = PlanStep::find().filter(plan_step::Column::Status.eq(StepStatus::Completed)).select_only();
            let steps = steps.column(plan_step::Column::PlanId).column_as(plan_step::Column::Id.count(), "steps");
            let steps = steps.group_by(plan_step::Column::PlanId).having(plan_step::Column::Id.count().gt(1));
            steps.into_tuple::<(Uuid, i64)>().all(cx).map(done).boxed()
        }),
        ("the next of a queue", |cx, _| {
            let next = PlanStep::find().filter(plan_step::Column::Status.eq(StepStatus::Pending)).order_by_id_asc();
            let next = next.limit(1).lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
            next.one(cx).map(done).boxed()
        }),
    ]
}

fn related() -> Vec<(&'static str, Query)> {
    vec![
        ("the steps of a plan", |cx, id| {
            async move {
                let plan = ResearchPlan::find_by_id(id).require_one(cx).await?;
                plan.find_related(PlanStep).order_by_asc(plan_step::Column::Position).all(cx).await.map(drop)
            }
            .boxed()
        }),
        ("each plan with each of its steps", |cx, _| {
            ResearchPlan::find().find_also_related(PlanStep).all(cx).map(done).boxed()
        }),
        ("each plan with all of its steps", |cx, _| {
            ResearchPlan::find().find_with_related(PlanStep).all(cx).map(done).boxed()
        }),
        ("the plans with a step of a title", |cx, _| {
            let title = plan_step::Column::Title.eq("interview");
            ResearchPlan::find().has_related(PlanStep, title).all(cx).map(done).boxed()
        }),
        ("the plans without a step", |cx, _| {
            ResearchPlan::find().has_no_related(PlanStep, Condition::all()).all(cx).map(done).boxed()
        }),
        ("columns of a join", |cx, _| {
            let titles = PlanStep::find().inner_join(ResearchPlan).select_only();
            let titles = titles.column_as(Column::Title, "plan").column_as(plan_step::Column::Title, "step");
            titles.into_tuple::<(String, String)>().all(cx).map(done).boxed()
        }),
        ("the steps of a subquery's plans", |cx, _| {
            let executing = ResearchPlan::find().filter(Column::Status.eq(PlanStatus::Executing));
            let executing = executing.select_only().column(Column::Id);
            PlanStep::find().in_subquery(plan_step::Column::PlanId, executing).all(cx).map(done).boxed()
        }),
        ("a load of two relations", |cx, _| {
            let open = PlanStep::load().filter(plan_step::Column::Position.lte(10));
            let open = open.order_by_asc(plan_step::Column::Position);
            let plans = ResearchPlan::load().with(open).with(Organization).order_by_id_desc().limit(20);
            plans.all(cx).map(done).boxed()
        }),
        ("the steps of a page of plans", |cx, _| {
            async move {
                let plans = ResearchPlan::find().limit(20).all(cx).await?;
                plans.load_many(PlanStep::find().order_by_asc(plan_step::Column::Position), cx).await.map(drop)
            }
            .boxed()
        }),
    ]
}

fn paged() -> Vec<(&'static str, Query)> {
    vec![
        ("a page with its count", |cx, _| {
            async move {
                let pages = ResearchPlan::find().order_by_id_asc().paginate(cx, 50);
                pages.num_items_and_pages().await?;
                pages.fetch_page(1).await.map(drop)
            }
            .boxed()
        }),
        ("the first by a key", |cx, _| {
            ResearchPlan::find().cursor_by((Column::CreatedAt, Column::Id)).desc().first(50).all(cx).map(done).boxed()
        }),
        ("what comes after a key", |cx, id| {
            let newest = ResearchPlan::find().cursor_by((Column::CreatedAt, Column::Id)).desc().first(50);
            newest.after((DateTimeUtc::UNIX_EPOCH, id)).all(cx).map(done).boxed()
        }),
        ("a stream", |cx, _| {
            async move {
                let mut plans = ResearchPlan::find().order_by_id_asc().stream(cx).await?;
                plans.try_next().await.map(drop)
            }
            .boxed()
        }),
    ]
}

fn writing() -> Vec<(&'static str, Query)> {
    vec![
        ("an update by id", |cx, id| ResearchPlan::update_by_id(id, titled("Robots")).exec(cx).map(done).boxed()),
        ("an update by a filter", |cx, id| {
            let position = Expr::col(plan_step::Column::Position).add(10);
            let steps = PlanStep::update_many().col_expr(plan_step::Writable::Position, position);
            let skipped = plan_step::Draft { status: Set(StepStatus::Skipped), ..Default::default() };
            steps.set(skipped).filter(plan_step::Column::PlanId.eq(id)).exec(cx).map(done).boxed()
        }),
        ("a delete by a filter", |cx, _| {
            let failed = PlanStep::delete_many().filter(plan_step::Column::Status.eq(StepStatus::Failed));
            failed.exec_with_returning(cx).map(done).boxed()
        }),
        ("a delete by id", |cx, id| ResearchPlan::delete_by_id(id).exec(cx).map(done).boxed()),
        ("an upsert", |cx, id| {
            let step = plan_step::Draft {
                plan_id: Set(id),
                position: Set(100),
                title: Set("interview".to_owned()),
                ..Default::default()
            };
            let by_id = OnConflict::column(plan_step::Column::Id).update_column(plan_step::Writable::Title);
            PlanStep::insert_many([step]).on_conflict(by_id).exec(cx).map(done).boxed()
        }),
    ]
}

fn titled(title: &str) -> research_plan::Draft {
    research_plan::Draft { title: Set(title.to_owned()), ..Default::default() }
}

fn done<T>(result: Result<T>) -> Result<()> {
    result.map(drop)
}
