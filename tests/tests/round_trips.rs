//! How often a context waits for the network, counted on the wire.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use db::{Db, prelude::*};
use entity::{
    ResearchPlan,
    research_plan::{Draft, PlanStatus},
};
use tests::{Fixture, Proxy};

/// Waits until the connection is back in the pool, so that what is counted is the next context's alone: until the server
/// owes no answer, and none of its answers is followed by another message, as a ping follows a rollback.
async fn settle(proxy: &Proxy) -> u64 {
    let (mut last, mut same) = (proxy.round_trips(), 0);
    while same < 5 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let now = proxy.round_trips();
        same = if now == last && proxy.is_answered() { same + 1 } else { 0 };
        last = now;
    }
    last
}

async fn fixture() -> (Fixture, Db, Proxy) {
    let f = Fixture::new().await;
    let (proxy, options) = f.database.proxy().await;
    let db = Db::connect(options.max_connections(1)).await.unwrap();
    (f, db, proxy)
}

#[tokio::test]
async fn a_read_is_two_round_trips() {
    let (f, db, proxy) = fixture().await;
    for prepared in [false, true] {
        let before = settle(&proxy).await;
        let read = db.tenant(f.acme.id, &f.acme.owner).read_only();
        let in_hand = read
            .run(async |cx| {
                let plans = ResearchPlan::find().all(cx).await?;
                assert_eq!(plans.len(), 1);
                Ok::<_, db::Error>(proxy.round_trips() - before)
            })
            .await
            .unwrap();
        let returned = proxy.round_trips() - before;
        if prepared {
            assert_eq!((in_hand, returned), (2, 2), "begin, query; the end is not waited for");
        }
    }
}

/// The connection goes from one context to the next without the pool's ping, and the rollback that a read owes goes in front
/// of the next opening message. So it is where somebody waits for the connection.
#[tokio::test]
async fn reads_on_one_connection_are_two_round_trips_each() {
    let (f, db, proxy) = fixture().await;
    let read = || db.tenant(f.acme.id, &f.acme.owner).read_only().run(async |cx| ResearchPlan::find().all(cx).await);
    read().await.unwrap();
    let before = settle(&proxy).await;
    for _ in 0..10 {
        read().await.unwrap();
    }
    assert_eq!(proxy.round_trips() - before, 20, "one after another");

    let before = settle(&proxy).await;
    let waiting = futures::future::join_all((0..10).map(|_| read())).await;
    assert!(waiting.into_iter().all(|read| read.unwrap().len() == 1));
    assert_eq!(proxy.round_trips() - before, 20, "all at once");
}

#[tokio::test]
async fn a_write_is_three_round_trips() {
    let (f, db, proxy) = fixture().await;
    for prepared in [false, true] {
        let before = settle(&proxy).await;
        let draft = Draft { status: Set(PlanStatus::Executing), ..Default::default() };
        db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
            ResearchPlan::update_by_id(f.acme.plan, draft).exec(cx).await
        })
        .await
        .unwrap();
        let returned = proxy.round_trips() - before;
        if prepared {
            assert_eq!(returned, 3, "begin, query, commit");
        }
    }
}

/// Without a closure it is no more, and a page comes with its numbers in one statement.
#[tokio::test]
async fn a_query_by_itself_is_as_many_round_trips_as_in_a_closure() {
    let (f, db, proxy) = fixture().await;
    let open = || db.tenant(f.acme.id, &f.acme.owner);
    let draft = || Draft { status: Set(PlanStatus::Executing), ..Default::default() };
    let page = || {
        open().read_only().run(async |cx| ResearchPlan::find().paginate(cx, 10).fetch_page_with_total(0).await)
    };
    // What is prepared by name is so from now on.
    open().all(ResearchPlan::find()).await.unwrap();
    open().exec(ResearchPlan::update_by_id(f.acme.plan, draft())).await.unwrap();
    page().await.unwrap();
    let before = settle(&proxy).await;
    open().all(ResearchPlan::find()).await.unwrap();
    assert_eq!(proxy.round_trips() - before, 2, "begin, query");
    let before = settle(&proxy).await;
    open().exec(ResearchPlan::update_by_id(f.acme.plan, draft())).await.unwrap();
    assert_eq!(proxy.round_trips() - before, 3, "begin, query, commit");
    let before = settle(&proxy).await;
    page().await.unwrap();
    assert_eq!(proxy.round_trips() - before, 2, "begin, page and numbers");
}

/// The control: without named statements each query is parsed anew, one round trip more.
#[tokio::test]
async fn a_read_without_prepared_statements_is_three_round_trips() {
    let f = Fixture::new().await;
    let (proxy, options) = f.database.proxy().await;
    let db = Db::connect(options.max_connections(1).prepared_statements(false)).await.unwrap();
    for _ in 0..2 {
        let before = settle(&proxy).await;
        let read = db.tenant(f.acme.id, &f.acme.owner).read_only();
        read.run(async |cx| ResearchPlan::find().all(cx).await).await.unwrap();
        assert_eq!(proxy.round_trips() - before, 3);
    }
}

/// What is taken back is released in the same message.
#[tokio::test]
async fn a_savepoint_is_two_round_trips_and_what_is_done_in_it() {
    let (f, db, proxy) = fixture().await;
    let mut cx = db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    let before = proxy.round_trips();
    cx.savepoint(async |_| Ok::<_, db::Error>(())).await.unwrap();
    assert_eq!(proxy.round_trips() - before, 2, "opened, released");
    cx.savepoint(async |_| Err::<(), _>(db::Error::not_authenticated())).await.unwrap_err();
    assert_eq!(proxy.round_trips() - before, 4, "opened, taken back");
}

#[tokio::test]
async fn a_refused_context_costs_one_round_trip_more_than_it_takes_to_ask() {
    let (f, db, proxy) = fixture().await;
    let before = settle(&proxy).await;
    db.tenant(f.acme.id, &f.globex.owner).begin().await.unwrap_err();
    assert_eq!(proxy.round_trips() - before, 2, "begin, rollback");
}
