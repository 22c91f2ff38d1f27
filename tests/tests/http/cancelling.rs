//! Clients that go away, and requests that take too long, at full speed: 64 clients, 5 connections, 2 organizations.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{Method, StatusCode},
    routing::get,
};
use db::{Db, prelude::*};
use entity::ResearchPlan;
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::PATIENCE;
use tokio::time::timeout;

use crate::{
    client::Answer,
    own::Shown,
    service::{App, Limits, service},
    whole::{CONNECTIONS, in_transaction, is_whole, until_in_transaction, until_whole, world},
    world::{Side, World, serve},
};

const CLIENTS: u64 = 64;

/// How often a thing happens so that it means something.
const ENOUGH: u64 = 20;

/// How many connections to the server there may be at once: more than the pool has, since of one that was closed within
/// a statement the server's side lives on until it looks, and the pool opens another one meanwhile. Usually there are few
/// more than 5; a slow machine gets room. But fewer than the 100 that a server takes by default: requests that are cut off
/// do not use it up.
const BACKENDS: i64 = 99;

/// What became of the requests.
#[derive(Debug, Default)]
struct Counts {
    answered: AtomicU64,
    turned_away: AtomicU64,
    gone: AtomicU64,
    /// Steps that were refused because their plan has 100.
    too_many: AtomicU64,
    /// Answers with a row that is not the organization's own.
    wrong_tenant: AtomicU64,
    /// Answers that are neither what was asked for nor a 503.
    other: AtomicU64,
    /// What each of the two was shown.
    shown: [Shown; 2],
    /// Set once the clients are to stop.
    over: AtomicBool,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { answered, turned_away, gone, too_many, wrong_tenant, other, .. } = self;
        write!(f, "{answered:?} answered, {turned_away:?} turned away, {gone:?} gone, {too_many:?} too many, ")?;
        write!(f, "{wrong_tenant:?} of the wrong tenant, {other:?} other")
    }
}

impl Counts {
    fn count(&self, of: impl FnOnce(&Self) -> &AtomicU64) {
        of(self).fetch_add(1, Ordering::Relaxed);
    }

    fn of(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }
}

/// Returns one of the requests, at random.
fn any(side: &Side, random: &mut fastrand::Rng) -> (Method, String, Option<Value>) {
    let (name, path, org) = (side.name, &side.path, &side.org);
    let title = || format!("{name} {}", fastrand::u32(..));
    match random.u8(0..8) {
        0 => (
            Method::POST,
            format!("{path}/plans"),
            Some(json!({"title": title(), "question": "?", "steps": [title()]})),
        ),
        1 => (Method::POST, format!("{path}/plans/{}/steps", org.plan), Some(json!({"title": title()}))),
        2 => {
            let step = org.steps[random.usize(0..3)];
            (Method::POST, format!("{path}/steps/{step}/move"), Some(json!({"position": random.i32(1..9)})))
        }
        3 => (Method::GET, format!("{path}/members"), None),
        4 => (Method::GET, "/tokens".to_owned(), None),
        5 => (Method::GET, format!("{path}/plans/{}", org.plan), None),
        _ => (Method::GET, format!("{path}/plans?limit=10"), None),
    }
}

/// Sends requests until it is over; gives up on most of them after a moment.
async fn drive(sides: [Side; 2], urls: [String; 2], counts: &Arc<Counts>, seed: u64) {
    let clients = (0..CLIENTS).map(|n| {
        let which = usize::from(n % 2 == 1);
        let side = sides[which].clone();
        let url = &urls[usize::from(n % 4 >= 2)];
        let clients = [side.owner.at(url), side.member.at(url)];
        let (counts, mut random) = (counts.clone(), fastrand::Rng::with_seed(seed ^ n));
        tokio::spawn(async move {
            while !counts.over.load(Ordering::Relaxed) {
                let (method, path, body) = any(&side, &mut random);
                let reads = method.is_safe();
                let request = clients[usize::from(random.bool())].request(method, &path);
                let request = if let Some(body) = body { request.json(&body) } else { request };
                let patience = if random.bool() { 30_000_000 } else { random.u64(0..60_000) };
                match timeout(Duration::from_micros(patience), Answer::of(request)).await {
                    Err(_) => counts.count(|counts| &counts.gone),
                    Ok(Ok(answer)) if answer.status.is_success() => {
                        counts.count(|counts| &counts.answered);
                        if !counts.shown[which].is_own(&answer.json(), &side) {
                            counts.count(|counts| &counts.wrong_tenant);
                        }
                    }
                    Ok(Ok(answer)) if answer.status == StatusCode::SERVICE_UNAVAILABLE => {
                        // Of a write that was cut off nobody knows; whatever else is turned away may come again.
                        let unknown = answer.json()["type"] == "/problems/outcome-unknown";
                        assert!(!unknown || !reads, "{path}: {answer:?}");
                        answer.assert_problem(503, if unknown { "/problems/outcome-unknown" } else { "about:blank" });
                        counts.count(|counts| &counts.turned_away);
                    }
                    Ok(Ok(answer)) if path.ends_with("/steps") && answer.status == 422 => {
                        answer.assert_problem(422, "/problems/too-many-steps");
                        counts.count(|counts| &counts.too_many);
                    }
                    Ok(other) => {
                        eprintln!("{path}: {other:?}");
                        counts.count(|counts| &counts.other);
                    }
                }
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
}

/// Waits for something to happen; it takes as long as the machine needs, within reason.
async fn wait(until: impl Fn() -> bool, what: &Counts) {
    let start = Instant::now();
    while !until() && start.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(until(), "{what}");
}

/// Now and then takes every connection, until so many requests more are turned away as mean something: that some are
/// does not depend on how fast the machine is.
async fn take_every_connection(db: &Db, counts: &Counts, time: Duration) {
    let start = Instant::now();
    loop {
        let mut held = Vec::new();
        while held.len() < CONNECTIONS as usize {
            match db.identity().begin().await {
                Ok(context) => held.push(context),
                Err(error) => assert!(error.is_pool_timeout(), "{error}"),
            }
        }
        let before = Counts::of(&counts.turned_away);
        wait(|| Counts::of(&counts.turned_away) > before + ENOUGH, counts).await;
        for context in held {
            context.rollback().await.unwrap();
        }
        if start.elapsed() > time {
            return;
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// Returns how many connections to the server there are, at most, until it is over.
async fn most_backends(w: &World, counts: &Counts) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND usename = $2";
    let (database, login) = (&w.f.database.name, w.f.database.login());
    let (mut server, mut most) = (w.f.database.owner().await, 0);
    while !counts.over.load(Ordering::Relaxed) {
        let now: i64 = sqlx::query_scalar(sql).bind(database).bind(&login).fetch_one(&mut server).await.unwrap();
        most = Ord::max(most, now);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    most
}

/// `HTTP_SECONDS` sets for how long; each run says its seed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_are_cut_off_leave_nothing_behind() {
    let seconds = std::env::var("HTTP_SECONDS").map_or(30, |seconds| seconds.parse().unwrap());
    let seed = std::env::var("SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    eprintln!("SEED={seed}");
    let w = world().await;
    // One service has the patience of its clients; the other cuts requests off itself.
    let hasty = Limits { time: Duration::from_millis(200), ..Limits::default() };
    let hasty = serve(service(App { db: w.f.db.clone() }, hasty)).await;
    let (sides, counts) = ([w.acme.clone(), w.globex.clone()], Arc::new(Counts::default()));
    let until = async {
        take_every_connection(&w.f.db, &counts, Duration::from_secs(seconds)).await;
        wait(|| Counts::of(&counts.answered) > ENOUGH && Counts::of(&counts.gone) > ENOUGH, &counts).await;
        counts.over.store(true, Ordering::Relaxed);
    };
    let ((), (), most) =
        tokio::join!(drive(sides, [w.url.clone(), hasty], &counts, seed), until, most_backends(&w, &counts));
    eprintln!("at most {most} connections, {counts}");

    assert_eq!(Counts::of(&counts.wrong_tenant), 0);
    assert_eq!(Counts::of(&counts.other), 0);
    assert!((1..=BACKENDS).contains(&most), "{most} connections");
    for (shown, side) in counts.shown.iter().zip([&w.acme, &w.globex]) {
        let (number, strays) = shown.strays(&w, side).await;
        assert!(number > 0 && strays.is_empty(), "{}: {strays:?}", side.name);
    }

    until_whole(&w.f.db).await;
    until_in_transaction(&w, 0).await;
    // What was written went where it belongs, and every answer is right again.
    let strays = "SELECT count(*) FROM (SELECT organization_id, title FROM research_plan
                                        UNION ALL SELECT organization_id, title FROM plan_step) AS rows
                    JOIN organization o ON o.id = organization_id WHERE title NOT LIKE '%' || slug || '%'";
    let strays: i64 = sqlx::query_scalar(strays).fetch_one(&mut w.f.database.owner().await).await.unwrap();
    assert_eq!(strays, 0);
    for side in [&w.acme, &w.globex] {
        let page = side.owner.get(&format!("{}/plans?limit=100", side.path)).await.ok();
        assert!(Shown::default().is_own(&page, side));
    }
}

/// A control of the test above: a service that now and then answers with another organization's rows is noticed, and so
/// are routes that are not there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_mixes_organizations_up_is_noticed() {
    /// Answers with the plans of whichever organization it likes.
    async fn plans(State((db, orgs)): State<(Db, [OrganizationId; 2])>, Path(_): Path<Uuid>) -> Json<Value> {
        let any = orgs[usize::from(fastrand::bool())];
        let plans = db.system_tenant(any, "control").run(async |cx| ResearchPlan::find().all(cx).await).await;
        let plans = plans.map_or_else(|_| Vec::new(), |plans| plans.into_iter().map(|plan| plan.title).collect());
        Json(json!({"plans": plans.into_iter().map(|title| json!({"title": title})).collect::<Vec<_>>()}))
    }
    let w = world().await;
    let leaky = Router::new()
        .route("/organizations/{organization_id}/plans", get(plans))
        .with_state((w.f.db.clone(), [w.acme.org.id, w.globex.org.id]));
    let url = serve(leaky).await;
    let sides = [w.acme.clone(), w.globex.clone()];
    let counts = Arc::new(Counts::default());
    let until = async {
        wait(|| Counts::of(&counts.wrong_tenant) > 0 && Counts::of(&counts.other) > 0, &counts).await;
        counts.over.store(true, Ordering::Relaxed);
    };
    tokio::join!(drive(sides, [url.clone(), url], &counts, 1), until);
}

/// Another control: a connection that is not given back is noticed.
#[tokio::test]
async fn a_connection_that_is_left_in_a_transaction_is_noticed() {
    let w = world().await;
    let held = w.f.db.tenant(w.acme.org.id, &w.acme.org.owner).begin().await.unwrap();
    assert!(is_whole(&w.f.db).await.unwrap_err().is_pool_timeout());
    until_in_transaction(&w, 1).await;
    assert_eq!(in_transaction(&w).await, 1);
    held.rollback().await.unwrap();
    until_whole(&w.f.db).await;
    until_in_transaction(&w, 0).await;
}
