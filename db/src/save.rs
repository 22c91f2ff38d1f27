//! A row and the rows that point at it, saved in one call.

use std::{collections::HashMap, future::Future};

use sea_orm::{ActiveModelTrait, ActiveValue, EntityTrait, IdenStatic, Iterable, ModelTrait};

use crate::{
    Context, Facade, Insertable, Result, Scope, Updatable,
    error::Kind,
    facade::{ActiveModel, Column, Model, ModelEx, key_columns, table_name},
    insert::{FromContext, InsertMany, place},
    relation::{ParentOf, RelatedTo},
    update::Update,
};

/// A row to be saved with the rows that point at it; made by a facade, such as `ResearchPlan::save(draft)`.
///
/// In the spirit of SeaORM's `ActiveModel` builder, whose nested writes have no scope: here each row goes through the
/// scoped verbs. A draft that was made from a model is of a row that is there, which is updated; any other is
/// inserted. The columns by which a row points at its parent are set here.
///
/// It is all or nothing: where a row cannot be saved, or the future is dropped on the way, the transaction cannot
/// be committed any more; nor can the savepoint be kept, if it was in one.
///
/// ```ignore
/// let plan = ResearchPlan::save(draft).with(PlanStep, steps).exec(cx).await?;
/// ```
#[must_use = "a save does nothing until it is run on a context"]
pub struct Save<F: Facade, C = ()> {
    row: ActiveModel<F>,
    children: C,
}

impl<F: Facade> Save<F> {
    pub(crate) fn new(draft: F::Draft) -> Self {
        Self { row: draft.into(), children: () }
    }
}

impl<F: Facade, C> Save<F, C> {
    /// Saves rows of a facade that point at this one.
    pub fn with<G: Facade>(self, _: G, drafts: impl IntoIterator<Item = G::Draft>) -> Save<F, (Vec<Save<G>>, C)>
    where
        F: ParentOf<G>,
    {
        self.with_each(drafts.into_iter().map(Save::new))
    }

    /// Saves rows that point at this one, each with rows that point at it in turn.
    pub fn with_each<G: Facade, D>(self, rows: impl IntoIterator<Item = Save<G, D>>) -> Save<F, (Vec<Save<G, D>>, C)>
    where
        F: ParentOf<G>,
    {
        Save { row: self.row, children: (rows.into_iter().collect(), self.children) }
    }

    /// Saves the rows, and returns them as the database has them: a statement for the rows of each table that are
    /// inserted with the same columns, and one for each row that is updated.
    ///
    /// # Errors
    ///
    /// Those of [`Insert::exec`](crate::Insert::exec) and [`Update::exec`]; the transaction is then lost.
    pub async fn exec<S: Scope>(self, cx: &Context<S>) -> Result<ModelEx<F>>
    where
        F: Insertable<S, FromContext> + Updatable<S>,
        C: Children<F, S>,
        ModelEx<F>: From<Model<F>>,
    {
        let all_or_nothing = cx.all_or_nothing();
        let saved = save(vec![self], cx).await?.pop();
        let saved = saved.ok_or(Kind::NotFound { table: table_name::<F>() })?;
        all_or_nothing.keep();
        Ok(saved)
    }
}

/// Saves the rows of one table, and then those that point at them.
async fn save<F, C, S>(rows: Vec<Save<F, C>>, cx: &Context<S>) -> Result<Vec<ModelEx<F>>>
where
    F: Insertable<S, FromContext> + Updatable<S>,
    C: Children<F, S>,
    S: Scope,
    ModelEx<F>: From<Model<F>>,
{
    let mut children = Vec::with_capacity(rows.len());
    let mut saved: Vec<ModelEx<F>> = Vec::with_capacity(rows.len());
    let mut rows = rows.into_iter().peekable();
    while let Some(Save { row, children: of_row }) = rows.next() {
        children.push(of_row);
        if is_there::<F>(&row) {
            saved.push(Update::<F>::of_active(row).exec(cx).await?.into());
            continue;
        }
        // The rows that set the same columns go in together: a column that only some of them set would be NULL in the
        // others, and not its default.
        let columns = set_columns::<F>(&row);
        let mut batch = vec![row];
        while let Some(next) = rows.next_if(|next| !is_there::<F>(&next.row) && set_columns::<F>(&next.row) == columns)
        {
            batch.push(next.row);
            children.push(next.children);
        }
        saved.extend(insert::<F, S>(batch, cx).await?.into_iter().map(ModelEx::<F>::from));
    }
    C::save(children, &mut saved, cx).await?;
    Ok(saved)
}

/// Inserts rows, and returns them in their order.
async fn insert<F, S>(mut rows: Vec<ActiveModel<F>>, cx: &Context<S>) -> Result<Vec<Model<F>>>
where
    F: Insertable<S, FromContext>,
    S: Scope,
{
    // The scope column may be a part of the key.
    for row in &mut rows {
        place::<F, S, FromContext>(row, cx)?;
    }
    let keys: Option<Vec<_>> = rows.iter().map(ActiveModelTrait::get_primary_key_value).collect();
    let inserted = InsertMany::<F>::of_rows(rows).exec_with_returning(cx).await?;
    // PostgreSQL does not promise that `RETURNING` keeps the order of `VALUES`.
    let Some(keys) = keys else { return Ok(inserted) };
    let mut by_key: HashMap<_, _> = inserted.into_iter().map(|row| (row.get_primary_key_value(), row)).collect();
    let found = keys.iter().map(|key| by_key.remove(key)).collect::<Option<Vec<_>>>();
    found.ok_or_else(|| Kind::NotFound { table: table_name::<F>() }.into())
}

/// Whether the draft is of a row that is there: it was made from a model.
fn is_there<F: Facade>(row: &ActiveModel<F>) -> bool {
    key_columns::<F>().any(|column| matches!(row.get(column), ActiveValue::Unchanged(_)))
}

fn set_columns<F: Facade>(row: &ActiveModel<F>) -> Vec<&'static str> {
    let columns = <F::Entity as EntityTrait>::Column::iter();
    columns.filter(|column: &Column<F>| !row.is_not_set(*column)).map(|column| column.as_str()).collect()
}

/// The rows that are saved with those of `F` in the scope `S`: `()`, or `(Vec<Save<G, …>>, more)`.
pub trait Children<F: Facade, S: Scope>: Sized + Send {
    /// Saves the children of all rows, and puts them into the rows.
    #[doc(hidden)]
    fn save(children: Vec<Self>, rows: &mut [ModelEx<F>], cx: &Context<S>) -> impl Future<Output = Result<()>> + Send;
}

impl<F: Facade, S: Scope> Children<F, S> for () {
    async fn save(_: Vec<Self>, _: &mut [ModelEx<F>], _: &Context<S>) -> Result<()> {
        Ok(())
    }
}

impl<F, G, D, C, S> Children<F, S> for (Vec<Save<G, D>>, C)
where
    F: ParentOf<G>,
    G: Insertable<S, FromContext> + Updatable<S>,
    D: Children<G, S>,
    C: Children<F, S>,
    S: Scope,
    ModelEx<G>: From<Model<G>>,
{
    async fn save(children: Vec<Self>, rows: &mut [ModelEx<F>], cx: &Context<S>) -> Result<()> {
        let (mut of_one, mut more, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        for ((own, others), row) in children.into_iter().zip(&*rows) {
            numbers.push(own.len());
            of_one.extend(own.into_iter().map(|child| point::<F, G, D>(child, row)));
            more.push(others);
        }
        // Those that were given before: they are the rest of the list.
        C::save(more, rows, cx).await?;
        let mut saved = save(of_one, cx).await?.into_iter();
        for (row, number) in rows.iter_mut().zip(numbers) {
            F::nest(row, saved.by_ref().take(number).collect());
        }
        Ok(())
    }
}

/// Points a child at its parent.
fn point<F, G, D>(mut child: Save<G, D>, parent: &ModelEx<F>) -> Save<G, D>
where
    F: RelatedTo<G>,
    G: Facade,
{
    let relation = F::relation().to;
    for (own, theirs) in relation.from_col.into_iter().zip(relation.to_col) {
        let columns = (own.inner().parse::<Column<F>>(), theirs.inner().parse::<Column<G>>());
        if let (Ok(own), Ok(theirs)) = columns {
            child.row.set(theirs, parent.get(own));
        }
    }
    child
}

impl<F: Facade, C: std::fmt::Debug> std::fmt::Debug for Save<F, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Save").field("row", &self.row).field("children", &self.children).finish()
    }
}
