//! What is refused, and how.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{client::Answer, world::World};

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
    let nowhere = uuid::Uuid::now_v7();
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
    w.acme.owner.post(&path, many).await.assert_problem(422, "about:blank");

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
        ("42501", 403, "/problems/permission-denied"),
        ("23503", 409, "/problems/reference"),
        ("23P01", 409, "/problems/taken"),
        ("23502", 422, "/problems/value"),
        ("40001", 503, "about:blank"),
        ("40P01", 503, "about:blank"),
        ("57014", 503, "about:blank"),
    ] {
        fail(sqlstate).await.assert_problem(status, kind);
    }
}

/// The service asks who is asking; it never takes anybody on faith.
#[test]
fn the_service_assumes_nobody() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/http");
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 9, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains("assume") && !text.contains("system_tenant"), "{}", file.display());
    }
}
