//! An attack by somebody who has the login role's own connection, and what it gets hold of.

use sea_orm::sqlx::{self, AssertSqlSafe, Executor, PgConnection, Row, postgres::PgRow, raw_sql};
use tests::Fixture;

/// What is done, step by step, on connections of the login role's own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// Sends a message, of one statement or several.
    Say(&'static str),
    /// Sends a message on another connection.
    SayElsewhere(&'static str),
    /// Reads the settings of the context, the seal among them.
    Keep,
    /// Makes the settings that were kept.
    Replay,
    /// Makes the settings that were kept on another connection.
    ReplayElsewhere,
    /// Has the owner of globex remove its member, who is who attacks.
    RemoveMember,
}

/// Connections of the login role's own: the attacker is the member of globex, and after the rows of acme.
pub(crate) struct Attacker<'a> {
    f: &'a Fixture,
    connections: [PgConnection; 2],
    kept: String,
}

const SETTINGS: [&str; 5] = ["organization_id", "user_id", "identity", "member_role", "seal"];

impl<'a> Attacker<'a> {
    pub(crate) async fn new(f: &'a Fixture) -> Self {
        Self { f, connections: [f.database.stranger().await, f.database.stranger().await], kept: String::new() }
    }

    /// Takes the steps, and returns how many rows of loot all of them gave: rows with a column `loot`.
    pub(crate) async fn take(&mut self, steps: &[Step]) -> sqlx::Result<usize> {
        let mut loot = 0;
        for step in steps {
            let rows = match step {
                Step::Say(sql) => self.say(0, &self.filled(sql)).await?,
                Step::SayElsewhere(sql) => self.say(1, &self.filled(sql)).await?,
                Step::Keep => {
                    self.kept = self.keep().await?;
                    continue;
                }
                Step::Replay => self.say(0, &self.kept.clone()).await?,
                Step::ReplayElsewhere => self.say(1, &self.kept.clone()).await?,
                Step::RemoveMember => {
                    self.f.database.execute(&self.filled("DELETE FROM member WHERE user_id = '{me}'")).await;
                    continue;
                }
            };
            loot += rows.iter().filter(|row| row.try_column("loot").is_ok()).count();
        }
        Ok(loot)
    }

    /// Sends a message, with its placeholders filled in.
    pub(crate) async fn send(&mut self, sql: &str) -> sqlx::Result<Vec<PgRow>> {
        self.say(0, &self.filled(sql)).await
    }

    async fn say(&mut self, connection: usize, sql: &str) -> sqlx::Result<Vec<PgRow>> {
        self.connections[connection].fetch_all(raw_sql(AssertSqlSafe(sql.to_owned()))).await
    }

    /// Reads the settings, and returns the statements that make them again.
    async fn keep(&mut self) -> sqlx::Result<String> {
        let mut statements = String::new();
        for setting in SETTINGS {
            let name = format!("{}.{setting}", self.f.database.name);
            let rows = self.say(0, &format!("SELECT current_setting('{name}', true)")).await?;
            if let Some(value) = rows[0].get::<Option<String>, _>(0) {
                statements.extend(["SET ", &name, " = '", &value, "';"]);
            }
        }
        Ok(statements)
    }

    /// Fills the placeholders in. `{keep}` and `{replay}` are what [`Step::Keep`] and [`Step::Replay`] do, within one
    /// message.
    fn filled(&self, sql: &str) -> String {
        let (f, app) = (self.f, &self.f.database.name);
        let copy = |from: &str, to: &str| {
            let copies = SETTINGS.map(|setting| {
                format!("EXECUTE format('SET {to}.{setting} = %L', coalesce(current_setting('{from}.{setting}', true), ''));")
            });
            format!("DO $$ BEGIN {} END $$", copies.concat())
        };
        sql.replace("{keep}", &copy(app, "kept"))
            .replace("{replay}", &copy("kept", app))
            .replace("{app}", app)
            .replace("{login}", &f.database.login())
            .replace("{acme}", &f.acme.id.to_string())
            .replace("{globex}", &f.globex.id.to_string())
            .replace("{me}", &f.globex.member.user_id().to_string())
            .replace("{victim}", &f.acme.owner.user_id().to_string())
    }
}

/// Takes the seal out of every policy, and leaves the rest of them as they are.
pub(crate) async fn take_the_seal_away(f: &Fixture) {
    f.database
        .execute(
            "DO $$
             DECLARE p record;
             BEGIN
               FOR p IN
                 SELECT tablename, policyname, regexp_replace(qual,
                   '\\( SELECT true( AS \\w+)?\\s+WHERE \\w+\\.context_is_genuine\\(\\)\\) IS NOT NULL', 'true') AS qual
                 FROM pg_policies WHERE qual LIKE '%context_is_genuine%'
               LOOP
                 EXECUTE format('ALTER POLICY %I ON %I USING (%s) WITH CHECK (%3$s)', p.policyname, p.tablename, p.qual);
               END LOOP;
               ASSERT NOT EXISTS (SELECT FROM pg_policies WHERE qual || with_check LIKE '%context_is_genuine%');
             END $$",
        )
        .await;
}
