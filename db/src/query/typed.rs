//! The scoped verbs of an entity, for whoever does not know its type.

use std::{fmt, marker::PhantomData};

use futures_util::{FutureExt, future::LocalBoxFuture};
use sea_orm::{IdenStatic, IntoSimpleExpr, Iterable};

use crate::{
    Context, DeleteMany, Facade, Identity, Result, Scope, ScopedTo, Select, Tenant, UpdateMany, User,
    scope::{
        Deletable, ScopeDeclaration, Updatable,
        facade::{ActiveModel, Column},
    },
};

/// What is run: the public verbs themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Verb {
    /// `find().count()`
    Count,
    /// `find().all()`
    All,
    /// `update_many()`, of a column to what it is.
    Update(&'static str),
    /// `delete_many()`
    Delete,
}

/// Runs a verb, and returns how many rows it met.
type Run<S> = for<'c> fn(&'c mut Context<S>, Verb) -> LocalBoxFuture<'c, Result<u64>>;

/// The verbs in each scope. In one that the entity does not declare, they are an error.
#[derive(Clone, Copy)]
pub(crate) struct Typed {
    pub(crate) tenant: Run<Tenant>,
    pub(crate) user: Run<User>,
    pub(crate) identity: Run<Identity>,
}

impl Typed {
    pub(crate) const fn of<F: Facade>() -> Self {
        Self { tenant: run::<F, Tenant>, user: run::<F, User>, identity: run::<F, Identity> }
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Typed").finish_non_exhaustive()
    }
}

fn run<F: Facade, S: Scope>(cx: &mut Context<S>, verb: Verb) -> LocalBoxFuture<'_, Result<u64>> {
    async move {
        Ok(match verb {
            Verb::Count => Select::<Probed<F>>::new().count(cx).await?,
            Verb::All => Select::<Probed<F>>::new().all(cx).await?.len().try_into().unwrap_or(u64::MAX),
            Verb::Update(name) => {
                let update = Column::<F>::iter()
                    .filter(|column| column.as_str() == name)
                    .fold(UpdateMany::<Probed<F>>::new(), |update, column| {
                        update.col_expr(column, column.into_simple_expr())
                    });
                update.exec(cx).await?.rows_affected
            }
            Verb::Delete => DeleteMany::<Probed<F>>::new().exec(cx).await?.rows_affected,
        })
    }
    .boxed_local()
}

/// A facade that compiles in every scope, so that what holds it is what is known at run time: the declared scopes.
#[derive(Clone, Copy, Debug)]
struct Probed<F>(PhantomData<fn() -> F>);

impl<F> Default for Probed<F> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<F: Facade> Facade for Probed<F> {
    type Entity = F::Entity;
    type Draft = ActiveModel<F>;
    type Writable = Column<F>;

    const SCOPES: &'static [ScopeDeclaration] = F::SCOPES;
}

impl<F: Facade, S: Scope> ScopedTo<S> for Probed<F> {
    const COLUMN: Option<Column<F>> = None;
}

impl<F: Facade, S: Scope> Updatable<S> for Probed<F> {}
impl<F: Facade, S: Scope> Deletable<S> for Probed<F> {}
