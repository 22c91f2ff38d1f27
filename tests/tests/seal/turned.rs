//! What is tried by turning the settings of a genuine context while a statement goes on: between two rows of a cursor, or
//! by the statement itself.

use tests::Fixture;

use crate::attack::{Attacker, LATE, Step, hold_no_row_to_the_seal};
use Step::Say;

/// What the refusal of an attack says, where it is refused and does not merely find nothing.
const POLICY: Option<&str> = Some("row-level security");
/// Each row that is met is read by the filter, or each round finds its rows by an index.
const BY_ROW: Step = Say(
    "BEGIN; SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = off",
);
pub(crate) const BY_ROUND: Step = Say("BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; \
     SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_material = off");
pub(crate) const ENTER: Step = Say("SELECT {app}.enter_tenant('{globex}', '{me}'); SET LOCAL ROLE {app}_tenant");
const ENTER_USER: Step = Say("SELECT {app}.enter_user('{me}'); SET LOCAL ROLE {app}_user");
const FIRST: Step = Say("FETCH 1 FROM c");
const REST: Step = Say("FETCH ALL FROM c");
const TO_ACME: Step = Say("SET LOCAL {app}.organization_id = '{acme}'");
const TO_LATE: Step = Say("SET LOCAL {app}.user_id = '{late}'");

pub(crate) type Attack = (&'static str, Option<&'static str>, &'static [Step]);

/// By whoever can send statements of their own within a transaction.
const BETWEEN_ROWS: &[Attack] = &[
    (
        "the tenant, between two rows",
        None,
        &[
            BY_ROW,
            ENTER,
            Say(
                "DECLARE c CURSOR FOR SELECT CASE WHEN organization_id = '{acme}' THEN 1 END AS loot FROM research_plan",
            ),
            FIRST,
            TO_ACME,
            REST,
        ],
    ),
    (
        "the tenant, between two rounds of an index scan",
        None,
        &[
            BY_ROUND,
            ENTER,
            Say("DECLARE c CURSOR FOR SELECT CASE WHEN organization_id = '{acme}' THEN 1 END AS loot
                 FROM generate_series(1, 3) g
                   CROSS JOIN LATERAL (SELECT organization_id FROM research_plan OFFSET 0) p WHERE g > 0"),
            FIRST,
            TO_ACME,
            REST,
        ],
    ),
    (
        "the person, between two rows",
        None,
        &[
            BY_ROW,
            ENTER_USER,
            Say("DECLARE c CURSOR FOR SELECT CASE WHEN email = 'late@acme.example' THEN 1 END AS loot FROM \"user\""),
            FIRST,
            TO_LATE,
            REST,
        ],
    ),
    (
        "the person, between two rounds of an index scan",
        None,
        &[
            BY_ROUND,
            ENTER_USER,
            Say("DECLARE c CURSOR FOR SELECT CASE WHEN email = 'late@acme.example' THEN 1 END AS loot
                 FROM generate_series(1, 3) g CROSS JOIN LATERAL (SELECT email FROM \"user\" OFFSET 0) p WHERE g > 0"),
            FIRST,
            TO_LATE,
            REST,
        ],
    ),
    (
        // Of so many memberships no table is hashed, so they are looked up for each organization.
        "the person through whose memberships rows are seen, between two rows",
        None,
        &[
            BY_ROW,
            Say("SET LOCAL enable_material = off; SET LOCAL work_mem = '64kB'; SET LOCAL hash_mem_multiplier = 1"),
            ENTER_USER,
            Say("DECLARE c CURSOR FOR SELECT CASE WHEN slug = 'late' THEN 1 END AS loot FROM organization"),
            FIRST,
            TO_LATE,
            REST,
        ],
    ),
];

/// By whatever function of a query turns a setting.
const WITHIN: &[Attack] = &[
    (
        "the tenant, in a query",
        None,
        &[
            BY_ROUND,
            ENTER,
            Say("SELECT CASE WHEN p.organization_id = '{acme}' THEN 1 END AS loot FROM {tenants} x
                   CROSS JOIN LATERAL (SELECT organization_id FROM research_plan WHERE x.s IS NOT NULL OFFSET 0) p"),
        ],
    ),
    (
        "the tenant, in an insert",
        POLICY,
        &[
            BY_ROUND,
            ENTER,
            Say("INSERT INTO research_plan (organization_id, id, title, question)
                 SELECT s::uuid, gen_random_uuid(), 'planted', '' FROM {tenants} x
                 RETURNING CASE WHEN organization_id = '{acme}' THEN 1 END AS loot"),
        ],
    ),
    (
        "the tenant, in an update",
        None,
        &[
            BY_ROW,
            ENTER,
            // By the second of one's own, as the first has to be written in a genuine context.
            Say("UPDATE research_plan SET title = 'mine'
                 WHERE CASE title WHEN 'second' THEN {turn}('{app}.organization_id', '{acme}', true) IS NULL ELSE true END
                 RETURNING CASE WHEN organization_id = '{acme}' THEN 1 END AS loot"),
        ],
    ),
    (
        "the tenant, in a delete",
        None,
        &[
            BY_ROW,
            ENTER,
            Say("DELETE FROM research_plan WHERE {turn}('{app}.organization_id', '{acme}', true) IS NOT NULL
                 RETURNING CASE WHEN organization_id = '{acme}' THEN 1 END AS loot"),
        ],
    ),
];

/// Rows of others that lie behind the attacker's own, and many organizations of the attacker's.
pub(crate) async fn fixture() -> Fixture {
    let f = Fixture::new().await;
    let (acme, globex) = (f.acme.id, f.globex.id);
    let (me, app) = (f.globex.member.user_id(), &f.database.prefix);
    f.database
        .execute(&format!(
            "WITH mine AS (
               INSERT INTO organization (id, name, slug)
               SELECT gen_random_uuid(), 'mine', 'mine' || n FROM generate_series(1, 5000) n RETURNING id
             )
             INSERT INTO member (id, organization_id, user_id, role) SELECT gen_random_uuid(), id, '{me}', 'member' FROM mine;
             WITH late AS (INSERT INTO \"user\" (id, name, email) VALUES ('{LATE}', 'Late', 'late@acme.example') RETURNING id),
               organization AS (INSERT INTO organization (id, name, slug) VALUES (gen_random_uuid(), 'late', 'late') RETURNING id)
             INSERT INTO member (id, organization_id, user_id, role)
             SELECT gen_random_uuid(), o.id, late.id, 'owner' FROM organization o, late;
             INSERT INTO research_plan (organization_id, id, title, question)
             VALUES ('{globex}', gen_random_uuid(), 'second', ''), ('{acme}', gen_random_uuid(), 'late', '');
             ANALYZE;
             CREATE FUNCTION turn(setting text, value text, is_local boolean) RETURNS text LANGUAGE plpgsql AS
               $$ BEGIN EXECUTE format('SET LOCAL %s = %L', setting, value); RETURN value; END $$;
             GRANT EXECUTE ON FUNCTION turn(text, text, boolean) TO {app}_tenant"
        ))
        .await;
    f
}

pub(crate) async fn open_set_config(f: &Fixture) {
    let grant = "GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO";
    f.database.execute(&format!("{grant} {}", f.database.role("tenant"))).await;
}

/// Runs attacks, each on connections of its own, and returns what each gave.
async fn run(f: &Fixture, turn: &'static str, attacks: &[Attack]) -> Vec<Result<usize, String>> {
    let mut loot = Vec::new();
    for (_, _, steps) in attacks {
        let found = Attacker::new(f).await.turning_by(turn).take(steps).await;
        loot.push(found.map_err(|error| error.to_string()));
    }
    loot
}

pub(crate) async fn assert_in_vain(f: &Fixture, turn: &'static str, attacks: &[Attack]) {
    for ((name, refusal, _), loot) in attacks.iter().zip(run(f, turn, attacks).await) {
        match refusal {
            None => assert_eq!(loot, Ok(0), "{name}, by {turn}"),
            Some(refusal) => assert!(loot.as_ref().is_err_and(|error| error.contains(refusal)), "{name}: {loot:?}"),
        }
    }
}

pub(crate) async fn assert_not_in_vain(f: &Fixture, turn: &'static str, attacks: &[Attack]) {
    for ((name, ..), loot) in attacks.iter().zip(run(f, turn, attacks).await) {
        assert!(loot.as_ref().is_ok_and(|rows| *rows > 0), "{name}, by {turn}, without the protection: {loot:?}");
    }
}

/// The control is the same attacks where the policies ask for the seal, and hold no row to it.
#[tokio::test]
async fn a_context_that_is_turned_between_two_rows_shows_no_other_row() {
    let f = fixture().await;
    assert_in_vain(&f, "", BETWEEN_ROWS).await;
    hold_no_row_to_the_seal(&f).await;
    assert_not_in_vain(&f, "", BETWEEN_ROWS).await;
}

/// By `set_config`, where it is not closed, and by any function that runs `SET LOCAL`, where it is.
#[tokio::test]
async fn a_statement_that_turns_its_context_reaches_no_other_row() {
    let f = fixture().await;
    assert_in_vain(&f, "turn", WITHIN).await;
    open_set_config(&f).await;
    assert_in_vain(&f, "set_config", WITHIN).await;
    hold_no_row_to_the_seal(&f).await;
    for turn in ["turn", "set_config"] {
        assert_not_in_vain(&f, turn, WITHIN).await;
    }
}
