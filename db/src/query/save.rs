//! A row and the rows that point at it, saved in one call.

use std::future::Future;

use sea_orm::{ActiveModelTrait, ActiveValue, EntityTrait, IdenStatic, Iterable, ModelTrait};

use crate::{
    Context, Facade, Result, Scope,
    error::Kind,
    query::{
        Run,
        behavior::set,
        insert::{FromContext, insert_in_order},
        relation::{Number, ParentOf, RelatedTo, SavedWith},
        update::Update,
    },
    scope::{
        Insertable, Updatable,
        facade::{ActiveModel, Column, Model, ModelEx, table_name},
    },
};

/// A row to be saved with the rows that point at it; made by a facade, such as `ResearchPlan::save(draft)`.
///
/// In the spirit of SeaORM's `ActiveModel` builder, whose nested writes have no scope: here each row goes through the
/// scoped verbs, and its entity's `before_save` and `after_save` are run. A draft that was made from a model is of a
/// row that is there, which is updated; any other is inserted. The columns by which a row points at its parent are set
/// here, from the parent as the database has it.
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
    /// Saves rows of a facade that point at this one: any number of them for a `has_many`; for a `has_one`, an `Option`
    /// or an array of one. A `has_one` whose parent has a row already is for its unique key to refuse.
    pub fn with<G: Facade, I>(self, _: G, drafts: I) -> Save<F, (Vec<Save<G>>, C)>
    where
        F: SavedWith<G, I>,
        I: IntoIterator<Item = G::Draft>,
    {
        Save { row: self.row, children: (drafts.into_iter().map(Save::new).collect(), self.children) }
    }

    /// Saves rows that point at this one, each with rows that point at it in turn.
    pub fn with_each<G: Facade, D, I>(self, rows: I) -> Save<F, (Vec<Save<G, D>>, C)>
    where
        F: SavedWith<G, I>,
        I: IntoIterator<Item = Save<G, D>>,
    {
        Save { row: self.row, children: (rows.into_iter().collect(), self.children) }
    }

    /// Saves the rows, and returns them as the database has them, each in the place of its draft.
    ///
    /// There is a statement for each row that is updated. Of each table the rows that are inserted with the same
    /// columns go in together, where their keys are UUIDs; where they are not, sixteen at a time. `before_save` runs
    /// for all of them before the first is sent, and `after_save` once all are there.
    ///
    /// # Errors
    ///
    /// `is_several_for_one` if two rows are given for one `has_one`, by two calls of [`with`](Self::with); nothing is sent
    /// then. `is_no_parent_key` if a column by which rows point at one is NULL in it. Those of
    /// [`Insert::exec`](crate::Insert::exec) and [`Update::exec`]. The transaction is then lost.
    pub fn exec<S: Scope>(self, cx: &Context<S>) -> Run<'_, ModelEx<F>>
    where
        F: Insertable<S, FromContext> + Updatable<S>,
        C: Children<F, S>,
        ModelEx<F>: From<Model<F>>,
    {
        Box::pin(async move {
            self.children.check(&mut Vec::new())?;
            let all_or_nothing = cx.all_or_nothing();
            let saved = save(vec![self], cx).await?.pop();
            let saved = saved.ok_or(Kind::NotFound { table: table_name::<F>() })?;
            all_or_nothing.keep();
            Ok(saved)
        })
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
        let mut batch = vec![row];
        while let Some(next) = rows.next_if(|next| !is_there::<F>(&next.row)) {
            batch.push(next.row);
            children.push(next.children);
        }
        saved.extend(insert_in_order::<F, S>(batch, cx).await?.into_iter().map(ModelEx::<F>::from));
    }
    C::save(children, &mut saved, cx).await?;
    Ok(saved)
}

/// Returns whether the draft is of a row that is there: it was made from a model, and so has columns that are as they
/// were. The key is one of them, but where it is the scope's.
fn is_there<F: Facade>(row: &ActiveModel<F>) -> bool {
    let mut columns = <F::Entity as EntityTrait>::Column::iter();
    columns.any(|column: Column<F>| matches!(row.get(column), ActiveValue::Unchanged(_)))
}

/// The rows that are saved with those of `F` in the scope `S`: `()`, or `(Vec<Save<G, …>>, more)`.
pub trait Children<F: Facade, S: Scope>: Sized + Send + 'static {
    /// Checks that no `has_one` is given two rows; `seen` has the fields of the same parent that were given one.
    #[doc(hidden)]
    fn check(&self, seen: &mut Vec<&'static str>) -> Result<()>;

    /// Saves the children of all rows, and puts them into the rows.
    #[doc(hidden)]
    fn save(children: Vec<Self>, rows: &mut [ModelEx<F>], cx: &Context<S>) -> impl Future<Output = Result<()>> + Send;
}

impl<F: Facade, S: Scope> Children<F, S> for () {
    fn check(&self, _: &mut Vec<&'static str>) -> Result<()> {
        Ok(())
    }

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
    fn check(&self, seen: &mut Vec<&'static str>) -> Result<()> {
        let (own, more) = self;
        for child in own {
            if <F::Number as Number>::ONE {
                if seen.contains(&F::FIELD) {
                    return Err(Kind::SeveralForOne { table: table_name::<F>(), field: F::FIELD }.into());
                }
                seen.push(F::FIELD);
            }
            child.children.check(&mut Vec::new())?;
        }
        more.check(seen)
    }

    async fn save(children: Vec<Self>, rows: &mut [ModelEx<F>], cx: &Context<S>) -> Result<()> {
        let (mut of_one, mut more, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        for ((own, others), row) in children.into_iter().zip(&*rows) {
            numbers.push(own.len());
            for mut child in own {
                point::<F, G>(&mut child.row, row)?;
                of_one.push(child);
            }
            more.push(others);
        }
        // Those that were given before: they are the rest of the list.
        C::save(more, rows, cx).await?;
        let mut saved = save(of_one, cx).await?.into_iter();
        for (row, number) in rows.iter_mut().zip(numbers) {
            let mut related = F::take(row);
            related.extend(saved.by_ref().take(number));
            F::nest(row, related);
        }
        Ok(())
    }
}

/// Points a child at its parent.
fn point<F, G>(child: &mut ActiveModel<G>, parent: &ModelEx<F>) -> Result<()>
where
    F: RelatedTo<G>,
    G: Facade,
{
    let relation = F::relation().to;
    for (own, theirs) in relation.from_col.into_iter().zip(relation.to_col) {
        let (own, theirs) = (named::<F>(&own.inner())?, named::<G>(&theirs.inner())?);
        let value = parent.get(own);
        if value == value.as_null() {
            return Err(Kind::NoParentKey { table: table_name::<F>(), column: own.as_str() }.into());
        }
        set::<G>(child, theirs, value)?;
    }
    Ok(())
}

/// Returns the column of a relation by its name in the database.
fn named<F: Facade>(name: &str) -> Result<Column<F>> {
    let column = Column::<F>::iter().find(|column| column.as_str() == name);
    column.ok_or_else(|| Kind::Row { table: table_name::<F>(), column: Some(name.to_owned()) }.into())
}

impl<F: Facade, C: std::fmt::Debug> std::fmt::Debug for Save<F, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Save").field("row", &self.row).field("children", &self.children).finish()
    }
}
