//! Relations between tables, typed by their facades and so by their scopes.

use sea_orm::{
    Condition, EntityTrait, Related, RelationDef,
    sea_query::{ConditionType, DynIden, Expr, ExprTrait},
};

use crate::{Facade, Scope, ScopedTo, scope::facade::ModelEx};

/// An entity under a scope attribute, and its facade; for generated code.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is under no scope attribute",
    label = "a relation goes through its table",
    note = "put the junction under the scope attribute that the entities at both ends are under, such as \
            `#[tenant_scoped]`"
)]
pub trait Scoped: EntityTrait {
    /// The facade.
    type Facade: Facade<Entity = Self>;
}

/// An entity whose model declares a relation to `E` as a field; for generated code.
pub trait Relates<E: EntityTrait>: EntityTrait + Related<E> {
    /// The table between the two.
    type Through: Through;

    /// The field.
    const FIELD: &'static str;

    /// Puts related rows into the field.
    fn nest(row: &mut Self::ModelEx, related: Vec<E::ModelEx>);

    /// Takes the related rows out of the field.
    fn take(row: &mut Self::ModelEx) -> Vec<E::ModelEx>;
}

/// An entity whose rows are pointed at by those of `E`, in a field that declares it; for generated code.
pub trait Parent<E: EntityTrait>: Relates<E, Through = ()> {
    /// How many of them point at one row.
    type Number: Number;
}

/// A facade whose entity has a relation to that of `G`, declared as a field of its model.
///
/// Corresponds to SeaORM's `Related`. Where the relation goes through a junction table, that is a scoped table too, and
/// carries the predicate of its own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no relation to `{G}`",
    label = "`{G}` is not related to `{Self}`",
    note = "a relation is declared as a field of the model, above which the scope attribute stands: \
            `#[sea_orm(has_many)] pub …: HasMany<…::Entity>`"
)]
pub trait RelatedTo<G: Facade>: Facade {
    /// The facade of the junction table, or `()`.
    #[doc(hidden)]
    type Through: Through;

    /// The field that declares the relation.
    #[doc(hidden)]
    const FIELD: &'static str;

    /// Returns the relation to `G`, or to the junction.
    #[doc(hidden)]
    fn relation() -> Relation;

    /// Puts related rows into the field that declares the relation.
    #[doc(hidden)]
    fn nest(row: &mut ModelEx<Self>, related: Vec<ModelEx<G>>);

    /// Takes the related rows out of that field.
    #[doc(hidden)]
    fn take(row: &mut ModelEx<Self>) -> Vec<ModelEx<G>>;
}

#[diagnostic::do_not_recommend]
impl<F: Facade, G: Facade> RelatedTo<G> for F
where
    F::Entity: Relates<G::Entity>,
{
    type Through = <F::Entity as Relates<G::Entity>>::Through;
    const FIELD: &'static str = <F::Entity as Relates<G::Entity>>::FIELD;

    fn relation() -> Relation {
        Relation { to: F::Entity::to(), via: F::Entity::via() }
    }

    fn nest(row: &mut ModelEx<F>, related: Vec<ModelEx<G>>) {
        F::Entity::nest(row, related);
    }

    fn take(row: &mut ModelEx<F>) -> Vec<ModelEx<G>> {
        F::Entity::take(row)
    }
}

/// A facade whose rows are pointed at by those of `G`, which are saved with them: `has_one` or `has_many`, with no
/// junction between.
pub trait ParentOf<G: Facade>: RelatedTo<G> {
    /// [`One`] for a `has_one`, [`Many`] for a `has_many`.
    type Number: Number;
}

#[diagnostic::do_not_recommend]
impl<F: Facade, G: Facade> ParentOf<G> for F
where
    F::Entity: Parent<G::Entity>,
{
    type Number = <F::Entity as Parent<G::Entity>>::Number;
}

/// How many rows point at one: [`One`] or [`Many`].
pub trait Number: 'static {
    /// Whether it is one at most.
    #[doc(hidden)]
    const ONE: bool;
}

/// At most one row points at another: `has_one`.
#[derive(Clone, Copy, Debug)]
pub enum One {}

/// Any number of rows point at one: `has_many`.
#[derive(Clone, Copy, Debug)]
pub enum Many {}

impl Number for One {
    const ONE: bool = true;
}

impl Number for Many {
    const ONE: bool = false;
}

/// What [`Save::with`](crate::Save::with) takes for a relation: anything that gives rows for a `has_many`; for a
/// `has_one` what gives one row at most, an `Option` or an array of one.
#[diagnostic::on_unimplemented(
    message = "a `has_one` takes one row, and this may be several",
    label = "not `Some(row)`, `None` or `[row]`",
    note = "a row has one row at most in a `has_one`; a relation to several is a `has_many`"
)]
pub trait Takes<I> {}

impl<I> Takes<I> for Many {}

impl<T> Takes<Option<T>> for One {}

impl<T> Takes<[T; 1]> for One {}

/// A facade whose rows are saved with those of `G` that `I` gives: [`ParentOf`], and [`Takes`] for its number. One bound, so
/// that a mistake in it is one error.
#[diagnostic::on_unimplemented(
    message = "these rows do not point at those of `{Self}`, and so are not saved with them",
    label = "`{Self}` declares no `has_one` or `has_many` of this",
    note = "a row is saved with those that point at it; save the others first, and set their id in the draft"
)]
pub trait SavedWith<G: Facade, I>: ParentOf<G> {}

impl<F: ParentOf<G, Number: Takes<I>>, G: Facade, I> SavedWith<G, I> for F {}

/// The table that a relation goes through: a facade, or `()` where there is none. Sealed by what it is for.
pub trait Through: 'static {
    /// The facades of a query that goes through the table.
    type Then<J>;

    /// Returns the table.
    #[doc(hidden)]
    fn junction() -> Option<Junction>;
}

impl Through for () {
    type Then<J> = J;

    fn junction() -> Option<Junction> {
        None
    }
}

impl<V: Facade> Through for V {
    type Then<J> = (V, J);

    fn junction() -> Option<Junction> {
        Some(Junction { source: crate::query::source::Source::of::<V>(None) })
    }
}

/// The facades of a query over those of `J` that goes on from `F` to `G`.
pub(crate) type Onto<F, G, J> = (G, <<F as RelatedTo<G>>::Through as Through>::Then<J>);

/// A junction table.
#[derive(Clone, Debug)]
#[expect(unnameable_types, reason = "what a relation goes through")]
pub struct Junction {
    pub(crate) source: crate::query::source::Source,
}

/// A relation as SeaORM has it.
#[derive(Clone, Debug)]
pub struct Relation {
    /// From the junction where there is one, to the target.
    pub(crate) to: RelationDef,
    /// To the junction.
    pub(crate) via: Option<RelationDef>,
}

impl Relation {
    /// A relation with no junction; for generated code.
    #[must_use]
    pub fn direct(to: RelationDef) -> Self {
        Self { to, via: None }
    }
}

/// Returns the condition that two tables are joined on, by the names that they have in the query.
pub(crate) fn on(relation: RelationDef, from: &DynIden, to: &DynIden) -> Condition {
    let columns = relation.from_col.into_iter().zip(relation.to_col);
    let keys = columns.fold(Condition::all(), |keys, (own, other)| {
        keys.add(Expr::col((from.clone(), own)).equals((to.clone(), other)))
    });
    let both = match relation.condition_type {
        ConditionType::All => Condition::all(),
        ConditionType::Any => Condition::any(),
    };
    match relation.on_condition {
        Some(more) => both.add(keys).add(more(from.clone(), to.clone())),
        None => both.add(keys),
    }
}

/// A facade that is read together with `G` in the scope `S`: both have rows in it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` and `{G}` are not both in the scope `{S}`",
    label = "the query reads `{Self}` and `{G}`, and the context is of scope `{S}`",
    note = "a query reads tables that all have rows in the scope of its context; read the others in a context of theirs"
)]
pub trait TogetherWith<G, S: Scope>: Facade {}

#[diagnostic::do_not_recommend]
impl<F: ScopedTo<S>, G: ScopedTo<S>, S: Scope> TogetherWith<G, S> for F {}

/// The facades whose tables a query reads beside that of `F`, all in the scope `S`: `()`, or `(G, more)`.
#[diagnostic::on_unimplemented(
    message = "a query of `{F}` in the scope `{S}` reads a table that has no rows in it, one of `{Self}`",
    label = "the context is of scope `{S}`",
    note = "a query reads tables that all have rows in the scope of its context; read the others in a context of theirs"
)]
pub trait Beside<F, S: Scope>: 'static {}

impl<F, S: Scope> Beside<F, S> for () {}

impl<F: TogetherWith<G, S>, G: Facade, J: Beside<F, S>, S: Scope> Beside<F, S> for (G, J) {}

/// The facades that a subquery reads, in the list of those that the query around it reads.
#[derive(Clone, Debug)]
pub struct Sub<G, J>(std::marker::PhantomData<fn() -> (G, J)>);

impl<F, G, K, J, S> Beside<F, S> for (Sub<G, K>, J)
where
    F: TogetherWith<G, S>,
    G: Facade,
    K: Beside<F, S>,
    J: Beside<F, S>,
    S: Scope,
{
}
