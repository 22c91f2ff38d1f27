//! An attack by somebody who has the login role's own connection, and what it gets hold of.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use sea_orm::sqlx::{self, AssertSqlSafe, Executor, PgConnection, Row, postgres::PgRow, raw_sql};
use tests::Fixture;
use uuid::Uuid;

/// What is done, step by step, on connections of the login role's own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// Sends a message, of one statement or several.
    Say(&'static str),
    /// Sends a message on another connection.
    SayElsewhere(&'static str),
    /// Reads the settings of the context, and the name of its seal.
    Keep,
    /// Makes the settings that were kept, and a cursor of that name: over something else, as the seal's own text is
    /// refused.
    Replay,
    /// The same, on another connection.
    ReplayElsewhere,
    /// Has the owner of globex remove its member, who is who attacks.
    RemoveMember,
}

/// Connections of the login role's own: the attacker is the member of globex, and after the rows of acme.
pub(crate) struct Attacker<'a> {
    f: &'a Fixture,
    connections: [PgConnection; 2],
    kept: String,
    turn: &'static str,
}

/// The id of a person who came last.
pub(crate) const LATE: &str = "01990000-0000-7000-8000-000000000001";
/// Rows that turn the context into the attacker's own tenant and then into the other: `{tenants}`.
const TURNING_TENANTS: &str = "(SELECT g, {turn}('{app}.organization_id', \
    CASE g WHEN 1 THEN '{globex}' ELSE '{acme}' END, true) s FROM generate_series(1, 2) g OFFSET 0)";
const SETTINGS: [&str; 4] = ["organization_id", "user_id", "identity", "member_role"];
/// The name of the seal, as SQL.
const SEAL: &str = "(SELECT name FROM pg_cursors WHERE statement = 'SELECT FROM {app}.seal')";

impl<'a> Attacker<'a> {
    pub(crate) async fn new(f: &'a Fixture) -> Self {
        let connections = [f.database.stranger().await, f.database.stranger().await];
        Self { f, connections, kept: String::new(), turn: "set_config" }
    }

    /// Names the function that `{turn}` is, instead of `set_config`.
    pub(crate) fn turning_by(self, turn: &'static str) -> Self {
        Self { turn, ..self }
    }

    /// Takes the steps, and returns how many rows of loot all of them gave: rows whose column `loot` is 1.
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
            loot += rows.iter().filter(|row| matches!(row.try_get("loot"), Ok(Some(1)))).count();
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
            let name = format!("{}.{setting}", self.f.database.prefix);
            let rows = self.say(0, &format!("SELECT current_setting('{name}', true)")).await?;
            if let Some(value) = rows[0].get::<Option<String>, _>(0) {
                statements.extend(["SET ", &name, " = '", &value, "';"]);
            }
        }
        let seal = self.say(0, &format!("SELECT {}", self.filled(SEAL))).await?;
        if let Some(name) = seal[0].get::<Option<String>, _>(0) {
            statements.extend(["DECLARE \"", &name, "\" CURSOR FOR SELECT;"]);
        }
        Ok(statements)
    }

    /// Fills the placeholders in. `{keep}` and `{replay}` are what [`Step::Keep`] and [`Step::Replay`] do, within one
    /// message.
    pub(crate) fn filled(&self, sql: &str) -> String {
        let (f, app) = (self.f, &self.f.database.prefix);
        let copy = |from: &str, to: &str, seal: &str| {
            let copies = SETTINGS.map(|setting| {
                format!("EXECUTE format('SET {to}.{setting} = %L', coalesce(current_setting('{from}.{setting}', true), ''));")
            });
            format!("DO $$ BEGIN {} EXECUTE {seal}; END $$", copies.concat())
        };
        let keep = format!("format('SET kept.seal = %L', {SEAL})");
        let replay = "format('DECLARE %I CURSOR FOR SELECT', current_setting('kept.seal'))";
        sql.replace("{keep}", &copy(app, "kept", &keep))
            .replace("{replay}", &copy("kept", app, replay))
            .replace("{seal}", SEAL)
            .replace("{enter}", "SELECT {app}.enter_tenant('{globex}', '{me}')")
            .replace("{seal of acme}", &(short(f.acme.id.0) + &short(f.acme.owner.user_id().0)))
            .replace("{tenants}", TURNING_TENANTS)
            .replace("{turn}", self.turn)
            .replace("{app}", app)
            .replace("{login}", &f.database.login())
            .replace("{acme}", &f.acme.id.to_string())
            .replace("{globex}", &f.globex.id.to_string())
            .replace("{me}", &f.globex.member.user_id().to_string())
            .replace("{late}", LATE)
            .replace("{victim}", &f.acme.owner.user_id().to_string())
    }
}

/// A key as it is in the name of a seal.
fn short(key: Uuid) -> String {
    STANDARD_NO_PAD.encode(key.as_bytes())
}

/// What a policy asks the seal where the scope is a column of the row, as PostgreSQL writes it back; and of whom.
const BY_ROW: &str = r"\(\s*CASE\s+WHEN \(\S+ = \( SELECT \w+\.sealed_(\w+)\(\)( AS \w+)?\)\) THEN true\s+ELSE NULL::boolean\s+END IS NOT NULL\)";
/// What it asks elsewhere.
const ONCE: &str =
    r"\( SELECT true( AS \w+)?\s+WHERE \(\w+\.(current|in)_\w+\(\) = \w+\.sealed_\w+\(\)\)\) IS NOT NULL";

/// Takes the seal out of every policy and of what they ask, and leaves the rest of them as they are.
pub(crate) async fn take_the_seal_away(f: &Fixture) {
    replace(f, BY_ROW, "true").await;
    replace(f, ONCE, "true").await;
    take_the_settings_at_their_word(f).await;
    f.database
        .execute(
            "DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM pg_policies WHERE qual || with_check LIKE '%sealed_%'); END $$",
        )
        .await;
}

/// Has every policy ask once whether the setting is what was sealed, and hold no row to that; and lets a member's role be
/// what the settings say.
pub(crate) async fn hold_no_row_to_the_seal(f: &Fixture) {
    let app = &f.database.prefix;
    replace(f, BY_ROW, &format!(r"(SELECT true WHERE {app}.current_\1() = {app}.sealed_\1()) IS NOT NULL")).await;
    take_the_settings_at_their_word(f).await;
}

/// Has what is sealed be what the settings say, for whichever role, once a context is open for anybody.
pub(crate) async fn take_any_seal_for_ones_own(f: &Fixture) {
    let app = &f.database.prefix;
    for (function, of) in [("organization_id", "uuid"), ("user_id", "uuid"), ("identity", "boolean")] {
        f.database
            .execute(&format!(
                "CREATE OR REPLACE FUNCTION {app}.sealed_{function}() RETURNS {of} LANGUAGE plpgsql STABLE AS $$
                 BEGIN
                   RETURN (
                     SELECT nullif(current_setting('{app}.{function}', true), '')::{of} FROM pg_cursors
                     WHERE statement = 'SELECT FROM {app}.seal'
                   );
                 END $$"
            ))
            .await;
    }
}

/// Has the member and their role be settings, as they were, and the functions that look at them ask no seal.
async fn take_the_settings_at_their_word(f: &Fixture) {
    let app = &f.database.prefix;
    set_the_member(f).await;
    f.database
        .execute(&format!(
            "DO $$
             DECLARE f text; g text;
             BEGIN
               FOR f IN SELECT pg_get_functiondef(oid) FROM pg_proc
                 WHERE pronamespace = '{app}'::regnamespace
                   AND proname IN ('require_member_role', 'ranks_member_role')
               LOOP
                 g := replace(f, '{app}.sealed_member_role()', $r$current_setting('{app}.member_role', true)$r$);
                 g := replace(g, $r$pg_catalog.substr(seal, 1, 1) OPERATOR(pg_catalog.=) 's'$r$,
                   $r$COALESCE(current_setting('{app}.user_id', true), '') = ''$r$);
                 ASSERT g NOT LIKE '%sealed_%' AND g LIKE '%.user_id%', g;
                 EXECUTE g;
               END LOOP;
             END $$"
        ))
        .await;
    f.database.execute(&trust_the_moment(f)).await;
}

/// Has the entry function set who the member is, and their role, where nobody has set that before.
pub(crate) async fn set_the_member(f: &Fixture) {
    let app = &f.database.prefix;
    f.database
        .execute(&format!(
            "DO $$
             DECLARE f text := pg_get_functiondef('{app}.enter_tenant(uuid,uuid)'::regprocedure);
             BEGIN
               ASSERT f LIKE '%OPEN seal;%', f;
               EXECUTE replace(f, 'OPEN seal;', $r$OPEN seal;
                 PERFORM set_config('{app}.' || s, COALESCE(NULLIF(current_setting('{app}.' || s, true), ''), v), true)
                   FROM (VALUES ('user_id', $2::text), ('member_role', found_role)) t (s, v);$r$);
             END $$"
        ))
        .await;
}

/// The trigger on memberships as it was, where the member is a setting: it takes the moment at its word.
pub(crate) fn trust_the_moment(f: &Fixture) -> String {
    TRUST_THE_MOMENT.replace("{app}", &f.database.prefix)
}

const TRUST_THE_MOMENT: &str = "
    CREATE OR REPLACE FUNCTION {app}.act_by_present_role() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $function$
    BEGIN
      IF COALESCE(pg_catalog.current_setting('{app}.user_id', true), '') <> '' AND NOT EXISTS (
          SELECT FROM public.member m
          WHERE m.organization_id = OLD.organization_id
            AND m.user_id::text = pg_catalog.current_setting('{app}.user_id', true)
            AND m.role::text = pg_catalog.current_setting('{app}.member_role', true)
        )
      THEN
        RAISE EXCEPTION 'the member''s own role has changed since the context was opened'
          USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'member_role';
      END IF;
      RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END
    $function$";

/// Replaces a part of the policies' expressions.
async fn replace(f: &Fixture, pattern: &str, with: &str) {
    f.database
        .execute(&format!(
            "DO $$
             DECLARE p record; replaced int := 0;
             BEGIN
               FOR p IN
                 SELECT tablename, policyname, regexp_replace(qual, '{pattern}', '{with}') AS qual
                 FROM pg_policies WHERE qual ~ '{pattern}'
               LOOP
                 EXECUTE format('ALTER POLICY %I ON %I USING (%s) WITH CHECK (%3$s)', p.policyname, p.tablename, p.qual);
                 replaced := replaced + 1;
               END LOOP;
               ASSERT replaced > 0, 'no policy is like that';
             END $$"
        ))
        .await;
}
