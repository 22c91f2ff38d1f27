//! A database whose tenants work while faults are injected.

use std::{
    cell::{Cell, RefCell},
    fmt::{Debug, Write},
    rc::Rc,
    time::{Duration, Instant},
};

use db::{DbOptions, prelude::*};
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, Executor, PgConnection, raw_sql};
use tests::{PATIENCE, PgBouncer, TestDatabase};

use super::{books::Holdings, tally::Tally};
use crate::{
    hasty,
    program::Program,
    stage::{self, Policies, make_person, make_tables},
    values::{TABLES, Table},
};

pub(crate) struct World {
    /// The pool that all tenants share; dropped before the database.
    pub(crate) db: Db,
    /// How many connections it may have.
    pub(crate) connections: usize,
    /// A pooler that the connections go through, and how many of its own it has for them.
    pub(crate) pooler: Option<(Rc<PgBouncer>, u32)>,
    /// How many transactions the tenants have performed.
    pub(crate) performed: Cell<usize>,
    /// What has become of them.
    pub(crate) tally: RefCell<Tally>,
    /// Whether a tenant has found something that must not be.
    pub(crate) failed: Cell<bool>,
    /// A connection of the superuser's; to make one takes a while, since a password is checked.
    superuser: Cell<Option<PgConnection>>,
    /// How long a check waits for what has to come about.
    pub(crate) patience: Duration,
    pub(crate) database: TestDatabase,
}

/// An organization, and its one member.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) organization: OrganizationId,
    pub(crate) who: Authenticated,
    /// A text that nobody else writes.
    pub(crate) marker: char,
}

/// Sorted after the texts of the programs in every collation.
pub(crate) const MARKERS: std::ops::RangeInclusive<char> = 'e'..='z';

/// Each row has the organization, or the person, of the context that has written it last. A transaction that has
/// written holds a lock for its organization to the end, so that the end can be waited for.
fn stamp(database: &TestDatabase) -> String {
    let schema = &database.prefix;
    let mut sql = format!(
        "CREATE FUNCTION written_in() RETURNS text LANGUAGE sql STABLE
             RETURN coalesce({schema}.sealed_organization_id(), {schema}.sealed_user_id())::text;
         CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             PERFORM pg_advisory_xact_lock_shared(hashtextextended(coalesce(written_in(), 'nobody'), 0));
             IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
             NEW.written_in := coalesce(written_in(), 'nobody');
             RETURN NEW;
         END $$;
         CREATE FUNCTION slow_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             PERFORM pg_sleep(random() * 0.002);
             RETURN NULL;
         END $$;
         CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON tag DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION slow_commit();"
    );
    for table in TABLES.map(Table::name).into_iter().chain(["bookmark"]) {
        write!(
            sql,
            "ALTER TABLE {table} ADD COLUMN written_in text NOT NULL DEFAULT 'nobody';
             CREATE TRIGGER stamp BEFORE INSERT OR UPDATE OR DELETE ON {table}
                 FOR EACH ROW EXECUTE FUNCTION stamp();"
        )
        .unwrap();
    }
    sql
}

/// Makes all that a world needs in its database.
pub(crate) async fn prepare(database: &TestDatabase) {
    make_tables(database, Policies::On).await;
    database.make_slow().await;
    database.execute(&stamp(database)).await;
    // Every context that is opened, in each test, shows that nothing was left behind for it.
    database.probe_entry_functions("0").await;
}

impl World {
    /// Connects a pool to a database that is prepared.
    pub(crate) async fn connect(database: TestDatabase, options: DbOptions, connections: u32) -> Self {
        let db = hasty::connect(options.max_connections(connections)).await;
        Self {
            db,
            connections: connections as usize,
            pooler: None,
            performed: Cell::new(0),
            tally: RefCell::default(),
            failed: Cell::new(false),
            superuser: Cell::new(None),
            patience: PATIENCE,
            database,
        }
    }

    /// Makes an organization, and the rows that it begins with.
    pub(crate) async fn begin(&self, place: u8, program: &Program) -> Member {
        let (organization, person) = (Uuid::new_v4(), make_person(&self.database).await);
        let sql = stage::beginning(&[organization], &[person], program);
        self.database.execute(&sql).await;
        let marker = MARKERS.clone().nth(place.into()).unwrap();
        Member { organization: organization.into(), who: Authenticated::assume(person), marker }
    }

    /// Asks the superuser, who is asked again if the server is restarted meanwhile.
    pub(crate) async fn ask<T>(&self, question: impl AsyncFn(&mut PgConnection) -> sqlx::Result<T>) -> T {
        let since = Instant::now();
        loop {
            // One that is cut off, or asked something else at this moment, is not the one that is there.
            let there = self.superuser.take();
            let answer = async {
                let mut superuser = match there {
                    Some(superuser) => superuser,
                    None => PgConnection::connect(&self.database.owner_url()).await?,
                };
                let answer = question(&mut superuser).await?;
                Ok::<_, sqlx::Error>((answer, superuser))
            };
            match answer.await {
                Ok((answer, superuser)) => {
                    self.superuser.set(Some(superuser));
                    return answer;
                }
                Err(error) => assert!(since.elapsed() < self.patience, "the superuser is not answered: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits for the end of every transaction that has written something for the member, and returns what is stored.
    pub(crate) async fn settled(&self, member: &Member) -> Holdings {
        let (organization, person) = (member.organization.0, member.who.user_id().0);
        self.ask(async |superuser| {
            let wait = format!(
                "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('{organization}', 0)),
                               pg_advisory_xact_lock(hashtextextended('{person}', 0)); COMMIT"
            );
            superuser.execute(raw_sql(AssertSqlSafe(wait))).await?;
            let rows = stage::stored(superuser, organization).await?;
            let bookmarks = sqlx::query_as("SELECT id, project_id FROM bookmark WHERE user_id = $1");
            let bookmarks: Vec<(Uuid, Uuid)> = bookmarks.bind(person).fetch_all(superuser).await?;
            Ok((rows, bookmarks.into_iter().collect()))
        })
        .await
    }

    /// Counts something that has happened.
    pub(crate) fn count(&self, what: &'static str) {
        self.tally.borrow_mut().count(what);
    }

    /// Returns how often something has happened.
    pub(crate) fn times(&self, what: &str) -> usize {
        self.tally.borrow().of(what)
    }

    /// Asks the superuser for a number.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        self.ask(async |superuser| sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(superuser).await).await
    }

    /// Waits until a number is what it has to be.
    pub(crate) async fn comes_to<T: Debug>(
        &self,
        what: &str,
        is: impl AsyncFn() -> Result<(), T>,
    ) -> Result<(), String> {
        let since = Instant::now();
        loop {
            match is().await {
                Ok(()) => return Ok(()),
                Err(found) if since.elapsed() > self.patience => return Err(format!("{what}: {found:?}")),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }
}
