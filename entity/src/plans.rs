//! Making research plans, and working on them.

use db::{TenantContext, prelude::*};

use crate::{
    PlanStep, ResearchPlan,
    plan_step::{self, StepStatus},
    research_plan::{self, PlanStatus},
};

/// What a new research plan is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "parameters, made by the caller")]
pub struct NewResearchPlan {
    /// Its title.
    pub title: String,
    /// The question it is to answer.
    pub question: String,
    /// The titles of its steps, in order.
    pub steps: Vec<String>,
}

/// Makes a research plan with its steps, and returns the plan's id and those of the steps, in order.
///
/// Works the same in a context and in a savepoint of one. Two statements. If the second fails, the transaction
/// or the savepoint is lost, so that no plan stays without its steps.
///
/// # Errors
///
/// `is_foreign_key_violation` if the member for whom the context was opened has left the organization since.
pub async fn create_research_plan(cx: &TenantContext, plan: NewResearchPlan) -> db::Result<(Uuid, Vec<Uuid>)> {
    let plan_id = ResearchPlan::insert(research_plan::Draft {
        title: Set(plan.title),
        question: Set(plan.question),
        status: Set(PlanStatus::Planning),
        created_by: Set(cx.user_id()),
        ..Default::default()
    })
    .exec(cx)
    .await?;

    let mut step_ids = Vec::with_capacity(plan.steps.len());
    let steps = (1..).zip(plan.steps).map(|(position, title)| {
        let id = Uuid::now_v7();
        step_ids.push(id);
        plan_step::Draft {
            id: Set(id),
            plan_id: Set(plan_id),
            position: Set(position),
            title: Set(title),
            status: Set(StepStatus::Pending),
            ..Default::default()
        }
    });
    let steps = PlanStep::insert_many(steps);
    let _ = steps.exec(cx).await?;
    Ok((plan_id, step_ids))
}

/// Adds a step at the end of a research plan.
///
/// Three statements. The plan's row is locked first, so that of two steps that are added at once one waits for the
/// other, and each has a place of its own.
///
/// # Errors
///
/// `is_not_found` if the organization has no such plan; `is_check_violation` if the title is not of 1 to 200 characters;
/// `is_unique_violation` under repeatable read, where another step was added meanwhile.
pub async fn add_plan_step(cx: &TenantContext, plan_id: Uuid, title: &str) -> db::Result<plan_step::Model> {
    ResearchPlan::find_by_id(plan_id).lock(LockType::NoKeyUpdate).require_one(cx).await?;
    let position = last_position(cx, plan_id).await?.saturating_add(1);
    PlanStep::insert(plan_step::Draft {
        plan_id: Set(plan_id),
        position: Set(position),
        title: Set(title.to_owned()),
        status: Set(StepStatus::Pending),
        ..Default::default()
    })
    .exec_with_returning(cx)
    .await
}

/// Moves a step to a position in its plan, and returns it; those in between move up by one. A position past the end is
/// the last one.
///
/// Four statements, of which one writes: the positions in between turn by one. Their key is checked at the end of it,
/// and no two steps are in one place by then. The plan's row is locked first, as by [`add_plan_step`].
///
/// # Errors
///
/// `is_not_found` if the organization has no such step; `is_check_violation` if the position is less than 1.
pub async fn move_plan_step(cx: &TenantContext, step_id: Uuid, position: i32) -> db::Result<plan_step::Model> {
    use plan_step::Column;

    let plan_of_step = PlanStep::find_by_id(step_id).select_only().column(Column::PlanId);
    let plan = ResearchPlan::find()
        .in_subquery(research_plan::Column::Id, plan_of_step)
        .lock(LockType::NoKeyUpdate)
        .one(cx)
        .await?;
    let step = PlanStep::find_by_id(step_id).require_one(cx).await?;
    let Some(plan) = plan else { return Ok(step) };

    // 0 is for all that is no position: the table's CHECK refuses it.
    let (from, to) = (step.position, position.clamp(0, last_position(cx, plan.id).await?));
    if from == to {
        return Ok(step);
    }
    // Forwards, each of the others goes one back; and the other way round.
    let (first, last, turn) = if from < to { (from, to, to - from) } else { (to, from, 1) };
    let places = last - first + 1;
    let turned = Column::Position.into_expr().sub(first).add(turn).modulo(places).add(first);
    let moved = PlanStep::update_many()
        .col_expr(plan_step::Writable::Position, turned)
        .filter(Column::PlanId.eq(plan.id).and(Column::Position.between(first, last)))
        .exec_with_returning(cx)
        .await?;
    Ok(moved.into_iter().find(|moved| moved.id == step_id).unwrap_or(step))
}

/// Completes a research plan, and returns it. A second time changes nothing.
///
/// # Errors
///
/// `is_not_found` if the organization has no such plan.
pub async fn complete_research_plan(cx: &TenantContext, id: Uuid) -> db::Result<research_plan::Model> {
    let completed = research_plan::Draft { status: Set(PlanStatus::Completed), ..Default::default() };
    ResearchPlan::update_by_id(id, completed).exec(cx).await
}

/// Returns the position of the last step of a plan; 0 where it has none.
async fn last_position(cx: &TenantContext, plan_id: Uuid) -> db::Result<i32> {
    use plan_step::Column;

    let last = PlanStep::find().filter(Column::PlanId.eq(plan_id)).order_by_desc(Column::Position).limit(1);
    Ok(last.one(cx).await?.map_or(0, |step| step.position))
}
