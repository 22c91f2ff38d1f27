//! A role that is too long for the name of a cursor: its digest is there, and the setting beside it counts where it fits.

use tests::Fixture;

use crate::attack::Attacker;

const LONG: &str = "reader of the papers on sleep";
const HIGHER: &str = "keeper of the papers on sleep";
const ENTER: &str = "BEGIN; SELECT {app}.enter_tenant('{globex}', '{me}'); SET LOCAL ROLE {app}_tenant";

/// Has the attacker's role be this.
async fn fixture(role: &str) -> Fixture {
    let f = Fixture::alone().await;
    let me = f.globex.member.user_id();
    f.database
        .execute(&format!(
            "ALTER TABLE member DROP CONSTRAINT member_role_check;
             UPDATE member SET role = '{}' WHERE user_id = '{me}'",
            role.replace('\'', "''")
        ))
        .await;
    f
}

async fn role(attacker: &mut Attacker<'_>) -> Option<String> {
    use sea_orm::sqlx::Row;
    attacker.send("SELECT {app}.sealed_member_role()").await.unwrap()[0].get(0)
}

/// Of each length, in characters of one byte and of several, and such as would be taken for a digest.
#[tokio::test]
async fn a_role_is_sealed_whatever_its_length() {
    let f = fixture("").await;
    let me = f.globex.member.user_id();
    let long = "x".repeat(1_000);
    let digest = format!("#{}", "A".repeat(17));
    let eighteen = "x".repeat(18);
    for own in [
        "",
        "o",
        "owner",
        &eighteen,
        "ééééééééé",
        "éééééééééé",
        "#",
        "#owner",
        &digest,
        LONG,
        &long,
        "it's \"quoted\" \\ 🔑",
    ] {
        f.database
            .execute(&format!("UPDATE member SET role = '{}' WHERE user_id = '{me}'", own.replace('\'', "''")))
            .await;
        let mut attacker = Attacker::new(&f).await;
        attacker.send(ENTER).await.unwrap();
        assert_eq!(role(&mut attacker).await.as_deref(), Some(own));
        // It is asked for by its whole name.
        let asks = format!("SELECT {{app}}.require_member_role('nobody', '{}')", own.replace('\'', "''"));
        attacker.send(&asks).await.unwrap();
        attacker.send("ROLLBACK; RESET ALL").await.unwrap();
    }
}

/// Turned, before or after, it is no role; and nobody has a higher one. The control is a question that takes the setting at its
/// word.
#[tokio::test]
async fn a_long_role_is_not_turned_into_another() {
    let f = fixture(LONG).await;
    let set = format!("SET {{app}}.member_role = '{HIGHER}'");
    let ask = format!("SELECT {{app}}.require_member_role('{HIGHER}') AS may");
    let mut attacker = Attacker::new(&f).await;
    attacker.send(&format!("{set}; {ENTER}")).await.unwrap();
    assert_eq!(role(&mut attacker).await.as_deref(), Some(LONG));
    assert!(attacker.send(&ask).await.unwrap_err().to_string().contains("this takes a member whose role is"));
    attacker.send("ROLLBACK").await.unwrap();
    for turned in [&set, "SET {app}.member_role = ''", "SET {app}.member_role = 'owner'"] {
        attacker.send(&format!("{ENTER}; {turned}")).await.unwrap();
        assert_eq!(role(&mut attacker).await, None, "{turned}");
        assert!(!may(&mut attacker, &ask).await, "{turned}");
        attacker.send("ROLLBACK").await.unwrap();
    }

    let app = &f.database.prefix;
    f.database
        .execute(&format!(
            "CREATE OR REPLACE FUNCTION {app}.sealed_member_role() RETURNS text LANGUAGE plpgsql STABLE AS
             $$ BEGIN RETURN current_setting('{app}.member_role', true); END $$"
        ))
        .await;
    attacker.send(&format!("{ENTER}; {set}")).await.unwrap();
    assert!(may(&mut attacker, &ask).await);
}

async fn may(attacker: &mut Attacker<'_>, ask: &str) -> bool {
    use sea_orm::sqlx::Row;
    attacker.send(ask).await.unwrap()[0].get(0)
}
