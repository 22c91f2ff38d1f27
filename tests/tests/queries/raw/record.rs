//! What a text does, by the server's own record: the functions that it calls, and what is left behind by it.

use std::collections::{BTreeSet, HashMap};

use db::raw_functions;
use sea_orm::sqlx::{
    AssertSqlSafe, Executor, FromRow, PgConnection, Row,
    postgres::{PgRow, types::Oid},
    query, query_as, query_scalar, raw_sql,
};
use tests::Fixture;

/// A superuser's connection, which takes the scope role on for each text.
pub(crate) struct Recorder {
    connection: PgConnection,
    /// What opens a context, in one message.
    enter: String,
    /// What there is in a context in which nothing was run.
    untouched: Option<Traces>,
    functions: HashMap<u32, Function>,
    /// Types whose values read and show the catalog, and tables that are the server's own.
    catalog_types: BTreeSet<u32>,
    server_tables: BTreeSet<u32>,
}

/// A function of the server's catalog.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    oid: u32,
    pub(crate) schema: String,
    pub(crate) name: String,
    /// `f`, `a` for an aggregate, `w` for a window function, `p` for a procedure.
    pub(crate) kind: String,
    pub(crate) arguments: Vec<String>,
    /// Whether an operator, or a cast to another type than those that read the catalog, of PostgreSQL's own is made of it.
    behind: bool,
}

const FUNCTIONS: &str = "
    SELECT p.oid, n.nspname::text AS schema, p.proname::text AS name, p.prokind::text AS kind,
           ARRAY(SELECT t::regtype::text FROM unnest(p.proargtypes) WITH ORDINALITY AS a (t, n) ORDER BY a.n) AS arguments,
           p.pronamespace = 'pg_catalog'::regnamespace
             AND (EXISTS (SELECT FROM pg_operator WHERE oprcode = p.oid)
               OR EXISTS (SELECT FROM pg_cast WHERE castfunc = p.oid AND casttarget::regtype::text !~ '^reg(?!config|dictionary)')) AS behind
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace ORDER BY n.nspname, p.proname, p.oid";

/// What may not be there after a text that only reads. The context itself holds what it has opened.
const TRACES: &str = "
    SELECT pg_current_xact_id_if_assigned() IS NOT NULL,
           (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
           (SELECT count(*) FROM pg_listening_channels()),
           (SELECT count(*) FROM pg_class WHERE relpersistence = 't'),
           (SELECT coalesce(string_agg(name || setting, ',' ORDER BY name), '') FROM pg_settings
            WHERE source = 'session' AND name NOT IN ('client_encoding', 'session_authorization', 'role', 'is_superuser'))";

/// Whether it has written, how many advisory locks, channels and temporary objects there are, and the session's settings.
type Traces = (bool, i64, i64, i64, String);

impl Recorder {
    pub(crate) async fn new(f: &Fixture) -> Self {
        let mut connection = f.database.owner().await;
        let functions: Vec<(Oid, String, String, String, Vec<String>, bool)> =
            query_as(FUNCTIONS).fetch_all(&mut connection).await.unwrap();
        let functions = functions.into_iter().map(|(oid, schema, name, kind, arguments, behind)| {
            (oid.0, Function { oid: oid.0, schema, name, kind, arguments, behind })
        });
        let oids = async |connection: &mut PgConnection, sql: &'static str| {
            let oids: Vec<Oid> = query_scalar(sql).fetch_all(connection).await.unwrap();
            oids.into_iter().map(|oid| oid.0).collect()
        };
        let types = "SELECT oid FROM pg_type WHERE typname ~ '^_?(reg|aclitem)' AND typname !~ '^_?reg(config|dictionary)' AND typnamespace = 'pg_catalog'::regnamespace";
        let tables = "SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                      WHERE n.nspname ~ '^pg_' OR n.nspname = 'information_schema'";
        Self {
            untouched: None,
            functions: functions.collect(),
            catalog_types: oids(&mut connection, types).await,
            server_tables: oids(&mut connection, tables).await,
            enter: format!(
                "BEGIN; SET LOCAL SESSION AUTHORIZATION {}; SELECT {}.enter_tenant('{}', '{}'); SET LOCAL ROLE {}",
                f.database.login(),
                f.database.prefix,
                f.acme.id,
                f.acme.owner.user_id(),
                f.database.role("tenant"),
            ),
            connection,
        }
    }

    /// Returns the functions of the server, in the order of their names.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let mut functions: Vec<_> = self.functions.values().cloned().collect();
        functions.sort_by(|a, b| (&a.schema, &a.name, a.oid).cmp(&(&b.schema, &b.name, b.oid)));
        functions
    }

    /// Sends a message of several statements, and returns the rows of all of them.
    async fn send(&mut self, message: String) -> Vec<PgRow> {
        self.connection.fetch_all(raw_sql(AssertSqlSafe(message))).await.unwrap()
    }

    async fn traces(&mut self, as_superuser: &str) -> Traces {
        let rows = self.send(format!("{as_superuser}; {TRACES}; ROLLBACK; SELECT pg_advisory_unlock_all()")).await;
        Traces::from_row(&rows[0]).unwrap()
    }

    /// Runs a text as it is, as the scope role in a context; returns whether it succeeded, and what it left behind.
    pub(crate) async fn run(&mut self, text: &str) -> (bool, Option<String>) {
        self.send(self.enter.clone()).await;
        let run = query(AssertSqlSafe(text.to_owned())).persistent(false).fetch_all(&mut self.connection).await;
        // What outlives a failure is seen all the same.
        let after = self.traces(if run.is_ok() { "RESET SESSION AUTHORIZATION" } else { "ROLLBACK; BEGIN" }).await;
        if self.untouched.is_none() {
            self.send(self.enter.clone()).await;
            self.untouched = Some(self.traces("RESET SESSION AUTHORIZATION").await);
        }
        let before = self.untouched.as_ref().unwrap();
        let same = if run.is_ok() { *before == after } else { !after.0 && after.1 + after.2 == 0 };
        (run.is_ok(), (!same).then(|| format!("{after:?} after {before:?}")))
    }

    /// Has the server store the text in a view, and reads what it has understood: `None` where it is no query to it, and
    /// else what is outside of the documented set.
    pub(crate) async fn read(&mut self, text: &str) -> Option<Vec<String>> {
        let message = format!(
            "BEGIN; CREATE VIEW public.recorded AS SELECT 1 AS one FROM ({text}\n) AS recorded;
             SELECT ev_action::text FROM pg_rewrite WHERE ev_class = 'public.recorded'::regclass; ROLLBACK"
        );
        let Ok(rows) = self.connection.fetch_all(raw_sql(AssertSqlSafe(message))).await else {
            self.send("ROLLBACK".to_owned()).await;
            return None;
        };
        rows.first().map(|row| self.outside(row.get(0)))
    }

    /// Goes through a tree, of which each field is a `:name` and its value.
    fn outside(&self, tree: &str) -> Vec<String> {
        let documented: BTreeSet<_> = raw_functions().map(|(_, name)| name).collect();
        let mut outside = BTreeSet::new();
        let mut words = tree.split([' ', '(', ')', '{', '}']).filter(|word| !word.is_empty()).peekable();
        while let Some(field) = words.next() {
            let Some(number) = words.peek().and_then(|word| word.parse::<u32>().ok()) else { continue };
            match field {
                ":funcid" | ":aggfnoid" | ":winfnoid" | ":tsmhandler" | ":opfuncid" if number != 0 => {
                    let function = &self.functions[&number];
                    let known = function.behind || documented.contains(function.name.as_str());
                    if function.schema != "pg_catalog" || !known {
                        outside.insert(format!("{}.{}", function.schema, function.name));
                    }
                }
                ":consttype" | ":resulttype" if self.catalog_types.contains(&number) => {
                    outside.insert(format!("a type of the catalog ({number})"));
                }
                ":relid" if self.server_tables.contains(&number) => {
                    outside.insert(format!("a table of the server's ({number})"));
                }
                ":commandType" if number != 1 => {
                    outside.insert(format!("a command that is no SELECT ({number})"));
                }
                _ => {}
            }
        }
        // Those up to 8 are dates and times.
        let mut values = tree.split("{SQLVALUEFUNCTION :op ").skip(1);
        if values
            .any(|value| !matches!(value.split(' ').next(), Some("0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8")))
        {
            outside.insert("a word that tells of the session".to_owned());
        }
        outside.into_iter().collect()
    }
}
