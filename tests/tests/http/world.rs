//! Two organizations, and a service that they share.

use std::time::{Duration, Instant};

use axum::Router;
use db::{Db, prelude::*};
use entity::create_pat;
use sea_orm::sqlx;
use secrecy::ExposeSecret;
use tests::{Fixture, Org, PATIENCE};
use tokio::net::TcpListener;

use crate::{
    client::Client,
    service::{App, Limits, service},
};

/// Longer than any test takes: what is over before is not over by the timeout.
pub(crate) const PATIENT: Limits = Limits { body: 64 * 1024, time: Duration::from_mins(10) };

/// A service, with two organizations whose rows have their name in them. Neither it nor its pool is in a hurry.
pub(crate) struct World {
    pub(crate) f: Fixture,
    pub(crate) url: String,
    pub(crate) acme: Side,
    pub(crate) globex: Side,
}

/// One of the two.
#[derive(Clone)]
pub(crate) struct Side {
    pub(crate) name: &'static str,
    pub(crate) org: Org,
    /// The path of the organization.
    pub(crate) path: String,
    pub(crate) owner: Client,
    pub(crate) member: Client,
}

impl World {
    pub(crate) async fn new() -> Self {
        let f = Fixture::new().await;
        // Steps, too, say whose they are.
        f.database
            .execute(
                "UPDATE plan_step SET title = slug || ' ' || title FROM organization o WHERE o.id = organization_id",
            )
            .await;
        let url = serve(service(App { db: f.db.clone() }, PATIENT)).await;
        let acme = Side::new(&f.db, &url, "acme", &f.acme).await;
        let globex = Side::new(&f.db, &url, "globex", &f.globex).await;
        Self { f, url, acme, globex }
    }

    /// Waits until so many statements wait for a lock in the server.
    pub(crate) async fn lock_waiters(&self, number: i64) {
        let mut server = self.f.database.owner().await;
        let start = Instant::now();
        loop {
            let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'";
            let waiting: i64 =
                sqlx::query_scalar(sql).bind(&self.f.database.name).fetch_one(&mut server).await.unwrap();
            if waiting == number {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{waiting} statements wait, not {number}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Side {
    async fn new(db: &Db, url: &str, name: &'static str, org: &Org) -> Self {
        let (owner, member) = (client(db, url, name, &org.owner).await, client(db, url, name, &org.member).await);
        Self { name, org: org.clone(), path: format!("/organizations/{}", org.id), owner, member }
    }
}

async fn client(db: &Db, url: &str, name: &str, who: &Authenticated) -> Client {
    let token = format!("{name}'s");
    let (_, secret) = db.with_user_context(who, async |cx| create_pat(cx, &token, None).await).await.unwrap();
    Client::new(url, Some(secret.expose_secret()))
}

/// Serves on a port of its own, and returns the URL.
pub(crate) async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}
