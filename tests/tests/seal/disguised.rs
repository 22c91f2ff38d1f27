//! What is tried by turning a context into another kind: of a member with a higher role, of the system, of another role of the database.

use crate::{
    attack::{Attacker, LATE, Step, hold_no_row_to_the_seal, take_any_seal_for_ones_own, take_the_seal_away},
    turned::{Attack, BY_ROUND, ENTER, assert_in_vain, assert_not_in_vain, fixture},
};
use Step::{RemoveMember, Say};

/// A higher role, by the statement that it is asked of.
const ROLE: &[Attack] = &[(
    "the role, for an organization's name",
    Some("this takes a member whose role is"),
    &[
        BY_ROUND,
        ENTER,
        // By its place, so that it is looked for after each turn. At first that is where another's is, which is asked for
        // the seal and then for no role.
        Say("DO $$ BEGIN EXECUTE format('SET LOCAL kept.place = %L', (SELECT ctid FROM organization)); END $$"),
        Say("SET LOCAL enable_indexscan = off; UPDATE organization o SET name = 'mine'
                 FROM (SELECT {turn}('{app}.member_role', CASE g WHEN 1 THEN 'member' ELSE 'owner' END, true) s,
                         CASE g WHEN 1 THEN '(0,1)' ELSE current_setting('kept.place') END::tid AS place
                       FROM generate_series(1, 2) g OFFSET 0) x
                 WHERE o.ctid = x.place AND x.s IS NOT NULL RETURNING 1 AS loot"),
    ],
)];

/// The same, by being nobody, whom no trigger asks.
const SYSTEM: &[Attack] = &[(
    "the member into the system, to remove a membership",
    Some("this takes a member whose role is"),
    &[
        BY_ROUND,
        ENTER,
        Say("DO $$ BEGIN
                   EXECUTE format('SET LOCAL kept.place = %L', (SELECT ctid FROM member WHERE user_id = '{me}'));
                 END $$"),
        Say("SET LOCAL enable_indexscan = off; DELETE FROM member m
                 USING (SELECT {turn}('{app}.user_id', CASE g WHEN 1 THEN '{me}' ELSE '' END, true) s,
                         CASE g WHEN 1 THEN '(0,1)' ELSE current_setting('kept.place') END::tid AS place
                       FROM generate_series(1, 2) g OFFSET 0) x
                 WHERE m.ctid = x.place AND x.s IS NOT NULL RETURNING 1 AS loot"),
    ],
)];

/// An update is asked once more of what it writes, so the control of the first are policies that do not ask for the seal at
/// all; of the second, policies that ask once.
#[tokio::test]
async fn a_member_gets_no_higher_role_within_a_statement() {
    let f = fixture().await;
    assert_in_vain(&f, "turn", ROLE).await;
    assert_in_vain(&f, "turn", SYSTEM).await;
    hold_no_row_to_the_seal(&f).await;
    assert_not_in_vain(&f, "turn", SYSTEM).await;

    let f = fixture().await;
    take_the_seal_away(&f).await;
    assert_not_in_vain(&f, "turn", ROLE).await;
}

/// Who is no member any more changes no membership, by turning into the system once the policies have looked.
#[tokio::test]
async fn nobody_turns_into_the_system_before_the_present_role_is_looked_at() {
    let f = fixture().await;
    let (globex, me) = (f.globex.id, f.globex.member.user_id());
    f.database
        .execute(&format!(
            "UPDATE member SET role = 'owner' WHERE organization_id = '{globex}' AND user_id = '{me}';
             INSERT INTO member (id, organization_id, user_id, role)
             VALUES (gen_random_uuid(), '{globex}', '{LATE}', 'member')"
        ))
        .await;
    let attack: &[Step] = &[
        Say("BEGIN"),
        ENTER,
        RemoveMember,
        Say("DELETE FROM member WHERE user_id = '{late}' AND {turn}('{app}.user_id', '', true) IS NOT NULL
             RETURNING 1 AS loot"),
    ];
    let error = Attacker::new(&f).await.turning_by("turn").take(attack).await.unwrap_err();
    assert!(error.to_string().contains("own role has changed"), "{error}");

    // As it was removed; the owner stays.
    f.database
        .execute(&format!(
            "INSERT INTO member (id, organization_id, user_id, role) VALUES (gen_random_uuid(), '{globex}', '{me}', 'owner')"
        ))
        .await;
    hold_no_row_to_the_seal(&f).await;
    assert_eq!(Attacker::new(&f).await.turning_by("turn").take(attack).await.unwrap(), 1);
}

/// A cursor that was declared as one role, and goes on as another, which is the one that the seal is for.
const AS_ANOTHER_ROLE: &[(&str, &[Step])] = &[
    (
        "a tenant that was set before the person entered",
        &[
            Say("BEGIN; SET {app}.organization_id = '{acme}'; SELECT {app}.enter_user('{me}')"),
            Say("SET LOCAL ROLE {app}_tenant; DECLARE c CURSOR FOR SELECT 1 AS loot FROM research_plan"),
            Say("SET LOCAL ROLE {app}_user"),
            Say("FETCH ALL FROM c"),
        ],
    ),
    (
        "sign-in that was set before the tenant was entered",
        &[
            Say("BEGIN; SET {app}.identity = 'true'; SELECT {app}.enter_tenant('{globex}', '{me}')"),
            Say("SET LOCAL ROLE {app}_identity; DECLARE c CURSOR FOR SELECT 1 AS loot FROM \"user\""),
            Say("SET LOCAL ROLE {app}_tenant"),
            Say("FETCH ALL FROM c"),
        ],
    ),
];

/// What is sealed is for one scope's role, whatever somebody has set for the others. The control are functions that take any
/// seal for that.
#[tokio::test]
async fn what_was_set_before_an_entry_function_is_not_sealed_with_the_rest() {
    let f = fixture().await;
    for (name, steps) in AS_ANOTHER_ROLE {
        let loot = Attacker::new(&f).await.take(steps).await;
        assert_eq!(loot.map_err(|error| error.to_string()), Ok(0), "{name}");
    }
    take_any_seal_for_ones_own(&f).await;
    for (name, steps) in AS_ANOTHER_ROLE {
        let loot = Attacker::new(&f).await.take(steps).await;
        assert!(loot.as_ref().is_ok_and(|rows| *rows > 0), "{name}, by any seal: {loot:?}");
    }
}
