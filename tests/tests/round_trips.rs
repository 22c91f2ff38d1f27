//! How often a context waits for the network, counted on the wire.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use db::{Db, prelude::*};
use entity::{
    Organization, PlanStep, ResearchPlan,
    research_plan::{Column, Draft, PlanStatus},
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
    let page =
        || open().read_only().run(async |cx| ResearchPlan::find().paginate(cx, 10).fetch_page_with_total(0).await);
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

/// What `docs/performance.md` says of statements within a context; once they are prepared.
#[tokio::test]
async fn statements_in_a_context_are_a_round_trip_each() {
    let (f, db, proxy) = fixture().await;
    let organization = f.acme.id;
    f.database
        .execute(&format!(
            "INSERT INTO research_plan (organization_id, id, title, question)
             SELECT '{organization}', gen_random_uuid(), 'x', '' FROM generate_series(1, 2500)"
        ))
        .await;
    let drafts =
        |n: i32| (0..n).map(|_| Draft { title: Set("x".into()), question: Set(String::new()), ..Default::default() });
    for prepared in [false, true] {
        let cx = db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
        let count = async |expected: u64, what: &str, before: u64| {
            if prepared {
                assert_eq!(proxy.round_trips() - before, expected, "{what}");
            }
        };
        let before = proxy.round_trips();
        ResearchPlan::find().limit(10).all(&cx).await.unwrap();
        count(1, "a further query", before).await;
        let before = proxy.round_trips();
        ResearchPlan::load().with(PlanStep).with(Organization).limit(10).all(&cx).await.unwrap();
        count(3, "a load of two relations", before).await;
        for rows in [3, 2_000] {
            let before = proxy.round_trips();
            let inserted = ResearchPlan::insert_many(drafts(rows)).exec(&cx).await.unwrap().rows_affected;
            assert_eq!(inserted, u64::from(rows.unsigned_abs()));
            count(1, "insert_many", before).await;
        }
        let before = proxy.round_trips();
        let stream = ResearchPlan::find().filter(Column::CreatedBy.is_null()).limit(2_500).stream(&cx).await.unwrap();
        assert_eq!(stream.try_fold(0, async |n, _| Ok(n + 1)).await.unwrap(), 2_500);
        count(2 + 3 * 2, "a stream of 2,500 rows: its cursor, and three times a thousand", before).await;
        cx.rollback().await.unwrap();
    }
}

/// The pool looks at a connection again, however busy it is: else it would never grow too old.
#[tokio::test]
async fn the_pool_looks_at_a_busy_connection_again() {
    let (f, db, proxy) = fixture().await;
    let read = || db.tenant(f.acme.id, &f.acme.owner).all(ResearchPlan::find());
    read().await.unwrap();
    let (before, mut reads) = (settle(&proxy).await, 0);
    while proxy.round_trips() - before == 2 * reads {
        read().await.unwrap();
        reads += 1;
    }
    assert!(reads > 1, "a connection went from no context to the next");
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
