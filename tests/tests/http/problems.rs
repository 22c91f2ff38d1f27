//! What is refused, and how.

use axum::{
    Router,
    http::{Method, StatusCode},
    routing::get,
};
use db::{
    axum::{PathParams, TenantExtractor},
    prelude::Uuid,
};
use entity::ResearchPlan;
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    service::{App, with_layers},
    world::{PATIENT, World, serve},
};

#[tokio::test]
async fn what_no_route_takes_is_a_problem() {
    let w = World::new().await;
    for path in ["/", "/plans", "/organizations", "/organizations//plans"] {
        assert!([400, 404].contains(&w.acme.owner.get(path).await.status.as_u16()), "{path}");
    }
    w.acme.owner.get("/nowhere").await.assert_problem(404, "about:blank");
    let refused = w.acme.owner.send(Method::DELETE, "/healthz", None).await;
    refused.assert_problem(405, "about:blank");
    assert_eq!(refused.headers["allow"], "GET,HEAD");
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let w = World::new().await;
    let nowhere = Uuid::now_v7();
    for path in [format!("plans/{nowhere}"), format!("plans/{nowhere}/complete"), format!("steps/{nowhere}/move")] {
        let method = if path.ends_with(&nowhere.to_string()) { Method::GET } else { Method::POST };
        let path = format!("{}/{path}", w.acme.path);
        w.acme.owner.send(method, &path, Some(&json!({"position": 1}))).await.assert_problem(404, "about:blank");
    }
    w.acme.owner.send(Method::DELETE, &format!("/tokens/{nowhere}"), None).await.assert_problem(404, "about:blank");
    for id in ["x", "%00", "..", "1"] {
        w.acme.owner.get(&format!("{}/plans/{id}1", w.acme.path)).await.assert_problem(400, "about:blank");
        w.acme.owner.get(&format!("/organizations/{id}1/plans")).await.assert_problem(400, "about:blank");
    }
}

#[tokio::test]
async fn a_body_that_is_none_is_a_problem() {
    let w = World::new().await;
    let path = format!("{}/plans", w.acme.path);
    let send = async |body: String, kind: &str| {
        let request = w.acme.owner.request(Method::POST, &path).header("content-type", kind).body(body);
        Answer::of(request).await.unwrap()
    };
    let json = "application/json";
    for body in ["", "{", "\u{0}", "{\"title\":\"\\ud800\"}"] {
        send(body.to_owned(), json).await.assert_problem(400, "about:blank");
    }
    for body in ["1", "null", "\"x\"", "{}", r#"{"title":1,"question":"?"}"#, r#"{"title":"x","question":"?","id":1}"#]
    {
        send(body.to_owned(), json).await.assert_problem(422, "about:blank");
    }
    send(r#"{"title":"x","question":"?"}"#.to_owned(), "text/plain").await.assert_problem(415, "about:blank");
    let large = format!(r#"{{"title":"x","question":"{}"}}"#, "?".repeat(100_000));
    send(large, json).await.assert_problem(413, "about:blank");
    let plans = w.acme.owner.get(&path).await.ok();
    assert_eq!(plans["plans"].as_array().unwrap().len(), 1, "nothing was made of any of these");
}

#[tokio::test]
async fn a_value_that_is_not_allowed_is_a_problem() {
    let w = World::new().await;
    let plan = |title: &str| json!({"title": title, "question": "?"});
    let path = format!("{}/plans", w.acme.path);
    for title in ["", "\u{0}", "a\u{0}", &"x".repeat(201)] {
        w.acme.owner.post(&path, plan(title)).await.assert_problem(422, "/problems/value");
    }
    w.acme.owner.post(&path, plan(&"\u{1f916}".repeat(200))).await.ok();
    let many = json!({"title": "x", "question": "?", "steps": vec!["x"; 101]});
    w.acme.owner.post(&path, many).await.assert_problem(422, "/problems/too-many-steps");

    let step = format!("{}/steps/{}/move", w.acme.path, w.acme.org.steps[0]);
    for position in [0, -1, i32::MIN] {
        w.acme.owner.post(&step, json!({"position": position})).await.assert_problem(422, "/problems/value");
    }
    w.acme.owner.post(&step, json!({"position": i64::MAX})).await.assert_problem(422, "about:blank");

    for token in [
        json!({"name": ""}),
        json!({"name": "x".repeat(101)}),
        json!({"name": "x", "expires_at": "2001-01-01T00:00:00Z"}),
    ] {
        w.acme.owner.post("/tokens", token).await.assert_problem(422, "/problems/value");
    }
}

#[tokio::test]
async fn a_name_that_is_taken_is_a_problem() {
    let w = World::new().await;
    let token = json!({"name": "laptop"});
    w.acme.owner.post("/tokens", token.clone()).await.ok();
    w.acme.owner.post("/tokens", token.clone()).await.assert_problem(409, "/problems/taken");
    // That of another person is not.
    w.acme.member.post("/tokens", token).await.ok();
}

#[tokio::test]
async fn a_secret_is_shown_once_and_not_kept_on_the_way() {
    let w = World::new().await;
    let made = w.acme.owner.post("/tokens", json!({"name": "laptop"})).await;
    assert_eq!(made.headers["cache-control"], "no-store");
    let secret = made.ok()["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("trv_"));
    assert!(!w.acme.owner.get("/tokens").await.text.contains(&secret));
}

#[tokio::test]
async fn what_the_database_says_is_not_shown() {
    let w = World::new().await;
    w.f.database
        .execute(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
               $$ BEGIN RAISE 'the secret of research_plan' USING ERRCODE = NEW.question; END $$;
             CREATE TRIGGER fail BEFORE INSERT ON research_plan FOR EACH ROW EXECUTE FUNCTION fail()",
        )
        .await;
    let fail = async |sqlstate: &str| -> Answer {
        let plan: Value = json!({"title": "x", "question": sqlstate});
        w.acme.owner.post(&format!("{}/plans", w.acme.path), plan).await
    };
    for (sqlstate, status, kind) in [
        ("P0001", 500, "about:blank"),
        ("XX000", 500, "about:blank"),
        ("42P01", 500, "about:blank"),
        // No role is too low: a grant is missing, which is the service's own mistake.
        ("42501", 500, "about:blank"),
        ("23503", 409, "/problems/reference"),
        ("23P01", 409, "/problems/taken"),
        ("23502", 422, "/problems/value"),
        // More than an index takes.
        ("54000", 422, "/problems/value"),
        ("22021", 422, "/problems/value"),
        ("22001", 422, "/problems/value"),
        ("22P02", 422, "/problems/value"),
        ("22007", 422, "/problems/value"),
        ("22025", 422, "/problems/value"),
        ("21000", 422, "/problems/value"),
        ("44000", 422, "/problems/value"),
        // The program's own statement.
        ("0A000", 500, "about:blank"),
        ("428C9", 500, "about:blank"),
        ("42P10", 500, "about:blank"),
        ("22P03", 500, "about:blank"),
        // The service's own arithmetic.
        ("22012", 500, "about:blank"),
        ("53200", 503, "about:blank"),
        ("55P03", 503, "about:blank"),
        ("40001", 503, "about:blank"),
        ("40P01", 503, "about:blank"),
        ("57014", 503, "about:blank"),
        ("57P05", 503, "about:blank"),
        // A standby, and a statement that a migration has made stale.
        ("25006", 503, "about:blank"),
        ("26000", 503, "about:blank"),
    ] {
        fail(sqlstate).await.assert_problem(status, kind);
    }
}

/// An extractor that does not fit its route is the service's own mistake; what is wrong is for the log.
#[tokio::test]
async fn what_an_extractor_says_of_the_service_is_not_shown() {
    let w = World::new().await;
    let router = Router::new()
        .route("/two/{a}/{b}", get(async |PathParams(_): PathParams<Uuid>| ()))
        .route("/none", get(async |PathParams(_): PathParams<Uuid>| ()))
        .route("/nested/{a}", get(async |PathParams(_): PathParams<Vec<Vec<String>>>| ()))
        .route("/organization", get(async |_: TenantExtractor| ()));
    let router = with_layers(router, PATIENT).with_state(App { db: w.f.db.clone() });
    let client = Client::new(&serve(router).await, Some("secret"));
    for path in ["/two/1/2", "/none", "/nested/1", "/organization"] {
        let answer = client.get(path).await;
        answer.assert_problem(500, "about:blank");
        assert_eq!(
            answer.json(),
            json!({"type": "about:blank", "title": "Internal Server Error", "status": 500}),
            "{path}"
        );
    }
}

/// Two at once come to a plan that has room for one. The second is counted when the first has taken place.
#[tokio::test]
async fn a_step_too_many_is_a_problem() {
    let w = World::new().await;
    let new = json!({"title": "x", "question": "?", "steps": vec!["x"; 99]});
    let plan = w.acme.owner.post(&format!("{}/plans", w.acme.path), new).await.ok();
    let id: Uuid = plan["plan"]["id"].as_str().unwrap().parse().unwrap();
    let path = format!("{}/plans/{id}", w.acme.path);
    let steps = format!("{path}/steps");
    let add = async || w.acme.owner.post(&steps, json!({"title": "y"})).await;

    let held = w.f.db.tenant(w.acme.org.id, &w.acme.org.owner).begin().await.unwrap();
    ResearchPlan::find_by_id(id).lock_exclusive().require_one(&held).await.unwrap();
    let release = async {
        w.lock_waiters(2).await;
        held.rollback().await.unwrap();
    };
    let (one, other, ()) = tokio::join!(add(), add(), release);
    let (added, refused) = if one.status == 201 { (one, other) } else { (other, one) };
    assert_eq!((added.status.as_u16(), &added.ok()["position"]), (201, &json!(100)));
    refused.assert_problem(422, "/problems/too-many-steps");
    add().await.assert_problem(422, "/problems/too-many-steps");
    assert_eq!(w.acme.owner.get(&path).await.ok()["steps"].as_array().unwrap().len(), 100);
}

/// What comes from elsewhere, such as a proxy behind a route, keeps its headers but for those of its body.
#[tokio::test]
async fn an_answer_that_becomes_a_problem_keeps_no_header_of_its_body() {
    let gone = async || {
        let headers =
            [("content-encoding", "gzip"), ("etag", "\"1\""), ("x-kept", "yes"), ("content-type", "text/html")];
        (StatusCode::BAD_GATEWAY, headers, "<p>")
    };
    let chunked = async || (StatusCode::BAD_GATEWAY, [("transfer-encoding", "chunked")], "<p>");
    let own = async |kind: &'static str| {
        (StatusCode::CONFLICT, [("content-type", kind), ("etag", "\"1\"")], r#"{"type":"/own"}"#)
    };
    let router = Router::new()
        .route("/gone", get(gone))
        .route("/chunked", get(chunked))
        .route("/own", get(move || own("application/problem+json")))
        .route("/parameter", get(move || own("application/Problem+json ; charset=utf-8")))
        .route("/other", get(move || own("application/problem+jsonx")));
    let client = Client::new(&serve(with_layers(router, PATIENT)).await, None);
    for path in ["/gone", "/chunked"] {
        let answer = client.get(path).await;
        answer.assert_problem(502, "about:blank");
        assert!(!answer.headers.contains_key("content-encoding") && !answer.headers.contains_key("etag"), "{answer:?}");
        assert_eq!(answer.headers.contains_key("x-kept"), path == "/gone");
    }
    for path in ["/own", "/parameter"] {
        let answer = client.get(path).await;
        assert_eq!((&answer.json()["type"], &answer.headers["etag"]), (&json!("/own"), &"\"1\"".parse().unwrap()));
    }
    client.get("/other").await.assert_problem(409, "about:blank");
}

/// Returns the texts of a folder's files.
fn texts(folder: &str) -> Vec<(String, String)> {
    let folder = format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"));
    let paths = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    paths.map(|path| (path.display().to_string(), std::fs::read_to_string(path).unwrap())).collect()
}

/// The service asks who is asking; it never takes anybody on faith. The one whom it has just signed up needs no asking.
#[test]
fn the_service_assumes_nobody() {
    let service = texts("examples/http");
    assert!(service.len() >= 9, "{service:?}");
    let of_db = texts("../db/src/axum");
    assert!(of_db.len() >= 6, "{of_db:?}");
    let authenticate = ("authenticate.rs".to_owned(), include_str!("../../../entity/src/authenticate.rs").to_owned());
    for (file, text) in service.iter().chain(&of_db).chain([&authenticate]) {
        for taken_on_faith in ["assume", "system_tenant", "for_each_tenant", ".authenticated_by_session("] {
            assert!(!text.contains(taken_on_faith), "{file}: {taken_on_faith}");
        }
        let sign_up = text.find("async fn sign_up").filter(|_| file.ends_with("http/main.rs"));
        let found: Vec<_> = text.match_indices(".authenticated(").map(|(at, _)| at).collect();
        assert_eq!(found.len(), usize::from(sign_up.is_some()), "{file}");
        assert!(found.iter().all(|at| {
            let start = sign_up.unwrap();
            (start..start + text[start..].find("\n}").unwrap()).contains(at)
        }));
    }
    assert!(service.iter().any(|(_, text)| text.contains(".authenticated(")), "sign-up is not there");
}
