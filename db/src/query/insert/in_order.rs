//! `INSERT` of several rows of which it is known afterwards which is which.
//!
//! `INSERT … RETURNING` tells it by nothing but the order, which PostgreSQL keeps and does not promise, and by the columns
//! of the row. Those may not be what was sent: `char(n)` is padded, a timestamp and a numeric are rounded, a default or a
//! trigger makes the key. Only a UUID that was sent and came back is the row that it was sent with.

mod apart;
mod together;

use sea_orm::{ActiveModelTrait, IdenStatic, Iterable, sea_query::Value};

use self::{apart::apart, together::together};
use super::{FromContext, prepare};
use crate::{
    Context, Facade, Result, Scope,
    context::transaction::MAX_VALUES,
    query::{behavior::after_save, expression::check_entity},
    scope::{
        Insertable,
        facade::{ActiveModel, Column, Model, is_scope_column, key_columns},
    },
};

/// How many rows are inserted in one statement, each by an `INSERT` of its own. To plan so many takes PostgreSQL about
/// as long as a round trip; to plan more takes it longer for each.
const APART: usize = 16;

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
            Self::Apart => APART.min(MAX_VALUES / (Column::<F>::iter().count() + 1)).max(1),
        }
    }
}
