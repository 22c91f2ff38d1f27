//! One database for many programs: each has organizations of its own, beside those of the programs before it, whose rows
//! have the same ids.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    fmt::Write,
    hash::{DefaultHasher, Hash, Hasher},
};

use db::prelude::*;
use sea_orm::sqlx::{AssertSqlSafe, Executor, PgConnection, Row as _, raw_sql};
use tests::TestDatabase;

use crate::{
    program::Program,
    tables::{CREATE, bookmark, profile, project, tag, task, task_tag},
    values::{Cell, Kind, Row, TABLES, Table},
};

pub(crate) struct World {
    pub(crate) db: Db,
    /// A member of each of the three organizations of every program.
    pub(crate) people: [Authenticated; 3],
    pub(crate) policies: Policies,
    /// The server's superuser.
    superuser: RefCell<Option<PgConnection>>,
    /// The organizations of the programs that have passed, and what was in them then.
    past: RefCell<Vec<([Uuid; 3], u64)>>,
    database: TestDatabase,
}

/// Whether there is row-level security on the tables of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policies {
    On,
    /// And SQL of one's own carries a predicate.
    Off,
    /// And SQL of one's own relies on them.
    OffUnnoticed,
}

/// The rows of an organization: of each table, in the order of their cells.
pub(crate) type Stored = Vec<BTreeSet<Row>>;

impl World {
    pub(crate) async fn new(policies: Policies) -> Self {
        let database = TestDatabase::new().await;
        database.execute(CREATE).await;
        let migrator = database.migrator();
        let contract = migrator.contract();
        let protect = [
            contract.protect::<project::Project>(),
            contract.protect::<profile::Profile>(),
            contract.protect::<task::Task>(),
            contract.protect::<tag::Tag>(),
            contract.protect::<task_tag::TaskTag>(),
            contract.protect::<bookmark::Bookmark>(),
        ];
        database.execute(&protect.concat().join(";\n")).await;
        if policies != Policies::On {
            for table in TABLES.map(Table::name) {
                let sql = format!("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY");
                database.execute(&sql).await;
            }
        }
        let people = [1, 2, 3].map(|_| UserId::new());
        for person in people {
            let sql = format!(r#"INSERT INTO "user" (id, name, email) VALUES ('{person}', 'a', '{person}@x.example')"#);
            database.execute(&sql).await;
        }
        let superuser = RefCell::new(Some(database.owner().await));
        let past = RefCell::new(Vec::new());
        Self { db: database.db().await, people: people.map(Authenticated::assume), policies, superuser, past, database }
    }

    /// Makes the organizations of a program, and the rows that it begins with.
    pub(crate) async fn begin(&self, program: &Program) -> [Uuid; 3] {
        let organizations = [(); 3].map(|()| Uuid::new_v4());
        let mut sql = String::new();
        for ((organization, person), rows) in organizations.iter().zip(&self.people).zip(&program.rows) {
            let person = person.user_id();
            write!(
                sql,
                "INSERT INTO organization (id, name, slug) VALUES ('{organization}', 'a', '{organization}');
                 INSERT INTO member (id, organization_id, user_id)
                 VALUES (gen_random_uuid(), '{organization}', '{person}');"
            )
            .unwrap();
            for row in rows {
                let columns: Vec<_> = row.table.columns().iter().map(|(name, _)| *name).collect();
                let values: Vec<_> = row.values.iter().map(|value| literal(&value.unwrap().cell(&[]))).collect();
                let (table, columns, values) = (row.table.name(), columns.join(", "), values.join(", "));
                write!(
                    sql,
                    "INSERT INTO {table} (organization_id, {columns}) VALUES ('{organization}', {values})
                     ON CONFLICT DO NOTHING;"
                )
                .unwrap();
            }
        }
        let mut superuser = self.superuser.take().unwrap();
        superuser.execute(raw_sql(AssertSqlSafe(sql))).await.unwrap();
        self.superuser.replace(Some(superuser));
        organizations
    }

    /// The rows of an organization, as the superuser sees them.
    pub(crate) async fn stored(&self, organization: Uuid) -> Stored {
        let mut superuser = self.superuser.take().unwrap();
        let mut stored = Vec::new();
        for table in TABLES {
            let columns: Vec<_> = table.columns().iter().map(|(name, _)| *name).collect();
            let (name, columns) = (table.name(), columns.join(", "));
            let sql = format!("SELECT {columns} FROM {name} WHERE organization_id = $1");
            let query = sea_orm::sqlx::query(AssertSqlSafe(sql)).bind(organization);
            let rows = query.fetch_all(&mut superuser).await.unwrap();
            let cells = rows.iter().map(|row| {
                let cells = table.columns().iter().enumerate().map(|(place, (_, kind))| match kind {
                    Kind::Id | Kind::NullableId => row.get::<Option<Uuid>, _>(place).map_or(Cell::Null, Cell::Id),
                    Kind::Text => Cell::Text(row.get(place)),
                    Kind::Int => Cell::Int(row.get::<i32, _>(place).into()),
                });
                cells.chain([Cell::Id(organization)]).collect()
            });
            stored.push(cells.collect());
        }
        self.superuser.replace(Some(superuser));
        stored
    }

    /// Remembers a program that has passed.
    pub(crate) async fn remember(&self, organizations: [Uuid; 3]) {
        let hash = self.hash(organizations).await;
        self.past.borrow_mut().push((organizations, hash));
    }

    /// Asserts that the rows of each program that has passed are still what they were.
    pub(crate) async fn assert_that_the_past_is_as_it_was(&self) {
        let past = self.past.take();
        for (organizations, hash) in &past {
            assert_eq!(self.hash(*organizations).await, *hash, "the rows of another program were changed");
        }
        assert!(!past.is_empty());
    }

    async fn hash(&self, organizations: [Uuid; 3]) -> u64 {
        let mut hasher = DefaultHasher::new();
        for organization in organizations {
            format!("{:?}", self.stored(organization).await).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Closes the connections, and drops the database.
    pub(crate) async fn end(self) {
        self.db.close().await;
        drop(self.superuser);
        drop(self.database);
    }
}

fn literal(cell: &Cell) -> String {
    match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Id(id) => format!("'{id}'"),
        Cell::Text(text) => format!("'{text}'"),
        Cell::Int(int) => int.to_string(),
    }
}
