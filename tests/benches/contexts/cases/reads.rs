//! Ten rows of one tenant.

use db::prelude::OrganizationId;
use entity::{ResearchPlan, research_plan::Column};
use futures::FutureExt;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::Plan;
use crate::case::Case;

pub(super) const ROWS: u64 = 10;

/// A context that does nothing.
pub(super) fn nothing() -> Case {
    Case::new("open and commit")
        .by_hand(|link, i| {
            async move { link.by_hand(link.tenant(i).organization).await.commit().await.unwrap() }.boxed()
        })
        .ours(|link, i| {
            async move {
                let tenant = link.tenant(i);
                let nothing = link.db.tenant(tenant.organization, &tenant.owner).run(async |_| Ok::<_, db::Error>(()));
                nothing.await.unwrap();
            }
            .boxed()
        })
}

/// The latest plans, in a context that only reads.
pub(super) fn read() -> Case {
    plain("a read of 10 rows").ours(|link, i| {
        async move {
            let tenant = link.tenant(i);
            let context = link.db.tenant(tenant.organization, &tenant.owner).read_only();
            let latest = ResearchPlan::find().order_by_desc(Column::CreatedAt).limit(ROWS);
            let plans = context.run(async |cx| latest.all(cx).await).await.unwrap();
            assert_eq!(plans.len(), 10);
        }
        .boxed()
    })
}

/// The same in a context that may write, and waits for its commit.
pub(super) fn read_and_commit() -> Case {
    plain("a read of 10 rows and a commit").ours(|link, i| {
        async move {
            let tenant = link.tenant(i);
            let latest = ResearchPlan::find().order_by_desc(Column::CreatedAt).limit(ROWS);
            let read = link.db.with_tenant_context(tenant.organization, &tenant.owner, async |cx| latest.all(cx).await);
            assert_eq!(read.await.unwrap().len(), 10);
        }
        .boxed()
    })
}

fn plain(name: &'static str) -> Case {
    Case::new(name)
        .bare(|link, i| {
            async move {
                let latest = latest_of(link.tenant(i).organization);
                assert_eq!(latest.all(&link.bare()).await.unwrap().len(), 10);
            }
            .boxed()
        })
        .by_hand(|link, i| {
            async move {
                let transaction = link.by_hand(link.tenant(i).organization).await;
                assert_eq!(latest().all(&transaction).await.unwrap().len(), 10);
                transaction.commit().await.unwrap();
            }
            .boxed()
        })
}

/// The latest plans, of whatever tenant the policies let through.
pub(super) fn latest() -> Select<Plan> {
    Plan::find().order_by_desc(Column::CreatedAt).limit(ROWS)
}

/// The latest plans of one tenant.
pub(super) fn latest_of(organization: OrganizationId) -> Select<Plan> {
    latest().filter(Column::OrganizationId.eq(organization))
}
