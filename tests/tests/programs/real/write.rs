//! Writes.

use db::{OnConflict, Result, UpdateMany, prelude::*};

use super::{
    Done, Place,
    rows::{Cells, Keyed, Tested},
    table,
};
use crate::{
    filter::Test,
    op::{Answered, Assigned, Changes, Conflict, Op, Save, Saved},
    program::NewRow,
    tables::{
        profile::Profile,
        project::{self, Project},
        task::{self, Task},
        task_tag::{self, TaskTag},
    },
    values::{Cell, Column, Id, Row, Table},
};

impl Place<'_> {
    pub(super) async fn write(&self, op: &Op) -> Result<Done> {
        match op {
            Op::InsertOne(row, conflict, answered) => self.insert(row, conflict, op.answered(*answered)).await,
            Op::InsertMany(table, rows, conflict, answered) => {
                self.insert_many(*table, rows, conflict, op.answered(*answered)).await
            }
            Op::UpdateById(table, key, changes) => {
                let changes = self.cells(changes);
                table!(table, F => {
                    let mut cells = vec![None; table.columns().len()];
                    for (place, cell) in changes {
                        cells[place] = Some(cell);
                    }
                    let row = F::update_by_id(self.key::<F>(*key), F::draft(&cells)).exec(self.cx).await?;
                    Ok(Done::with(&row.cells()))
                })
            }
            Op::Update(table, key, changes) => {
                let changes = self.cells(changes);
                table!(table, F => {
                    let found = F::find_by_id(self.key::<F>(*key)).one(self.cx).await?;
                    let row = found.unwrap_or_else(|| self.made_up::<F>(*table, *key));
                    Ok(Done::with(&F::update(F::changed(row, &changes)).exec(self.cx).await?.cells()))
                })
            }
            Op::UpdateMany(table, filter, assigned, answered) => {
                self.update_many(*table, filter, assigned, *answered).await
            }
            Op::WriteAmong { is_in, of, plus } => self.write_among(*is_in, of, *plus).await,
            Op::Save(save) => self.save(save).await,
            delete => self.delete(delete).await,
        }
    }

    fn cells(&self, changes: &Changes) -> Vec<(usize, Cell)> {
        changes.iter().map(|(place, value)| (*place, value.cell(self.made))).collect()
    }

    fn draft<F: Tested>(&self, row: &NewRow) -> F::Draft {
        let cells: Vec<_> = row.values.iter().map(|value| value.map(|value| value.cell(self.made))).collect();
        F::draft(&cells)
    }

    async fn insert(&self, row: &NewRow, conflict: &Conflict, answered: Answered) -> Result<Done> {
        table!(row.table, F => {
            let mut insert = F::insert(self.draft::<F>(row));
            insert = match conflict {
                Conflict::Nothing(0) => insert.on_conflict_do_nothing(),
                other => match on_conflict::<F>(row.table, other) {
                    Some(on_conflict) => insert.on_conflict(on_conflict),
                    None => insert,
                },
            };
            Ok(match answered {
                Answered::Number => Done::with(&insert.exec_without_returning(self.cx).await?.rows_affected),
                Answered::Keys => {
                    let key = insert.exec(self.cx).await?.cells();
                    Done { keys: vec![key[0].id()], ..Done::with(&key) }
                }
                Answered::Rows => {
                    let row = insert.exec_with_returning(self.cx).await?.cells();
                    Done { keys: vec![row[0].id()], ..Done::with(&row) }
                }
            })
        })
    }

    async fn insert_many(
        &self,
        table: Table,
        rows: &[NewRow],
        conflict: &Conflict,
        answered: Answered,
    ) -> Result<Done> {
        table!(table, F => {
            let mut insert = F::insert_many(rows.iter().map(|row| self.draft::<F>(row)).collect::<Vec<_>>());
            insert = match conflict {
                Conflict::Nothing(0) => insert.on_conflict_do_nothing(),
                other => match on_conflict::<F>(table, other) {
                    Some(on_conflict) => insert.on_conflict(on_conflict),
                    None => insert,
                },
            };
            let first = |rows: &[Row]| rows.iter().map(|row| row[0].id()).collect();
            Ok(match answered {
                Answered::Number => Done::with(&insert.exec(self.cx).await?.rows_affected),
                Answered::Keys => {
                    let keys: Vec<Row> =
                        insert.exec_with_returning_keys(self.cx).await?.into_iter().map(Keyed::cells).collect();
                    Done { keys: first(&keys), ..Done::with(&keys) }
                }
                Answered::Rows => {
                    let rows: Vec<Row> =
                        insert.exec_with_returning(self.cx).await?.into_iter().map(Cells::cells).collect();
                    Done { keys: first(&rows), ..Done::with(&rows) }
                }
            })
        })
    }

    async fn update_many(&self, table: Table, filter: &Test, assigned: &Assigned, answered: Answered) -> Result<Done> {
        table!(table, F => {
            let mut update = F::update_many().filter(filter.condition(self.made));
            match assigned {
                Assigned::Values(changes) => {
                    let mut cells = vec![None; table.columns().len()];
                    for (place, cell) in self.cells(changes) {
                        cells[place] = Some(cell);
                    }
                    update = update.set(F::draft(&cells));
                }
                Assigned::Plus(place, plus) => {
                    update = plus_in::<F>(update, Column(table, *place), (*plus).into());
                }
            }
            Ok(match answered {
                Answered::Number => Done::with(&update.exec(self.cx).await?.rows_affected),
                _ => Done::with(&sorted(update.exec_with_returning(self.cx).await?)),
            })
        })
    }

    async fn delete(&self, op: &Op) -> Result<Done> {
        match op {
            Op::DeleteById(table, key, Answered::Rows) => table!(table, F => {
                let row = F::delete_by_id(self.key::<F>(*key)).exec_with_returning(self.cx).await?;
                Ok(Done::with(&row.cells()))
            }),
            Op::DeleteById(table, key, _) => table!(table, F => {
                F::delete_by_id(self.key::<F>(*key)).exec(self.cx).await?;
                Ok(Done { answer: "deleted".to_owned(), keys: Vec::new() })
            }),
            Op::DeleteRow(table, key) => table!(table, F => {
                let found = F::find_by_id(self.key::<F>(*key)).one(self.cx).await?;
                let row = found.unwrap_or_else(|| self.made_up::<F>(*table, *key));
                F::delete(&row).exec(self.cx).await?;
                Ok(Done { answer: "deleted".to_owned(), keys: Vec::new() })
            }),
            Op::DeleteMany(table, filter, answered) => table!(table, F => {
                let delete = F::delete_many().filter(filter.condition(self.made));
                Ok(match answered {
                    Answered::Number => Done::with(&delete.exec(self.cx).await?.rows_affected),
                    _ => Done::with(&sorted(delete.exec_with_returning(self.cx).await?)),
                })
            }),
            Op::DeleteIds(table, keys) => table!(table, F => {
                let delete = F::delete_many().filter_by_ids(keys.iter().map(|key| self.key::<F>(*key)));
                Ok(Done::with(&delete.exec(self.cx).await?.rows_affected))
            }),
            other => unreachable!("no write: {other:?}"),
        }
    }

    async fn write_among(&self, is_in: bool, of: &Test, plus: Option<i8>) -> Result<Done> {
        let projects = Project::find().filter(of.condition(self.made)).select_only().column(project::Column::Id);
        let tasks = match (plus, is_in) {
            (Some(plus), is_in) => {
                let sum = Column(Table::Task, 3).expr().add(i32::from(plus));
                let update = Task::update_many().col_expr(task::Writable::Points, sum);
                if is_in {
                    update.in_subquery(task::Column::ProjectId, projects).exec_with_returning(self.cx).await?
                } else {
                    update.not_in_subquery(task::Column::ProjectId, projects).exec_with_returning(self.cx).await?
                }
            }
            (None, true) => {
                let delete = Task::delete_many().in_subquery(task::Column::ProjectId, projects);
                delete.exec_with_returning(self.cx).await?
            }
            (None, false) => {
                let delete = Task::delete_many().not_in_subquery(task::Column::ProjectId, projects);
                delete.exec_with_returning(self.cx).await?
            }
        };
        Ok(Done::with(&sorted(tasks)))
    }

    async fn save(&self, save: &Save) -> Result<Done> {
        let tasks = save.tasks.iter().map(|(task, tags)| {
            let link = |tag: &Id| task_tag::Draft { tag_id: Set(tag.uuid(self.made)), ..Default::default() };
            Task::save(self.saved::<Task>(Table::Task, task)).with(TaskTag, tags.iter().map(link).collect::<Vec<_>>())
        });
        let profile = save.profile.as_ref().map(|profile| self.saved::<Profile>(Table::Profile, profile));
        let saved = Project::save(self.saved::<Project>(Table::Project, &save.project))
            .with(Profile, profile)
            .with_each(tasks.collect::<Vec<_>>())
            .exec(self.cx)
            .await?;
        let profile = saved.profile.clone().into_option().map(Cells::cells);
        let tasks: Vec<(Row, Vec<Row>)> = (saved.tasks.clone().into_iter())
            .map(|task| {
                let links = task.task_tags.clone().into_iter().map(Cells::cells).collect();
                (task.cells(), links)
            })
            .collect();
        let project = saved.cells();
        let keys = [&project].into_iter().chain(&profile).chain(tasks.iter().map(|(task, _)| task));
        Ok(Done { keys: keys.map(|row| row[0].id()).collect(), ..Done::with(&(&project, &profile, &tasks)) })
    }

    fn saved<F: Tested>(&self, table: Table, saved: &Saved) -> F::Draft {
        match saved {
            Saved::New(row) => self.draft::<F>(row),
            Saved::There(id, changes) => F::changed(self.made_up::<F>(table, (*id, *id)), &self.cells(changes)),
        }
    }
}

/// Adds to a column.
fn plus_in<F: Tested>(update: UpdateMany<F>, column: Column, plus: i32) -> UpdateMany<F> {
    update.col_expr(F::writable(column.1), column.expr().add(plus))
}

fn on_conflict<F: Tested>(table: Table, conflict: &Conflict) -> Option<OnConflict<F>> {
    let by = |key: &usize| OnConflict::columns(table.unique()[*key].iter().map(|&place| F::column(place)));
    match conflict {
        Conflict::Fail => None,
        Conflict::Nothing(key) => Some(by(key).do_nothing()),
        Conflict::Update(key, columns) => Some(by(key).update_columns(columns.iter().map(|&place| F::writable(place)))),
    }
}

/// The order in which rows are updated or deleted is no one's concern.
fn sorted(rows: Vec<impl Cells>) -> Vec<Row> {
    let mut rows: Vec<Row> = rows.into_iter().map(Cells::cells).collect();
    rows.sort();
    rows
}
