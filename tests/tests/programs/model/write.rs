//! Writes, row by row.

use std::collections::BTreeSet;

use db::prelude::*;

use super::{Failure, Rows};
use crate::{
    filter::{Test, is_among},
    op::{Answered, Assigned, Changes, Conflict, Key, Op},
    program::NewRow,
    values::{Cell, Column, Row, Table},
};

/// A statement that writes.
pub(super) struct Write<'a, K> {
    pub(super) rows: &'a mut Rows,
    pub(super) organization: Uuid,
    pub(super) made: &'a [Uuid],
    /// The keys that the database has answered.
    pub(super) keys: &'a mut K,
    /// Those of them that were made there.
    pub(super) new: &'a mut Vec<Uuid>,
}

type Result<T> = std::result::Result<T, Failure>;

/// Inserts a row, unless a unique key is taken.
pub(super) fn insert(rows: &mut Rows, table: Table, row: Row) -> Result<()> {
    check(rows, table, &row, None)?;
    rows.table_mut(table).insert(key_of(table, &row), row);
    Ok(())
}

fn key_of(table: Table, row: &[Cell]) -> Row {
    row[..table.key()].to_vec()
}

/// Checks the unique keys of a row, which was under `old` before.
pub(super) fn check(rows: &Rows, table: Table, row: &Row, old: Option<&Row>) -> Result<()> {
    let mut others = rows.table(table).iter().filter(|(key, _)| Some(*key) != old);
    let is_taken = others.any(|(_, other)| table.unique().iter().any(|key| key.iter().all(|&c| other[c] == row[c])));
    if is_taken { Err(Failure::UniqueViolation) } else { Ok(()) }
}

pub(super) fn key_cells(table: Table, key: Key, made: &[Uuid]) -> Row {
    [key.0, key.1].into_iter().take(table.key()).map(|id| Cell::Id(id.uuid(made))).collect()
}

impl<K: Iterator<Item = Uuid>> Write<'_, K> {
    /// Performs the operation, if it is a write.
    pub(super) fn perform(&mut self, op: &Op) -> Option<Result<String>> {
        Some(match op {
            Op::InsertOne(row, conflict, answered) => self
                .insert_many(row.table, std::slice::from_ref(row), conflict)
                .and_then(|rows| match (rows.first(), op.answered(*answered)) {
                    (_, Answered::Number) => Ok(format!("{:?}", rows.len())),
                    (None, _) => Err(Failure::NotFound),
                    (Some(inserted), Answered::Keys) => Ok(format!("{:?}", key_of(row.table, inserted))),
                    (Some(inserted), Answered::Rows) => Ok(format!("{inserted:?}")),
                }),
            Op::InsertMany(table, new, conflict, answered) => {
                self.insert_many(*table, new, conflict).map(|rows| match op.answered(*answered) {
                    Answered::Number => format!("{:?}", rows.len()),
                    Answered::Keys => format!("{:?}", rows.iter().map(|row| key_of(*table, row)).collect::<Vec<_>>()),
                    Answered::Rows => format!("{rows:?}"),
                })
            }
            Op::UpdateById(table, key, changes) | Op::Update(table, key, changes) => {
                let key = key_cells(*table, *key, self.made);
                self.update(*table, &key, changes).map(|row| format!("{row:?}"))
            }
            Op::UpdateMany(table, filter, assigned, answered) => {
                self.update_many(*table, filter, assigned).map(|rows| many(&rows, *answered))
            }
            Op::DeleteById(table, key, answered) => {
                let deleted = self.rows.table_mut(*table).remove(&key_cells(*table, *key, self.made));
                deleted.ok_or(Failure::NotFound).map(|row| match answered {
                    Answered::Rows => format!("{row:?}"),
                    _ => "deleted".to_owned(),
                })
            }
            Op::DeleteRow(table, key) => {
                let deleted = self.rows.table_mut(*table).remove(&key_cells(*table, *key, self.made));
                deleted.ok_or(Failure::NotFound).map(|_| "deleted".to_owned())
            }
            Op::DeleteMany(table, filter, answered) => {
                let rows = self.rows.matching(*table, filter, self.made);
                self.delete(*table, &rows);
                Ok(many(&rows, *answered))
            }
            Op::DeleteIds(table, keys) => {
                let keys: BTreeSet<Row> = keys.iter().map(|key| key_cells(*table, *key, self.made)).collect();
                let deleted = keys.iter().filter(|key| self.rows.table_mut(*table).remove(*key).is_some()).count();
                Ok(format!("{deleted:?}"))
            }
            Op::WriteAmong { is_in, of, plus } => Ok(self.write_among(*is_in, of, *plus)),
            Op::Save(save) => self.save(save),
            _ => return None,
        })
    }

    /// Inserts rows, and returns those that were inserted, or updated instead.
    fn insert_many(&mut self, table: Table, new: &[NewRow], conflict: &Conflict) -> Result<Vec<Row>> {
        let some_set: Vec<bool> =
            (0..table.columns().len()).map(|column| new.iter().any(|row| row.values[column].is_some())).collect();
        let mut written = Vec::new();
        let mut keys = BTreeSet::new();
        for row in new {
            // A column that only some of the rows set is NULL in the others.
            if (table.key()..table.columns().len()).any(|c| row.values[c].is_none() && some_set[c]) {
                return Err(Failure::NotNullViolation);
            }
            let (by, update) = match conflict {
                Conflict::Fail => (None, None),
                Conflict::Nothing(by) => (Some(*by), None),
                Conflict::Update(by, columns) if columns.is_empty() => (Some(*by), None),
                Conflict::Update(by, columns) => (Some(*by), Some(columns)),
            };
            let mut cells = self.cells(row, &Cell::Null);
            let existing = by.and_then(|by| {
                let unique = table.unique()[by];
                self.rows.table(table).values().find(|old| unique.iter().all(|&c| old[c] == cells[c])).cloned()
            });
            let row = match (existing, update) {
                (None, _) => {
                    if row.values[0].is_none() {
                        check(self.rows, table, &cells, None)?;
                        cells[0] = self.make_key();
                    } else {
                        self.keys.next();
                    }
                    insert(self.rows, table, cells.clone())?;
                    cells
                }
                (Some(_), None) => continue,
                (Some(mut old), Some(columns)) => {
                    let key = key_of(table, &old);
                    if keys.contains(&key) {
                        return Err(Failure::WrittenTwice);
                    }
                    for &column in columns {
                        old[column] = cells[column].clone();
                    }
                    check(self.rows, table, &old, Some(&key))?;
                    self.rows.table_mut(table).insert(key, old.clone());
                    self.keys.next();
                    keys.insert(key_of(table, &old));
                    written.push(old);
                    continue;
                }
            };
            keys.insert(key_of(table, &row));
            written.push(row);
        }
        Ok(written)
    }

    /// The cells of a row; where its key is unset, `key`.
    pub(super) fn cells(&self, row: &NewRow, key: &Cell) -> Row {
        let cell = |(place, value): (usize, &Option<_>)| match value {
            Some(value) => crate::values::Literal::cell(*value, self.made),
            None if place == 0 => key.clone(),
            None => Cell::Int(7),
        };
        row.values.iter().enumerate().map(cell).chain([Cell::Id(self.organization)]).collect()
    }

    /// The key that the database has made for the next row that it has written.
    pub(super) fn make_key(&mut self) -> Cell {
        // None where it has failed: then so will the model, or the answers differ.
        let key = self.keys.next().unwrap_or_else(Uuid::new_v4);
        self.new.push(key);
        Cell::Id(key)
    }

    fn update(&mut self, table: Table, key: &Row, changes: &Changes) -> Result<Row> {
        let mut row = self.rows.table(table).get(key).cloned().ok_or(Failure::NotFound)?;
        for (column, value) in changes {
            row[*column] = value.cell(self.made);
        }
        check(self.rows, table, &row, Some(key))?;
        self.rows.table_mut(table).insert(key.clone(), row.clone());
        Ok(row)
    }

    fn update_many(&mut self, table: Table, filter: &Test, assigned: &Assigned) -> Result<Vec<Row>> {
        if matches!(assigned, Assigned::Values(changes) if changes.is_empty()) {
            return Ok(Vec::new());
        }
        let mut rows = self.rows.matching(table, filter, self.made);
        for row in &mut rows {
            let key = key_of(table, row);
            match assigned {
                Assigned::Values(changes) => *row = self.update(table, &key, changes)?,
                Assigned::Plus(column, plus) => {
                    add(&mut row[*column], *plus);
                    self.rows.table_mut(table).insert(key, row.clone());
                }
            }
        }
        Ok(rows)
    }

    fn delete(&mut self, table: Table, rows: &[Row]) {
        for row in rows {
            self.rows.table_mut(table).remove(&key_of(table, row));
        }
    }

    fn write_among(&mut self, is_in: bool, of: &Test, plus: Option<i8>) -> String {
        let projects: Vec<Cell> =
            self.rows.matching(Table::Project, of, self.made).into_iter().map(|row| row[0].clone()).collect();
        let mut tasks = self.rows.all(Table::Task);
        tasks.retain(|task| is_among(&task[1], &projects) == Some(is_in));
        match plus {
            None => self.delete(Table::Task, &tasks),
            Some(plus) => {
                for task in &mut tasks {
                    add(&mut task[Column(Table::Task, 3).1], plus);
                    self.rows.table_mut(Table::Task).insert(key_of(Table::Task, task), task.clone());
                }
            }
        }
        format!("{tasks:?}")
    }
}

fn add(cell: &mut Cell, plus: i8) {
    if let Cell::Int(int) = cell {
        *int += i64::from(plus);
    }
}

/// The answer of a write of many rows.
fn many(rows: &[Row], answered: Answered) -> String {
    match answered {
        Answered::Number => format!("{:?}", rows.len()),
        _ => format!("{rows:?}"),
    }
}

impl Op {
    /// What an insert answers: never the number alone where a key is made, which the model has to be told.
    pub(crate) fn answered(&self, answered: Answered) -> Answered {
        let rows = match self {
            Self::InsertOne(row, ..) => std::slice::from_ref(row),
            Self::InsertMany(_, rows, ..) => rows,
            _ => &[],
        };
        match answered {
            Answered::Number if rows.iter().any(|row| row.values[0].is_none()) => Answered::Keys,
            other => other,
        }
    }
}
