//! The statement of a select, without its types: what every one of them is made of.

use sea_orm::{
    Condition, JoinType, Statement,
    sea_query::{DynIden, Expr, ExprTrait, IntoIden, IntoTableRef, LockBehavior, LockType, SelectStatement},
};

use crate::{
    Result,
    query::{
        expression::{Refusal, bind_lists, bracketed, check, check_condition, check_name},
        predicate::Within,
        source::Source,
    },
    sql::build,
};

/// A table that is joined.
#[derive(Clone, Debug)]
struct Join {
    kind: JoinType,
    source: Source,
    on: Condition,
}

/// A select whose statement is not complete: `FROM`, the joins and the predicates are put in as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    /// Boxed, since a query is moved by each of its verbs.
    statement: Box<SelectStatement>,
    from: Source,
    joins: Vec<Join>,
    subqueries: Vec<Subquery>,
    /// Whether the select list says how many rows there are: `DISTINCT`, an aggregate, a function that returns a set;
    /// or has names that the rest of the query refers to.
    counts: bool,
    lock: Option<(LockType, Option<LockBehavior>)>,
    /// Whether a lock is on the rows of the first table alone.
    locks_own: bool,
    refused: Option<Refusal>,
}

impl Query {
    /// Starts a query that selects nothing yet.
    pub(crate) fn new(from: Source) -> Self {
        Self {
            statement: Box::default(),
            from,
            joins: Vec::new(),
            subqueries: Vec::new(),
            counts: false,
            lock: None,
            locks_own: false,
            refused: None,
        }
    }

    /// The table of the facade that the query started from.
    pub(crate) fn table(&self) -> &'static str {
        self.from.table
    }

    /// The name of that table in the query.
    pub(crate) fn alias(&self) -> &DynIden {
        &self.from.alias
    }

    /// The name of the table that was joined last.
    pub(crate) fn last_alias(&self) -> &DynIden {
        self.joins.last().map_or(&self.from.alias, |join| &join.source.alias)
    }

    /// The statement, for what holds nothing that a caller gave, or has been checked.
    pub(crate) fn unchecked(&mut self) -> &mut SelectStatement {
        &mut self.statement
    }

    /// Checks an expression, and hands it to `add` if it is one that a scoped query takes.
    pub(crate) fn with(mut self, place: &'static str, expr: Expr, add: impl FnOnce(&mut Self, Expr)) -> Self {
        match check(place, &expr) {
            Ok(()) => add(&mut self, bind_lists(expr)),
            Err(refused) => self.refuse(refused),
        }
        self
    }

    /// Checks a condition, and hands it to `add`.
    pub(crate) fn with_condition(
        mut self,
        place: &'static str,
        condition: Condition,
        add: impl FnOnce(&mut Self, Condition),
    ) -> Self {
        match check_condition(place, &condition) {
            Ok(()) => add(&mut self, condition),
            Err(refused) => self.refuse(refused),
        }
        self
    }

    /// Checks a name, and hands it to `add`.
    pub(crate) fn with_name(
        mut self,
        place: &'static str,
        name: DynIden,
        add: impl FnOnce(&mut Self, DynIden),
    ) -> Self {
        match check_name(place, &name) {
            Ok(()) => add(&mut self, name),
            Err(refused) => self.refuse(refused),
        }
        self
    }

    pub(crate) fn filter(self, condition: Condition) -> Self {
        self.with_condition("the filter", condition, |query, condition| {
            query.statement.cond_where(bracketed(condition));
        })
    }

    pub(crate) fn refuse(&mut self, refused: Refusal) {
        self.refused.get_or_insert(refused);
    }

    /// Has the select list kept where the rows are counted.
    pub(crate) fn keep_list(&mut self) {
        self.counts = true;
    }

    /// Locks the rows.
    pub(crate) fn lock(&mut self, lock: LockType, behavior: Option<LockBehavior>) {
        self.lock = Some((lock, behavior));
    }

    /// Locks nothing.
    pub(crate) fn unlocked(mut self) -> Self {
        self.lock = None;
        self
    }

    /// Has a lock on the rows of the first table alone: of related rows, those are locked that are wanted, and not what
    /// they are related to.
    pub(crate) fn lock_own(mut self) -> Self {
        self.locks_own = true;
        self
    }

    /// Joins a table. The scope's predicate is and-ed to `on` as the statement is completed.
    pub(crate) fn join(self, kind: JoinType, source: Source, on: Condition) -> Self {
        let query = self.with_name("the join", source.alias.clone(), |_, _| {});
        query.with_condition("the join", on, |query, on| query.joins.push(Join { kind, source, on: bracketed(on) }))
    }

    /// Returns the table under its own name, or where that is taken under one that is not: it may have been joined
    /// before, as a junction.
    pub(crate) fn untaken(&self, source: Source) -> Source {
        let taken = |alias: &DynIden| {
            std::iter::once(&self.from)
                .chain(self.joins.iter().map(|join| &join.source))
                .any(|source| source.alias == *alias)
        };
        let own = source.alias.clone();
        let names = (2..).map(|n| format!("{own}_{n}").into_iden());
        match std::iter::once(own.clone()).chain(names).find(|name| !taken(name)) {
            Some(name) if name != own => source.under(name),
            _ => source,
        }
    }

    pub(crate) fn subquery(&mut self, subquery: Subquery) {
        self.subqueries.push(subquery);
    }

    /// Completes the statement: `FROM`, the joins, and a predicate for each table.
    ///
    /// The predicate of the first table is in `WHERE`, that of a joined one in its `ON`, so that rows of the left
    /// side stay. Where a join keeps the rows of its right side too, neither place would do: there each table is
    /// a derived one that has the rows of the scope alone. So is one of which the scope may not read all columns:
    /// the others are not there, whatever the query names.
    pub(crate) fn scoped(self, within: &Within) -> Result<SelectStatement> {
        if let Some(refused) = self.refused {
            return Err(refused.into());
        }
        let mut select = *self.statement;
        let derived = self.joins.iter().any(|join| matches!(join.kind, JoinType::RightJoin | JoinType::FullOuterJoin));
        let own = self.from.alias.clone();
        let predicate = self.from.predicate(within)?;
        let columns = within.columns(self.from.scopes);
        if derived || columns.is_some() {
            let alias = self.from.alias.clone();
            select.from_subquery(self.from.filtered(predicate, columns), alias);
        } else {
            select.from(self.from.reference).cond_where(predicate);
        }
        for Join { kind, source, on } in self.joins {
            let predicate = source.predicate(within)?;
            let columns = within.columns(source.scopes);
            if derived || columns.is_some() {
                let alias = source.alias.clone();
                select.join_subquery(kind, source.filtered(predicate, columns), alias, on);
            } else {
                select.join(kind, source.reference.into_table_ref(), Condition::all().add(on).add(predicate));
            }
        }
        for subquery in self.subqueries {
            select.cond_where(subquery.expr(within)?);
        }
        let own = self.locks_own.then(|| own.into_table_ref());
        match (self.lock, own) {
            (Some((lock, Some(behavior))), Some(own)) => select.lock_with_tables_behavior(lock, [own], behavior),
            (Some((lock, None)), Some(own)) => select.lock_with_tables(lock, [own]),
            (Some((lock, Some(behavior))), None) => select.lock_with_behavior(lock, behavior),
            (Some((lock, None)), None) => select.lock(lock),
            (None, _) => &mut select,
        };
        Ok(select)
    }

    /// Completes the statement of a query of which only the number of rows matters, or whether there are any.
    pub(crate) fn rows(self, within: &Within) -> Result<SelectStatement> {
        let counts = self.counts;
        let mut rows = self.scoped(within)?;
        if !counts {
            rows.clear_selects().clear_order_by().expr(Expr::val(1));
        }
        Ok(rows)
    }

    /// Completes the statement, and renders it.
    pub(crate) fn build(self, within: &Within) -> Result<Statement> {
        Ok(build(&self.scoped(within)?))
    }
}

/// A test of a row against a query that has predicates of its own.
#[derive(Clone, Debug)]
pub(crate) struct Subquery {
    pub(crate) test: Test,
    pub(crate) query: Query,
}

/// How a row is tested.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    In(Expr),
    NotIn(Expr),
    Exists,
    NotExists,
}

impl Subquery {
    /// Tests that an expression is, or is not, among the values of a query.
    pub(crate) fn of(expr: Expr, is_in: bool, mut query: Query) -> Self {
        if let Err(refused) = check("the filter", &expr) {
            query.refuse(refused);
        }
        let expr = Expr::tuple([expr]);
        Self { test: if is_in { Test::In(expr) } else { Test::NotIn(expr) }, query }
    }

    /// Completes the statement.
    pub(crate) fn expr(self, within: &Within) -> Result<Expr> {
        let query = self.query.scoped(within)?;
        Ok(match self.test {
            Test::In(expr) => expr.in_subquery(query),
            Test::NotIn(expr) => expr.not_in_subquery(query),
            Test::Exists => Expr::exists(query),
            Test::NotExists => Expr::exists(query).not(),
        })
    }
}
