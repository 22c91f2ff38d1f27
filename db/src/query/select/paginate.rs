//! Pages by number.

use std::future::Future;

use futures_util::stream::{self, Stream};

use sea_orm::{
    QueryResult,
    sea_query::{self, Asterisk, Expr},
};

use super::{Select, Shape};
use crate::{
    Context, Facade, ReadOnly, Result, Scope, ScopedTo,
    error::from_row,
    query::{predicate::Within, relation::Beside},
    sql::build,
};

/// A query that has pages in the scope `S`: a [`Select`] or a [`Load`](crate::Load).
pub trait Paged<S: Scope>: Clone + Send + Sync {
    /// A row of a page.
    type Item: Send;

    /// Returns the number of rows.
    #[doc(hidden)]
    fn total(self, cx: &Context<S, ReadOnly>) -> impl Future<Output = Result<u64>> + Send;

    /// Returns some of the rows.
    #[doc(hidden)]
    fn page(
        self,
        limit: u64,
        offset: u64,
        cx: &Context<S, ReadOnly>,
    ) -> impl Future<Output = Result<Vec<Self::Item>>> + Send;

    /// Returns some of the rows, and the number of all.
    #[doc(hidden)]
    fn page_and_total(
        self,
        limit: u64,
        offset: u64,
        cx: &Context<S, ReadOnly>,
    ) -> impl Future<Output = Result<(Vec<Self::Item>, u64)>> + Send;
}

impl<F, J, R, S> Paged<S> for Select<F, J, R>
where
    J: Beside<F, S>,
    F: ScopedTo<S>,
    R: Shape,
    S: Scope,
{
    type Item = R::Row;

    async fn total(self, cx: &Context<S, ReadOnly>) -> Result<u64> {
        self.limit(None).offset(None).count(cx).await
    }

    async fn page(self, limit: u64, offset: u64, cx: &Context<S, ReadOnly>) -> Result<Vec<R::Row>> {
        self.limit(limit).offset(offset).all(cx).await
    }

    async fn page_and_total(self, limit: u64, offset: u64, cx: &Context<S, ReadOnly>) -> Result<(Vec<R::Row>, u64)> {
        let table = self.query.table();
        let (rows, total) = self.clone().page_beside_total(limit, offset, cx).await?;
        let page = rows.iter().map(|row| R::read_without(row, TOTAL)).collect::<Result<_, _>>();
        let page = page.map_err(|error| from_row(table, error))?;
        match total {
            Some(total) => Ok((page, total)),
            // Beyond the last row: nothing has the number beside it.
            None if offset > 0 => Ok((page, self.total(cx).await?)),
            None => Ok((page, 0)),
        }
    }
}

/// The name of the column that has the number of all rows.
const TOTAL: &str = "paginator_number_of_items";

impl<F: Facade, J, R> Select<F, J, R> {
    /// Returns some of the rows, and the number of all, which is a column of each.
    async fn page_beside_total<S: Scope>(
        self,
        limit: u64,
        offset: u64,
        cx: &Context<S, ReadOnly>,
    ) -> Result<(Vec<QueryResult>, Option<u64>)> {
        use sea_query::ExprTrait;

        let (table, within) = (self.query.table(), Within::of(cx));
        let counted = self.clone().limit(None).offset(None).query.unlocked().rows(&within)?;
        let total = sea_query::Query::select()
            .expr(Expr::col(Asterisk).count())
            .from_subquery(counted, "rows")
            .to_owned();
        let mut page = self.limit(limit).offset(offset).query.scoped(&within)?;
        page.expr_as(Expr::SubQuery(None, Box::new(total.into())), TOTAL);
        let rows = cx.fetch_all(build(&page)).await?;
        let total = rows.first().map(|row| row.try_get::<i64>("", TOTAL)).transpose();
        Ok((rows, total.map_err(|error| from_row(table, error))?.map(i64::unsigned_abs)))
    }
}

/// Pages by number; made by [`Select::paginate`] and [`Load::paginate`](crate::Load::paginate).
///
/// Corresponds to SeaORM's `Paginator`. The rows need an order that is unique, or a row may be on two pages or on none.
/// The farther a page is, the more it costs: [`Cursor`](crate::Cursor) does not.
#[derive(Debug)]
#[must_use = "a query does nothing until it is run"]
pub struct Paginator<'a, S: Scope, Q> {
    cx: &'a Context<S, ReadOnly>,
    query: Q,
    page: u64,
    page_size: u64,
}

/// How many items there are, and how many pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "SeaORM's `ItemsAndPagesNumber` is")]
pub struct ItemsAndPages {
    /// The number of items.
    pub number_of_items: u64,
    /// The number of pages.
    pub number_of_pages: u64,
}

impl<F: Facade, J, R> Select<F, J, R> {
    /// Turns the query into pages of so many rows, at least one; the first is page 0.
    pub fn paginate<S: Scope>(self, cx: &Context<S, ReadOnly>, page_size: u64) -> Paginator<'_, S, Self>
    where
        J: Beside<F, S>,
        F: ScopedTo<S>,
        R: Shape,
    {
        Paginator::new(self, cx, page_size)
    }
}

impl<'a, S: Scope, Q: Paged<S>> Paginator<'a, S, Q> {
    pub(crate) fn new(query: Q, cx: &'a Context<S, ReadOnly>, page_size: u64) -> Self {
        Self { cx, query, page: 0, page_size: page_size.max(1) }
    }

    /// Returns the number of rows: a statement.
    ///
    /// # Errors
    ///
    /// Those of [`Select::all`].
    pub async fn num_items(&self) -> Result<u64> {
        self.query.clone().total(self.cx).await
    }

    /// Returns the number of pages: a statement.
    ///
    /// # Errors
    ///
    /// Those of [`Select::all`].
    pub async fn num_pages(&self) -> Result<u64> {
        Ok(self.num_items_and_pages().await?.number_of_pages)
    }

    /// Returns the numbers of rows and of pages: a statement.
    ///
    /// # Errors
    ///
    /// Those of [`Select::all`].
    pub async fn num_items_and_pages(&self) -> Result<ItemsAndPages> {
        let number_of_items = self.num_items().await?;
        Ok(ItemsAndPages { number_of_items, number_of_pages: number_of_items.div_ceil(self.page_size) })
    }

    /// Returns the rows of a page, and the numbers of rows and of pages: one statement, and another where the page lies
    /// beyond the last.
    ///
    /// # Errors
    ///
    /// Those of [`Select::all`].
    pub async fn fetch_page_with_total(&self, page: u64) -> Result<(Vec<Q::Item>, ItemsAndPages)> {
        let offset = self.page_size.saturating_mul(page);
        let (rows, number_of_items) = self.query.clone().page_and_total(self.page_size, offset, self.cx).await?;
        let number_of_pages = number_of_items.div_ceil(self.page_size);
        Ok((rows, ItemsAndPages { number_of_items, number_of_pages }))
    }

    /// Returns the number of the page that is next.
    #[must_use]
    pub fn cur_page(&self) -> u64 {
        self.page
    }

    /// Goes to a page.
    pub fn set_page(&mut self, page: u64) {
        self.page = page;
    }

    /// Goes on to the next page.
    pub fn next(&mut self) {
        self.page = self.page.saturating_add(1);
    }

    /// Returns the rows of a page; none where there is no such page.
    ///
    /// # Errors
    ///
    /// Those of [`Select::all`].
    pub async fn fetch_page(&self, page: u64) -> Result<Vec<Q::Item>> {
        self.query.clone().page(self.page_size, self.page_size.saturating_mul(page), self.cx).await
    }

    /// Returns the rows of the current page.
    ///
    /// # Errors
    ///
    /// Those of [`Select::all`].
    pub async fn fetch(&self) -> Result<Vec<Q::Item>> {
        self.fetch_page(self.page).await
    }

    /// Returns the rows of the current page, and goes on to the next; `None` after the last.
    ///
    /// # Errors
    ///
    /// Those of [`Select::all`].
    pub async fn fetch_and_next(&mut self) -> Result<Option<Vec<Q::Item>>> {
        let rows = self.fetch().await?;
        self.next();
        Ok((!rows.is_empty()).then_some(rows))
    }

    /// Returns the pages from the current one on, one after the other.
    pub fn into_stream(self) -> impl Stream<Item = Result<Vec<Q::Item>>> + Send + Unpin
    where
        Q: 'a,
    {
        Box::pin(stream::try_unfold(self, async |mut pages| {
            let page = pages.fetch_and_next().await?;
            Ok(page.map(|rows| (rows, pages)))
        }))
    }
}
