//! Names of tables.

use std::fmt;

use sea_orm::sea_query::{Alias, IntoIden, TableRef};

use crate::sql::quote;

/// The name of a table, with the schema that its entity names for it.
///
/// Two tables of one name in two schemas are two names. Where an entity names no schema, the connection's search path
/// finds the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName {
    // Compared first: lists are in the order of the tables' own names.
    name: String,
    schema: Option<String>,
}

impl TableName {
    /// The name of a table in a schema, or in whichever the search path leads to.
    #[must_use]
    pub fn new(schema: Option<&str>, name: &str) -> Self {
        Self { name: name.to_owned(), schema: schema.map(str::to_owned) }
    }

    /// The table that a statement of SeaORM names; `None` where that is no table.
    pub(crate) fn of_reference(table: &TableRef) -> Option<Self> {
        match table {
            TableRef::Table(table, _) => {
                Some(Self { name: table.1.to_string(), schema: table.0.as_ref().map(|schema| schema.1.to_string()) })
            }
            _ => None,
        }
    }

    /// Returns the schema; `None` where it is the connection's to find.
    #[must_use]
    pub fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// Returns the table's own name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the name as SQL takes it, in quotes.
    #[must_use]
    pub fn sql(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", quote(schema), quote(&self.name)),
            None => quote(&self.name),
        }
    }

    /// Returns the name as sea-query takes it.
    pub(crate) fn reference(&self) -> TableRef {
        let name = Alias::new(&self.name).into_iden();
        match &self.schema {
            Some(schema) => (Alias::new(schema), name).into(),
            None => name.into(),
        }
    }
}

/// Reads `name`, or `schema.name`.
impl From<&str> for TableName {
    fn from(name: &str) -> Self {
        match name.split_once('.') {
            Some((schema, name)) => Self::new(Some(schema), name),
            None => Self::new(None, name),
        }
    }
}

/// To be read: `schema.name`.
impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TableName;

    #[test]
    fn a_name_is_quoted_part_by_part() {
        let name = TableName::new(Some("a.b"), "c\"d");
        assert_eq!((name.sql(), name.to_string()), (r#""a.b"."c""d""#.to_owned(), "a.b.c\"d".to_owned()));
        assert_eq!(TableName::from("c").sql(), r#""c""#);
        assert_eq!(TableName::from("a.b").sql(), r#""a"."b""#);
        assert_eq!(TableName::of_reference(&name.reference()), Some(name));
    }
}
