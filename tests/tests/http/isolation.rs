//! Every route, with another organization's ids.

use std::collections::BTreeSet;

use axum::http::Method;
use entity::{Bearer, ResearchPlan, change_member_role, member::MemberRole, remove_member};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    world::{Side, World},
};

/// A request, by the path of its route.
struct Route {
    method: Method,
    path: &'static str,
    body: Option<Value>,
}

fn routes() -> Vec<Route> {
    let route = |method, path, body| Route { method, path, body };
    vec![
        route(Method::GET, "/organizations/{organization_id}/plans", None),
        route(Method::POST, "/organizations/{organization_id}/plans", Some(json!({"title": "new", "question": "?"}))),
        route(Method::GET, "/organizations/{organization_id}/plans/{plan_id}", None),
        route(Method::POST, "/organizations/{organization_id}/plans/{plan_id}/steps", Some(json!({"title": "new"}))),
        route(Method::POST, "/organizations/{organization_id}/steps/{step_id}/move", Some(json!({"position": 3}))),
        route(Method::POST, "/organizations/{organization_id}/plans/{plan_id}/complete", None),
        route(Method::GET, "/organizations/{organization_id}/members", None),
        route(
            Method::POST,
            "/organizations/{organization_id}/invitations",
            Some(json!({"email": "x@x.example", "role": "member"})),
        ),
        route(Method::GET, "/tokens", None),
        route(Method::POST, "/tokens", Some(json!({"name": "new"}))),
        route(Method::DELETE, "/tokens/{id}", None),
        route(Method::GET, "/healthz", None),
    ]
}

impl Route {
    fn is_in_organization(&self) -> bool {
        self.path.contains("{organization_id}")
    }

    /// Whether it names something in the organization.
    fn is_to_one(&self) -> bool {
        self.path.contains("{plan_id}") || self.path.contains("{step_id}")
    }

    /// Sends it in `organization`, for the things of `of`.
    async fn send(&self, client: &Client, organization: &Side, of: &Side, token: &str) -> Answer {
        let path = self
            .path
            .replace("{organization_id}", &organization.org.id.to_string())
            .replace("{plan_id}", &of.org.plan.to_string())
            .replace("{step_id}", &of.org.steps[0].to_string())
            .replace("{id}", token);
        client.send(self.method.clone(), &path, self.body.as_ref()).await
    }
}

async fn first_token(client: &Client) -> String {
    client.get("/tokens").await.ok()[0]["id"].as_str().unwrap().to_owned()
}

/// All that the organization has, as its owner sees it.
async fn all(side: &Side) -> Value {
    let mut plans = Vec::new();
    for plan in side.owner.get(&format!("{}/plans?limit=100", side.path)).await.ok()["plans"].as_array().unwrap() {
        let id = plan["id"].as_str().unwrap();
        plans.push(side.owner.get(&format!("{}/plans/{id}", side.path)).await.ok());
    }
    let members = side.owner.get(&format!("{}/members", side.path)).await.ok();
    let mut tokens = side.owner.get("/tokens").await.ok();
    // When it was last used is not what this is about.
    for token in tokens.as_array_mut().unwrap() {
        token["last_used_at"].take();
    }
    json!([plans, members, tokens])
}

#[tokio::test]
async fn the_routes_are_those_of_the_document() {
    let w = World::new().await;
    let document = Client::new(&w.url, None).get("/openapi.json").await.ok();
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys().filter(|&key| key != "parameters") {
            documented.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let tried: BTreeSet<_> = routes().iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    assert_eq!(tried, documented);
}

#[tokio::test]
async fn another_organizations_ids_are_refused_on_every_route() {
    let w = World::new().await;
    let token = first_token(&w.acme.owner).await;
    let before = all(&w.acme).await;
    for route in routes() {
        if route.is_in_organization() {
            for stranger in [&w.globex.owner, &w.globex.member] {
                let answer = route.send(stranger, &w.acme, &w.acme, &token).await;
                answer.assert_problem(403, "/problems/not-a-member");
            }
        }
        if route.is_to_one() {
            let answer = route.send(&w.globex.owner, &w.globex, &w.acme, &token).await;
            answer.assert_problem(404, "about:blank");
        }
        let answer = route.send(&w.globex.owner, &w.globex, &w.globex, &token).await;
        assert!(!answer.text.contains("acme"), "{answer:?}");
        if route.path == "/tokens/{id}" {
            answer.assert_problem(404, "about:blank");
        }
    }
    assert_eq!(all(&w.acme).await, before);
}

/// The control of the test above: the same requests do something where the ids are one's own.
#[tokio::test]
async fn every_route_answers_for_ones_own_ids() {
    let w = World::new().await;
    let token = w.acme.owner.post("/tokens", json!({"name": "short-lived"})).await.ok();
    let token = token["token"]["id"].as_str().unwrap();
    let before = all(&w.acme).await;
    for route in routes() {
        let answer = if route.path == "/healthz" {
            w.acme.owner.until_well().await
        } else {
            route.send(&w.acme.owner, &w.acme, &w.acme, token).await
        };
        assert!(answer.status.is_success(), "{} {}: {answer:?}", route.method, route.path);
    }
    let after = all(&w.acme).await;
    assert_ne!(after, before);
    assert!(after.to_string().contains("acme") && !after.to_string().contains("globex"));
}

#[tokio::test]
async fn nobody_gets_in_without_a_token() {
    let w = World::new().await;
    let nobody = Client::new(&w.url, None);
    // As one would be: of the right letters, and with a wrong checksum; and one that is not even that.
    let wrong = format!("trv_{}", "A".repeat(36));
    let mut guesses = vec![Client::new(&w.url, Some(&wrong)), Client::new(&w.url, Some("x"))];
    // With the right checksum, and never issued.
    for kind in [Bearer::Token, Bearer::Session] {
        guesses.push(Client::new(&w.url, Some(kind.new_secret().expose_secret())));
    }
    for route in routes().into_iter().filter(|route| route.path != "/healthz") {
        for client in std::iter::once(&nobody).chain(&guesses) {
            route.send(client, &w.acme, &w.acme, &w.acme.org.plan.to_string()).await.assert_problem(401, "about:blank");
        }
    }
}

#[tokio::test]
async fn a_token_that_is_revoked_opens_nothing_any_more() {
    let w = World::new().await;
    let made = w.acme.owner.post("/tokens", json!({"name": "laptop"})).await.ok();
    let laptop = Client::new(&w.url, made["secret"].as_str());
    let plans = format!("{}/plans", w.acme.path);
    laptop.get(&plans).await.ok();
    let path = format!("/tokens/{}", made["token"]["id"].as_str().unwrap());
    for _ in 0..2 {
        assert_eq!(w.acme.owner.send(Method::DELETE, &path, None).await.status, 204);
        laptop.get(&plans).await.assert_problem(401, "about:blank");
        laptop.get("/tokens").await.assert_problem(401, "about:blank");
    }
    w.acme.owner.get(&plans).await.ok();
}

#[tokio::test]
async fn a_member_who_is_removed_is_a_stranger_from_then_on() {
    let w = World::new().await;
    let (org, plans) = (&w.acme.org, format!("{}/plans", w.acme.path));
    w.acme.member.get(&plans).await.ok();
    let removed = org.member.user_id();
    w.f.db.with_tenant_context(org.id, &org.owner, async |cx| remove_member(cx, removed).await).await.unwrap();
    w.acme.member.get(&plans).await.assert_problem(403, "/problems/not-a-member");
    w.acme.member.get("/tokens").await.ok();
    w.acme.owner.get(&plans).await.ok();
}

/// Who is a member is seen as a context opens. What was begun by then is finished; nothing is begun after.
#[tokio::test]
async fn a_member_who_is_removed_finishes_what_is_under_way_and_no_more() {
    let w = World::new().await;
    let (org, member) = (&w.acme.org, w.acme.member.clone());
    let complete = format!("{}/plans/{}/complete", w.acme.path, org.plan);
    let held = w.f.db.tenant(org.id, &org.owner).begin().await.unwrap();
    ResearchPlan::find_by_id(org.plan).lock_exclusive().require_one(&held).await.unwrap();
    let under_way = tokio::spawn({
        let complete = complete.clone();
        async move { member.send(Method::POST, &complete, None).await }
    });
    w.lock_waiters(1).await;
    let removed = org.member.user_id();
    w.f.db.with_tenant_context(org.id, &org.owner, async |cx| remove_member(cx, removed).await).await.unwrap();
    assert!(!under_way.is_finished());
    held.rollback().await.unwrap();
    let answer = under_way.await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.ok()["status"]), (200, &json!("completed")));
    let next = w.acme.member.send(Method::POST, &complete, None).await;
    next.assert_problem(403, "/problems/not-a-member");
}

#[tokio::test]
async fn a_role_that_is_too_low_invites_nobody() {
    let w = World::new().await;
    let path = format!("{}/invitations", w.acme.path);
    let invited = |role: &str| json!({"email": "new@acme.example", "role": role});
    w.acme.member.post(&path, invited("member")).await.assert_problem(403, "/problems/permission-denied");
    let (org, member) = (&w.acme.org, w.acme.org.member.user_id());
    w.f.db
        .with_tenant_context(org.id, &org.owner, async |cx| change_member_role(cx, member, MemberRole::Admin).await)
        .await
        .unwrap();
    w.acme.member.post(&path, invited("owner")).await.assert_problem(403, "/problems/permission-denied");
    assert_eq!(w.acme.member.post(&path, invited("admin")).await.ok()["role"], "admin");
}
