//! One database for many programs: each has organizations of its own, beside those of the programs before it, whose rows
//! have the same ids.

use std::{
    cell::RefCell,
    hash::{DefaultHasher, Hash, Hasher},
};

use db::prelude::*;
use sea_orm::sqlx::{AssertSqlSafe, Executor, PgConnection, raw_sql};
use tests::TestDatabase;

use crate::{
    program::Program,
    stage::{self, Policies, Stored},
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

impl World {
    pub(crate) async fn new(policies: Policies) -> Self {
        let database = TestDatabase::new().await;
        stage::make_tables(&database, policies).await;
        let mut people = [UserId::new(); 3];
        for person in &mut people {
            *person = stage::make_person(&database).await;
        }
        let superuser = RefCell::new(Some(database.owner().await));
        let past = RefCell::new(Vec::new());
        Self { db: database.db().await, people: people.map(Authenticated::assume), policies, superuser, past, database }
    }

    /// Makes the organizations of a program, and the rows that it begins with.
    pub(crate) async fn begin(&self, program: &Program) -> [Uuid; 3] {
        let organizations = [(); 3].map(|()| Uuid::new_v4());
        let people = self.people.each_ref().map(Authenticated::user_id);
        let sql = stage::beginning(&organizations, &people, program);
        let mut superuser = self.superuser.take().unwrap();
        superuser.execute(raw_sql(AssertSqlSafe(sql))).await.unwrap();
        self.superuser.replace(Some(superuser));
        organizations
    }

    /// The rows of an organization, as the superuser sees them.
    pub(crate) async fn stored(&self, organization: Uuid) -> Stored {
        let mut superuser = self.superuser.take().unwrap();
        let stored = stage::stored(&mut superuser, organization).await.unwrap();
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
