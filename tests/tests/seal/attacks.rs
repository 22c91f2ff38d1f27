//! What is tried by `SET ROLE`, `SET`, `set_config`, and the name of a seal that is used again.

use tests::Fixture;

use crate::attack::{Attacker, Step, take_the_seal_away};
use Step::{Keep, RemoveMember, Replay, ReplayElsewhere, Say, SayElsewhere};

/// Looks at a tenant's rows.
const LOOK: &str = "SET LOCAL ROLE {app}_tenant; SELECT 1 AS loot FROM research_plan";
const ENTER: &str = "BEGIN; SELECT {app}.enter_tenant('{globex}', '{me}')";
const ENTER_ONLY: &str = "SELECT {app}.enter_tenant('{globex}', '{me}')";

const ATTACKS: &[(&str, &[Step])] = &[
    (
        "a tenant's settings and role",
        &[
            Say(
                "BEGIN; SET {app}.organization_id = '{acme}'; SET {app}.user_id = '{victim}'; SET {app}.member_role = 'owner'",
            ),
            Say(LOOK),
        ],
    ),
    (
        "for the whole session, in no transaction",
        &[
            Say("SET {app}.organization_id = '{acme}'; SET {app}.user_id = ''; SET {app}.member_role = 'system'"),
            Say("SET ROLE {app}_tenant"),
            Say("SELECT 1 AS loot FROM research_plan"),
        ],
    ),
    (
        "a cursor of the seal's name, over something else",
        &[
            Say("BEGIN; SET {app}.organization_id = '{acme}'; DECLARE \"t{seal of acme}owner\" CURSOR FOR SELECT"),
            Say("SET {app}.user_id = '{victim}'; SET {app}.member_role = 'owner'"),
            Say(LOOK),
        ],
    ),
    (
        "a cursor that says what the seal's text is",
        &[
            Say("BEGIN; SET {app}.organization_id = '{acme}'"),
            Say("DECLARE \"t{seal of acme}owner\" CURSOR FOR SELECT 'SELECT FROM {app}.seal' /*
SELECT FROM {app}.seal*/"),
            Say(LOOK),
        ],
    ),
    (
        "set_config, where it is not closed",
        &[
            Say(
                "BEGIN; SELECT set_config('{app}.organization_id', '{acme}', false), set_config('role', '{app}_tenant', false)",
            ),
            Say("SELECT 1 AS loot FROM research_plan"),
        ],
    ),
    (
        "a person's settings and role",
        &[Say("BEGIN; SET {app}.user_id = '{victim}'; SET LOCAL ROLE {app}_user; SELECT 1 AS loot FROM \"user\"")],
    ),
    (
        "the settings and role of sign-in",
        &[Say("BEGIN; SET {app}.identity = 'true'; SET LOCAL ROLE {app}_identity; SELECT 1 AS loot FROM member")],
    ),
    ("one's own tenant, turned to another's", &[Say(ENTER), Say("SET {app}.organization_id = '{acme}'"), Say(LOOK)]),
    (
        "from within, by set_config, where it is not closed",
        &[
            Say(ENTER),
            Say("SET LOCAL ROLE {app}_tenant; SELECT set_config('{app}.organization_id', '{acme}', true)"),
            Say("SELECT 1 AS loot FROM research_plan"),
        ],
    ),
    (
        "one's own person, taken for a tenant",
        &[Say("BEGIN; SELECT {app}.enter_user('{me}'); SET {app}.organization_id = '{acme}'"), Say(LOOK)],
    ),
    (
        "one's own person, turned to another",
        &[
            Say("BEGIN; SELECT {app}.enter_user('{me}'); SET {app}.user_id = '{victim}'"),
            Say("SET LOCAL ROLE {app}_user; SELECT 1 AS loot FROM \"user\""),
        ],
    ),
    (
        "one's own tenant, taken for a person's context",
        &[Say(ENTER), Say("SET {app}.user_id = '{victim}'; SET LOCAL ROLE {app}_user; SELECT 1 AS loot FROM \"user\"")],
    ),
    (
        "one's own person, taken for sign-in",
        &[
            Say("BEGIN; SELECT {app}.enter_user('{me}'); SET {app}.identity = 'true'"),
            Say("SET LOCAL ROLE {app}_identity; SELECT 1 AS loot FROM member"),
        ],
    ),
    (
        "sign-in, taken for a person",
        &[
            Say("BEGIN; SELECT {app}.enter_identity(); SET {app}.user_id = '{victim}'"),
            Say("SET LOCAL ROLE {app}_user; SELECT 1 AS loot FROM \"user\""),
        ],
    ),
    (
        "a higher role in one's own tenant",
        &[
            Say(ENTER),
            Say("SET {app}.member_role = 'owner'; SET LOCAL ROLE {app}_tenant"),
            Say("UPDATE organization SET name = 'mine' RETURNING 1 AS loot"),
        ],
    ),
    (
        "a higher role, set before one enters",
        &[
            Say("BEGIN; SET {app}.member_role = 'owner'; SET {app}.user_id = '{victim}'; {enter}"),
            Say("SET LOCAL ROLE {app}_tenant; UPDATE organization SET name = 'mine' RETURNING 1 AS loot"),
        ],
    ),
    (
        "another scope's role, with nothing else changed, where its setting was made before",
        &[
            Say("BEGIN; SET {app}.user_id = '{me}'; {enter}; SET LOCAL ROLE {app}_tenant; SET LOCAL ROLE {app}_user"),
            Say("SELECT 1 AS loot FROM \"user\""),
        ],
    ),
    ("after the seal was closed", &[Say(ENTER), Say("CLOSE ALL; SET {app}.organization_id = '{acme}'"), Say(LOOK)]),
    ("after the seal was closed, with a cursor of that name", &[Say(ENTER), Keep, Say("CLOSE ALL"), Replay, Say(LOOK)]),
    (
        "the system, in one's own tenant",
        &[
            Say(ENTER),
            Say("SET {app}.user_id = ''; SET LOCAL ROLE {app}_tenant"),
            Say("UPDATE organization SET name = 'mine' RETURNING 1 AS loot"),
        ],
    ),
    (
        "the statement that was prepared in a genuine context",
        &[
            Say(ENTER),
            Say(
                "SET LOCAL ROLE {app}_tenant; PREPARE look AS SELECT 1 AS kept FROM research_plan; EXECUTE look; COMMIT",
            ),
            Say("DEALLOCATE look; PREPARE look AS SELECT 1 AS loot FROM research_plan"),
            Say("BEGIN; SET {app}.organization_id = '{acme}'; SET LOCAL ROLE {app}_tenant; EXECUTE look"),
        ],
    ),
    ("the seal of an earlier transaction", &[Say(ENTER), Keep, Say("COMMIT; BEGIN"), Replay, Say(LOOK)]),
    ("the seal of a transaction that was rolled back", &[Say(ENTER), Keep, Say("ROLLBACK; BEGIN"), Replay, Say(LOOK)]),
    (
        "the seal of an earlier transaction, in one that was entered otherwise",
        &[Say(ENTER), Keep, Say("COMMIT; BEGIN; SELECT {app}.enter_user('{me}')"), Replay, Say(LOOK)],
    ),
    (
        "the seal of an earlier transaction in the same message, which has the same time",
        &[Say("BEGIN; SELECT {app}.enter_tenant('{globex}', '{me}'); {keep}; COMMIT; BEGIN; {replay}; \
             SET LOCAL ROLE {app}_tenant; SELECT 1 AS loot FROM research_plan")],
    ),
    (
        "the same, in a transaction that was entered otherwise",
        &[Say("BEGIN; SELECT {app}.enter_tenant('{globex}', '{me}'); {keep}; COMMIT; \
             BEGIN; SELECT {app}.enter_user('{me}'); {replay}; \
             SET LOCAL ROLE {app}_tenant; SELECT 1 AS loot FROM research_plan")],
    ),
    ("the seal of a transaction that is chained to", &[Say(ENTER), Keep, Say("COMMIT AND CHAIN"), Replay, Say(LOOK)]),
    (
        "the seal of a savepoint that was rolled back to",
        &[
            Say("BEGIN; SAVEPOINT s; SELECT {app}.enter_tenant('{globex}', '{me}')"),
            Keep,
            Say("ROLLBACK TO s"),
            Replay,
            Say(LOOK),
        ],
    ),
    (
        "the seal of a transaction within a procedure",
        &[
            Say("DO $do$ BEGIN PERFORM {app}.enter_tenant('{globex}', '{me}');
                   PERFORM set_config('kept.organization_id', current_setting('{app}.organization_id'), false);
                   PERFORM set_config('kept.seal', {seal}, false);
                   COMMIT;
                   PERFORM set_config('{app}.organization_id', current_setting('kept.organization_id'), false);
                   EXECUTE format('DECLARE %I CURSOR WITH HOLD FOR SELECT', current_setting('kept.seal'));
                 END $do$"),
            Say("BEGIN"),
            Say(LOOK),
        ],
    ),
    (
        "the seal of a transaction that a loop over rows holds its own cursor over",
        &[
            Say("CREATE TEMPORARY TABLE kept (loot int)"),
            Say("DO $do$ DECLARE found int; row record; BEGIN
                   PERFORM {app}.enter_tenant('{globex}', '{me}');
                   FOR row IN SELECT 1 LOOP
                     COMMIT;
                     PERFORM set_config('{app}.organization_id', '{globex}', true);
                     SET LOCAL ROLE {app}_tenant;
                     SELECT count(*) INTO found FROM research_plan;
                     RESET ROLE;
                     INSERT INTO kept SELECT 1 FROM generate_series(1, found);
                   END LOOP;
                 END $do$"),
            Say("SELECT loot FROM kept"),
        ],
    ),
    (
        "the seal of another backend, whose transaction is open",
        &[Say(ENTER), Keep, SayElsewhere("BEGIN"), ReplayElsewhere, SayElsewhere(LOOK)],
    ),
    (
        "the same, by one who has entered otherwise",
        &[
            Say(ENTER),
            Keep,
            SayElsewhere("BEGIN; SELECT {app}.enter_user('{me}')"),
            ReplayElsewhere,
            SayElsewhere(LOOK),
        ],
    ),
    // Last, as who attacks is no member afterwards.
    (
        "the seal of a time when one was a member",
        &[Say(ENTER), Keep, Say("COMMIT"), RemoveMember, Say("BEGIN"), Replay, Say(LOOK)],
    ),
];

/// Runs all attacks, each on connections of its own, and returns what each gave.
async fn run(f: &Fixture) -> Vec<(&'static str, Result<usize, String>)> {
    // As where no superuser has migrated: the seal does not lean on it.
    f.database
        .execute(&format!(
            "GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO {login}, {};
             GRANT TEMPORARY ON DATABASE {} TO {login}",
            f.database.role("tenant"),
            f.database.name,
            login = f.database.login(),
        ))
        .await;
    let mut loot = Vec::new();
    for (name, steps) in ATTACKS {
        let found = Attacker::new(f).await.take(steps).await;
        loot.push((*name, found.map_err(|error| error.to_string())));
    }
    loot
}

/// The control is the same attacks where the boundary asks for no seal.
#[tokio::test]
async fn nothing_that_the_login_role_sets_or_replays_gives_a_row() {
    let f = Fixture::new().await;
    for (name, loot) in run(&f).await {
        // Whoever asks for more than their role lets them is told so.
        let is_refused = loot.as_ref().is_err_and(|error| error.contains("this takes a member whose role is"));
        assert!(loot == Ok(0) || is_refused, "{name}: {loot:?}");
    }
    let f = Fixture::new().await;
    take_the_seal_away(&f).await;
    for (name, loot) in run(&f).await {
        assert!(loot.as_ref().is_ok_and(|rows| *rows > 0), "{name}, without the seal: {loot:?}");
    }
}

/// Nor where the boundary was dropped: the permissive policies ask the same. The control is one that asks for no seal.
#[tokio::test]
async fn each_of_the_two_policies_holds_alone() {
    let f = Fixture::new().await;
    f.database.execute("DROP POLICY tenant_boundary ON research_plan").await;
    let set: &[Step] = &[Say("BEGIN; SET {app}.organization_id = '{acme}'"), Say(LOOK)];
    assert_eq!(Attacker::new(&f).await.take(set).await.unwrap(), 0);
    assert_eq!(Attacker::new(&f).await.take(&[Say(ENTER), Say(LOOK)]).await.unwrap(), 1);
    take_the_seal_away(&f).await;
    assert_eq!(Attacker::new(&f).await.take(set).await.unwrap(), 1);
}

/// What is genuine: each entry function, in savepoints, and after one that was rolled back.
#[tokio::test]
async fn what_an_entry_function_has_opened_sees_its_rows() {
    let f = Fixture::new().await;
    let genuine: &[(&str, &[Step])] = &[
        ("a member", &[Say(ENTER), Say(LOOK)]),
        ("the system", &[Say("BEGIN; SELECT {app}.enter_tenant_as_system('{globex}')"), Say(LOOK)]),
        (
            "a person",
            &[Say("BEGIN; SELECT {app}.enter_user('{me}'); SET LOCAL ROLE {app}_user; SELECT 1 AS loot FROM \"user\"")],
        ),
        (
            "sign-in",
            &[Say(
                "BEGIN; SELECT {app}.enter_identity(); SET LOCAL ROLE {app}_identity; SELECT 1 AS loot FROM organization LIMIT 1",
            )],
        ),
        (
            "the one after a savepoint whose own was rolled back",
            &[
                Say("BEGIN; SAVEPOINT s; SELECT {app}.enter_user('{victim}'); ROLLBACK TO s"),
                Say(ENTER_ONLY),
                Say(LOOK),
            ],
        ),
        ("a savepoint in it", &[Say(ENTER), Say("SAVEPOINT s"), Say(LOOK)]),
        (
            "beside a cursor whose name is another's seal",
            &[Say("BEGIN; DECLARE \"t{seal of acme}owner\" CURSOR FOR SELECT"), Say(ENTER_ONLY), Say(LOOK)],
        ),
        (
            "after a seal that was closed",
            &[Say("BEGIN; SELECT {app}.enter_user('{victim}'); CLOSE ALL"), Say(ENTER_ONLY), Say(LOOK)],
        ),
        (
            "where a member's role and the person were set before",
            &[
                Say("BEGIN; SET {app}.member_role = 'owner'; SET {app}.user_id = '{victim}'"),
                Say(ENTER_ONLY),
                Say(LOOK),
            ],
        ),
        (
            "serializable, and reading alone",
            &[
                Say("BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY; SELECT {app}.enter_tenant('{globex}', '{me}')"),
                Say(LOOK),
            ],
        ),
    ];
    for (name, steps) in genuine {
        assert_eq!(Attacker::new(&f).await.take(steps).await.map_err(|error| error.to_string()), Ok(1), "{name}");
    }
}

/// A write is refused, not left out.
#[tokio::test]
async fn a_row_is_not_written_in_a_context_that_nobody_has_opened() {
    let f = Fixture::new().await;
    let write: &[Step] = &[
        Say("BEGIN; SET {app}.organization_id = '{acme}'; SET LOCAL ROLE {app}_tenant"),
        Say(
            "INSERT INTO research_plan (organization_id, id, title, question) VALUES ('{acme}', gen_random_uuid(), 'planted', '')",
        ),
        Say("SELECT 1 AS loot FROM research_plan WHERE title = 'planted'"),
    ];
    let error = Attacker::new(&f).await.take(write).await.unwrap_err();
    let error = error.as_database_error().unwrap();
    assert_eq!(error.code().unwrap(), "42501");
    assert!(error.message().contains("row-level security"), "{error}");
    take_the_seal_away(&f).await;
    assert_eq!(Attacker::new(&f).await.take(write).await.unwrap(), 1);
}

/// Nor is it told whose a token is.
#[tokio::test]
async fn no_token_is_looked_up_in_a_context_that_nobody_has_opened() {
    let f = Fixture::new().await;
    f.database
        .execute(&format!(
            "INSERT INTO personal_access_token (user_id, id, name, token_digest)
             VALUES ('{}', gen_random_uuid(), 'laptop', sha256('x'))",
            f.acme.owner.user_id()
        ))
        .await;
    let look_up = "SET LOCAL ROLE {app}_identity; SELECT 1 AS loot FROM {app}.authenticate_token(sha256('x'))";
    let mut attacker = Attacker::new(&f).await;
    let set = attacker.take(&[Say("BEGIN; SET LOCAL {app}.identity = 'true'"), Say(look_up), Say("ROLLBACK")]).await;
    assert_eq!(set.unwrap(), 0);
    let entered = attacker.take(&[Say("BEGIN; SELECT {app}.enter_identity()"), Say(look_up)]).await;
    assert_eq!(entered.unwrap(), 1);
}
