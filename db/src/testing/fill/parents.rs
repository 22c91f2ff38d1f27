//! The rows that a row points at.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{Filler, Line, Order, Values, sql_of};
use crate::{
    sql::quote,
    testing::{
        Result,
        candidates::{Hints, candidates},
        failure, literal,
        tables::Constraint,
    },
};

impl Filler<'_> {
    /// Puts the values of the foreign keys in, and makes the rows that are still missing. Returns the columns that the
    /// row need not have.
    pub(super) async fn parents(
        &mut self,
        order: &Order<'_>,
        values: &mut Values,
        afresh: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>> {
        let catalog = self.catalog;
        let table = &catalog.tables[order.table];
        let mut optional = BTreeSet::new();
        let mut keys: Vec<&Constraint> = table.foreign_keys().collect();
        // What is settled by the scope settles others.
        keys.sort_by_key(|key| key.columns.iter().filter(|column| !values.contains_key(*column)).count());
        for key in keys {
            let Some(parent) = catalog.at(key.parent) else { continue };
            let known: Values = (key.columns.iter().zip(&key.parent_columns))
                .filter_map(|(own, theirs)| Some((theirs.clone(), values.get(own)?.clone())))
                .collect();
            let next =
                Order { table: parent, values: known.clone(), party: order.party, person: order.person, kept: true };
            if known.len() == key.columns.len() {
                let exists =
                    known.values().any(|value| value == "NULL") || !self.rows(parent, &known).await?.is_empty();
                if !exists && !self.is_under_way(parent) {
                    self.make(next).await?;
                }
                continue;
            }
            let is_missing = |column: &&String| !values.contains_key(*column);
            let required = key
                .columns
                .iter()
                .filter(is_missing)
                .any(|column| table.column(column).is_some_and(|column| column.not_null && !column.has_default()));
            let found = if afresh.contains(&key.name) { None } else { self.find(parent, &known, order).await? };
            let line = match found {
                Some(line) => line,
                None if required && key.deferrable && self.needs(parent, order.table) => {
                    self.promise(order, key, parent, known, values).await?;
                    continue;
                }
                None if self.is_under_way(parent) && required => {
                    self.close_cycle(order, key, parent, values).await?;
                    continue;
                }
                None if required || afresh.contains(&key.name) => self.make(next).await?,
                None => continue,
            };
            for (own, theirs) in key.columns.iter().zip(&key.parent_columns) {
                if !values.contains_key(own) {
                    values.insert(own.clone(), line.get(theirs).map_or("NULL".to_owned(), sql_of));
                    if !required {
                        optional.insert(own.clone());
                    }
                }
            }
        }
        Ok(optional)
    }

    fn is_under_way(&self, table: usize) -> bool {
        self.under_way.iter().any(|(other, _)| *other == table)
    }

    /// Returns the rows of a table that have the values.
    pub(in crate::testing) async fn rows(&mut self, table: usize, known: &Values) -> Result<Vec<Line>> {
        let equal = |(column, sql): (&String, &String)| format!("t.{} = {sql}", quote(column));
        let conditions: Vec<_> = known.iter().map(equal).chain(["true".to_owned()]).collect();
        let sql = format!(
            "SELECT pg_catalog.to_jsonb(t)::text FROM {} t WHERE {} LIMIT 500",
            self.catalog.tables[table].sql(),
            conditions.join(" AND "),
        );
        let lines = self.session.lines(&sql).await?;
        Ok(lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }

    /// Finds a row of the same side to point at; in a table that no entity knows, any.
    async fn find(&mut self, parent: usize, known: &Values, order: &Order<'_>) -> Result<Option<Line>> {
        let key = self.catalog.tables[parent].key();
        let rows = self.rows(parent, known).await?;
        let same = |made: &Line, row: &Line| key.iter().all(|column| made.get(*column) == row.get(*column));
        let of_side = self.made.iter().filter(|made| made.table == parent && made.side == order.party.side);
        for made in of_side {
            if let Some(row) = rows.iter().find(|row| same(&made.line, row)) {
                return Ok(Some(row.clone()));
            }
        }
        let is_shared = self.subjects.iter().all(|subject| subject.table != parent)
            && self.made.iter().all(|made| made.table != parent);
        Ok(rows.into_iter().next().filter(|_| is_shared))
    }

    /// Points at a row that is under way: itself, or one that is inserted later, where the constraint can wait.
    async fn close_cycle(
        &mut self,
        order: &Order<'_>,
        key: &Constraint,
        parent: usize,
        values: &mut Values,
    ) -> Result<()> {
        let catalog = self.catalog;
        let table = &catalog.tables[order.table];
        let is_itself = parent == order.table;
        if !is_itself {
            if !key.deferrable {
                return Err(failure(format!(
                    "table {}: ({}) has to point at a row of {} that in turn has to point at it, and {} is not \
                     DEFERRABLE; write .value({:?}, {:?}, \"<SQL>\") for a row that is there",
                    table.name,
                    key.columns.join(", "),
                    catalog.tables[parent].name,
                    key.name,
                    table.name,
                    key.columns.last().map_or("", String::as_str),
                )));
            }
            self.session.run(&format!("SET CONSTRAINTS {} DEFERRED", table.constraint_sql(key))).await?;
        }
        for (own, theirs) in key.columns.iter().zip(&key.parent_columns) {
            if values.contains_key(own) {
                continue;
            }
            let promised = self.under_way.iter().rev().find(|(other, _)| *other == parent);
            let value = match promised.and_then(|(_, values)| values.get(theirs)) {
                Some(value) => value.clone(),
                None => self.allocate(parent, theirs).await?,
            };
            if let Some((_, promised)) = self.under_way.iter_mut().rev().find(|(other, _)| *other == parent) {
                promised.insert(theirs.clone(), value.clone());
            }
            values.insert(own.clone(), value);
        }
        Ok(())
    }

    /// Returns whether a row of the table cannot be before one of the other is, by a key that cannot wait.
    fn needs(&self, table: usize, other: usize) -> bool {
        let of = &self.catalog.tables[table];
        let oid = self.catalog.tables[other].oid;
        of.foreign_keys().any(|key| key.parent == oid && !key.deferrable && of.requires(key))
    }

    /// Points at a row that is made after this one.
    async fn promise(
        &mut self,
        order: &Order<'_>,
        key: &Constraint,
        parent: usize,
        known: Values,
        values: &mut Values,
    ) -> Result<()> {
        let constraint = self.catalog.tables[order.table].constraint_sql(key);
        self.session.run(&format!("SET CONSTRAINTS {constraint} DEFERRED")).await?;
        let mut promised = known;
        for (own, theirs) in key.columns.iter().zip(&key.parent_columns) {
            if !values.contains_key(own) {
                let value = self.allocate(parent, theirs).await?;
                values.insert(own.clone(), value.clone());
                promised.insert(theirs.clone(), value);
            }
        }
        self.promised.push((parent, promised));
        Ok(())
    }

    /// Whether rows of the table need rows of others that in turn need one of it.
    pub(in crate::testing) fn is_cyclic(&self, table: usize) -> bool {
        let mut seen = BTreeSet::new();
        let mut left = vec![table];
        while let Some(at) = left.pop() {
            let of = &self.catalog.tables[at];
            for key in of.foreign_keys().filter(|key| of.requires(key)) {
                match self.catalog.at(key.parent) {
                    Some(parent) if parent == table && at != table => return true,
                    Some(parent) if parent != at && seen.insert(parent) => left.push(parent),
                    _ => {}
                }
            }
        }
        false
    }

    /// Chooses a value of a key before its row is inserted.
    async fn allocate(&mut self, table: usize, column: &str) -> Result<String> {
        let catalog = self.catalog;
        let table = &catalog.tables[table];
        let no_column = || failure(format!("table {} has no column {column}", table.name));
        let of = table.column(column).ok_or_else(no_column)?;
        if of.base == "uuid" {
            return Ok(literal(&Uuid::new_v4().to_string()));
        }
        let sql = match &of.default {
            Some(default) => format!("SELECT ({default})::text"),
            None if of.identity => format!(
                "SELECT pg_catalog.nextval(pg_catalog.pg_get_serial_sequence({}, {}))::text",
                literal(&table.sql()),
                literal(column)
            ),
            None => {
                let first = candidates(of, &Hints::default(), self.serial).into_iter().next();
                return first.ok_or_else(no_column);
            }
        };
        let value = self.session.lines(&sql).await?.pop();
        value.map(|value| literal(&value)).ok_or_else(no_column)
    }
}
