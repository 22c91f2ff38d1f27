//! What the catalog says of the tables that are filled.

use serde::Deserialize;

use super::{Result, failure, session::Session};
use crate::{TableName, sql::quote};

/// The tables of a database, but for PostgreSQL's own.
#[derive(Debug)]
pub(super) struct Catalog {
    pub(super) tables: Vec<Table>,
}

/// A table.
#[derive(Debug, Deserialize)]
pub(super) struct Table {
    pub(super) oid: i64,
    schema: String,
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    constraints: Vec<Constraint>,
    pub(super) uniques: Vec<Unique>,
}

/// A column; its type is that below all domains.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "as the catalog has them")]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) base: String,
    pub(super) category: String,
    pub(super) kind: String,
    /// The type as a cast takes it, its length and the like included.
    #[serde(rename = "type")]
    pub(super) type_sql: String,
    pub(super) length: Option<usize>,
    pub(super) not_null: bool,
    pub(super) generated: bool,
    pub(super) identity: bool,
    pub(super) default: Option<String>,
    domain_default: bool,
    /// The labels of an enumeration.
    pub(super) labels: Vec<String>,
    /// What its domains check.
    pub(super) checks: Vec<DomainCheck>,
}

/// A `CHECK` of a domain.
#[derive(Debug, Deserialize)]
pub(super) struct DomainCheck {
    pub(super) name: String,
    pub(super) definition: String,
}

/// A `CHECK`, a primary key or a foreign key.
#[derive(Debug, Deserialize)]
pub(super) struct Constraint {
    pub(super) name: String,
    kind: String,
    pub(super) deferrable: bool,
    pub(super) definition: String,
    pub(super) parent: i64,
    pub(super) columns: Vec<String>,
    pub(super) parent_columns: Vec<String>,
}

/// A unique index, with the columns that its expressions are over.
#[derive(Debug, Deserialize)]
pub(super) struct Unique {
    pub(super) name: String,
    /// Whether `ON CONFLICT` takes its columns as they are.
    pub(super) plain: bool,
    pub(super) columns: Vec<String>,
}

impl Catalog {
    pub(super) async fn read(session: &mut Session) -> Result<Self> {
        let lines = session.lines(include_str!("tables.sql")).await?;
        let tables = lines.first().map(|line| serde_json::from_str(line)).transpose();
        let tables = tables.map_err(|error| failure(format!("the catalog cannot be read: {error}")))?;
        Ok(Self { tables: tables.unwrap_or_default() })
    }

    /// Finds a table as the connection's search path does, or in the schema that is named.
    pub(super) async fn find(&self, session: &mut Session, table: &TableName) -> Result<usize> {
        let table = table.sql();
        let sql = format!("SELECT pg_catalog.to_regclass({})::oid::bigint::text", super::literal(&table));
        let oid = session.lines(&sql).await?.pop().and_then(|oid| oid.parse().ok());
        oid.and_then(|oid| self.at(oid)).ok_or_else(|| failure(format!("there is no table {table} in the database")))
    }

    pub(super) fn at(&self, oid: i64) -> Option<usize> {
        self.tables.iter().position(|table| table.oid == oid)
    }
}

impl Table {
    /// Returns whether it is the table of that name; of any schema where none is named.
    pub(super) fn is(&self, name: &TableName) -> bool {
        self.name == name.name() && name.schema().is_none_or(|schema| self.schema == schema)
    }

    /// Returns the name as SQL takes it.
    pub(super) fn sql(&self) -> String {
        format!("{}.{}", quote(&self.schema), quote(&self.name))
    }

    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Returns the columns that a statement can write.
    pub(super) fn written(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| !column.generated)
    }

    pub(super) fn checks(&self) -> impl Iterator<Item = &Constraint> {
        self.constraints.iter().filter(|constraint| constraint.kind == "c")
    }

    pub(super) fn foreign_keys(&self) -> impl Iterator<Item = &Constraint> {
        self.constraints.iter().filter(|constraint| constraint.kind == "f")
    }

    /// Returns the columns of the primary key; all where there is none.
    pub(super) fn key(&self) -> Vec<&str> {
        match self.constraints.iter().find(|constraint| constraint.kind == "p") {
            Some(key) => key.columns.iter().map(String::as_str).collect(),
            None => self.columns.iter().map(|column| column.name.as_str()).collect(),
        }
    }

    /// Returns whether every row has to point at another by the key.
    pub(super) fn requires(&self, key: &Constraint) -> bool {
        key.columns.iter().all(|column| self.column(column).is_some_and(|column| column.not_null))
    }

    /// Returns the name of a constraint as `SET CONSTRAINTS` takes it.
    pub(super) fn constraint_sql(&self, constraint: &Constraint) -> String {
        format!("{}.{}", quote(&self.schema), quote(&constraint.name))
    }
}

impl Column {
    /// Returns whether the column has a value where an insert gives none.
    pub(super) fn has_default(&self) -> bool {
        self.default.is_some() || self.identity || self.domain_default
    }
}
