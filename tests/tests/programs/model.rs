//! What a database for each tenant would answer: rows in maps, and nothing of SQL but how NULL compares.

#[path = "model/join.rs"]
mod join;
#[path = "model/read.rs"]
mod read;
#[path = "model/save.rs"]
mod save;
#[path = "model/write.rs"]
mod write;

use std::collections::BTreeMap;

use db::prelude::*;

use crate::{
    filter::Test,
    op::{Assigned, Op},
    program::NewRow,
    values::{Cell, Column, Row, TABLES, Table},
};

/// What an operation answers, as text that two sides can be compared by.
pub(crate) type Answer = Result<String, Failure>;

/// What an operation fails with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    NotFound,
    UniqueViolation,
    NotNullViolation,
    /// An upsert meets a row that the same statement has written.
    WrittenTwice,
    /// An earlier statement failed.
    RolledBack,
    Other(String),
}

/// The rows of one tenant: of each table, by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rows([BTreeMap<Row, Row>; 5]);

impl Rows {
    pub(crate) fn table(&self, table: Table) -> &BTreeMap<Row, Row> {
        &self.0[table as usize]
    }

    fn table_mut(&mut self, table: Table) -> &mut BTreeMap<Row, Row> {
        &mut self.0[table as usize]
    }

    fn all(&self, table: Table) -> Vec<Row> {
        self.table(table).values().cloned().collect()
    }

    fn matching(&self, table: Table, test: &Test, made: &[Uuid]) -> Vec<Row> {
        let rows = self.table(table).values();
        rows.filter(|row| holds(test, &[table], &[Some((*row).clone())], made)).cloned().collect()
    }
}

/// Rows of several tables beside each other.
pub(crate) type Joined = Vec<Option<Row>>;

/// The value of a column in rows that are beside each other.
fn value(tables: &[Table], joined: &[Option<Row>], column: Column) -> Cell {
    let place = tables.iter().position(|table| *table == column.0).unwrap();
    joined[place].as_ref().map_or(Cell::Null, |row| row[column.1].clone())
}

fn holds(test: &Test, tables: &[Table], joined: &[Option<Row>], made: &[Uuid]) -> bool {
    test.holds(&|column| value(tables, joined, column), made) == Some(true)
}

/// What is wrong with a model on purpose, to show that it would be found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// A find sees the rows of all tenants.
    Find,
    /// A row of another tenant's is in the way of an insert.
    Insert,
    /// An update by filter writes every tenant's rows.
    UpdateMany,
    /// A savepoint that is taken back is kept.
    TakeBack,
}

/// One tenant: the rows as its open context sees them, and as they were when each level was opened.
#[derive(Clone, Debug)]
pub(crate) struct Tenant {
    pub(crate) organization: Uuid,
    pub(crate) rows: Rows,
    levels: Vec<Level>,
}

#[derive(Clone, Debug)]
struct Level {
    before: Rows,
    aborted: bool,
}

/// All tenants, and the ids that were made.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) tenants: Vec<Tenant>,
    pub(crate) made: Vec<Uuid>,
    fault: Fault,
}

impl Model {
    pub(crate) fn new(organizations: &[Uuid], rows: &[Vec<NewRow>], fault: Fault) -> Self {
        let mut model = Self { tenants: Vec::new(), made: Vec::new(), fault };
        for (&organization, rows) in organizations.iter().zip(rows) {
            let mut tenant = Tenant { organization, rows: Rows::default(), levels: Vec::new() };
            for new in rows {
                // One that is in conflict is left out.
                let row = new.values.iter().map(|value| value.unwrap().cell(&[])).chain([Cell::Id(organization)]);
                write::insert(&mut tenant.rows, new.table, row.collect()).ok();
            }
            model.tenants.push(tenant);
        }
        model
    }

    /// Opens a context, or a savepoint.
    pub(crate) fn open(&mut self, tenant: usize) -> Result<(), Failure> {
        let tenant = &mut self.tenants[tenant];
        if tenant.levels.last().is_some_and(|level| level.aborted) {
            return Err(Failure::RolledBack);
        }
        tenant.levels.push(Level { before: tenant.rows.clone(), aborted: false });
        Ok(())
    }

    /// Closes the innermost level.
    pub(crate) fn close(&mut self, tenant: usize, keep: bool) -> Result<(), Failure> {
        let tenant = &mut self.tenants[tenant];
        let Level { before, aborted } = tenant.levels.pop().unwrap();
        if (!keep && self.fault != Fault::TakeBack) || aborted {
            tenant.rows = before;
        }
        if keep && aborted { Err(Failure::RolledBack) } else { Ok(()) }
    }

    /// Performs an operation. `keys` are those of the rows that the database says it has written, in their order: some
    /// of them were made there.
    pub(crate) fn perform(&mut self, tenant: usize, op: &Op, keys: &[Uuid]) -> Answer {
        let sends_nothing = match op {
            Op::InsertMany(_, rows, ..) => rows.is_empty(),
            Op::UpdateMany(_, _, Assigned::Values(changes), _) => changes.is_empty(),
            _ => false,
        };
        if !sends_nothing && self.tenants[tenant].levels.last().is_some_and(|level| level.aborted) {
            return Err(Failure::RolledBack);
        }
        let mut new = Vec::new();
        let mut answer = match self.write(tenant, op, keys, &mut new) {
            Some(written) => written.map(|(rows, answer)| {
                self.tenants[tenant].rows = rows;
                answer
            }),
            None => read::perform(&self.seen(tenant, op), op, &self.made),
        };
        match (self.fault, op) {
            (Fault::Insert, Op::InsertOne(row, ..)) if answer.is_ok() && self.is_taken_elsewhere(tenant, row) => {
                answer = Err(Failure::UniqueViolation);
            }
            (Fault::UpdateMany, Op::UpdateMany(..)) if answer.is_ok() => {
                for other in (0..self.tenants.len()).filter(|other| *other != tenant) {
                    if let Some(Ok((rows, _))) = self.write(other, op, keys, &mut Vec::new()) {
                        self.tenants[other].rows = rows;
                    }
                }
            }
            _ => {}
        }
        if answer.is_ok() {
            self.made.extend(new);
        }
        let aborts = match &answer {
            Ok(_) => false,
            // It is all or nothing.
            Err(_) if matches!(op, Op::Save(_)) => true,
            Err(failure) => *failure != Failure::NotFound,
        };
        if let (true, Some(level)) = (aborts, self.tenants[tenant].levels.last_mut()) {
            level.aborted = true;
        }
        answer
    }

    /// Returns the rows after a write, and its answer.
    fn write(
        &self,
        tenant: usize,
        op: &Op,
        keys: &[Uuid],
        new: &mut Vec<Uuid>,
    ) -> Option<Result<(Rows, String), Failure>> {
        let Tenant { organization, rows, .. } = &self.tenants[tenant];
        let (mut rows, mut keys) = (rows.clone(), keys.iter().copied());
        let mut write =
            write::Write { rows: &mut rows, organization: *organization, made: &self.made, keys: &mut keys, new };
        let answer = write.perform(op)?;
        Some(answer.map(|answer| (rows, answer)))
    }

    fn seen(&self, tenant: usize, op: &Op) -> Rows {
        let mut rows = self.tenants[tenant].rows.clone();
        if self.fault == Fault::Find && matches!(op, Op::Find(..)) {
            for other in &self.tenants {
                for table in TABLES {
                    for (key, row) in other.rows.table(table) {
                        // Its key may be taken by a row of one's own.
                        let key = key.iter().cloned().chain([Cell::Id(other.organization)]).collect();
                        if other.organization != self.tenants[tenant].organization {
                            rows.table_mut(table).insert(key, row.clone());
                        }
                    }
                }
            }
        }
        rows
    }

    fn is_taken_elsewhere(&self, tenant: usize, row: &NewRow) -> bool {
        let key: Option<Row> =
            row.values[..row.table.key()].iter().map(|value| Some(value.as_ref()?.cell(&self.made))).collect();
        let mut others = self.tenants.iter().enumerate().filter(|(other, _)| *other != tenant);
        key.is_some_and(|key| others.any(|(_, other)| other.rows.table(row.table).contains_key(&key)))
    }
}
