//! Rows of two tables and of three.

use entity::{Organization, PlanStep, ResearchPlan, plan_step::Column};
use futures::FutureExt;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, SelectThree, SelectTwo, TopologyChain};

use super::{Plan, Step, reads::ROWS};
use crate::{case::Case, cases};

/// Steps with their plans.
pub(super) fn two() -> Case {
    Case::new("a join of two tables, 10 rows")
        .bare(|link, i| {
            async move {
                let steps = with_plans().filter(Column::OrganizationId.eq(link.tenant(i).organization));
                assert_eq!(steps.all(&link.bare()).await.unwrap().len(), 10);
            }
            .boxed()
        })
        .by_hand(|link, i| {
            async move {
                let transaction = link.by_hand(link.tenant(i).organization).await;
                assert_eq!(with_plans().all(&transaction).await.unwrap().len(), 10);
                transaction.commit().await.unwrap();
            }
            .boxed()
        })
        .ours(|link, i| {
            async move {
                let tenant = link.tenant(i);
                let steps = PlanStep::find().find_also_related(ResearchPlan).limit(ROWS);
                let context = link.db.tenant(tenant.organization, &tenant.owner).read_only();
                let steps = context.run(async |cx| steps.all(cx).await).await.unwrap();
                assert_eq!(steps.len(), 10);
            }
            .boxed()
        })
}

/// Steps with their plans and the organization.
pub(super) fn three() -> Case {
    Case::new("a join of three tables, 10 rows")
        .bare(|link, i| {
            async move {
                let steps = with_organizations().filter(Column::OrganizationId.eq(link.tenant(i).organization));
                assert_eq!(steps.all(&link.bare()).await.unwrap().len(), 10);
            }
            .boxed()
        })
        .by_hand(|link, i| {
            async move {
                let transaction = link.by_hand(link.tenant(i).organization).await;
                assert_eq!(with_organizations().all(&transaction).await.unwrap().len(), 10);
                transaction.commit().await.unwrap();
            }
            .boxed()
        })
        .ours(|link, i| {
            async move {
                let tenant = link.tenant(i);
                let steps = PlanStep::find().find_also_related(ResearchPlan).and_also_related(Organization);
                let steps = steps.limit(ROWS);
                let context = link.db.tenant(tenant.organization, &tenant.owner).read_only();
                let steps = context.run(async |cx| steps.all(cx).await).await.unwrap();
                assert_eq!(steps.len(), 10);
            }
            .boxed()
        })
}

fn with_plans() -> SelectTwo<Step, Plan> {
    Step::find().find_also_related(Plan::default()).limit(ROWS)
}

fn with_organizations() -> SelectThree<Step, Plan, cases::Organization, TopologyChain> {
    let steps = Step::find().find_also_related(Plan::default());
    steps.and_also_related(cases::Organization::default()).limit(ROWS)
}
