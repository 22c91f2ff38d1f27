//! A service: research plans over HTTP, for two organizations in one database.
//!
//! `cargo run --example http` needs nothing but cargo: it starts an embedded PostgreSQL, signs two people up, and prints
//! commands to try. With `DATABASE_URL` set it takes that database, which has been migrated, and writes two people, two
//! organizations and two tokens into it at each start; the tokens end after a day. `HTTP_ADDRESS` says where it listens,
//! 127.0.0.1:3000 unless told otherwise; `RUST_LOG` what it logs.
#![expect(clippy::print_stdout, reason = "the commands to try are for whoever starts it")]

mod answers;
mod health;
mod members;
mod page;
mod plans;
mod service;
mod tokens;
mod words;

use std::{env, error::Error, time::Duration};

use chrono::{TimeDelta, Utc};
use db::prelude::*;
use entity::{NewOrganization, NewUser, create_organization, create_pat, create_user};
use examples::ExampleDatabase;
use secrecy::{ExposeSecret, SecretString};
use tokio::{net::TcpListener, signal, time::timeout};
use tracing_subscriber::{EnvFilter, fmt};

use crate::service::{App, Limits, service};

/// How long requests that are under way may go on once the service is told to stop.
const GRACE: Duration = Duration::from_secs(15);

/// How long the tokens are good that it prints.
const TOKENS_LAST: TimeDelta = TimeDelta::days(1);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sea_orm_migration=warn,sqlx=warn"));
    fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    // Held until the end: the embedded PostgreSQL is gone with it.
    let (_embedded, db) = if env::var_os("DATABASE_URL").is_some() {
        (None, Db::from_env().await?)
    } else {
        let embedded = ExampleDatabase::new().await;
        let db = Db::connect(embedded.options()).await?;
        (Some(embedded), db)
    };
    let address = env::var("HTTP_ADDRESS").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(address).await?;
    let url = format!("http://{}", listener.local_addr()?);
    for name in ["Acme", "Globex"] {
        let (organization_id, secret) = sign_up(&db, name).await?;
        show(name, &url, organization_id, &secret);
    }

    let app = service(App { db: db.clone() }, Limits::default());
    let (told, stopping) = tokio::sync::oneshot::channel();
    let serving = axum::serve(listener, app).with_graceful_shutdown(async {
        stop().await;
        tracing::info!("stopping");
        // Nobody waits for it where the service has ended by itself.
        told.send(()).ok();
    });
    tokio::select! {
        served = serving => served?,
        () = async { if stopping.await.is_ok() { tokio::time::sleep(GRACE).await } else { std::future::pending().await } } => {
            tracing::warn!("requests are still under way");
        }
    }
    // Waits for the contexts that are open.
    timeout(GRACE, db.close()).await.ok();
    Ok(())
}

/// Makes a person, their organization and a token, as sign-up does. The names are new each time, so that a database may
/// be used again.
async fn sign_up(db: &Db, name: &str) -> db::Result<(OrganizationId, SecretString)> {
    let slug = format!("{}-{}", name.to_lowercase(), Uuid::new_v4().simple());
    let (organization_id, who) = db
        .with_identity_context(async |cx| {
            let user = create_user(
                cx,
                NewUser {
                    name: format!("The owner of {name}"),
                    email: format!("owner@{slug}.example"),
                    email_verified: false,
                },
            )
            .await?;
            // They have just signed up, so this is they.
            let who = cx.authenticated(user.id);
            let organization = NewOrganization { name: name.to_owned(), slug };
            Ok((create_organization(cx, &who, organization).await?, who))
        })
        .await?;
    let end = Utc::now() + TOKENS_LAST;
    let (_, secret) = db.with_user_context(&who, async |cx| create_pat(cx, "curl", Some(end)).await).await?;
    Ok((organization_id, secret))
}

/// Prints commands to try. The token in them is no one's but the example's own.
fn show(name: &str, url: &str, organization_id: OrganizationId, secret: &SecretString) {
    let secret = secret.expose_secret();
    let organization = format!("{url}/organizations/{organization_id}");
    println!(
        "\n# {name}
curl -H 'Authorization: Bearer {secret}' {organization}/plans
curl -H 'Authorization: Bearer {secret}' {organization}/plans --json '{{\"title\":\"Grippers\",\"question\":\"Who buys?\",\"steps\":[\"List\",\"Ask\"]}}'
curl -H 'Authorization: Bearer {secret}' {organization}/members
curl -H 'Authorization: Bearer {secret}' {url}/tokens
curl {url}/healthz
curl {url}/openapi.json"
    );
}

/// Waits for ctrl-c, or for whoever runs the service to end it.
async fn stop() {
    let interrupt = async {
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match signal::unix::signal(signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => drop(terminate.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
