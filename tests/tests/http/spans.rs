//! What the service says of a request to `tracing`.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use axum::http::Method;
use serde_json::json;
use tracing::instrument::WithSubscriber;
use tracing_subscriber::fmt::{MakeWriter, format::FmtSpan};

use crate::{
    client::Client,
    service::{App, service},
    world::{PATIENT, World},
};

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Down to the last detail of every crate, neither the query, nor a header, nor the body of a request is logged.
#[tokio::test]
async fn a_request_is_logged_without_what_is_in_it() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let w = World::new().await;
    let made = w.acme.owner.post("/tokens", json!({"name": "laptop"})).await.ok();
    let secret = made["secret"].as_str().unwrap().to_owned();

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let laptop = Client::new(&format!("http://{}", listener.local_addr().unwrap()), Some(&secret));
    let service = service(App { db: w.f.db.clone() }, PATIENT);
    // Connections are served by tasks of their own, which inherit no subscriber: hence one for each request.
    let logged = service.layer(axum::middleware::from_fn({
        let dispatch = tracing::Dispatch::new(subscriber);
        move |request, next: axum::middleware::Next| next.run(request).with_subscriber(dispatch.clone())
    }));
    tokio::spawn(async move { axum::serve(listener, logged).await });

    let (plans, id) = (format!("{}/plans", w.acme.path), w.acme.org.plan.simple());
    laptop.get(&format!("{plans}?limit=7&after={id}")).await.ok();
    laptop.post(&plans, json!({"title": "unheard-of", "question": "?"})).await.ok();
    laptop.post(&plans, json!({"title": "", "question": "unheard-of"})).await.assert_problem(422, "/problems/value");
    laptop.send(Method::POST, "/tokens", Some(&json!({"name": "unheard-of"}))).await.ok();
    laptop.get("/nowhere/unheard-of").await.assert_problem(404, "about:blank");
    Client::new(laptop.url(), Some("unheard-of")).get("/tokens").await.assert_problem(401, "about:blank");

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for said in [
        "request{method=GET path=\"/organizations/{organization_id}/plans\" status=200 ms=",
        "request{method=POST path=\"/organizations/{organization_id}/plans\" status=422 ms=",
        "request{method=GET path=\"(none)\" status=404 ms=",
        "request{method=GET path=\"/tokens\" status=401 ms=",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
    for unsaid in [&secret, "unheard-of", "limit=7", &id.to_string(), "Bearer"] {
        assert!(!log.contains(unsaid), "{unsaid}: {}", log.lines().find(|line| line.contains(unsaid)).unwrap());
    }
}
