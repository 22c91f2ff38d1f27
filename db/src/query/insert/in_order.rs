//! `INSERT` of several rows of which it is known afterwards which is which.
//!
//! `INSERT … RETURNING` tells it by nothing but the order, which PostgreSQL keeps and does not promise, and by the columns
//! of the row. Those may not be what was sent: `char(n)` is padded, a timestamp and a numeric are rounded, a default or a
//! trigger makes the key. Only a UUID that was sent and came back is the row that it was sent with.

use std::collections::{HashMap, HashSet};

use sea_orm::{
    ActiveModelTrait, IdenStatic, Iterable, ModelTrait, QueryTrait,
    sea_query::{Asterisk, CommonTableExpression, Expr, Query, SelectStatement, UnionType, Value, WithClause},
};

use super::{FromContext, prepare, statements::Statements};
use crate::{
    Context, Facade, Result, Scope,
    context::transaction::MAX_VALUES,
    error::Kind,
    query::{behavior::after_save, expression::check_entity, returning::returning_row, select::model},
    scope::{
        Insertable,
        facade::{ActiveModel, Column, Model, is_scope_column, key_columns, table_name},
    },
    sql::build,
};

/// How many rows are inserted in one statement, each by an `INSERT` of its own. To plan so many takes PostgreSQL about
/// as long as a round trip; to plan more takes it longer for each.
const APART: usize = 16;

/// The column that says which row it is.
const PLACE: &str = "the_place_of_this";

/// Inserts the rows of drafts, each with what its entity's behavior does, and returns them in the order of the drafts.
pub(crate) async fn insert_in_order<F, S>(drafts: Vec<ActiveModel<F>>, cx: &Context<S>) -> Result<Vec<Model<F>>>
where
    F: Insertable<S, FromContext>,
    S: Scope,
{
    check_entity::<F::Entity>()?;
    let mut rows = Vec::with_capacity(drafts.len());
    for draft in drafts {
        rows.push(prepare::<F, S, FromContext>(draft, cx).await?);
    }
    let mut inserted = Vec::with_capacity(rows.len());
    let mut rows = rows.into_iter().peekable();
    while let Some(row) = rows.next() {
        let kind = Batch::of::<F>(&row);
        let most = kind.most::<F>();
        let mut batch = vec![row];
        while batch.len() < most
            && let Some(next) = rows.next_if(|next| Batch::of::<F>(next) == kind)
        {
            batch.push(next);
        }
        inserted.extend(match kind {
            Batch::Together(_) => together::<F, S>(batch, cx).await?,
            Batch::Apart => apart::<F, S>(batch, cx).await?,
        });
    }
    let mut saved = Vec::with_capacity(inserted.len());
    for row in inserted {
        saved.push(after_save::<F, S>(row, true, cx).await?);
    }
    Ok(saved)
}

/// With which rows a row goes into one statement.
#[derive(PartialEq, Eq)]
enum Batch {
    /// With those that set the same columns: a column that only some of them set would be NULL in the others, and not
    /// its default.
    Together(Vec<&'static str>),
    /// With any, each by an `INSERT` of its own.
    Apart,
}

impl Batch {
    fn of<F: Facade>(row: &ActiveModel<F>) -> Self {
        // The scope's part of the key is the same for all.
        let mut key = key_columns::<F>().filter(|column| !is_scope_column::<F>(column)).peekable();
        let is_told_by_key = key.peek().is_some()
            && key.all(|column| matches!(row.get(column).into_value(), Some(Value::Uuid(Some(_)))));
        if is_told_by_key {
            let set = Column::<F>::iter().filter(|column| !row.is_not_set(*column));
            Self::Together(set.map(|column| column.as_str()).collect())
        } else {
            Self::Apart
        }
    }

    fn most<F: Facade>(&self) -> usize {
        match self {
            Self::Together(_) => usize::MAX,
            Self::Apart => APART.min(MAX_VALUES / Column::<F>::iter().count().max(1)).max(1),
        }
    }
}

/// Inserts rows with keys that are UUIDs by one `INSERT`, or by several where there are more than go into one.
async fn together<F: Facade, S: Scope>(rows: Vec<ActiveModel<F>>, cx: &Context<S>) -> Result<Vec<Model<F>>> {
    let keys: Vec<_> = rows.iter().map(ActiveModelTrait::get_primary_key_value).collect();
    let mut inserted = Vec::with_capacity(keys.len());
    let mut statements = Statements::<F, S>::new(rows, cx).returning(returning_row::<F>());
    while let Some(insert) = statements.next() {
        for row in cx.fetch_all(insert).await? {
            inserted.push(model::<F>(&row)?);
        }
    }
    statements.end();
    if inserted.len() != keys.len() {
        // A trigger has left one out.
        return Err(Kind::NotFound { table: table_name::<F>() }.into());
    }
    let found: HashMap<_, _> =
        inserted.iter().enumerate().map(|(at, row)| (Some(row.get_primary_key_value()), at)).collect();
    let order: Option<Vec<usize>> = keys.iter().map(|key| found.get(key).copied()).collect();
    let each_once = |order: &Vec<usize>| order.iter().collect::<HashSet<_>>().len() == order.len();
    Ok(match order.filter(each_once) {
        Some(order) => {
            let mut rows: Vec<_> = inserted.into_iter().map(Some).collect();
            order.into_iter().filter_map(|at| rows[at].take()).collect()
        }
        // A trigger gives each row another key. That leaves the order in which PostgreSQL returns what `VALUES` lists.
        None => inserted,
    })
}

/// Inserts each row by an `INSERT` of its own, all in one statement: which is which is then in the statement itself.
async fn apart<F: Facade, S: Scope>(rows: Vec<ActiveModel<F>>, cx: &Context<S>) -> Result<Vec<Model<F>>> {
    let number = rows.len();
    let mut inserts = WithClause::new();
    let mut select: Option<SelectStatement> = None;
    for (place, row) in (0..).zip(rows) {
        let name = format!("the_row_{place}_of_this");
        let mut insert = sea_orm::Insert::one(row).into_query();
        insert.returning(returning_row::<F>());
        inserts.cte(CommonTableExpression::new().query(insert).table_name(name.clone()).to_owned());
        let one = Query::select()
            .expr_as(Expr::Constant(Value::Int(Some(place))), PLACE)
            .column((name.clone(), Asterisk))
            .from(name)
            .to_owned();
        select = Some(match select {
            None => one,
            Some(mut all) => all.union(UnionType::All, one).to_owned(),
        });
    }
    let Some(mut select) = select else { return Ok(Vec::new()) };
    let unfit = |_| Kind::Row { table: table_name::<F>(), column: Some(PLACE.to_owned()) };
    let mut found = Vec::with_capacity(number);
    for row in cx.fetch_all(build(&select.with_cte(inserts).to_owned())).await? {
        found.push((row.try_get::<i32>("", PLACE).map_err(unfit)?, model::<F>(&row)?));
    }
    if found.len() != number {
        // A trigger has left one out.
        return Err(Kind::NotFound { table: table_name::<F>() }.into());
    }
    found.sort_unstable_by_key(|(place, _)| *place);
    Ok(found.into_iter().map(|(_, row)| row).collect())
}
