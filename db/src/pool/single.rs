//! One query in a context of its own.
//!
//! All that is sent is known before the first message. So these are what a driver that can pipeline would send at once, with
//! no change in their callers; `sqlx` waits for each.

use tracing::Instrument;

use crate::{
    Context, Load, Mode, Open, Result, Scope, ScopedTo, Select,
    query::{Beside, Run, Shape, Shapes, With, Write},
    scope::facade::{Model, ModelEx},
};

impl<'a, S: Scope, M: Mode + 'a> Open<'a, S, M> {
    /// Runs one query in a context of its own that only reads, and returns the rows: two round trips.
    ///
    /// # Errors
    ///
    /// Those of [`begin`](Self::begin) and of [`Select::all`].
    pub fn all<F, J, R>(self, query: Select<F, J, R>) -> Run<'a, Vec<R::Item>>
    where
        F: ScopedTo<S>,
        J: Beside<F, S>,
        R: Shapes,
    {
        Box::pin(self.read_only().alone(move |cx| query.all(cx)))
    }

    /// Runs one query in a context of its own that only reads, and returns the first row, if there is one.
    ///
    /// # Errors
    ///
    /// Those of [`begin`](Self::begin) and of [`Select::one`].
    pub fn one<F, J, R>(self, query: Select<F, J, R>) -> Run<'a, Option<R::Row>>
    where
        F: ScopedTo<S>,
        J: Beside<F, S>,
        R: Shape,
    {
        Box::pin(self.read_only().alone(move |cx| query.one(cx)))
    }

    /// Runs one query in a context of its own that only reads, and returns the first row.
    ///
    /// # Errors
    ///
    /// Those of [`begin`](Self::begin) and of [`Select::require_one`].
    pub fn require_one<F, J, R>(self, query: Select<F, J, R>) -> Run<'a, R::Row>
    where
        F: ScopedTo<S>,
        J: Beside<F, S>,
        R: Shape,
    {
        Box::pin(self.read_only().alone(move |cx| query.require_one(cx)))
    }

    /// Counts the rows of one query in a context of its own that only reads.
    ///
    /// # Errors
    ///
    /// Those of [`begin`](Self::begin) and of [`Select::count`].
    pub fn count<F, J, R>(self, query: Select<F, J, R>) -> Run<'a, u64>
    where
        F: ScopedTo<S>,
        J: Beside<F, S>,
        R: 'static,
    {
        Box::pin(self.read_only().alone(move |cx| query.count(cx)))
    }

    /// Loads rows with their relations in a context of its own that only reads: two round trips, and one for each relation
    /// and level.
    ///
    /// # Errors
    ///
    /// Those of [`begin`](Self::begin) and of [`Load::all`].
    pub fn load<F, W>(self, query: Load<F, W>) -> Run<'a, Vec<ModelEx<F>>>
    where
        F: ScopedTo<S>,
        W: With<F, S> + 'static,
        ModelEx<F>: From<Model<F>>,
    {
        Box::pin(self.read_only().alone(move |cx| query.all(cx)))
    }

    /// Opens the context, runs the query, and commits if it succeeds.
    async fn alone<T>(self, query: impl for<'c> FnOnce(&'c Context<S, M>) -> Run<'c, T>) -> Result<T> {
        let span = self.span();
        let cx = self.open(span.clone()).await?;
        async move {
            let value = query(&cx).await?;
            cx.commit().await?;
            Ok(value)
        }
        .instrument(span)
        .await
    }
}

impl<'a, S: Scope> Open<'a, S> {
    /// Runs one query that writes in a context of its own, and commits: three round trips. It returns what the query's own
    /// `exec` returns.
    ///
    /// # Errors
    ///
    /// Those of [`begin`](Self::begin), of the query's `exec` and of [`Context::commit`].
    pub fn exec<W: Write<S> + 'a>(self, query: W) -> Run<'a, W::Output> {
        Box::pin(self.alone(move |cx| query.write(cx)))
    }
}
