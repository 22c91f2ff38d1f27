//! Bad days: no connection is free, no server answers, it takes too long, a handler panics.

use std::time::{Duration, Instant};

use axum::{Router, http::Method, routing::get};
use db::{Db, prelude::*};
use entity::ResearchPlan;
use sea_orm::sqlx;

use crate::{
    client::Client,
    service::{App, Limits, service, with_layers},
    world::{World, serve},
};

#[tokio::test]
async fn a_pool_that_is_exhausted_turns_away() {
    let short = |options: DbOptions| options.max_connections(1).acquire_timeout(Duration::from_millis(100));
    let w = World::with(short, Limits::default()).await;
    let plans = format!("{}/plans", w.acme.path);
    let held = w.f.db.tenant(w.globex.org.id, &w.globex.org.owner).begin().await.unwrap();
    w.acme.owner.get(&plans).await.assert_problem(503, "about:blank");
    let health = w.acme.owner.get("/healthz").await;
    health.assert_problem(503, "about:blank");
    assert!(health.text.contains("every connection is in use"), "{health:?}");
    held.rollback().await.unwrap();
    w.acme.owner.get(&plans).await.ok();
    w.acme.owner.get("/healthz").await.ok();
}

#[tokio::test]
async fn a_server_that_is_away_turns_away() {
    let w = World::new().await;
    let (proxy, options) = w.f.database.proxy().await;
    let db = Db::connect(options.acquire_timeout(Duration::from_millis(500))).await.unwrap();
    let url = serve(service(App { db }, Limits::default())).await;
    let (owner, plans) = (w.acme.owner.at(&url), format!("{}/plans", w.acme.path));
    owner.get(&plans).await.ok();
    proxy.set_open(false);
    for _ in 0..3 {
        owner.get(&plans).await.assert_problem(503, "about:blank");
        owner.get("/healthz").await.assert_problem(503, "about:blank");
    }
    proxy.set_open(true);
    owner.get(&plans).await.ok();
}

/// The request waits for a lock. Once its time is over it does not go on, neither here nor in the server.
#[tokio::test]
async fn a_request_that_takes_too_long_is_cut_off_and_does_nothing() {
    let limits = Limits { time: Duration::from_millis(500), ..Limits::default() };
    let w = World::with(|options| options, limits).await;
    let (org, complete) = (&w.acme.org, format!("{}/plans/{}/complete", w.acme.path, w.acme.org.plan));
    let held = w.f.db.tenant(org.id, &org.owner).begin().await.unwrap();
    ResearchPlan::find_by_id(org.plan).lock_exclusive().require_one(&held).await.unwrap();
    w.acme.owner.send(Method::POST, &complete, None).await.assert_problem(503, "about:blank");

    // The server notices that nobody waits for its answer any more.
    let mut server = w.f.database.owner().await;
    let start = Instant::now();
    loop {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'";
        let waiting: i64 = sqlx::query_scalar(sql).bind(&w.f.database.name).fetch_one(&mut server).await.unwrap();
        if waiting == 0 {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "the statement goes on");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    held.rollback().await.unwrap();
    let plan = w.acme.owner.get(&format!("{}/plans/{}", w.acme.path, org.plan)).await.ok();
    assert_eq!(plan["plan"]["status"], "planning");
    // With nobody in its way it does something.
    assert_eq!(w.acme.owner.send(Method::POST, &complete, None).await.ok()["status"], "completed");
}

#[tokio::test]
async fn a_handler_that_panics_is_a_problem_and_no_end() {
    let panics = get(async || -> String { panic!("the secret of src/main.rs") });
    let url = serve(with_layers(Router::new().route("/panics", panics), Limits::default())).await;
    let client = Client::new(&url, None);
    for _ in 0..2 {
        client.get("/panics").await.assert_problem(500, "about:blank");
    }
}
