//! Every function and relation of PostgreSQL's own that everybody may use is either closed, or has been judged to be
//! harmless, by name and with a reason. What a new version of PostgreSQL brings is neither, and fails here.

mod functions;
mod relations;

use std::collections::BTreeSet;

use sea_orm::sqlx::{AssertSqlSafe, query_scalar};
use tests::{Fixture, TestDatabase};

use crate::inside::Inside;
use functions::{FUNCTIONS, Judged};
use relations::RELATIONS;

/// The functions that PUBLIC may execute and whose answer is more than their arguments: those that are not immutable, and
/// whatever has the name of one that looks at the server. Without those that no query calls by name (of types, operators,
/// casts, access methods and triggers, and what takes an `internal`).
const EXECUTABLE: &str = "
    SELECT DISTINCT proname::text FROM pg_proc p
    WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f'
      AND (provolatile <> 'i' OR proname ~ '^(pg|txid|lo)_')
      AND EXISTS (SELECT FROM aclexplode(COALESCE(proacl, acldefault('f', proowner))) a WHERE a.grantee = 0)
      AND 'internal'::regtype <> ALL (proargtypes::oid[])
      AND prorettype <> ALL ('{internal,trigger,event_trigger,index_am_handler,table_am_handler,tsm_handler,fdw_handler,
        language_handler}'::regtype[])
      AND NOT EXISTS (
        SELECT FROM pg_type t WHERE p.oid IN (typinput, typoutput, typreceive, typsend, typmodin, typmodout)
      )
      AND NOT EXISTS (SELECT FROM pg_operator WHERE oprcode = p.oid)
      AND NOT EXISTS (SELECT FROM pg_cast WHERE castfunc = p.oid)
      AND NOT EXISTS (SELECT FROM pg_amproc WHERE amproc = p.oid)";

const READABLE: &str = "
    SELECT relname::text FROM pg_class c
    WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v', 'm', 'f', 'S')
      AND (
        has_table_privilege('{role}', c.oid, 'SELECT') OR has_any_column_privilege('{role}', c.oid, 'SELECT')
      )
    ORDER BY relname";

fn names(judged: &[Judged]) -> BTreeSet<&'static str> {
    assert!(judged.iter().all(|judged| !judged.why.is_empty()));
    let all: Vec<_> = judged.iter().flat_map(|judged| judged.names.split_whitespace()).collect();
    let names: BTreeSet<_> = all.iter().copied().collect();
    assert_eq!(names.len(), all.len(), "one is judged twice");
    names
}

async fn list(database: &TestDatabase, sql: &str) -> Vec<String> {
    query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(&mut database.owner().await).await.unwrap()
}

#[tokio::test]
async fn every_function_that_everybody_may_execute_has_been_judged() {
    let database = TestDatabase::new().await;
    let judged = names(FUNCTIONS);
    let open = list(&database, EXECUTABLE).await;
    assert!(open.len() > 300, "the question finds too little");
    let unknown: Vec<_> = open.iter().filter(|name| !judged.contains(name.as_str())).collect();
    assert!(
        unknown.is_empty(),
        "neither closed (db/src/contract/closed.rs) nor judged (judged/functions.rs): {unknown:?}"
    );
}

/// Where nothing is closed, the same question finds what is dangerous: it is not judged by mistake.
#[tokio::test]
async fn what_is_closed_is_not_judged_to_be_harmless() {
    let database = TestDatabase::new().await;
    let closed = list(&database, EXECUTABLE).await;
    let connection = database.migration_connection(&database.owner_url()).await;
    for sql in database.migrator().contract().open_functions() {
        sea_orm::ConnectionTrait::execute_unprepared(&connection, &sql).await.unwrap();
    }
    let judged = names(FUNCTIONS);
    let opened: Vec<_> = list(&database, EXECUTABLE).await.into_iter().filter(|name| !closed.contains(name)).collect();
    assert!(opened.len() > 100 && opened.iter().any(|name| name == "pg_stat_get_xact_tuples_fetched"), "{opened:?}");
    assert!(opened.iter().all(|name| !judged.contains(name.as_str())), "{opened:?}");
}

/// The views are closed by the functions that they call.
#[tokio::test]
async fn every_relation_that_everybody_may_read_is_closed_or_has_been_judged() {
    let f = Fixture::new().await;
    let judged = names(RELATIONS);
    let mut scopes = [Inside::tenant(&f, &f.globex).await, Inside::user(&f, &f.globex).await];
    let (mut unknown, mut closed) = (BTreeSet::new(), 0);
    for relation in list(&f.database, &READABLE.replace("{role}", &f.database.role("tenant"))).await {
        for inside in &mut scopes {
            match inside.attempt(&format!("SELECT * FROM pg_catalog.{relation} LIMIT 1")).await {
                Err(code) if code == "42501" && !judged.contains(relation.as_str()) => closed += 1,
                // A table of which some columns alone are readable.
                Err(code) if code == "42501" && relation.starts_with("pg_subscription") => {}
                Ok(_) if judged.contains(relation.as_str()) => {}
                answer => {
                    unknown.insert(format!("{relation}: {:?}", answer.map(|rows| rows.len())));
                }
            }
        }
    }
    assert!(unknown.is_empty(), "neither closed nor judged (judged/relations.rs): {unknown:#?}");
    assert!(closed > 80, "{closed}");
}
