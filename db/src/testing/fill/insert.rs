//! One row, by trying.

use std::collections::BTreeSet;

use super::{Conflict, Filler, Line, Order, Values};
use crate::{
    sql::quote,
    testing::{
        Result,
        candidates::{Hints, candidates},
        failure,
        session::Refused,
        tables::{Column, Table},
    },
};

/// How many rows are tried before it is given up.
const ATTEMPTS: usize = 800;

/// A column whose value is looked for.
struct Choice<'a> {
    column: &'a Column,
    hints: Hints,
    options: Vec<Value>,
    at: usize,
}

/// What a column may be given.
enum Value {
    /// It is left out, for its default, or for none.
    LeftOut,
    /// A value of a row that it points at, or no value.
    Known(String),
    /// The candidate at a place of the list.
    Candidate(usize, String),
}

impl Value {
    fn sql(&self) -> Option<&str> {
        match self {
            Self::LeftOut => None,
            Self::Known(sql) | Self::Candidate(_, sql) => Some(sql),
        }
    }
}

impl Filler<'_> {
    /// Inserts a row with the values, and looks for those of the other columns.
    pub(super) async fn insert(
        &mut self,
        order: &Order<'_>,
        values: &Values,
        optional: &BTreeSet<String>,
    ) -> Result<Result<Line, Conflict>> {
        let catalog = self.catalog;
        let table = &catalog.tables[order.table];
        let mut choices = self.choices(table, values, optional);
        for choice in choices.iter_mut().filter(|choice| !is_plain(choice.column)) {
            self.keep_valid(choice).await?;
        }
        let mut conflicts = 0;
        let mut last = None;
        if !order.kept {
            self.session.run("SAVEPOINT spare").await?;
        }
        for _ in 0..ATTEMPTS {
            let refused = match self.session.attempt(&statement(table, values, &choices)).await? {
                Ok(lines) => {
                    if !order.kept {
                        self.session.run("ROLLBACK TO SAVEPOINT spare").await?;
                    }
                    let line = lines.first().and_then(|line| serde_json::from_str(line).ok());
                    return line.map(Ok).ok_or_else(|| failure(format!("table {}: the row is not there", table.name)));
                }
                Err(refused) => refused,
            };
            match refused.code.as_str() {
                // unique_violation, exclusion_violation
                "23505" | "23P01" => {
                    let columns = conflicting(table, &refused);
                    conflicts += 1;
                    self.serial += 1;
                    let renewed = renew(&mut choices, &columns, self.serial);
                    if !renewed || (conflicts % 2 == 0 && !advance(&mut choices, &columns)) {
                        return Ok(Err(Conflict(columns)));
                    }
                }
                // foreign_key_violation: a check asks for a row to point at, and none was found.
                "23503" => {
                    let name = refused.constraint.clone().unwrap_or_default();
                    return match table.foreign_keys().find(|key| key.name == name) {
                        Some(key) => Ok(Err(Conflict(key.columns.clone()))),
                        None => Err(exhausted(table, &refused, &[])),
                    };
                }
                _ => {
                    let columns = suspects(table, &refused, &choices);
                    if !advance(&mut choices, &columns) {
                        return Err(exhausted(table, &refused, &columns));
                    }
                    last = Some((refused, columns));
                }
            }
        }
        Err(match last {
            Some((refused, columns)) => exhausted(table, &refused, &columns),
            None => failure(format!("table {}: no row was found that differs from the others", table.name)),
        })
    }

    /// Leaves out what the column's type does not take, for types of which there is much that they do not.
    async fn keep_valid(&mut self, choice: &mut Choice<'_>) -> Result<()> {
        let mut valid = Vec::new();
        for option in std::mem::take(&mut choice.options) {
            let takes = match option.sql() {
                Some(sql) => {
                    self.session.attempt(&format!("SELECT ({sql})::{}::text", choice.column.type_sql)).await?.is_ok()
                }
                None => true,
            };
            if takes {
                valid.push(option);
            }
        }
        if valid.is_empty() {
            return Err(failure(format!(
                "column {} is of type {}, of which no value is known; write .value(\"<table>\", {:?}, \"<SQL>\")",
                choice.column.name, choice.column.type_sql, choice.column.name
            )));
        }
        choice.options = valid;
        Ok(())
    }

    fn choices<'t>(&self, table: &'t Table, values: &Values, optional: &BTreeSet<String>) -> Vec<Choice<'t>> {
        let is_open = |column: &&Column| !values.contains_key(&column.name) || optional.contains(&column.name);
        let choice = |column: &'t Column| {
            let mut hints = Hints::default();
            column.checks.iter().for_each(|check| hints.add(&check.definition));
            let checks = table.checks().filter(|check| check.columns.contains(&column.name));
            checks.for_each(|check| hints.add(&check.definition));
            let mut choice = Choice { column, hints, options: Vec::new(), at: 0 };
            if let Some(value) = values.get(&column.name) {
                choice.options = vec![Value::Known(value.clone()), Value::Known("NULL".to_owned())];
            } else {
                let is_unique = table.uniques.iter().any(|unique| unique.columns.contains(&column.name));
                choice.fill(is_unique, self.serial);
            }
            choice
        };
        table.written().filter(is_open).map(choice).collect()
    }
}

impl Choice<'_> {
    fn fill(&mut self, unique: bool, serial: u32) {
        let candidates = candidates(self.column, &self.hints, serial).into_iter().enumerate();
        self.options = candidates.map(|(place, sql)| Value::Candidate(place, sql)).collect();
        if self.column.has_default() {
            self.options.insert(0, Value::LeftOut);
        } else if !self.column.not_null {
            // A unique column is worth a value: two rows without one do not conflict.
            self.options.insert(if unique { self.options.len() } else { 0 }, Value::LeftOut);
        }
    }

    fn value(&self) -> Option<&str> {
        self.options.get(self.at).and_then(Value::sql)
    }
}

/// Takes other values of the same kinds for the columns; `false` where none of them is free.
fn renew(choices: &mut [Choice<'_>], columns: &[String], serial: u32) -> bool {
    let mut renewed = false;
    for choice in choices.iter_mut().filter(|choice| columns.contains(&choice.column.name)) {
        renewed = true;
        let others = candidates(choice.column, &choice.hints, serial);
        for option in &mut choice.options {
            if let Value::Candidate(place, sql) = option
                && let Some(other) = others.get(*place)
            {
                sql.clone_from(other);
            }
        }
        // The same default again would meet the same row.
        let is_constant = choice.column.default.as_deref().is_some_and(|default| !default.contains('('));
        if is_constant && choice.value().is_none() && choice.at + 1 < choice.options.len() {
            choice.at += 1;
        }
    }
    renewed
}

/// Returns whether the candidates of the column's type are all of that type.
fn is_plain(column: &Column) -> bool {
    const PLAIN: [&str; 9] = ["uuid", "bool", "text", "varchar", "bpchar", "int8", "timestamptz", "jsonb", "bytea"];
    column.kind == "e" || PLAIN.contains(&column.base.as_str())
}

fn statement(table: &Table, values: &Values, choices: &[Choice<'_>]) -> String {
    let chosen: Vec<_> = choices.iter().map(|choice| (choice.column.name.as_str(), choice.value())).collect();
    let is_chosen = |column: &str| chosen.iter().any(|(name, _)| *name == column);
    let fixed =
        values.iter().filter(|(column, _)| !is_chosen(column) && table.written().any(|own| own.name == **column));
    let (columns, sql): (Vec<_>, Vec<_>) = fixed
        .map(|(column, sql)| (quote(column), sql.clone()))
        .chain(chosen.iter().filter_map(|(column, sql)| Some((quote(column), (*sql)?.to_owned()))))
        .unzip();
    let what = if columns.is_empty() {
        "DEFAULT VALUES".to_owned()
    } else {
        format!("({}) OVERRIDING SYSTEM VALUE VALUES ({})", columns.join(", "), sql.join(", "))
    };
    format!("INSERT INTO {} AS t {what} RETURNING pg_catalog.to_jsonb(t)::text", table.sql())
}

/// Returns the columns of the unique index, or of the constraint, that was violated.
fn conflicting(table: &Table, refused: &Refused) -> Vec<String> {
    let name = refused.constraint.as_deref().unwrap_or_default();
    match table.uniques.iter().find(|unique| unique.name == name) {
        Some(unique) => unique.columns.clone(),
        None => table.columns.iter().map(|column| column.name.clone()).collect(),
    }
}

/// Returns the columns that may be why the row was refused.
fn suspects(table: &Table, refused: &Refused, choices: &[Choice<'_>]) -> Vec<String> {
    let name = refused.constraint.as_deref().unwrap_or_default();
    match refused.code.as_str() {
        // check_violation
        "23514" => {
            let of_domain = |column: &&Column| column.checks.iter().any(|check| check.name == name);
            table.checks().find(|check| check.name == name).map_or_else(
                || table.columns.iter().filter(of_domain).map(|column| column.name.clone()).collect(),
                |check| check.columns.clone(),
            )
        }
        // not_null_violation; of a domain it names no column
        "23502" => match &refused.column {
            Some(column) => vec![column.clone()],
            None => choices.iter().map(|choice| choice.column.name.clone()).collect(),
        },
        // A value that the type does not take, or is too long for it.
        code if code.starts_with("22") || code == "42804" => {
            let is_odd = |choice: &&Choice<'_>| choice.value().is_some() && !is_plain(choice.column);
            choices.iter().filter(is_odd).map(|choice| choice.column.name.clone()).collect()
        }
        _ => Vec::new(),
    }
}

/// Goes on to the next combination of the columns' values; `false` where there is none.
fn advance(choices: &mut [Choice<'_>], columns: &[String]) -> bool {
    for choice in choices.iter_mut().filter(|choice| columns.contains(&choice.column.name)) {
        if choice.at + 1 < choice.options.len() {
            choice.at += 1;
            return true;
        }
        choice.at = 0;
    }
    false
}

fn exhausted(table: &Table, refused: &Refused, columns: &[String]) -> crate::testing::Failure {
    let name = refused.constraint.as_deref().unwrap_or_default();
    let definition = table.checks().find(|check| check.name == name).map(|check| check.definition.as_str());
    let of_domain = table.columns.iter().flat_map(|column| &column.checks).find(|check| check.name == name);
    let definition = definition.or(of_domain.map(|check| check.definition.as_str())).unwrap_or_default();
    let column = columns.last().or(refused.column.as_ref()).map_or("<column>", String::as_str);
    failure(format!(
        "table {}: no row was found that it takes: {} {definition}; write one that it does: .value({:?}, {column:?}, \
         \"<SQL>\")",
        table.name, refused.message, table.name,
    ))
}
