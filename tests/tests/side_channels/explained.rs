//! `EXPLAIN`, the catalog, the clock and the system columns tell of all tenants' rows. PostgreSQL has nothing to close
//! them with.

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use sea_orm::sqlx::Row;
use tests::{Fixture, PATIENCE};

use crate::{
    counted::{read_address, world},
    inside::Inside,
};

/// Returns the number that follows a word in what `EXPLAIN` says of a query; zero where the word is not there.
async fn explained(inside: &mut Inside, options: &str, query: &str, word: &str) -> i64 {
    let lines = inside.say(&format!("EXPLAIN ({options}) {query}")).await.unwrap();
    let lines: Vec<String> = lines.iter().map(|line| line.get(0)).collect();
    let number = lines.iter().find_map(|line| line.split_once(word)).map(|(_, rest)| rest);
    let number = number.map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    number.map_or(0, |number| number.parse().unwrap())
}

#[tokio::test]
async fn explain_analyze_tells_values_by_its_counts() {
    let f = world().await;
    let mut inside = Inside::tenant(&f, &f.globex).await;
    let removed = async |inside: &mut Inside, condition: &str| {
        let query = format!(r#"SELECT 1 FROM "user" WHERE {condition}"#);
        Ok(explained(inside, "ANALYZE", &query, "Rows Removed by Filter: ").await)
    };
    assert_eq!(read_address(&mut inside, removed, 6).await.unwrap(), "kqxjwv");
}

/// A value that repeats is among the most common ones, and those are of all tenants' rows.
#[tokio::test]
async fn explain_tells_values_by_its_estimates() {
    let f = Fixture::new().await;
    let mut owner = String::new();
    for (org, count, title) in [(&f.acme, 1_000, "'kqxjwv'"), (&f.globex, 3_000, "'plan ' || g")] {
        write!(
            owner,
            "INSERT INTO research_plan (organization_id, id, title, question)
             SELECT '{}', gen_random_uuid(), {title}, '' FROM generate_series(1, {count}) g;",
            org.id
        )
        .unwrap();
    }
    f.database.execute(&format!("{owner} ANALYZE research_plan")).await;
    let mut inside = Inside::tenant(&f, &f.globex).await;
    let mut title = String::new();
    for _ in 0..6 {
        for letter in 'a'..='z' {
            let query = format!(
                "SELECT 1 FROM research_plan WHERE title >= '{title}{letter}' AND title <= '{title}{letter}zzzzzzzz'"
            );
            // Those of one's own begin with `p`.
            if letter != 'p' && explained(&mut inside, "COSTS", &query, "rows=").await > 100 {
                title.push(letter);
                break;
            }
        }
    }
    assert_eq!(title, "kqxjwv");
    let seen: i64 = inside.ask("SELECT count(*) FROM research_plan WHERE title = 'kqxjwv'").await.unwrap();
    assert_eq!(seen, 0);
}

/// Whoever takes the role on and makes the settings sees no row, and is told how many those are.
#[tokio::test]
async fn explain_analyze_tells_whoever_forges_a_context_how_many_rows_it_was_refused() {
    let f = Fixture::new().await;
    let app = &f.database.prefix;
    let settings = [("organization_id", f.acme.id.to_string()), ("user_id", f.acme.owner.user_id().to_string())];
    let settings = settings.map(|(name, value)| format!("set_config('{app}.{name}', '{value}', true)")).join(", ");
    f.database.execute("GRANT EXECUTE ON FUNCTION set_config TO PUBLIC").await;
    let mut inside = Inside::open(&f.database, "BEGIN", &settings, "tenant").await;
    let query = "SELECT title FROM research_plan";
    assert!(inside.say(query).await.unwrap().is_empty());
    assert_eq!(explained(&mut inside, "ANALYZE", query, "Rows Removed by Filter: ").await, 1);
}

#[tokio::test]
async fn the_catalog_tells_names() {
    let f = Fixture::new().await;
    let mut inside = Inside::tenant(&f, &f.globex).await;
    let columns = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'personal_access_token'::regclass";
    assert!(inside.ask::<i64>(columns).await.unwrap() > 9);
    let roles = format!("SELECT count(*) FROM pg_roles WHERE rolname LIKE '{}%'", f.database.prefix);
    assert_eq!(inside.ask::<i64>(&roles).await.unwrap(), 5);
}

#[tokio::test]
async fn the_catalog_and_explain_tell_how_large_a_table_is() {
    let f = world().await;
    let mut inside = Inside::tenant(&f, &f.globex).await;
    let seen: i64 = inside.ask(r#"SELECT count(id) FROM "user""#).await.unwrap();
    let of_all: f32 = inside.ask(r#"SELECT reltuples FROM pg_class WHERE oid = '"user"'::regclass"#).await.unwrap();
    assert_eq!((seen, of_all), (2, 3005.0));
    let expected = explained(&mut inside, "COSTS", r#"SELECT id FROM "user""#, "rows=").await;
    assert!(expected > 1_000, "{expected}");
}

/// The statistics that `pg_stats` shows are of no table whose rows are restricted: the control is a table without RLS.
#[tokio::test]
async fn the_planners_statistics_are_not_shown_themselves() {
    let f = world().await;
    f.database
        .execute(&format!(
            "CREATE TABLE country AS SELECT 'x' AS name FROM generate_series(1, 100); ANALYZE country;
             GRANT SELECT ON country TO {}",
            f.database.role("tenant")
        ))
        .await;
    let mut inside = Inside::tenant(&f, &f.globex).await;
    let tables = "SELECT string_agg(DISTINCT tablename, ' ') FROM pg_stats WHERE schemaname = 'public'";
    assert_eq!(inside.ask::<Option<String>>(tables).await.unwrap().as_deref(), Some("country"));
}

/// How many transactions wrote in between, and how many rows lie there.
#[tokio::test]
async fn system_columns_of_ones_own_rows_tell_how_much_others_write() {
    let f = Fixture::new().await;
    let plan = async |title: &str| {
        let mut inside = Inside::tenant(&f, &f.globex).await;
        let sql = format!(
            "INSERT INTO research_plan (organization_id, id, title, question)
             VALUES ('{}', gen_random_uuid(), '{title}', '')
             RETURNING ARRAY[xmin::text::int8, (ctid::text::point)[0]::int8 * 1000 + (ctid::text::point)[1]::int8]",
            f.globex.id
        );
        let at: Vec<i64> = inside.ask(&sql).await.unwrap();
        inside.say("COMMIT").await.unwrap();
        at
    };
    let before = plan("before").await;
    for _ in 0..10 {
        f.database
            .execute(&format!(
                "INSERT INTO research_plan (organization_id, id, title, question)
                 VALUES ('{}', gen_random_uuid(), 'x', '')",
                f.acme.id
            ))
            .await;
    }
    let after = plan("after").await;
    assert!(after[0] - before[0] > 10 && after[1] - before[1] > 10, "{before:?} {after:?}");
}

/// Returns how long a query takes that answers no row.
async fn time(inside: &mut Inside, query: &str) -> Duration {
    let start = Instant::now();
    assert!(inside.say(query).await.unwrap().is_empty());
    start.elapsed()
}

/// The fastest run of each query tells, after as many rounds as the machine is busy.
#[tokio::test]
async fn time_tells_how_many_rows_were_refused() {
    let f = Fixture::new().await;
    let others = r#"INSERT INTO "user" (id, name, email) SELECT gen_random_uuid(), 'x', 'zoe' || g FROM generate_series(1, 50000) g"#;
    f.database.execute(others).await;
    f.database.execute(r#"VACUUM ANALYZE "user""#).await;
    let mut inside = Inside::tenant(&f, &f.globex).await;
    let (mut many, mut none, since) = (Duration::MAX, Duration::MAX, Instant::now());
    while since.elapsed() < PATIENCE {
        many = many.min(time(&mut inside, r#"SELECT 1 FROM "user" WHERE email >= 'zo' AND email < 'zp'"#).await);
        none = none.min(time(&mut inside, r#"SELECT 1 FROM "user" WHERE email >= 'y' AND email < 'yz'"#).await);
        if many > 2 * none {
            return;
        }
    }
    panic!("{many:?} for 50,000 rows that were refused, {none:?} for none");
}
