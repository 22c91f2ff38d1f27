//! Rows one after the other, in constant memory.

use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use sea_orm::{DbBackend, Statement};

use super::{Select, Shape, read};
use crate::{
    Context, Facade, ReadOnly, Result, Scope, ScopedTo,
    context::transaction::Bound,
    query::{Run, predicate::Within, relation::Beside},
};

/// How many rows are fetched at once.
const BATCH: usize = 1_000;

impl<F: Facade, J, R> Select<F, J, R> {
    /// Returns the rows one after the other, in memory that does not grow with their number.
    ///
    /// Corresponds to SeaORM's `Select::stream`. It is a cursor in the server, of which 1,000 rows are fetched at a
    /// time, as they are asked for: other statements of the context may run between. The rows are those that there were
    /// as the stream began. It may be dropped at any row; the cursor is closed as the transaction ends, or as the
    /// savepoint that it was opened in is rolled back.
    ///
    /// # Errors
    ///
    /// Those of [`all`](Self::all), here or on the way.
    pub fn stream<S: Scope>(self, cx: &Context<S, ReadOnly>) -> Run<'_, BoxStream<'_, Result<R::Row>>>
    where
        J: Beside<F, S>,
        F: ScopedTo<S>,
        R: Shape,
    {
        Box::pin(async move {
            static NEXT: AtomicU64 = AtomicU64::new(0);

            let table = self.query.table();
            let name = format!("stream_{}", NEXT.fetch_add(1, Ordering::Relaxed));
            let select = self.query.build(&Within::of(cx))?;
            let sql = format!("DECLARE {name} NO SCROLL CURSOR FOR {}", select.sql);
            cx.execute(Bound::Once(Statement { sql, ..select })).await?;
            let fetch = format!("FETCH {BATCH} FROM {name}");
            let batches = stream::try_unfold(false, move |done| {
                let fetch = Statement::from_string(DbBackend::Postgres, fetch.clone());
                async move {
                    if done {
                        return Ok::<_, crate::Error>(None);
                    }
                    let rows = cx.fetch_all(Bound::Once(fetch)).await?;
                    let done = rows.len() < BATCH;
                    let rows = rows.into_iter().map(move |row| read::<R>(table, &row));
                    Ok(Some((stream::iter(rows), done)))
                }
            });
            Ok(batches.try_flatten().boxed())
        })
    }
}
