//! Reads: nested loops over all rows.

use std::{
    cmp::{Ordering, Reverse},
    collections::BTreeSet,
};

use db::prelude::*;

use super::{Answer, Failure, Joined, Rows, holds, value, write::key_cells};
use crate::{
    filter::Test,
    op::{Cursor, Grouped, How, JoinKind, Loaded, Op, Reading, Relation},
    values::{Cell, Column, Row, Table},
};

/// Performs an operation that reads.
pub(super) fn perform(rows: &Rows, op: &Op, made: &[Uuid]) -> Answer {
    Read { rows, made }.perform(op)
}

pub(super) struct Read<'a> {
    pub(super) rows: &'a Rows,
    pub(super) made: &'a [Uuid],
}

impl Read<'_> {
    fn perform(&self, op: &Op) -> Answer {
        match op {
            Op::FindById(table, key) => {
                let row = self.rows.table(*table).get(&key_cells(*table, *key, self.made));
                Ok(format!("{:?}", row.map(|row| vec![Some(row.clone())])))
            }
            Op::Find(table, reading) => self.read(&[*table], single(self.rows.all(*table)), reading),
            Op::FindWith(relation, with, reading) => self.find_with(*relation, *with, reading),
            Op::Join(relation, kind, reverse, reading) => self.join(*relation, *kind, *reverse, reading),
            Op::Chain(reading) => {
                let tables = [Table::Project, Table::Task, Table::TaskTag, Table::Tag, Table::Profile];
                let hops = [
                    (0, 0, Table::Task, 1),
                    (1, 0, Table::TaskTag, 0),
                    (2, 1, Table::Tag, 0),
                    (0, 0, Table::Profile, 1),
                ];
                let mut joined = single(self.rows.all(Table::Project));
                for (place, (from, column, table, to)) in hops.into_iter().enumerate() {
                    joined = self.hop(joined, place + 1, from, JoinKind::Left, (column, table, to));
                }
                self.read(&tables, joined, reading)
            }
            Op::Has(relation, has, of, reading) => {
                let mut rows = self.rows.all(relation.from());
                rows.retain(|row| self.related(*relation, row, of).is_empty() != *has);
                self.read(&[relation.from()], single(rows), reading)
            }
            Op::Among(among, is_in, of, reading) => self.among(*among, *is_in, of, reading),
            Op::Group(grouped, filter, most) => Ok(self.group(*grouped, filter, i64::from(*most))),
            Op::Distinct(column, filter, count) => {
                let rows = self.rows.matching(column.0, filter, self.made);
                let values: BTreeSet<Cell> = rows.into_iter().map(|row| row[column.1].clone()).collect();
                if *count {
                    return Ok(format!("{:?}", values.len()));
                }
                // NULL is last.
                let (null, mut values): (Vec<_>, Vec<_>) = values.into_iter().partition(|value| *value == Cell::Null);
                values.extend(null);
                Ok(format!("{values:?}"))
            }
            Op::Load(loaded, filter, of) => Ok(self.load(*loaded, filter, of)),
            Op::LoadMany(relation, filter, of) => {
                let rows = self.rows.matching(relation.from(), filter, self.made);
                let related: Vec<_> = rows.iter().map(|row| self.related(*relation, row, of)).collect();
                Ok(format!("{related:?}"))
            }
            Op::LoadOne(relation, filter, of) => {
                let rows = self.rows.matching(relation.from(), filter, self.made);
                let related = rows.iter().map(|row| self.related(*relation, row, of).into_iter().next());
                Ok(format!("{:?}", related.collect::<Vec<_>>()))
            }
            Op::FindRelated(relation, key, reading) => {
                let row = self.rows.table(relation.from()).get(&key_cells(relation.from(), *key, self.made));
                let related = row.map(|row| self.related(*relation, row, &Test::All(Vec::new()))).unwrap_or_default();
                self.read(&[relation.to()], single(related), reading)
            }
            Op::Cursor(cursor) => Ok(self.cursor(cursor)),
            Op::Raw(table) => Ok(format!("{:?}", self.rows.all(*table))),
            write => unreachable!("a write: {write:?}"),
        }
    }

    fn group(&self, grouped: Grouped, filter: &Test, most: i64) -> String {
        let tasks = self.rows.matching(Table::Task, filter, self.made);
        let by: BTreeSet<Cell> = match grouped {
            Grouped::ByTitle => tasks.iter().map(|task| task[2].clone()).collect(),
            Grouped::ByProject => tasks.iter().map(|task| task[1].clone()).collect(),
            // The filter is on what is joined: a project without a task in it is out, unless NULL passes.
            Grouped::PerProject => self.rows.all(Table::Project).iter().map(|project| project[0].clone()).collect(),
        };
        let column = if matches!(grouped, Grouped::ByTitle) { 2 } else { 1 };
        let mut groups = Vec::new();
        for by in by {
            let all = self.rows.all(Table::Task);
            let of_group = |task: &&Row| task[column] == by;
            let is_alone = matches!(grouped, Grouped::PerProject) && !all.iter().any(|task| of_group(&task));
            let points: Vec<i64> = tasks.iter().filter(of_group).map(|task| int(&task[3])).collect();
            let passes = !points.is_empty() || (is_alone && holds(filter, &[Table::Task], &[None], self.made));
            let count = i64::try_from(points.len()).unwrap();
            if passes && (count > most || most == 0) {
                let sum = if points.is_empty() { None } else { Some(points.iter().sum::<i64>()) };
                groups.push((by, count, sum, points.iter().min().copied(), points.iter().max().copied()));
            }
        }
        groups.sort_by_key(|group| (group.0 == Cell::Null, group.0.clone()));
        format!("{groups:?}")
    }

    fn load(&self, loaded: Loaded, filter: &Test, of: &Test) -> String {
        let all = Test::All(Vec::new());
        match loaded {
            Loaded::Tuple | Loaded::Filtered => {
                let of = if matches!(loaded, Loaded::Filtered) { of } else { &all };
                let projects = self.rows.matching(Table::Project, filter, self.made).into_iter().map(|project| {
                    let tasks = self.related(Relation::ProjectTask, &project, of).into_iter();
                    let tasks = tasks.map(|task| (task.clone(), self.related(Relation::TaskTag, &task, &all)));
                    let tasks: Vec<_> = tasks.collect();
                    let profile = self.related(Relation::ProjectProfile, &project, &all).into_iter().next();
                    (project, tasks, profile)
                });
                format!("{:?}", projects.collect::<Vec<_>>())
            }
            Loaded::Task => {
                let tasks = self.rows.matching(Table::Task, filter, self.made).into_iter().map(|task| {
                    let project = self.related(Relation::TaskProject, &task, &all).into_iter().next();
                    let links = self.related(Relation::TaskTaskTag, &task, &all).into_iter().map(|link| {
                        let tag = self.related(Relation::TaskTagTag, &link, &all).into_iter().next();
                        (link, tag)
                    });
                    (task, project, links.collect::<Vec<_>>())
                });
                format!("{:?}", tasks.collect::<Vec<_>>())
            }
        }
    }

    fn cursor(&self, cursor: &Cursor) -> String {
        let (table, columns) = cursor.by.columns();
        let key = |row: &Row| columns.iter().map(|&column| row[column].clone()).collect::<Vec<_>>();
        let bound = |bound: &Option<Vec<crate::values::Literal>>| {
            bound.as_ref().map(|bound| bound.iter().map(|value| value.cell(self.made)).collect::<Vec<_>>())
        };
        let mut rows = self.rows.matching(table, &cursor.filter, self.made);
        let (mut low, mut high) = (bound(&cursor.after), bound(&cursor.before));
        if cursor.descending {
            rows.sort_by_key(|row| Reverse(key(row)));
            std::mem::swap(&mut low, &mut high);
        } else {
            rows.sort_by_key(key);
        }
        rows.retain(|row| low.as_ref().is_none_or(|low| key(row) > *low));
        rows.retain(|row| high.as_ref().is_none_or(|high| key(row) < *high));
        if let Some(first) = cursor.first {
            rows.truncate(first.into());
        }
        if let Some(last) = cursor.last {
            rows.drain(..rows.len().saturating_sub(last.into()));
        }
        format!("{:?}", single(rows))
    }

    /// The rows that pass the filter, in their order.
    fn sorted(&self, tables: &[Table], mut rows: Vec<Joined>, reading: &Reading) -> Vec<Joined> {
        rows.retain(|row| holds(&reading.filter, tables, row, self.made));
        let keys = tables.iter().flat_map(|&table| (0..table.key()).map(move |column| Column(table, column)));
        rows.sort_by(|one, other| {
            let compare = |column, descending: bool, nulls_first: bool| {
                let (one, other) = (value(tables, one, column), value(tables, other, column));
                match (one == Cell::Null, other == Cell::Null) {
                    (true, true) => Ordering::Equal,
                    (true, false) => {
                        if nulls_first {
                            Ordering::Less
                        } else {
                            Ordering::Greater
                        }
                    }
                    (false, true) => {
                        if nulls_first {
                            Ordering::Greater
                        } else {
                            Ordering::Less
                        }
                    }
                    (false, false) if descending => other.cmp(&one),
                    (false, false) => one.cmp(&other),
                }
            };
            // Without a word about it, NULL is larger than any value.
            let given = reading
                .order
                .iter()
                .map(|by| compare(by.column, by.descending, by.nulls_first.unwrap_or(by.descending)));
            let keys = keys.clone().map(|column| compare(column, false, false));
            given.chain(keys).find(|order| *order != Ordering::Equal).unwrap_or(Ordering::Equal)
        });
        rows
    }

    pub(super) fn window(&self, tables: &[Table], rows: Vec<Joined>, reading: &Reading) -> Vec<Joined> {
        let rows = self.sorted(tables, rows, reading).into_iter();
        let limit = reading.limit.map_or(usize::MAX, usize::from);
        rows.skip(reading.offset.unwrap_or(0).into()).take(limit).collect()
    }

    pub(super) fn read(&self, tables: &[Table], rows: Vec<Joined>, reading: &Reading) -> Answer {
        match reading.how {
            // It has a limit of its own.
            How::One | How::RequireOne => {
                let reading = Reading { limit: Some(1), ..reading.clone() };
                answer(&self.window(tables, rows, &reading), reading.how)
            }
            // They have a limit and an offset of their own.
            How::Pages(_) | How::Page(..) => answer(&self.sorted(tables, rows, reading), reading.how),
            how => answer(&self.window(tables, rows, reading), how),
        }
    }
}

pub(super) fn answer(rows: &[Joined], how: How) -> Answer {
    Ok(match how {
        How::All | How::Stream => format!("{rows:?}"),
        How::One => format!("{:?}", rows.first()),
        How::RequireOne => format!("{:?}", rows.first().ok_or(Failure::NotFound)?),
        How::Count => format!("{:?}", rows.len()),
        How::Exists => format!("{:?}", !rows.is_empty()),
        How::Pages(size) => {
            let pages: Vec<_> = rows.chunks(size.into()).collect();
            format!("{:?}", (rows.len(), pages.len(), pages))
        }
        How::Page(page, size) => {
            let page: Vec<_> = rows.chunks(size.into()).nth(page.into()).unwrap_or_default().to_vec();
            format!("{page:?}")
        }
    })
}

pub(super) fn single(rows: Vec<Row>) -> Vec<Joined> {
    rows.into_iter().map(|row| vec![Some(row)]).collect()
}

fn int(cell: &Cell) -> i64 {
    match cell {
        Cell::Int(int) => *int,
        other => panic!("no number: {other:?}"),
    }
}
