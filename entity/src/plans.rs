//! Making research plans.

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
