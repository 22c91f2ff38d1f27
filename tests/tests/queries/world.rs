//! Two organizations whose rows have the same ids: a table that is read without its predicate shows twice as many.

use db::{Context, Db, OrganizationId, Result, Tenant, prelude::*};
use sea_orm::sqlx::{AssertSqlSafe, Connection, query_scalar};
use tests::{Fixture, Org, Proxy, Template, TestDatabase};

use crate::{
    oracle::unscoped,
    tables::{CREATE, bookmark, profile, project, tag, task, task_tag},
};

/// The tables, a pool whose statements are looked at, and two organizations.
pub(crate) struct World {
    pub(crate) db: Db,
    pub(crate) f: Fixture,
    proxy: Proxy,
}

/// The id of a row: the same in both organizations.
pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(crate) const TABLES: [&str; 6] = ["project", "profile", "task", "tag", "task_tag", "bookmark"];

impl World {
    /// Makes the tables, and fills them for both.
    ///
    /// | project | tasks | tags |
    /// |---|---|---|
    /// | 1, with a profile | 11 (3 points), 12 (5) | 11: 21, 22; 12: 21 |
    /// | 2 | 13 (8) | 13: 22 |
    /// | 3 | | |
    /// | | 14 (1) | |
    ///
    /// and a tag 23 on nothing. The other organization has more, which points at the same ids: project 4, task 19 of
    /// project 3, tag 21 on task 14, and a profile of project 2.
    pub(crate) async fn new() -> Self {
        static TEMPLATE: Template<[Org; 2]> = Template::new();
        let (database, [acme, globex]) = TEMPLATE.copy(made).await;
        let (proxy, options) = database.proxy().await;
        // Each statement is parsed each time, and so seen.
        let db = Db::connect(options.prepared_statements(false)).await.unwrap();
        drop(proxy.statements());
        let f = Fixture { db: database.db().await, acme, globex, database };
        Self { db, f, proxy }
    }

    /// Runs `f` in a context of acme's, and asserts that each table of each statement it sends carries its predicate.
    pub(crate) async fn acme<T>(&self, f: impl AsyncFnOnce(&mut Context<Tenant>) -> Result<T>) -> T {
        let result = self.db.with_tenant_context(self.f.acme.id, &self.f.acme.owner, f).await;
        for statement in self.statements() {
            assert_eq!(unscoped(&statement), None);
        }
        result.unwrap()
    }

    /// The statements that were sent since this was last asked.
    pub(crate) fn statements(&self) -> Vec<String> {
        self.proxy.statements()
    }

    /// Switches row-level security off, so that layer 2 stands alone.
    pub(crate) async fn switch_row_level_security_off(&self) {
        let off = TABLES.map(|table| {
            format!("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY; ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;")
        });
        self.f.database.execute(&off.concat()).await;
    }

    /// All rows of the other organization, as the server's superuser sees them.
    pub(crate) async fn globex(&self) -> String {
        let mut owner = self.f.database.owner().await;
        let mut rows = Vec::new();
        for table in &TABLES[..5] {
            let sql = format!(
                "SELECT coalesce(jsonb_pretty(jsonb_agg(to_jsonb(t) ORDER BY t::text)), '') FROM {table} t
                 WHERE organization_id = '{}'",
                self.f.globex.id
            );
            let json: String = query_scalar(AssertSqlSafe(sql)).fetch_one(&mut owner).await.unwrap();
            assert!(!json.is_empty(), "{table}");
            rows.push(json);
        }
        owner.close().await.unwrap();
        rows.concat()
    }
}

/// Makes the tables, and fills them for both.
async fn made() -> (TestDatabase, [Org; 2]) {
    let f = Fixture::new().await;
    f.database.execute(CREATE).await;
    let contract = f.database.migrator();
    let contract = contract.contract();
    let protect = [
        contract.protect::<project::Project>(),
        contract.protect::<profile::Profile>(),
        contract.protect::<task::Task>(),
        contract.protect::<tag::Tag>(),
        contract.protect::<task_tag::TaskTag>(),
        contract.protect::<bookmark::Bookmark>(),
    ];
    f.database.execute(&protect.concat().join(";\n")).await;
    for (org, name) in [(f.acme.id, "acme"), (f.globex.id, "globex")] {
        f.database.execute(&rows(org, name)).await;
    }
    let other = f.globex.id;
    f.database
        .execute(&format!(
            "INSERT INTO project VALUES ('{other}', '{}', 'globex 4', 4);
             INSERT INTO task VALUES ('{other}', '{}', '{}', 'globex 19', 100);
             INSERT INTO task_tag VALUES ('{other}', '{}', '{}');
             INSERT INTO profile VALUES ('{other}', '{}', '{}', 'globex of 2');",
            id(4),
            id(19),
            id(3),
            id(14),
            id(21),
            id(32),
            id(2),
        ))
        .await;
    f.into_database().await
}

fn rows(org: OrganizationId, name: &str) -> String {
    let project = |n: u128, rank: i32| format!("('{org}', '{}', '{name} {n}', {rank})", id(n));
    let task =
        |n: u128, project: &str, points: i32| format!("('{org}', '{}', {project}, '{name} {n}', {points})", id(n));
    let tag = |n: u128| format!("('{org}', '{}', '{name} {n}')", id(n));
    let tagged = |task: u128, tag: u128| format!("('{org}', '{}', '{}')", id(task), id(tag));
    let of = |project: u128| format!("'{}'", id(project));
    [
        format!("INSERT INTO project VALUES {}", [project(1, 1), project(2, 2), project(3, 3)].join(", ")),
        format!("INSERT INTO profile VALUES ('{org}', '{}', '{}', '{name} of 1')", id(31), id(1)),
        format!(
            "INSERT INTO task VALUES {}",
            [task(11, &of(1), 3), task(12, &of(1), 5), task(13, &of(2), 8), task(14, "NULL", 1)].join(", ")
        ),
        format!("INSERT INTO tag VALUES {}", [tag(21), tag(22), tag(23)].join(", ")),
        format!(
            "INSERT INTO task_tag VALUES {}",
            [tagged(11, 21), tagged(11, 22), tagged(12, 21), tagged(13, 22)].join(", ")
        ),
    ]
    .join(";\n")
}

/// Runs a check with row-level security, and again without; the other organization's rows are the same after it.
pub(crate) async fn with_and_without_row_level_security(check: impl AsyncFn(&World)) {
    for off in [false, true] {
        let world = World::new().await;
        if off {
            world.switch_row_level_security_off().await;
        }
        let before = world.globex().await;
        check(&world).await;
        assert_eq!(world.globex().await, before);
    }
}
