//! Research plans and their steps.

use axum::{
    Json,
    http::{HeaderName, StatusCode, header::LOCATION},
};
use chrono::{DateTime, Utc};
use db::{
    axum::{JsonBody, PathParams, Problem, QueryParams, TenantExtractor},
    prelude::*,
};
use entity::{
    NewResearchPlan, PlanStep, ResearchPlan, add_plan_step, complete_research_plan, create_research_plan,
    move_plan_step, plan_step, research_plan,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    answers::{Asked, InOrganization, Sent, ToOne},
    page::{Cursor, PageQuery},
    service::App,
    words::{PlanStatus, StepStatus},
};

/// How many steps a plan may have.
const STEPS: usize = 100;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(one))
        .routes(routes!(complete))
        .routes(routes!(add_step))
        .routes(routes!(move_step))
}

/// A plan.
#[derive(Serialize, ToSchema)]
struct Plan {
    id: Uuid,
    title: String,
    question: String,
    status: PlanStatus,
    /// The member who made it, unless they have left.
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<research_plan::Model> for Plan {
    fn from(plan: research_plan::Model) -> Self {
        Self {
            id: plan.id,
            title: plan.title,
            question: plan.question,
            status: plan.status.into(),
            created_by: plan.created_by.map(|user| user.0),
            created_at: plan.created_at,
            updated_at: plan.updated_at,
        }
    }
}

/// A step of a plan.
#[derive(Serialize, ToSchema)]
struct Step {
    id: Uuid,
    plan_id: Uuid,
    /// Where it stands in its plan, from 1.
    position: i32,
    title: String,
    status: StepStatus,
}

impl From<plan_step::Model> for Step {
    fn from(step: plan_step::Model) -> Self {
        Self {
            id: step.id,
            plan_id: step.plan_id,
            position: step.position,
            title: step.title,
            status: step.status.into(),
        }
    }
}

/// A plan with its steps, in order.
#[derive(Serialize, ToSchema)]
struct PlanWithSteps {
    plan: Plan,
    steps: Vec<Step>,
}

/// A page of plans, oldest first.
#[derive(Serialize, ToSchema)]
struct Plans {
    plans: Vec<Plan>,
    /// What to give as `after` for the next page; null on the last one.
    next: Option<Cursor>,
}

/// What a new plan is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object with a title, a question and steps")]
struct NewPlan {
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    question: String,
    /// The titles of its steps, in order.
    #[serde(default)]
    #[schema(max_items = 100)]
    steps: Vec<String>,
}

/// What a new step is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object with a title")]
struct NewStep {
    #[schema(min_length = 1, max_length = 200)]
    title: String,
}

/// Where a step is to go.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object with a position")]
struct NewPosition {
    /// From 1; past the end is the end.
    #[schema(minimum = 1)]
    position: i32,
}

#[derive(Deserialize)]
struct PlanPath {
    plan_id: Uuid,
}

#[derive(Deserialize)]
struct StepPath {
    step_id: Uuid,
}

/// Lists the plans, a page at a time.
#[utoipa::path(
    get, path = "/organizations/{organization_id}/plans", tag = "plans",
    params(("organization_id" = Uuid, Path), PageQuery),
    responses((status = 200, body = Plans), Asked, InOrganization)
)]
async fn list(tenant: TenantExtractor, QueryParams(page): QueryParams<PageQuery>) -> Result<Json<Plans>, Problem> {
    let rows = page.limit.rows();
    let mut plans = tenant
        .read(async |cx| {
            let mut plans = ResearchPlan::find().cursor_by(research_plan::Column::Id);
            if let Some(Cursor(id)) = page.after {
                plans = plans.after(id);
            }
            // One more than wanted says whether there is another page.
            plans.first(rows + 1).all(cx).await
        })
        .await?;
    let more = plans.len() as u64 > rows;
    plans.truncate(usize::try_from(rows).unwrap_or(usize::MAX));
    let next = plans.last().filter(|_| more).map(|plan| Cursor(plan.id));
    Ok(Json(Plans { plans: plans.into_iter().map(Plan::from).collect(), next }))
}

/// Makes a plan.
///
/// More than 100 steps are a 422, `/problems/too-many-steps`.
#[utoipa::path(
    post, path = "/organizations/{organization_id}/plans", tag = "plans",
    params(("organization_id" = Uuid, Path)), request_body = NewPlan,
    responses((status = 201, body = PlanWithSteps, headers(("Location" = String))), Asked, InOrganization, Sent)
)]
async fn create(
    tenant: TenantExtractor,
    JsonBody(new): JsonBody<NewPlan>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<PlanWithSteps>), Problem> {
    if new.steps.len() > STEPS {
        return Err(too_many_steps());
    }
    let new = NewResearchPlan { title: new.title, question: new.question, steps: new.steps };
    let plan = tenant
        .run(async |cx| {
            let (id, _) = create_research_plan(cx, new).await?;
            with_steps(cx, id).await
        })
        .await?;
    let location = format!("/organizations/{}/plans/{}", tenant.organization_id(), plan.plan.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(plan)))
}

/// Returns a plan with its steps.
#[utoipa::path(
    get, path = "/organizations/{organization_id}/plans/{plan_id}", tag = "plans",
    params(("organization_id" = Uuid, Path), ("plan_id" = Uuid, Path)),
    responses((status = 200, body = PlanWithSteps), Asked, InOrganization, ToOne)
)]
async fn one(tenant: TenantExtractor, PathParams(path): PathParams<PlanPath>) -> Result<Json<PlanWithSteps>, Problem> {
    Ok(Json(tenant.read(async |cx| with_steps(cx, path.plan_id).await).await?))
}

/// Completes a plan.
#[utoipa::path(
    post, path = "/organizations/{organization_id}/plans/{plan_id}/complete", tag = "plans",
    params(("organization_id" = Uuid, Path), ("plan_id" = Uuid, Path)),
    responses((status = 200, body = Plan), Asked, InOrganization, ToOne)
)]
async fn complete(tenant: TenantExtractor, PathParams(path): PathParams<PlanPath>) -> Result<Json<Plan>, Problem> {
    let plan = tenant.run(async |cx| complete_research_plan(cx, path.plan_id).await).await?;
    Ok(Json(plan.into()))
}

/// Adds a step at the end of a plan.
///
/// A plan has at most 100 steps: one more is a 422, `/problems/too-many-steps`.
#[utoipa::path(
    post, path = "/organizations/{organization_id}/plans/{plan_id}/steps", tag = "plans",
    params(("organization_id" = Uuid, Path), ("plan_id" = Uuid, Path)), request_body = NewStep,
    responses((status = 201, body = Step), Asked, InOrganization, ToOne, Sent)
)]
async fn add_step(
    tenant: TenantExtractor,
    PathParams(path): PathParams<PlanPath>,
    JsonBody(new): JsonBody<NewStep>,
) -> Result<(StatusCode, Json<Step>), Problem> {
    let step = tenant
        .open()
        .run::<_, Problem>(async |cx| {
            let step = add_plan_step(cx, path.plan_id, &new.title).await?;
            // Counted afterwards, when the plan is locked: nobody adds another one meanwhile.
            let steps = PlanStep::find().filter(plan_step::Column::PlanId.eq(path.plan_id)).count(cx).await?;
            if steps > STEPS as u64 { Err(too_many_steps()) } else { Ok(step) }
        })
        .await?;
    Ok((StatusCode::CREATED, Json(step.into())))
}

/// Moves a step to another position in its plan.
#[utoipa::path(
    post, path = "/organizations/{organization_id}/steps/{step_id}/move", tag = "plans",
    params(("organization_id" = Uuid, Path), ("step_id" = Uuid, Path)), request_body = NewPosition,
    responses((status = 200, body = Step), Asked, InOrganization, ToOne, Sent)
)]
async fn move_step(
    tenant: TenantExtractor,
    PathParams(path): PathParams<StepPath>,
    JsonBody(new): JsonBody<NewPosition>,
) -> Result<Json<Step>, Problem> {
    let step = tenant.run(async |cx| move_plan_step(cx, path.step_id, new.position).await).await?;
    Ok(Json(step.into()))
}

fn too_many_steps() -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "/problems/too-many-steps", "Too many steps")
        .with_detail("a plan has at most 100 steps")
}

async fn with_steps(cx: &TenantReader, id: Uuid) -> db::Result<PlanWithSteps> {
    let plan = ResearchPlan::find_by_id(id).require_one(cx).await?;
    let steps = PlanStep::find()
        .filter(plan_step::Column::PlanId.eq(id))
        .order_by_asc(plan_step::Column::Position)
        .all(cx)
        .await?;
    Ok(PlanWithSteps { plan: plan.into(), steps: steps.into_iter().map(Step::from).collect() })
}
