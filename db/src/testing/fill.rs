//! Fills tables: each row with what it needs, and after the rows that it points at.

mod insert;
mod parents;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{FutureExt, future::BoxFuture};
use uuid::Uuid;

use super::{Result, failure, literal, session::Session, setup::Given, subject::Subject, tables::Catalog};
use crate::{ScopeKind, scope::Rows};

/// SQL for the values of columns.
pub(super) type Values = BTreeMap<String, String>;

/// A row, as `to_jsonb` has it.
pub(super) type Line = serde_json::Map<String, serde_json::Value>;

/// Whose a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The tenant that is attacked.
    Victim,
    /// The one from whose contexts it is attacked.
    Hostile,
    /// A person who is a member of nothing.
    Stranger,
}

/// An organization, and its people: the one of the highest role first.
#[derive(Clone, Debug)]
pub(super) struct Party {
    pub(super) side: Side,
    pub(super) organization: Uuid,
    pub(super) people: Vec<Uuid>,
}

/// A row that was made.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) table: usize,
    pub(super) side: Side,
    pub(super) line: Line,
}

/// A row to be made.
#[derive(Clone, Debug)]
pub(super) struct Order<'p> {
    pub(super) table: usize,
    /// What it has to have.
    pub(super) values: Values,
    pub(super) party: &'p Party,
    pub(super) person: Uuid,
    /// Whether it stays; one that does not could be made, and the rows that it points at are there.
    pub(super) kept: bool,
}

/// Makes rows, on the connection of a superuser.
#[derive(Debug)]
pub(super) struct Filler<'a> {
    pub(super) session: &'a mut Session,
    catalog: &'a Catalog,
    subjects: &'a [Subject],
    given: &'a Given,
    pub(super) made: Vec<Made>,
    /// Differs for each row, and for each attempt at one.
    serial: u32,
    /// The tables whose rows are under way, with the values that others have been promised.
    under_way: Vec<(usize, Values)>,
    /// The rows that others point at already, and that are made after them.
    promised: Vec<(usize, Values)>,
}

/// The unique columns in which a row conflicted with another.
struct Conflict(Vec<String>);

impl<'a> Filler<'a> {
    pub(super) fn new(
        session: &'a mut Session,
        catalog: &'a Catalog,
        subjects: &'a [Subject],
        given: &'a Given,
    ) -> Self {
        Self {
            session,
            catalog,
            subjects,
            given,
            made: Vec::new(),
            serial: 0,
            under_way: Vec::new(),
            promised: Vec::new(),
        }
    }

    pub(super) fn subjects(&self) -> &'a [Subject] {
        self.subjects
    }

    /// Makes a row, and first those that it points at.
    pub(super) fn make<'f>(&'f mut self, order: Order<'f>) -> BoxFuture<'f, Result<Line>> {
        self.make_row(order).boxed()
    }

    async fn make_row(&mut self, order: Order<'_>) -> Result<Line> {
        let table = &self.catalog.tables[order.table];
        if self.under_way.len() > 40 {
            return Err(failure(format!("table {}: its required rows lead to ever more of them", table.name)));
        }
        // The foreign keys for which an earlier row does not do: it has a child already.
        let mut afresh = BTreeSet::new();
        loop {
            self.serial += 1;
            let mut values = self.fixed(&order);
            self.under_way.push((order.table, values.clone()));
            let optional = self.parents(&order, &mut values, &afresh).await;
            let promised = self.under_way.pop().map(|(_, values)| values).unwrap_or_default();
            let optional = optional?;
            for (column, value) in promised {
                values.entry(column).or_insert(value);
            }
            let promised = std::mem::take(&mut self.promised);
            match self.insert(&order, &values, &optional).await? {
                Ok(line) => {
                    if order.kept {
                        self.made.push(Made { table: order.table, side: order.party.side, line: line.clone() });
                    }
                    for (table, values) in promised {
                        self.make(Order { table, values, kept: true, ..order.clone() }).await?;
                    }
                    return Ok(line);
                }
                Err(Conflict(columns)) => {
                    let before = afresh.len();
                    let fixed = self.fixed(&order);
                    let leads = |key: &&super::tables::Constraint| {
                        key.columns.iter().any(|column| columns.contains(column) && !fixed.contains_key(column))
                    };
                    afresh.extend(table.foreign_keys().filter(leads).map(|key| key.name.clone()));
                    if afresh.len() == before {
                        return Err(failure(format!(
                            "table {}: no second row was found that differs in ({}); write .value({:?}, {:?}, \"<SQL with \
                             {{serial}}, which differs for each row>\")",
                            table.name,
                            columns.join(", "),
                            table.name,
                            columns.last().map_or("", String::as_str),
                        )));
                    }
                }
            }
        }
    }

    /// Returns what the row has to have: by the order, by the user, and by the scopes of its entity.
    fn fixed(&self, order: &Order<'_>) -> Values {
        let mut values = order.values.clone();
        let table = &self.catalog.tables[order.table];
        for (column, sql) in self.given.of(table) {
            values.entry(column.to_owned()).or_insert_with(|| sql.replace("{serial}", &self.serial.to_string()));
        }
        for (column, key) in self.scope_values(order.table, order.party, order.person) {
            values.entry(column).or_insert(key);
        }
        values
    }

    /// Returns the values of a table's scope columns.
    pub(super) fn scope_values(&self, table: usize, party: &Party, person: Uuid) -> Values {
        let subject = self.subjects.iter().find(|subject| subject.table == table);
        let scopes = subject.map_or(&[][..], |subject| subject.entity.scopes);
        scopes
            .iter()
            .filter_map(|declared| match (declared.rows, declared.scope) {
                (Rows::Column(column), ScopeKind::Tenant) => Some((column.to_owned(), party.organization)),
                (Rows::Column(column), ScopeKind::User) => Some((column.to_owned(), person)),
                _ => None,
            })
            .map(|(column, key)| (column, literal(&key.to_string())))
            .collect()
    }

    /// Returns whether a row of the table stands that has the values which a unique key of it is made of.
    pub(super) async fn is_taken(&mut self, table: usize, values: &Values) -> Result<bool> {
        let catalog = self.catalog;
        let of = &catalog.tables[table];
        for unique in of.uniques.iter().filter(|unique| unique.plain) {
            let has_all = unique.columns.iter().all(|column| values.contains_key(column));
            if has_all && !unique.columns.is_empty() {
                let known = unique.columns.iter().map(|column| (column.clone(), values[column].clone())).collect();
                if !self.rows(table, &known).await?.is_empty() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// Returns SQL for a value of a row.
pub(super) fn sql_of(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "NULL".to_owned(),
        serde_json::Value::String(text) => literal(text),
        other => literal(&other.to_string()),
    }
}
