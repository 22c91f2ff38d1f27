//! One row, written.

use db::prelude::{Expr, OrganizationId, Set, Uuid};
use entity::{Organization, ResearchPlan, organization, research_plan};
use futures::FutureExt;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, TransactionTrait, UpdateMany};

use super::Plan;
use crate::{case::Case, cases};

/// A plan, which any member may write.
pub(super) fn update() -> Case {
    Case::new("an update of a row")
        .bare(|link, i| {
            async move {
                let tenant = link.tenant(i);
                let update = retitle(tenant.plan, i).filter(of(tenant.organization));
                assert_eq!(update.exec_with_returning(&link.bare()).await.unwrap().len(), 1);
            }
            .boxed()
        })
        .by_hand(|link, i| {
            async move {
                let tenant = link.tenant(i);
                let transaction = link.by_hand(tenant.organization).await;
                assert_eq!(retitle(tenant.plan, i).exec_with_returning(&transaction).await.unwrap().len(), 1);
                transaction.commit().await.unwrap();
            }
            .boxed()
        })
        .ours(|link, i| {
            async move {
                let tenant = link.tenant(i);
                let update = ResearchPlan::update_by_id(tenant.plan, titled(i));
                let context = link.db.tenant(tenant.organization, &tenant.owner);
                context.run(async |cx| update.exec(cx).await).await.unwrap();
            }
            .boxed()
        })
}

/// The organization, which its owners and admins may write: ours asks for the member's role.
pub(super) fn update_by_role() -> Case {
    Case::new("an update that takes a role")
        .bare(|link, i| {
            async move {
                let update = rename(link.tenant(i).organization, i);
                assert_eq!(update.exec_with_returning(&link.bare()).await.unwrap().len(), 1);
            }
            .boxed()
        })
        .by_hand(|link, i| {
            async move {
                let organization = link.tenant(i).organization;
                let transaction = link.by_hand(organization).await;
                assert_eq!(rename(organization, i).exec_with_returning(&transaction).await.unwrap().len(), 1);
                transaction.commit().await.unwrap();
            }
            .boxed()
        })
        .ours(|link, i| {
            async move {
                let tenant = link.tenant(i);
                let draft = organization::Draft { name: Set(format!("organization {i}")), ..Default::default() };
                let update = Organization::update_by_id(tenant.organization, draft);
                let context = link.db.tenant(tenant.organization, &tenant.owner);
                context.run(async |cx| update.exec(cx).await).await.unwrap();
            }
            .boxed()
        })
}

/// The plan again, in a savepoint of the transaction. The bare statement has none.
pub(super) fn savepoint() -> Case {
    let bare = update().ways.remove(0);
    Case::new("an update in a savepoint")
        .way(bare.0, bare.1)
        .by_hand(|link, i| {
            async move {
                let tenant = link.tenant(i);
                let transaction = link.by_hand(tenant.organization).await;
                let savepoint = transaction.begin().await.unwrap();
                assert_eq!(retitle(tenant.plan, i).exec_with_returning(&savepoint).await.unwrap().len(), 1);
                savepoint.commit().await.unwrap();
                transaction.commit().await.unwrap();
            }
            .boxed()
        })
        .ours(|link, i| {
            async move {
                let tenant = link.tenant(i);
                let update = ResearchPlan::update_by_id(tenant.plan, titled(i));
                let context = link.db.tenant(tenant.organization, &tenant.owner);
                context.run(async |cx| cx.savepoint(async |cx| update.exec(cx).await).await).await.unwrap();
            }
            .boxed()
        })
}

fn titled(i: usize) -> research_plan::Draft {
    research_plan::Draft { title: Set(format!("plan {i}")), ..Default::default() }
}

fn retitle(plan: Uuid, i: usize) -> UpdateMany<Plan> {
    let update = Plan::update_many().filter(research_plan::Column::Id.eq(plan));
    update.col_expr(research_plan::Column::Title, Expr::value(format!("plan {i}")))
}

fn of(organization: OrganizationId) -> Expr {
    research_plan::Column::OrganizationId.eq(organization)
}

fn rename(id: OrganizationId, i: usize) -> UpdateMany<cases::Organization> {
    let update = cases::Organization::update_many().filter(organization::Column::Id.eq(id));
    update.col_expr(organization::Column::Name, Expr::value(format!("organization {i}")))
}
