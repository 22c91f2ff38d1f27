//! What the check believes of a text, against what the server does with it.

use db::{AssertSqlSafe, Context, RawSelect, Tenant};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use tests::Fixture;

use super::{record::Recorder, texts::Texts};
use crate::world::World;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|number| number.parse().unwrap())
}

/// What became of the texts.
#[derive(Debug, Default)]
struct Tally {
    refused: usize,
    passed: usize,
    read: usize,
    ran: usize,
}

/// A row of whatever columns.
struct Any;

impl FromQueryResult for Any {
    fn from_query_result(_: &QueryResult, _: &str) -> Result<Self, DbErr> {
        Ok(Self)
    }
}

/// Whether the check lets a text through.
async fn passes(cx: &Context<Tenant>, text: &str) -> bool {
    let rows = RawSelect::<Any>::from_sql_and_values(AssertSqlSafe(text.to_owned()), []).all(cx).await;
    !rows.is_err_and(|error| error.is_raw_sql_refused())
}

/// Functions of the application's own that are not allowed: one that writes, one in another schema, one that returns a row of any kind, and those with the name of a word.
const OWN: &str = "
    CREATE FUNCTION public.own_write(text) RETURNS text LANGUAGE sql AS $$ DELETE FROM task RETURNING title $$;
    CREATE FUNCTION public.own_record(integer) RETURNS record LANGUAGE sql AS $$ SELECT 1 $$;
    CREATE SCHEMA other;
    CREATE FUNCTION other.lower(text) RETURNS text LANGUAGE sql AS $$ DELETE FROM task RETURNING title $$;
    CREATE FUNCTION public.by(integer) RETURNS text LANGUAGE sql AS $$ DELETE FROM task RETURNING title $$;
    CREATE FUNCTION public.over(integer) RETURNS text LANGUAGE sql AS $$ DELETE FROM task RETURNING title $$;
    GRANT USAGE ON SCHEMA other TO PUBLIC";

async fn world() -> (World, Recorder) {
    let world = World::new().await;
    world.f.database.execute(OWN).await;
    let recorder = Recorder::new(&world.f).await;
    (world, recorder)
}

/// `RAW_TEXTS` of them, 2,000 unless told otherwise.
#[tokio::test]
async fn what_the_check_lets_through_calls_what_is_documented_and_writes_nothing() {
    let (world, mut recorder) = world().await;
    let Fixture { db, acme, .. } = &world.f;
    let (count, seed) = (number("RAW_TEXTS").unwrap_or(2_000), number("SEED").unwrap_or_else(|| fastrand::u64(..)));
    let mut texts = Texts::new(seed, recorder.functions());
    let mut tally = Tally::default();
    // Spoiled, so that PostgreSQL runs nothing of what passes: it is run as it is, below.
    let cx = db.tenant(acme.id, &acme.owner).begin().await.unwrap();
    assert!(passes(&cx, "SELECT 1 / 0").await);
    for number in 0..count {
        let text = texts.text();
        let what = format!("SEED={seed}, text {number}: {text:?}");
        if !passes(&cx, &text).await {
            tally.refused += 1;
            continue;
        }
        tally.passed += 1;
        let read = recorder.read(&text).await;
        tally.read += usize::from(read.is_some());
        assert_eq!(read.iter().flatten().collect::<Vec<_>>(), [""; 0], "{what}");
        // What is no SQL to the recorder is none to the server: looked at now and then.
        if read.is_some() || number.is_multiple_of(8) {
            let (ran, left) = recorder.run(&text).await;
            assert_eq!(left, None, "{what}");
            assert!(read.is_some() || !ran, "it runs, and is no query to the recorder: {what}");
            tally.ran += usize::from(ran);
        }
    }
    eprintln!("{tally:?}, SEED={seed}");
    // Neither is all of it refused, nor is all that passes no SQL.
    assert!(tally.refused > tally.passed / 10 && tally.read * 10 > tally.passed && tally.ran > 0, "{tally:?}");
}

/// The control: without the check, the recorder finds what is outside of the set, in random texts as in known ones.
#[tokio::test]
async fn the_recorder_finds_what_is_outside_of_the_set() {
    let (world, mut recorder) = world().await;
    let cx = world.f.db.tenant(world.f.acme.id, &world.f.acme.owner).begin().await.unwrap();
    for (text, seen) in [
        ("SELECT 1 FROM task, LATERAL pg_advisory_xact_lock(1) AS x", "pg_catalog.pg_advisory_xact_lock"),
        ("SELECT U&\"\\0070g_advisory_xact_lock\"(42)", "pg_catalog.pg_advisory_xact_lock"),
        ("SELECT treat(1 AS pg_advisory_xact_lock)", "pg_catalog.pg_advisory_xact_lock"),
        ("SELECT task.pg_column_size FROM task", "pg_catalog.pg_column_size"),
        ("SELECT 'task'::regclass", "a type of the catalog (2205)"),
        ("SELECT 1 FROM pg_class", "a table of the server's (1259)"),
        ("SELECT current_user", "a word that tells of the session"),
        ("SELECT other.lower('x')", "other.lower"),
        ("SELECT own_write('x')", "public.own_write"),
        ("SELECT by(1)", "public.by"),
        ("SELECT 1 FROM own_record(1) AS (values integer)", "public.own_record"),
        ("SELECT DISTINCT ON (points) over(1) FROM task", "public.over"),
    ] {
        assert_eq!(recorder.read(text).await, Some(vec![seen.to_owned()]), "{text}");
        assert!(!passes(&cx, text).await, "{text}");
    }
    for text in [
        "SELECT pg_advisory_xact_lock(1)",
        "SELECT pg_advisory_lock_shared(1)",
        "SELECT set_config('app.own', 'x', false)",
        "SELECT own_write('x')",
        "WITH gone AS (DELETE FROM task RETURNING 1) SELECT 1 ->-- \n FROM gone",
        "WITH gone AS (DELETE FROM task RETURNING '{}'::jsonb AS a) SELECT a ->-- '\n 'x' FROM gone",
        "SELECT 1 FROM task FOR UPDATE",
    ] {
        let (ran, left) = recorder.run(text).await;
        assert_eq!(ran, left.is_some(), "{text}");
        assert!(!passes(&cx, text).await || text.ends_with("FOR UPDATE"), "{text}");
    }
    let mut texts = Texts::new(1, recorder.functions());
    texts.strays = 2;
    let mut outside = 0;
    for _ in 0..500 {
        let text = texts.text();
        outside += usize::from(recorder.read(&text).await.is_some_and(|outside| !outside.is_empty()));
    }
    assert!(outside > 20, "{outside}");
}
