//! A person's program: it sends requests, and looks at what comes back.

use std::time::Instant;

use axum::http::{HeaderMap, Method, StatusCode};
use serde_json::Value;
use tests::PATIENCE;

/// A program that acts by a token, or by none.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Client {
    pub(crate) fn new(url: &str, token: Option<&str>) -> Self {
        Self { http: reqwest::Client::new(), url: url.to_owned(), token: token.map(str::to_owned) }
    }

    /// The same person, at another address.
    pub(crate) fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let request = self.request(method, path);
        Answer::of(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
        .unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// Asks how the service is until it is well: on a busy machine the database may answer later than a check waits.
    pub(crate) async fn until_well(&self) -> Answer {
        let since = Instant::now();
        loop {
            let answer = self.get("/healthz").await;
            if answer.status.is_success() {
                return answer;
            }
            assert!(since.elapsed() < PATIENCE, "{answer:?}");
        }
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(&body)).await
    }
}

impl Answer {
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> reqwest::Result<Self> {
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Self { status, headers, text: response.text().await? })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Returns the body of a success.
    pub(crate) fn ok(&self) -> Value {
        assert!(self.status.is_success(), "{self:?}");
        self.json()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Asserts that this is a problem as it should be: nothing in it but what a problem has, and nothing of the inside.
    pub(crate) fn assert_problem(&self, status: u16, kind: &str) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let body = self.json();
        let body = body.as_object().unwrap();
        assert_eq!(body["status"], status, "{self:?}");
        assert_eq!(body["type"], kind, "{self:?}");
        assert!(body["title"].as_str().is_some_and(|title| !title.is_empty()), "{self:?}");
        for (name, value) in body {
            assert!(["type", "title", "status", "detail"].contains(&name.as_str()), "{self:?}");
            assert!(name == "status" || value.is_string(), "{self:?}");
        }
        assert_eq!(
            self.header("www-authenticate").is_some_and(|it| it.starts_with("Bearer")),
            status == 401,
            "{self:?}"
        );
        // Whoever is turned away is told either to try again, or that they have to look first.
        assert!(status != 503 || ["about:blank", "/problems/outcome-unknown"].contains(&kind), "{self:?}");
        let retry = self.header("retry-after").map(|it| it.parse::<u64>().unwrap());
        assert_eq!(retry.is_some(), status == 503 && kind == "about:blank", "{self:?}");
        assert_nothing_of_the_inside(&self.text);
    }
}

/// Asserts that a text has no word of the database's or of the program's.
pub(crate) fn assert_nothing_of_the_inside(text: &str) {
    let inside = [
        "sqlstate",
        "sql",
        "constraint",
        "column `",
        "research_plan",
        "plan_step",
        "personal_access_token",
        "postgres",
        "role \"",
        "_tenant",
        "struct",
        "panicked",
        "src/",
        "secret",
        "digest",
        "127.0.0.1",
    ];
    let lower = text.to_lowercase();
    for word in inside {
        assert!(!lower.contains(word), "{word}: {text}");
    }
}

/// The control of [`assert_nothing_of_the_inside`]: what the database says would be found.
#[test]
#[should_panic(expected = "research_plan")]
fn the_inside_is_noticed() {
    assert_nothing_of_the_inside("the row is not there, table `research_plan`");
}
