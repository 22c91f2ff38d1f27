//! An entity that is tested.

use std::collections::BTreeMap;

use super::fill::{Line, Side, sql_of};
use crate::{
    RegisteredEntity, ScopeKind,
    scope::{Rows, ScopeDeclaration, SelectColumns, UpdateColumns},
    sql::quote,
};

/// An entity, its table, and whose its rows are.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) entity: RegisteredEntity,
    /// Where its table is in the catalog.
    pub(super) table: usize,
    /// The table's name as SQL takes it.
    pub(super) sql: String,
    /// The columns of the key.
    pub(super) key: Vec<String>,
    pub(super) views: Vec<View>,
    /// A row that could be made for each side, and one that belongs to nobody yet.
    pub(super) spares: Vec<(Spare, Line)>,
}

/// Who could have a row that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spare {
    Of(Side),
    Nobodys,
}

/// What a scope should see of a table, in the hostile side's context.
#[derive(Debug)]
pub(super) struct View {
    pub(super) scope: ScopeKind,
    pub(super) own: Vec<Line>,
    pub(super) foreign: Vec<Line>,
}

impl Subject {
    pub(super) fn declared(&self, scope: ScopeKind) -> Option<&'static ScopeDeclaration> {
        self.entity.scopes.iter().find(|declared| declared.scope == scope)
    }

    pub(super) fn view(&self, scope: ScopeKind) -> Option<&View> {
        self.views.iter().find(|view| view.scope == scope)
    }

    pub(super) fn spare(&self, of: Spare) -> Option<&Line> {
        self.spares.iter().find(|(spare, _)| *spare == of).map(|(_, line)| line)
    }

    /// Returns the condition that a row is this one, as far as its key is readable in the scope.
    pub(super) fn is(&self, line: &Line, declared: Option<&ScopeDeclaration>) -> String {
        let readable = |column: &&String| match declared.map(|declared| declared.verbs.select) {
            Some(SelectColumns::Only(columns)) => columns.contains(&column.as_str()),
            _ => true,
        };
        let parts: Vec<_> = self
            .key
            .iter()
            .filter(readable)
            .filter_map(|column| Some((column, line.get(column)?)))
            .map(|(column, value)| match value {
                serde_json::Value::Null => format!("{} IS NULL", quote(column)),
                value => format!("{} = {}", quote(column), sql_of(value)),
            })
            .collect();
        parts.join(" AND ")
    }

    /// Returns an `INSERT` of a row, with other values in some columns.
    pub(super) fn insert(&self, columns: &[String], line: &Line, with: &BTreeMap<String, serde_json::Value>) -> String {
        let mut line = line.clone();
        line.extend(with.iter().map(|(column, value)| (column.clone(), value.clone())));
        let columns = columns.iter().map(|column| quote(column)).collect::<Vec<_>>().join(", ");
        format!(
            "INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} \
             FROM pg_catalog.jsonb_populate_record(NULL::{table}, {line}::jsonb)",
            table = self.sql,
            line = super::literal(&serde_json::Value::Object(line).to_string()),
        )
    }
}

/// Returns whether the scope lets a context update anything.
pub(super) fn updates(declared: &ScopeDeclaration) -> bool {
    declared.verbs.update != UpdateColumns::None
}

/// Returns whether every row is in the scope, so that none is another's.
pub(super) fn sees_all(declared: &ScopeDeclaration) -> bool {
    matches!(declared.rows, Rows::All)
}
