//! The statements of an insert of many rows.

use sea_orm::sea_query::{OnConflict, ReturningClause};

use super::batches::Batches;
use crate::{
    Context, Facade, Scope,
    context::{AllOrNothing, transaction::Bound},
    scope::facade::ActiveModel,
};

/// The statements that insert rows which are ready, one for each batch. All of them run, or the transaction or the
/// savepoint cannot be kept.
pub(super) struct Statements<'c, F: Facade, S: Scope> {
    batches: Batches<F>,
    on_conflict: Option<OnConflict>,
    returning: Option<ReturningClause>,
    cx: &'c Context<S>,
    is_first: bool,
    all_or_nothing: Option<AllOrNothing<'c>>,
}

impl<'c, F: Facade, S: Scope> Statements<'c, F, S> {
    pub(super) fn new(rows: Vec<ActiveModel<F>>, cx: &'c Context<S>) -> Self {
        let batches = Batches::new(rows);
        Self { batches, on_conflict: None, returning: None, cx, is_first: true, all_or_nothing: None }
    }

    pub(super) fn on_conflict(self, on_conflict: Option<OnConflict>) -> Self {
        Self { on_conflict, ..self }
    }

    pub(super) fn returning(self, returning: ReturningClause) -> Self {
        Self { returning: Some(returning), ..self }
    }

    /// Returns the next statement, once the one before has run.
    pub(super) fn next(&mut self) -> Option<Bound> {
        let batch = self.batches.next()?;
        if !self.is_first && self.all_or_nothing.is_none() {
            self.all_or_nothing = Some(self.cx.all_or_nothing());
        }
        self.is_first = false;
        let (on_conflict, returning) = (self.on_conflict.clone(), self.returning.clone());
        Some(batch.statement(|insert| {
            if let Some(on_conflict) = on_conflict {
                insert.on_conflict(on_conflict);
            }
            if let Some(returning) = returning {
                insert.returning(returning);
            }
        }))
    }

    /// Says that all have run.
    pub(super) fn end(self) {
        if let Some(all_or_nothing) = self.all_or_nothing {
            all_or_nothing.keep();
        }
    }
}
