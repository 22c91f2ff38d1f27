//! What the programs are performed on: the tables of the tests, the organizations of a program, and what is stored.

use std::{collections::BTreeSet, fmt::Write};

use db::prelude::*;
use sea_orm::sqlx::{AssertSqlSafe, PgConnection, Row as _};
use tests::TestDatabase;

use crate::{
    program::Program,
    tables::{CREATE, bookmark, profile, project, tag, task, task_tag},
    values::{Cell, Kind, Row, TABLES, Table},
};

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

/// Makes the tables.
pub(crate) async fn make_tables(database: &TestDatabase, policies: Policies) {
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
}

/// Makes a person.
pub(crate) async fn make_person(database: &TestDatabase) -> UserId {
    let person = UserId::new();
    let sql = format!(r#"INSERT INTO "user" (id, name, email) VALUES ('{person}', 'a', '{person}@x.example')"#);
    database.execute(&sql).await;
    person
}

/// The statements that make the organizations of a program, each with one member, and the rows that it begins with.
pub(crate) fn beginning(organizations: &[Uuid], people: &[UserId], program: &Program) -> String {
    let mut sql = String::new();
    for ((organization, person), rows) in organizations.iter().zip(people).zip(&program.rows) {
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
    sql
}

/// The rows of an organization, as the superuser sees them.
pub(crate) async fn stored(superuser: &mut PgConnection, organization: Uuid) -> sea_orm::sqlx::Result<Stored> {
    let mut stored = Vec::new();
    for table in TABLES {
        let columns: Vec<_> = table.columns().iter().map(|(name, _)| *name).collect();
        let (name, columns) = (table.name(), columns.join(", "));
        let sql = format!("SELECT {columns} FROM {name} WHERE organization_id = $1");
        let query = sea_orm::sqlx::query(AssertSqlSafe(sql)).bind(organization);
        let rows = query.fetch_all(&mut *superuser).await?;
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
    Ok(stored)
}

fn literal(cell: &Cell) -> String {
    match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Id(id) => format!("'{id}'"),
        Cell::Text(text) => format!("'{text}'"),
        Cell::Int(int) => int.to_string(),
    }
}
