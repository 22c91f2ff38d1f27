//! A database with many tenants, and a role for what is written by hand.

use std::{os::unix::net::UnixStream, path::PathBuf, time::Duration};

use db::{Authenticated, DbOptions, OrganizationId, UserId, prelude::Uuid};
use sea_orm::sqlx::{ConnectOptions, PgConnection, postgres::PgConnectOptions, query_scalar};
use tests::{Fixture, PASSWORD, PATIENCE};

/// The setting that is made by hand.
pub(crate) const SETTING: &str = "by_hand.organization_id";
/// The steps of the fixture's own plan, for the stream.
pub(crate) const STREAMED: i32 = 10_000;
/// The position of the first step that a measured insert makes.
pub(crate) const FIRST_INSERTED: i32 = 1_000_000;

/// Tables, and the column of each with the tenant.
const TABLES: [(&str, &str); 4] = [
    ("organization", "id"),
    ("member", "organization_id"),
    ("research_plan", "organization_id"),
    ("plan_step", "organization_id"),
];

/// Fills the tables. The rows of a tenant are among those of the others, as rows that come in over time are. Foreign keys
/// are not checked, and need not be.
const FILL: &str = r#"
    SET session_replication_role = replica;
    CREATE FUNCTION pg_temp.key(kind integer, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
      RETURN (lpad(to_hex(kind), 8, '0') || lpad(to_hex(n), 24, '0'))::uuid;
    INSERT INTO "user" (id, name, email)
      SELECT pg_temp.key(2, n), 'person ' || n, n || '@bench.example' FROM generate_series(0, {tenants} - 1) n;
    INSERT INTO organization (id, name, slug)
      SELECT pg_temp.key(1, n), 'organization ' || n, 'bench-' || n FROM generate_series(0, {tenants} - 1) n;
    INSERT INTO member (id, organization_id, user_id, role)
      SELECT pg_temp.key(3, n), pg_temp.key(1, n), pg_temp.key(2, n), 'owner' FROM generate_series(0, {tenants} - 1) n;
    INSERT INTO research_plan (organization_id, id, title, question, created_by, created_at)
      SELECT pg_temp.key(1, n % {tenants}), pg_temp.key(4, n), 'plan ' || n, 'what?', pg_temp.key(2, n % {tenants}),
        now() - n * interval '1 second'
      FROM generate_series(0, {tenants} * {plans} - 1) n;
"#;

/// Two steps for each plan; and many for the fixture's own, for the stream.
const FILL_STEPS: &str = "
    SET session_replication_role = replica;
    INSERT INTO plan_step (organization_id, id, plan_id, position, title)
      SELECT organization_id, gen_random_uuid(), id, position, title || ', ' || position
      FROM research_plan, generate_series(1, 2) position WHERE id <> '{plan}' AND id <> '{other}';
    INSERT INTO plan_step (organization_id, id, plan_id, position, title)
      SELECT '{organization}', gen_random_uuid(), '{plan}', n, 'step ' || n FROM generate_series(4, {streamed}) n";

/// A database with many tenants.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) fixture: Fixture,
    pub(crate) tenants: Vec<Tenant>,
}

/// One tenant.
#[derive(Clone, Debug)]
pub(crate) struct Tenant {
    pub(crate) organization: OrganizationId,
    pub(crate) owner: Authenticated,
    /// One of its plans.
    pub(crate) plan: Uuid,
}

impl World {
    /// Makes so many tenants with so many plans each, beside the fixture's own two.
    pub(crate) async fn new(tenants: u32, plans: u32) -> Self {
        let fixture = Fixture::new().await;
        let mut owner = fixture.database.owner().await;
        let superuser = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user";
        let superuser: bool = query_scalar(superuser).fetch_one(&mut owner).await.unwrap();
        assert!(
            superuser,
            "the bare statement is a superuser's, whom no policy restricts: name one in TEST_DATABASE_URL"
        );
        let fill = FILL.replace("{tenants}", &tenants.to_string()).replace("{plans}", &plans.to_string());
        fixture.database.execute(&fill).await;
        let world = Self { fixture, tenants: (0..tenants).map(Tenant::numbered).collect() };
        world.let_in_by_hand().await;
        world.settle().await;
        world
    }

    /// Vacuums, and writes what is to be written, so that the server has nothing to do but what is measured.
    pub(crate) async fn settle(&self) {
        for sql in ["VACUUM ANALYZE", "CHECKPOINT"] {
            self.fixture.database.execute(sql).await;
        }
    }

    /// Returns the role of what is written by hand. The name is one that the database drops with its other roles.
    pub(crate) fn hand(&self) -> String {
        self.fixture.database.role("owner")
    }

    /// Makes the role of what is written by hand, with plain policies: they compare the tenant's column with a setting.
    async fn let_in_by_hand(&self) {
        let (database, hand) = (&self.fixture.database, self.hand());
        let role = format!(
            "DO $$ BEGIN CREATE ROLE {hand} LOGIN PASSWORD '{}'; EXCEPTION WHEN duplicate_object THEN END $$;
             GRANT CONNECT ON DATABASE {} TO {hand}",
            PASSWORD.replace('\'', "''"),
            database.name
        );
        database.execute(&role).await;
        for (table, _) in TABLES {
            self.let_in_by_hand_to(table).await;
        }
    }

    /// Makes a plain policy on one table.
    pub(crate) async fn let_in_by_hand_to(&self, table: &str) {
        let (hand, column) = (self.hand(), column(table));
        let rows = format!("{column} = current_setting('{SETTING}')::uuid");
        let policy = format!(
            "CREATE POLICY by_hand ON {table} TO {hand} USING ({rows}) WITH CHECK ({rows});
             GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {hand}"
        );
        self.fixture.database.execute(&policy).await;
    }

    /// Gives each plan two steps, and the fixture's own those for the stream.
    pub(crate) async fn make_steps(&self) {
        let org = &self.fixture.acme;
        let fill = FILL_STEPS.replace("{organization}", &org.id.to_string()).replace("{plan}", &org.plan.to_string());
        let fill = fill.replace("{other}", &self.fixture.globex.plan.to_string());
        self.fixture.database.execute(&fill.replace("{streamed}", &STREAMED.to_string())).await;
        self.settle().await;
    }

    /// Takes the seal out: the entry function opens no cursor, and makes a setting of the member's role instead; policies
    /// ask for the settings alone.
    pub(crate) async fn unseal(&self) {
        let (database, app) = (&self.fixture.database, &self.fixture.database.prefix);
        for (table, column) in TABLES {
            let rows = format!("{column} = {app}.current_organization_id()");
            for policy in ["boundary", "access"] {
                let policy = format!("ALTER POLICY tenant_{policy} ON {table} USING ({rows}) WITH CHECK ({rows})");
                database.execute(&policy).await;
            }
        }
        let mut owner = database.owner().await;
        let enter = format!("{app}.enter_tenant(uuid, uuid)");
        let body = format!(
            "DECLARE found_role text;
             BEGIN
               SELECT COALESCE(m.role::text, '') INTO found_role FROM public.member m
                 WHERE m.organization_id = $1 AND m.user_id = $2;
               IF NOT FOUND THEN
                 RAISE EXCEPTION 'not a member' USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'not_a_member';
               END IF;
               PERFORM set_config('{app}.member_role', found_role, true);
               PERFORM set_config('{app}.organization_id', $1::text, true);
             END"
        );
        replace_body(&mut owner, &enter, &body).await;
        let role = format!("BEGIN RETURN pg_catalog.current_setting('{app}.member_role') = ANY (roles); END");
        replace_body(&mut owner, &format!("{app}.require_member_role(text[])"), &role).await;
    }

    /// Returns the server's host and port.
    pub(crate) fn server(&self) -> (String, u16) {
        let server: PgConnectOptions = self.fixture.database.owner_url().parse().unwrap();
        (server.get_host().to_owned(), server.get_port())
    }

    /// Returns the folder of the server's own socket, where it is on this machine and lets this program in.
    pub(crate) async fn socket(&self) -> Option<PathBuf> {
        let folders = query_scalar("SHOW unix_socket_directories");
        let folders: String = folders.fetch_one(&mut self.fixture.database.owner().await).await.unwrap();
        let folder = PathBuf::from(folders.split(',').next()?.trim());
        let socket = folder.join(format!(".s.PGSQL.{}", self.server().1));
        UnixStream::connect(socket).is_ok().then_some(folder)
    }

    /// Returns a URL of a role, at a port of this machine where one is named.
    pub(crate) fn url(&self, role: Option<&str>, port: Option<u16>) -> String {
        let database = &self.fixture.database;
        let mut url: PgConnectOptions = database.url(role.map(|role| (role, PASSWORD))).parse().unwrap();
        if let Some(port) = port {
            url = url.host("127.0.0.1").port(port);
        }
        url.to_url_lossy().into()
    }

    /// Returns options for a pool of the login role that no statement runs into a timeout of.
    pub(crate) fn options(&self, port: Option<u16>) -> DbOptions {
        let url = self.url(Some(&self.fixture.database.login()), port);
        let options = DbOptions::from_url(&url).unwrap().prefix(&self.fixture.database.prefix).unwrap();
        options.acquire_timeout(PATIENCE).statement_timeout(PATIENCE)
    }
}

impl Tenant {
    fn numbered(n: u32) -> Self {
        let key = |kind: u128| Uuid::from_u128((kind << 96) | u128::from(n));
        Self { organization: OrganizationId(key(1)), owner: Authenticated::assume(UserId(key(2))), plan: key(4) }
    }
}

fn column(table: &str) -> &'static str {
    TABLES.iter().find(|(name, _)| *name == table).unwrap().1
}

/// Gives a function of PL/pgSQL another body, and leaves the rest of it as it is.
async fn replace_body(owner: &mut PgConnection, function: &str, body: &str) {
    use sea_orm::sqlx::{AssertSqlSafe, Executor, raw_sql};

    let definition = AssertSqlSafe(format!("SELECT pg_get_functiondef('{function}'::regprocedure)"));
    let definition: String = query_scalar(definition).fetch_one(&mut *owner).await.unwrap();
    let (head, _) = definition.split_once("AS $function$").unwrap();
    let replaced = format!("{head} AS $function$ {body} $function$");
    owner.execute(raw_sql(AssertSqlSafe(replaced))).await.unwrap();
}

/// Waits until what goes on in the background has had its turn.
pub(crate) async fn breathe() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}
