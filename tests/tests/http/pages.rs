//! Pages by key, to the end, while rows are being added.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::{Side, World};

async fn add(side: &Side, n: usize) -> String {
    let title = format!("{} {n}", side.name);
    let made = side.owner.post(&format!("{}/plans", side.path), json!({"title": title, "question": "?"})).await.ok();
    made["plan"]["id"].as_str().unwrap().to_owned()
}

async fn page(side: &Side, limit: usize, after: Option<&str>) -> (Vec<String>, Option<String>) {
    let after = after.map(|after| format!("&after={after}")).unwrap_or_default();
    let page = side.member.get(&format!("{}/plans?limit={limit}{after}", side.path)).await.ok();
    let plans = page["plans"].as_array().unwrap();
    assert!(plans.len() <= limit);
    for plan in plans {
        assert!(plan["title"].as_str().unwrap().contains(side.name), "{plan}");
    }
    let ids = plans.iter().map(|plan| plan["id"].as_str().unwrap().to_owned()).collect();
    (ids, page["next"].as_str().map(str::to_owned))
}

/// Reads from the first page to the last.
async fn read_all(side: &Side, limit: usize) -> Vec<String> {
    read_all_while(side, limit, async || {}).await
}

/// Reads from the first page to the last, and does something between each two.
async fn read_all_while(side: &Side, limit: usize, mut between: impl AsyncFnMut()) -> Vec<String> {
    let (mut all, mut next) = page(side, limit, None).await;
    while let Some(after) = next {
        between().await;
        let (ids, later) = page(side, limit, Some(&after)).await;
        assert!(!ids.is_empty(), "there was said to be another page");
        all.extend(ids);
        next = later;
    }
    all
}

#[tokio::test]
async fn a_page_ends_where_the_next_begins() {
    let w = World::new().await;
    let mut expected = vec![w.acme.org.plan.to_string()];
    for n in 0..6 {
        expected.push(add(&w.acme, n).await);
        add(&w.globex, n).await;
    }
    for limit in 1..=8 {
        assert_eq!(read_all(&w.acme, limit).await, expected, "{limit}");
    }
    // The end of another organization's page is a place in one's own, and shows none of theirs.
    let (_, next) = page(&w.globex, 3, None).await;
    page(&w.acme, 100, next.as_deref()).await;
}

/// Both organizations add a row between each two pages: it is read after the rest, and nothing is read twice.
#[tokio::test]
async fn pages_are_read_to_the_end_while_rows_are_being_added() {
    const ADDED: usize = 6;

    let w = World::new().await;
    let read = async |side: &Side, other: &Side| {
        let mut expected = vec![side.org.plan.to_string()];
        for n in 0..9 {
            expected.push(add(side, n).await);
        }
        let mut added = Vec::new();
        // Of each page of two, one makes up for the one that is added: the end is not near before all are.
        let read = read_all_while(side, 2, async || {
            if added.len() < ADDED {
                added.push(add(side, 10 + added.len()).await);
                add(other, 100 + added.len()).await;
            }
        })
        .await;
        (expected, added, read)
    };
    for (side, other) in [(&w.acme, &w.globex), (&w.globex, &w.acme)] {
        let before = read_all(side, 100).await.len() - 1;
        let (start, added, read) = read(side, other).await;
        assert_eq!(added.len(), ADDED, "rows were added until the end was near");
        assert_eq!(read.iter().collect::<BTreeSet<_>>().len(), read.len(), "{}: one is read twice", side.name);
        assert_eq!(read.len(), before + start.len() + added.len(), "{}: one is missing", side.name);
        assert_eq!(read[0], start[0]);
        assert!(read.ends_with(&[&start[1..], &added].concat()), "{}: one is not in its place", side.name);
    }
}

#[tokio::test]
async fn a_place_that_the_service_did_not_give_is_refused() {
    let w = World::new().await;
    let id = w.acme.org.plan;
    for after in ["", "x", &id.to_string(), &id.simple().to_string().to_uppercase(), "%00"] {
        w.acme.owner.get(&format!("{}/plans?after={after}", w.acme.path)).await.assert_problem(400, "about:blank");
    }
    for limit in ["0", "101", "-1", "x", "", "99999999999999999999"] {
        w.acme.owner.get(&format!("{}/plans?limit={limit}", w.acme.path)).await.assert_problem(400, "about:blank");
    }
    let whole: Value = w.acme.owner.get(&format!("{}/plans", w.acme.path)).await.ok();
    assert_eq!(whole["next"], Value::Null);
}
