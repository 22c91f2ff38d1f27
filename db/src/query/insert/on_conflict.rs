//! `ON CONFLICT`, in scope.

use sea_orm::{IdenStatic, sea_query::OnConflict as OnConflictClause};

use crate::{Facade, Result, Scope, ScopedTo, query::update::updatable, scope::facade::Column};

/// What an insert does where a row has the key already; corresponds to sea-query's `OnConflict`, whose expressions
/// could not be inspected.
///
/// The scope column is part of every key, whether it is named or not: another scope's row is never in conflict.
#[derive(Clone, Debug)]
#[must_use = "it does nothing until an insert is given it"]
pub struct OnConflict<F: Facade> {
    key: Vec<Column<F>>,
    update: Vec<Column<F>>,
}

impl<F: Facade> OnConflict<F> {
    /// Names the columns of a unique key, the scope column left out or not.
    pub fn columns(key: impl IntoIterator<Item = Column<F>>) -> Self {
        Self { key: key.into_iter().collect(), update: Vec::new() }
    }

    /// Names the one column of a unique key, beside the scope column.
    pub fn column(key: Column<F>) -> Self {
        Self::columns([key])
    }

    /// Leaves the row that is there as it is. So it is unless columns to update are named.
    pub fn do_nothing(self) -> Self {
        Self { update: Vec::new(), ..self }
    }

    /// Sets the named column of the row that is there to that of the row that was to be inserted.
    pub fn update_column(self, column: F::Writable) -> Self {
        self.update_columns([column])
    }

    /// Sets the named columns of the row that is there to those of the row that was to be inserted.
    pub fn update_columns(mut self, columns: impl IntoIterator<Item = F::Writable>) -> Self {
        self.update.extend(columns.into_iter().map(Into::into));
        self
    }

    pub(super) fn clause<S: Scope>(&self) -> Result<OnConflictClause>
    where
        F: ScopedTo<S>,
    {
        let columns: Vec<_> = self.update.iter().map(IdenStatic::as_str).collect();
        updatable::<F, S>(&columns)?;
        let mut key = self.key.clone();
        if let Some(scope) = F::COLUMN
            && !key.iter().any(|column| column.as_str() == scope.as_str())
        {
            key.insert(0, scope);
        }
        let mut clause = OnConflictClause::columns(key);
        let update = self.update.iter().copied();
        Ok(if self.update.is_empty() { clause.do_nothing() } else { clause.update_columns(update) }.to_owned())
    }
}
