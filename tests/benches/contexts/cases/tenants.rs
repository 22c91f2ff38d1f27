//! A job over all tenants.

use db::prelude::TenantContext;
use entity::{ResearchPlan, research_plan::Column};
use futures::{FutureExt, StreamExt, stream};

use super::reads::{ROWS, latest, latest_of};
use crate::case::Case;

/// Ten rows of each tenant, one tenant after the other, each in a transaction of its own.
pub(super) fn for_each() -> Case {
    Case::new("for_each_tenant over 1,000 organizations")
        .bare(|link, _| {
            async move {
                for tenant in &link.world.tenants {
                    latest_of(tenant.organization).all(&link.bare()).await.unwrap();
                }
            }
            .boxed()
        })
        .by_hand(|link, _| {
            async move {
                for tenant in &link.world.tenants {
                    let transaction = link.by_hand(tenant.organization).await;
                    latest().all(&transaction).await.unwrap();
                    transaction.commit().await.unwrap();
                }
            }
            .boxed()
        })
        .ours(|link, _| {
            async move {
                let tenants = &link.world.tenants;
                let ids: Vec<_> = tenants.iter().map(|tenant| tenant.organization).collect();
                let job = async |cx: &mut TenantContext| {
                    let latest = ResearchPlan::find().order_by_desc(Column::CreatedAt).limit(ROWS);
                    latest.all(cx).await.map(drop)
                };
                let report = link.db.for_each_tenant("a benchmark").run(stream::iter(ids).map(Ok), job).await;
                assert_eq!(report.done, tenants.len(), "{report}");
            }
            .boxed()
        })
}
