//! What a tenant knows of its rows.

use std::collections::BTreeMap;

use db::prelude::*;

use crate::{
    model::{Fault, Model},
    program::NewRow,
    stage::Stored,
    values::{Row, TABLES},
};

/// The rows of an organization, and those of its one member, as the transactions whose outcome is known have left them.
#[derive(Clone, Debug)]
pub(crate) struct Books {
    pub(crate) model: Model,
    /// The project of each bookmark.
    pub(crate) bookmarks: BTreeMap<Uuid, Uuid>,
}

/// What a database has of it.
pub(crate) type Holdings = (Stored, BTreeMap<Uuid, Uuid>);

impl Books {
    pub(crate) fn new(organization: Uuid, rows: &[NewRow]) -> Self {
        let model = Model::new(&[organization], &[rows.to_vec()], Fault::None);
        Self { model, bookmarks: BTreeMap::new() }
    }

    /// What the database is to hold.
    pub(crate) fn holdings(&self) -> Holdings {
        (self.rows(), self.bookmarks.clone())
    }

    /// The rows of the organization.
    pub(crate) fn rows(&self) -> Stored {
        let rows = &self.model.tenants[0].rows;
        TABLES.map(|table| rows.table(table).values().cloned().collect()).into()
    }
}

/// Says where two lots of rows differ, and not all of them.
pub(crate) fn difference(books: &Holdings, found: &Holdings) -> Option<String> {
    for (table, (books, found)) in TABLES.iter().zip(books.0.iter().zip(&found.0)) {
        let missing: Vec<&Row> = books.difference(found).take(3).collect();
        let extra: Vec<&Row> = found.difference(books).take(3).collect();
        if !(missing.is_empty() && extra.is_empty()) {
            return Some(format!("{}: missing {missing:?}, too many {extra:?}", table.name()));
        }
    }
    (books.1 != found.1).then(|| format!("bookmarks: {:?}, and not {:?}", found.1, books.1))
}
