//! One query in a context of its own.
//!
//! All that is sent is known before the first message. So these are what a driver that can pipeline would send at once, with
//! no change in their callers; `sqlx` waits for each.

use crate::{
    Load, Mode, Open, Result, Scope, ScopedTo, Select,
    query::{Beside, Shape, Shapes, With, Write},
    scope::facade::{Model, ModelEx},
};

impl<S: Scope, M: Mode> Open<'_, S, M> {
    /// Runs one query in a context of its own that only reads, and returns the rows: two round trips.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Self::run) and of [`Select::all`].
    pub async fn all<F, J, R>(self, query: Select<F, J, R>) -> Result<Vec<R::Item>>
    where
        F: ScopedTo<S>,
        J: Beside<F, S>,
        R: Shapes,
    {
        self.read_only().run(async |cx| query.all(cx).await).await
    }

    /// Runs one query in a context of its own that only reads, and returns the first row, if there is one.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Self::run) and of [`Select::one`].
    pub async fn one<F, J, R>(self, query: Select<F, J, R>) -> Result<Option<R::Row>>
    where
        F: ScopedTo<S>,
        J: Beside<F, S>,
        R: Shape,
    {
        self.read_only().run(async |cx| query.one(cx).await).await
    }

    /// Runs one query in a context of its own that only reads, and returns the first row.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Self::run) and of [`Select::require_one`].
    pub async fn require_one<F, J, R>(self, query: Select<F, J, R>) -> Result<R::Row>
    where
        F: ScopedTo<S>,
        J: Beside<F, S>,
        R: Shape,
    {
        self.read_only().run(async |cx| query.require_one(cx).await).await
    }

    /// Counts the rows of one query in a context of its own that only reads.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Self::run) and of [`Select::count`].
    pub async fn count<F, J, R>(self, query: Select<F, J, R>) -> Result<u64>
    where
        F: ScopedTo<S>,
        J: Beside<F, S>,
        R: 'static,
    {
        self.read_only().run(async |cx| query.count(cx).await).await
    }

    /// Loads rows with their relations in a context of its own that only reads: a round trip, and one for each relation and
    /// level.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Self::run) and of [`Load::all`].
    pub async fn load<F, W>(self, query: Load<F, W>) -> Result<Vec<ModelEx<F>>>
    where
        F: ScopedTo<S>,
        W: With<F, S>,
        ModelEx<F>: From<Model<F>>,
    {
        self.read_only().run(async |cx| query.all(cx).await).await
    }
}

impl<S: Scope> Open<'_, S> {
    /// Runs one query that writes in a context of its own, and commits: three round trips. It returns what the query's own
    /// `exec` returns.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Self::run) and of the query's `exec`.
    pub async fn exec<W: Write<S>>(self, query: W) -> Result<W::Output> {
        self.run(async |cx| query.write(cx).await).await
    }
}
