//! Rows with what is related to them, pages, and streams.

use entity::{Organization, PlanStep, ResearchPlan, plan_step, research_plan::Column};
use futures::{FutureExt, TryStreamExt};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, LoaderTrait, PaginatorTrait, QueryFilter, QueryOrder, Select,
    StreamTrait,
};

use super::{
    Plan, Step,
    reads::{ROWS, latest, latest_of},
};
use crate::{case::Case, cases, link::Link, world::STREAMED};

/// The latest plans, each with its steps and its organization: three statements.
pub(super) fn load() -> Case {
    Case::new("a load of two relations")
        .bare(|link, i| async move { loaded(latest_of(link.tenant(i).organization), &link.bare()).await }.boxed())
        .by_hand(|link, i| {
            async move {
                let transaction = link.by_hand(link.tenant(i).organization).await;
                loaded(latest(), &transaction).await;
                transaction.commit().await.unwrap();
            }
            .boxed()
        })
        .ours(|link, i| {
            async move {
                let tenant = link.tenant(i);
                let load = ResearchPlan::load().with(PlanStep).with(Organization);
                let load = load.order_by_desc(Column::CreatedAt).limit(ROWS);
                let context = link.db.tenant(tenant.organization, &tenant.owner).read_only();
                let plans = context.run(async |cx| load.all(cx).await).await.unwrap();
                assert!(plans.len() == 10 && plans.iter().all(|plan| plan.steps.iter().count() == 2));
            }
            .boxed()
        })
}

/// By SeaORM's loader.
async fn loaded(plans: Select<Plan>, connection: &impl ConnectionTrait) {
    let plans = plans.all(connection).await.unwrap();
    let steps = plans.load_many(Step::default(), connection).await.unwrap();
    let organizations = plans.load_one(cases::Organization::default(), connection).await.unwrap();
    assert!(plans.len() == 10 && steps.iter().all(|steps| steps.len() == 2));
    assert!(organizations.iter().all(Option::is_some));
}

/// The third page of ten, and how many there are: two statements, and one of ours.
pub(super) fn page() -> Case {
    Case::new("a page with its count")
        .bare(|link, i| {
            async move {
                let plans = Plan::find().filter(Column::OrganizationId.eq(link.tenant(i).organization));
                paged(plans, &link.bare()).await;
            }
            .boxed()
        })
        .by_hand(|link, i| {
            async move {
                let transaction = link.by_hand(link.tenant(i).organization).await;
                paged(Plan::find(), &transaction).await;
                transaction.commit().await.unwrap();
            }
            .boxed()
        })
        .ours(|link, i| {
            async move {
                let tenant = link.tenant(i);
                let context = link.db.tenant(tenant.organization, &tenant.owner).read_only();
                let page = context.run(async |cx| {
                    ResearchPlan::find().order_by_id_asc().paginate(cx, ROWS).fetch_page_with_total(2).await
                });
                let (page, numbers) = page.await.unwrap();
                assert_eq!((numbers.number_of_items, page.len()), (100, 10));
            }
            .boxed()
        })
}

async fn paged(plans: Select<Plan>, connection: &impl ConnectionTrait) {
    let pages = plans.order_by_asc(Column::Id).paginate(connection, ROWS);
    let numbers = pages.num_items_and_pages().await.unwrap();
    let page = pages.fetch_page(2).await.unwrap();
    assert_eq!((numbers.number_of_items, page.len()), (100, 10));
}

/// The steps of a long plan. Ours is a cursor, of which a thousand rows are fetched at a time; SeaORM's is one answer, whose
/// rows the client takes as they come.
pub(super) fn stream() -> Case {
    Case::new("a stream of 10,000 rows")
        .bare(|link, _| async move { streamed(steps(link), link.open()).await }.boxed())
        .by_hand(|link, _| {
            async move {
                let transaction = link.by_hand(link.world.fixture.acme.id).await;
                streamed(steps(link), &transaction).await;
                transaction.commit().await.unwrap();
            }
            .boxed()
        })
        .ours(|link, _| {
            async move {
                let (org, of_plan) = (&link.world.fixture.acme, plan_step::Column::PlanId);
                let steps = PlanStep::find().filter(of_plan.eq(org.plan)).order_by_asc(plan_step::Column::Position);
                let context = link.db.tenant(org.id, &org.owner).read_only();
                let rows = context.run(async |cx| {
                    let rows = steps.stream(cx).await?.try_fold(0, async |rows, _| Ok(rows + 1));
                    rows.await
                });
                assert_eq!(rows.await.unwrap(), STREAMED);
            }
            .boxed()
        })
}

fn steps(link: &Link) -> Select<Step> {
    let org = &link.world.fixture.acme;
    let steps = Step::find().filter(plan_step::Column::OrganizationId.eq(org.id));
    steps.filter(plan_step::Column::PlanId.eq(org.plan)).order_by_asc(plan_step::Column::Position)
}

async fn streamed<C: ConnectionTrait + StreamTrait>(steps: Select<Step>, connection: &C) {
    let rows = steps.stream(connection).await.unwrap().try_fold(0, async |rows, _| Ok(rows + 1));
    assert_eq!(rows.await.unwrap(), STREAMED);
}
