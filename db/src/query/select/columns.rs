//! Which columns are selected, and what they are read into.

use sea_orm::{
    ColumnAsExpr, ColumnTrait, EntityTrait, FromQueryResult, Identity, IntoIdentity, IntoSimpleExpr, Iterable,
    PartialModelTrait, QuerySelect, QueryTrait, TryGetableMany,
    sea_query::{ColumnRef, DynIden, Expr, IntoColumnRef, IntoCondition, IntoIden, SelectExpr},
};

use super::{AsJson, AsModel, AsTuple, Columns, Select};
use crate::{
    Facade,
    query::{
        expression::{bracketed, refusal},
        unfinished::Query,
    },
    scope::facade::Column,
};

const LIST: &str = "the select list";

impl<F: Facade, J, R> Select<F, J, R> {
    /// Selects no columns, so that the ones to read can be added. Call an `into_…` method last: it gives the type
    /// of the rows.
    pub fn select_only(mut self) -> Select<F, J, Columns> {
        self.query.unchecked().clear_selects();
        self.cast()
    }

    /// Selects every column but these.
    pub fn select_except(self, except: impl IntoIterator<Item = Column<F>>) -> Select<F, J, Columns> {
        let except: Vec<_> = except.into_iter().map(|column| sea_orm::IdenStatic::as_str(&column)).collect();
        let columns = <F::Entity as EntityTrait>::Column::iter();
        self.select_only().columns(columns.filter(|column| !except.contains(&sea_orm::IdenStatic::as_str(column))))
    }

    /// Adds a column, under its own name.
    pub fn column(self, column: impl ColumnTrait) -> Self {
        let name = column.into_iden();
        self.selected(column.into_column_as_expr(), Some(name))
    }

    /// Adds columns, each under its own name.
    pub fn columns<C: ColumnTrait>(self, columns: impl IntoIterator<Item = C>) -> Self {
        columns.into_iter().fold(self, Self::column)
    }

    /// Adds a column or an expression, under a name.
    pub fn column_as(self, column: impl ColumnAsExpr, name: impl IntoIdentity) -> Self {
        self.named(column.into_column_as_expr(), name)
    }

    /// Adds an expression. One with a window is refused: what is in it cannot be inspected.
    pub fn expr(self, expr: impl Into<SelectExpr>) -> Self {
        let SelectExpr { expr, alias, window } = expr.into();
        let mut select = self.selected(expr, alias);
        if window.is_some() {
            select.query.refuse(refusal(LIST, "a window, which cannot be inspected"));
        }
        select
    }

    /// Adds expressions.
    pub fn exprs<T: Into<SelectExpr>>(self, exprs: impl IntoIterator<Item = T>) -> Self {
        exprs.into_iter().fold(self, Self::expr)
    }

    /// Adds an expression, under a name.
    pub fn expr_as(self, expr: impl Into<Expr>, name: impl IntoIdentity) -> Self {
        self.named(expr.into(), name)
    }

    /// Adds a column of a table that was joined under a name of its own.
    pub fn tbl_col_as(self, (table, column): (impl IntoIden, impl IntoIden), name: impl IntoIdentity) -> Self {
        self.named(Expr::col((table.into_iden(), column.into_iden())), name)
    }

    /// Leaves out rows that are the same as one before, in all that is selected.
    pub fn distinct(mut self) -> Self {
        self.query.keep_list();
        self.query.unchecked().distinct();
        self
    }

    /// Keeps the first row of those that are the same in these columns.
    pub fn distinct_on<T: IntoColumnRef>(mut self, columns: impl IntoIterator<Item = T>) -> Self {
        let columns: Vec<ColumnRef> = columns.into_iter().map(IntoColumnRef::into_column_ref).collect();
        for column in &columns {
            self.query = self.query.with("the distinct columns", Expr::Column(column.clone()), |_, _| {});
        }
        self.query.keep_list();
        self.query.unchecked().distinct_on(columns);
        self
    }

    /// Groups the rows by an expression.
    pub fn group_by(self, by: impl IntoSimpleExpr) -> Self {
        Self::over(self.query.with("the grouping", by.into_simple_expr(), |query, by| {
            query.unchecked().add_group_by([by]);
        }))
    }

    /// Keeps the groups that a condition holds for.
    pub fn having(self, condition: impl IntoCondition) -> Self {
        Self::over(self.query.with_condition("the having", condition.into_condition(), |query, condition| {
            query.unchecked().cond_having(bracketed(condition));
        }))
    }

    /// Reads the rows into a struct, by the names of the columns.
    pub fn into_model<T: FromQueryResult + Send + 'static>(self) -> Select<F, J, AsModel<T>> {
        self.cast()
    }

    /// Selects the columns that a partial model names, and reads the rows into it.
    ///
    /// Only its list of columns is taken: what else a `PartialModelTrait` of one's own may do to a query is not.
    pub fn into_partial_model<T: PartialModelTrait + Send + 'static>(self) -> Select<F, J, AsModel<T>> {
        let mut partial = T::select_cols(F::Entity::find().select_only());
        let mut columns = Vec::new();
        QueryTrait::query(&mut partial).exprs_mut_for_each(|column| columns.push(column.clone()));
        self.select_only().exprs(columns).cast()
    }

    /// Reads the rows into JSON objects, by the names of the columns.
    pub fn into_json(self) -> Select<F, J, AsJson> {
        self.cast()
    }

    /// Reads the rows into tuples, or single values, by the positions of the columns.
    pub fn into_tuple<T: TryGetableMany + Send + 'static>(self) -> Select<F, J, AsTuple<T>> {
        self.cast()
    }

    fn named(mut self, expr: Expr, name: impl IntoIdentity) -> Self {
        if let Identity::Unary(name) = name.into_identity() {
            return self.selected(expr, Some(name));
        }
        self.query.refuse(refusal(LIST, "a name of several parts"));
        self
    }

    fn selected(self, expr: Expr, name: Option<DynIden>) -> Self {
        let query = match name.clone() {
            Some(name) => self.query.with_name(LIST, name, |_, _| {}),
            None => self.query,
        };
        Self::over(query.with(LIST, expr, |query: &mut Query, expr| {
            query.keep_list();
            query.unchecked().expr(SelectExpr { expr, alias: name, window: None });
        }))
    }
}
