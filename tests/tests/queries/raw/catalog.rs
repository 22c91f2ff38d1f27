//! The documented set of functions, against the server's catalog.

use std::collections::{BTreeMap, BTreeSet};

use db::{AssertSqlSafe, RawSelect, prelude::*, raw_functions};
use sea_orm::{
    JsonValue,
    sqlx::{Connection, query_as},
};

use crate::{tables::task::Task, world::World};

/// Those that do not give the same for the same arguments, and leave nothing behind all the same: the time, chance, and
/// which rows are sampled.
const TIME_AND_CHANCE: [&str; 11] = [
    "array_sample",
    "array_shuffle",
    "bernoulli",
    "clock_timestamp",
    "gen_random_uuid",
    "random",
    "random_normal",
    "system",
    "timeofday",
    "uuidv4",
    "uuidv7",
];

/// Words that stand before a bracket, of which an application could make a function.
const WORDS: [&str; 4] = ["cube", "ilike", "join", "rollup"];

/// Every function and every key word of the server, before a bracket: those of the set pass, and key words that no function
/// can be named after.
#[tokio::test]
async fn of_the_servers_functions_those_of_the_set_pass() {
    let world = World::new().await;
    let mut owner = world.f.database.owner().await;
    let functions: Vec<(String, bool)> =
        query_as("SELECT proname::text, bool_or(provolatile = 'v') FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace GROUP BY 1")
            .fetch_all(&mut owner)
            .await
            .unwrap();
    let words: BTreeMap<String, String> =
        query_as::<_, (String, String)>("SELECT word, catcode::text FROM pg_get_keywords()")
            .fetch_all(&mut owner)
            .await
            .unwrap()
            .into_iter()
            .collect();
    let version: (i32,) =
        query_as("SELECT current_setting('server_version_num')::int").fetch_one(&mut owner).await.unwrap();
    owner.close().await.unwrap();
    let set: BTreeSet<_> = raw_functions().map(|(_, name)| name).collect();

    // Refused are most of them; what is not refused is for the server to say, in a transaction of its own.
    let refused = async |text: String| {
        let cx = world.f.db.tenant(world.f.acme.id, &world.f.acme.owner).begin().await.unwrap();
        let rows = RawSelect::<JsonValue>::from_sql_and_values(AssertSqlSafe(text), []).all(&cx).await;
        rows.is_err_and(|error| error.is_raw_sql_refused())
    };
    for (name, volatile) in &functions {
        assert_eq!(
            refused(format!("SELECT \"{name}\"(1, 2, 3, 4, 5, 6, 7)")).await,
            !set.contains(name.as_str()),
            "{name}"
        );
        assert!(
            !volatile || !set.contains(name.as_str()) || TIME_AND_CHANCE.contains(&name.as_str()),
            "{name} is volatile"
        );
    }
    for (word, kind) in &words {
        let passes = !refused(format!("SELECT {word}(1)")).await;
        let reserved = ["R", "C"].contains(&kind.as_str());
        assert!(
            !passes || reserved || set.contains(word.as_str()) || WORDS.contains(&word.as_str()),
            "{word} ({kind})"
        );
    }
    // Nothing is in the set that is no function, where the server is new enough to have all of them.
    if version.0 >= 180_000 {
        let is_function =
            |name: &str| functions.iter().any(|(function, _)| function == name) || words.contains_key(name);
        assert_eq!(set.iter().filter(|name| !is_function(name)).collect::<Vec<_>>(), [&""; 0]);
    }
}

/// The list in the documentation is the list in the code.
#[test]
fn the_set_is_documented() {
    let mut kinds: Vec<(&str, Vec<&str>)> = Vec::new();
    for (kind, name) in raw_functions() {
        match kinds.last_mut() {
            Some((last, names)) if *last == kind => names.push(name),
            _ => kinds.push((kind, vec![name])),
        }
    }
    let docs = include_str!("../../../../docs/raw.md");
    for (kind, names) in kinds {
        assert!(names.is_sorted(), "{kind}");
        let line = format!("| {kind} | `{}` |", names.join("` `"));
        assert!(docs.lines().any(|found| found == line), "docs/raw.md lacks {line}");
    }
}

/// The same for a structured expression, which may call the application's own functions by name: of the server's own those are
/// refused that are not in the set, but for what operators, casts, input and output are made of.
#[tokio::test]
async fn a_scoped_query_calls_no_function_that_reaches_beyond_the_rows() {
    let world = World::new().await;
    let mut owner = world.f.database.owner().await;
    let functions: Vec<(String,)> = query_as(
        "SELECT DISTINCT proname::text FROM pg_proc
         WHERE pronamespace = 'pg_catalog'::regnamespace AND provolatile <> 'i'
           AND NOT EXISTS (SELECT FROM pg_operator WHERE oprcode = pg_proc.oid)
           AND NOT EXISTS (SELECT FROM pg_cast WHERE castfunc = pg_proc.oid)
           AND NOT EXISTS (SELECT FROM pg_type WHERE pg_proc.oid IN (typinput, typoutput, typreceive, typsend))
           AND NOT EXISTS (SELECT FROM pg_amproc WHERE amproc = pg_proc.oid)
           AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype, 'internal'::regtype, 'cstring'::regtype)
           AND 'internal'::regtype <> ALL (proargtypes) AND 'cstring'::regtype <> ALL (proargtypes)
           AND proname !~ '_send$'",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    owner.close().await.unwrap();
    assert!(functions.len() > 400, "{}", functions.len());
    let set: BTreeSet<_> = raw_functions().map(|(_, name)| name).collect();
    let cx = world.db.tenant(world.f.acme.id, &world.f.acme.owner).begin().await.unwrap();
    for (name,) in functions.iter().filter(|(name,)| !set.contains(name.as_str())) {
        let call = Expr::expr(Func::cust(name.clone())).is_null();
        let refused = Task::find().filter(call).count(&cx).await.unwrap_err();
        assert!(refused.is_raw_text(), "{name}: {refused}");
    }
}
