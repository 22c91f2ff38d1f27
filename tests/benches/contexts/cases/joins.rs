//! The two steps of a plan, joined.

use db::prelude::{Expr, Uuid};
use entity::{Organization, PlanStep, ResearchPlan, plan_step::Column};
use futures::FutureExt;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, SelectThree, SelectTwo, TopologyChain};

use super::{Plan, Step};
use crate::{case::Case, cases, world::Tenant};

/// Steps with their plans.
pub(super) fn two() -> Case {
    Case::new("a join of two tables")
        .bare(|link, i| {
            async move {
                let steps = with_plans(link.tenant(i).plan).filter(of(link.tenant(i)));
                assert_eq!(steps.all(&link.bare()).await.unwrap().len(), 2);
            }
            .boxed()
        })
        .by_hand(|link, i| {
            async move {
                let tenant = link.tenant(i);
                let transaction = link.by_hand(tenant.organization).await;
                assert_eq!(with_plans(tenant.plan).all(&transaction).await.unwrap().len(), 2);
                transaction.commit().await.unwrap();
            }
            .boxed()
        })
        .ours(|link, i| {
            async move {
                let tenant = link.tenant(i);
                let steps = PlanStep::find().filter(Column::PlanId.eq(tenant.plan)).find_also_related(ResearchPlan);
                let context = link.db.tenant(tenant.organization, &tenant.owner).read_only();
                let steps = context.run(async |cx| steps.all(cx).await).await.unwrap();
                assert_eq!(steps.len(), 2);
            }
            .boxed()
        })
}

/// Steps with their plans and the organization.
pub(super) fn three() -> Case {
    Case::new("a join of three tables")
        .bare(|link, i| {
            async move {
                let steps = with_organizations(link.tenant(i).plan).filter(of(link.tenant(i)));
                assert_eq!(steps.all(&link.bare()).await.unwrap().len(), 2);
            }
            .boxed()
        })
        .by_hand(|link, i| {
            async move {
                let tenant = link.tenant(i);
                let transaction = link.by_hand(tenant.organization).await;
                assert_eq!(with_organizations(tenant.plan).all(&transaction).await.unwrap().len(), 2);
                transaction.commit().await.unwrap();
            }
            .boxed()
        })
        .ours(|link, i| {
            async move {
                let tenant = link.tenant(i);
                let steps = PlanStep::find().filter(Column::PlanId.eq(tenant.plan)).find_also_related(ResearchPlan);
                let steps = steps.and_also_related(Organization);
                let context = link.db.tenant(tenant.organization, &tenant.owner).read_only();
                let steps = context.run(async |cx| steps.all(cx).await).await.unwrap();
                assert_eq!(steps.len(), 2);
            }
            .boxed()
        })
}

fn with_plans(plan: Uuid) -> SelectTwo<Step, Plan> {
    Step::find().filter(Column::PlanId.eq(plan)).find_also_related(Plan::default())
}

fn with_organizations(plan: Uuid) -> SelectThree<Step, Plan, cases::Organization, TopologyChain> {
    with_plans(plan).and_also_related(cases::Organization::default())
}

fn of(tenant: &Tenant) -> Expr {
    Column::OrganizationId.eq(tenant.organization)
}
