//! Saves of a row with those that point at it.

use db::prelude::*;

use super::{
    Failure,
    write::{Write, check, insert},
};
use crate::{
    op::{Save, Saved},
    values::{Cell, Id, Row, Table},
};

type Result<T> = std::result::Result<T, Failure>;

impl<K: Iterator<Item = Uuid>> Write<'_, K> {
    pub(super) fn save(&mut self, save: &Save) -> Result<String> {
        let project = self.save_one(Table::Project, &save.project, None)?;
        let parent = Some(project[0].clone());
        let profile = match &save.profile {
            Some(profile) => Some(self.save_one(Table::Profile, profile, parent.clone())?),
            None => None,
        };
        let mut tasks = Vec::new();
        for (task, _) in &save.tasks {
            tasks.push((self.save_one(Table::Task, task, parent.clone())?, Vec::new()));
        }
        for ((task, links), (_, tags)) in tasks.iter_mut().zip(&save.tasks) {
            for tag in tags {
                let link = vec![task[0].clone(), Cell::Id(Id::uuid(*tag, self.made)), Cell::Id(self.organization)];
                insert(self.rows, Table::TaskTag, link.clone())?;
                links.push(link);
            }
        }
        Ok(format!("{:?}", (project, profile, tasks)))
    }

    fn save_one(&mut self, table: Table, saved: &Saved, parent: Option<Cell>) -> Result<Row> {
        match saved {
            Saved::New(new) => {
                let key = if new.values[0].is_none() { self.make_key() } else { Cell::Null };
                let mut row = self.cells(new, &key);
                if new.values[0].is_some() {
                    self.keys.next();
                }
                if let Some(parent) = parent {
                    row[1] = parent;
                }
                insert(self.rows, table, row.clone())?;
                Ok(row)
            }
            Saved::There(id, changes) => {
                self.keys.next();
                let key = vec![Cell::Id(id.uuid(self.made))];
                let mut row = self.rows.table(table).get(&key).cloned().ok_or(Failure::NotFound)?;
                for (column, value) in changes {
                    row[*column] = value.cell(self.made);
                }
                if let Some(parent) = parent {
                    row[1] = parent;
                }
                check(self.rows, table, &row, Some(&key))?;
                self.rows.table_mut(table).insert(key, row.clone());
                Ok(row)
            }
        }
    }
}
