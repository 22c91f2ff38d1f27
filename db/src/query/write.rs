//! What writes, run by itself.

use super::{
    Affected, Children, Delete, DeleteMany, Insert, InsertMany, Run, Save, Update, UpdateMany, insert::FromContext,
    relation::Beside,
};
use crate::{
    Context, Facade, Scope,
    scope::{
        Deletable, Insertable, Updatable,
        facade::{Key, Model, ModelEx},
    },
};

/// A query that writes in the scope `S`, which [`Open::exec`](crate::Open::exec) takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not write in the scope `{S}`",
    label = "the context is of scope `{S}`",
    note = "run it in a context of a scope that the entity declares, and in which it allows this verb"
)]
pub trait Write<S: Scope>: Send {
    /// What its own `exec` returns.
    type Output: Send;

    /// Runs it.
    #[doc(hidden)]
    fn write(self, cx: &Context<S>) -> Run<'_, Self::Output>;
}

macro_rules! writes {
    ($($(#[$doc:meta])* impl[$($generic:tt)*] $query:ty => $output:ty where { $($bound:tt)* })*) => {$(
        $(#[$doc])*
        #[diagnostic::do_not_recommend]
        impl<$($generic)*, S: Scope> Write<S> for $query
        where
            $($bound)*
        {
            type Output = $output;

            fn write(self, cx: &Context<S>) -> Run<'_, $output> {
                self.exec(cx)
            }
        }
    )*};
}

writes! {
    impl[F: Facade, By: 'static] Insert<F, By> => Key<F> where { F: Insertable<S, By>, Key<F>: Send }
    impl[F: Facade] InsertMany<F> => Affected where { F: Insertable<S, FromContext> }
    impl[F: Facade] Update<F> => Model<F> where { F: Updatable<S> }
    impl[F: Facade, J] UpdateMany<F, J> => Affected where { F: Updatable<S>, J: Beside<F, S> }
    impl[F: Facade] Delete<F> => () where { F: Deletable<S> }
    impl[F: Facade, J] DeleteMany<F, J> => Affected where { F: Deletable<S>, J: Beside<F, S> }
    impl[F: Facade, C] Save<F, C> => ModelEx<F>
        where { F: Insertable<S, FromContext> + Updatable<S>, C: Children<F, S>, ModelEx<F>: From<Model<F>> }
}
