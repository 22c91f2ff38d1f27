//! Whether what an organization is answered is its own.

use std::{collections::HashSet, sync::Mutex};

use sea_orm::{prelude::Uuid, sqlx};
use serde_json::{Value, json};

use crate::world::{Side, World};

/// What an organization is shown: each answer is looked at as it comes, and every id in the end.
#[derive(Debug, Default)]
pub(crate) struct Shown(Mutex<HashSet<Uuid>>);

fn id(value: &Value) -> Option<Uuid> {
    value.as_str()?.parse().ok()
}

impl Shown {
    /// Whether each row in an answer says that it is the organization's. There is no empty list: each that is asked for
    /// here has a row from the start.
    pub(crate) fn is_own(&self, value: &Value, side: &Side) -> bool {
        match value {
            Value::Array(values) => !values.is_empty() && values.iter().all(|value| self.is_own(value, side)),
            Value::Object(fields) => fields.iter().all(|(key, value)| match key.as_str() {
                "title" | "name" | "email" => value.as_str().is_some_and(|text| text.contains(side.name)),
                "user_id" | "created_by" => {
                    [&side.org.owner, &side.org.member].iter().any(|member| id(value) == Some(member.user_id().0))
                }
                "id" | "plan_id" => id(value).is_some_and(|id| {
                    self.0.lock().unwrap().insert(id);
                    true
                }),
                _ => self.is_own(value, side),
            }),
            _ => true,
        }
    }

    /// Returns how many ids were shown, and those of them that are not of a row of the organization or its members.
    pub(crate) async fn strays(&self, w: &World, side: &Side) -> (usize, Vec<Uuid>) {
        let sql = "SELECT id FROM research_plan WHERE organization_id = $1
                   UNION ALL SELECT id FROM plan_step WHERE organization_id = $1
                   UNION ALL SELECT t.id FROM personal_access_token t JOIN member m USING (user_id)
                              WHERE m.organization_id = $1";
        let mut owner = w.f.database.owner().await;
        let own: Vec<Uuid> = sqlx::query_scalar(sql).bind(side.org.id.0).fetch_all(&mut owner).await.unwrap();
        let (own, shown) = (HashSet::from_iter(own), self.0.lock().unwrap());
        (shown.len(), shown.difference(&own).copied().collect())
    }
}

/// The control of all that asks this: what is another organization's, or is not there, is noticed.
#[tokio::test]
async fn what_is_not_ones_own_is_noticed() {
    let w = World::new().await;
    let plan = format!("{}/plans/{}", w.acme.path, w.acme.org.plan);
    let answers = [plan, format!("{}/plans", w.acme.path), format!("{}/members", w.acme.path), "/tokens".to_owned()];
    for path in answers {
        let answer = w.acme.owner.get(&path).await.ok();
        assert!(Shown::default().is_own(&answer, &w.acme), "{answer}");
        assert!(!Shown::default().is_own(&answer, &w.globex), "{answer}");
    }
    let member = w.globex.org.member.user_id();
    for answer in [json!([]), json!({"plans": []}), json!([{"user_id": member.0}]), json!([{"id": "x"}])] {
        assert!(!Shown::default().is_own(&answer, &w.acme), "{answer}");
    }
    // An id says by itself nothing of whose it is: the database does.
    let shown = Shown::default();
    let (own, other) = (w.acme.org.plan, w.globex.org.plan);
    assert!(shown.is_own(&json!([{"id": own}, {"plan_id": other}]), &w.acme));
    assert_eq!(shown.strays(&w, &w.acme).await, (2, vec![other]));
}
