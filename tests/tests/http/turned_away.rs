//! Bad days: no connection is free, no server answers, it takes too long, a handler panics.

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use axum::{Router, http::Method, routing::get};
use db::Db;
use entity::ResearchPlan;
use futures::future::{Either, select};
use sea_orm::sqlx::{self, Connection};
use serde_json::json;
use tests::PATIENCE;

use crate::{
    client::{Answer, Client},
    hasty,
    service::{App, Limits, service, with_layers},
    world::{PATIENT, World, serve},
};

#[tokio::test]
async fn a_pool_that_is_exhausted_turns_away() {
    let w = World::new().await;
    // The pool that made the world has time; only this one has none.
    let db = hasty::connect_whole(w.f.database.options().acquire_timeout(Duration::from_secs(3)), 1).await;
    let url = serve(service(App { db: db.clone() }, PATIENT)).await;
    let (owner, plans) = (w.acme.owner.at(&url), format!("{}/plans", w.acme.path));
    let held = db.tenant(w.globex.org.id, &w.globex.org.owner).begin().await.unwrap();
    owner.get(&plans).await.assert_problem(503, "about:blank");
    // Nothing of it has taken place, so a write may be tried again as well.
    owner.post(&plans, json!({"title": "x", "question": "?"})).await.assert_problem(503, "about:blank");
    let health = owner.get("/healthz").await;
    health.assert_problem(503, "about:blank");
    assert!(health.text.contains("every connection is in use"), "{health:?}");
    held.rollback().await.unwrap();
    assert_eq!(owner.get(&plans).await.ok()["plans"].as_array().unwrap().len(), 1);
    owner.until_well().await;
}

#[tokio::test]
async fn a_server_that_is_away_turns_away() {
    let w = World::new().await;
    let (proxy, options) = w.f.database.proxy().await;
    // Without a timeout: whoever is cut off is told at once.
    let db = Db::connect(options).await.unwrap();
    let url = serve(service(App { db }, PATIENT)).await;
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

/// Time enough for a request to come to where it waits, and little enough to wait for.
const HASTY: Limits = Limits { body: 64 * 1024, time: Duration::from_secs(8) };

/// Sends a request that waits for a lock until its time is over. Where that was over before it came to the lock, as it may be
/// on a busy machine, it is sent again.
async fn cut_off(w: &World, client: &Client, method: &Method, path: &str) -> Answer {
    let since = Instant::now();
    loop {
        let (answer, waits) = (pin!(client.send(method.clone(), path, None)), pin!(w.lock_waiters(1)));
        match select(answer, waits).await {
            Either::Left((answer, _)) => {
                assert!(answer.status == 503 && since.elapsed() < PATIENCE, "{answer:?}");
            }
            Either::Right(((), answer)) => return answer.await,
        }
    }
}

/// The write waits for a lock. Once its time is over it does not go on, neither here nor in the server. The client is
/// not told to try again: the service does not know how far it has come.
#[tokio::test]
async fn a_write_that_takes_too_long_is_cut_off_and_does_nothing() {
    let w = World::new().await;
    let hasty = w.acme.owner.at(&serve(service(App { db: w.f.db.clone() }, HASTY)).await);
    let (org, complete) = (&w.acme.org, format!("{}/plans/{}/complete", w.acme.path, w.acme.org.plan));
    let held = w.f.db.tenant(org.id, &org.owner).begin().await.unwrap();
    ResearchPlan::find_by_id(org.plan).lock_exclusive().require_one(&held).await.unwrap();
    let answer = cut_off(&w, &hasty, &Method::POST, &complete).await;
    answer.assert_problem(503, "/problems/outcome-unknown");

    // The server notices that nobody waits for its answer any more.
    w.lock_waiters(0).await;
    held.rollback().await.unwrap();
    let plan = w.acme.owner.get(&format!("{}/plans/{}", w.acme.path, org.plan)).await.ok();
    assert_eq!(plan["plan"]["status"], "planning");
    // With nobody in its way it does something.
    assert_eq!(w.acme.owner.send(Method::POST, &complete, None).await.ok()["status"], "completed");
}

/// Reading is what may be tried again, whatever became of it.
#[tokio::test]
async fn a_read_that_takes_too_long_may_be_tried_again() {
    let w = World::new().await;
    let hasty = w.acme.owner.at(&serve(service(App { db: w.f.db.clone() }, HASTY)).await);
    let plans = format!("{}/plans", w.acme.path);
    let mut server = w.f.database.owner().await;
    let mut held = server.begin().await.unwrap();
    sqlx::query("LOCK TABLE research_plan IN ACCESS EXCLUSIVE MODE").execute(&mut *held).await.unwrap();
    for method in [Method::GET, Method::HEAD] {
        let answer = cut_off(&w, &hasty, &method, &plans).await;
        assert_eq!(answer.headers["retry-after"], "1", "{answer:?}");
        if method == Method::GET {
            answer.assert_problem(503, "about:blank");
        }
        w.lock_waiters(0).await;
    }
    held.rollback().await.unwrap();
    w.acme.owner.get(&plans).await.ok();
}

/// Nobody but the client ends this request: the service has time, and the lock is held until its work is gone.
#[tokio::test]
async fn the_work_of_a_client_that_goes_away_is_dropped() {
    let w = World::new().await;
    let patient = w.acme.owner.at(&serve(service(App { db: w.f.db.clone() }, PATIENT)).await);
    let (org, complete) = (&w.acme.org, format!("{}/plans/{}/complete", w.acme.path, w.acme.org.plan));
    let held = w.f.db.tenant(org.id, &org.owner).begin().await.unwrap();
    ResearchPlan::find_by_id(org.plan).lock_exclusive().require_one(&held).await.unwrap();
    let client = tokio::spawn(async move { patient.send(Method::POST, &complete, None).await });
    w.lock_waiters(1).await;
    // The control: while the client is there, so is its work.
    tokio::time::sleep(Duration::from_secs(2)).await;
    w.lock_waiters(1).await;
    client.abort();
    w.lock_waiters(0).await;
    held.rollback().await.unwrap();
    let plan = w.acme.owner.get(&format!("{}/plans/{}", w.acme.path, org.plan)).await.ok();
    assert_eq!(plan["plan"]["status"], "planning");
}

#[tokio::test]
async fn a_handler_that_panics_is_a_problem_and_no_end() {
    let panics = get(async || -> String { panic!("the secret of src/main.rs") });
    let url = serve(with_layers(Router::new().route("/panics", panics), PATIENT)).await;
    let client = Client::new(&url, None);
    for _ in 0..2 {
        client.get("/panics").await.assert_problem(500, "about:blank");
    }
}
