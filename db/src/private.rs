//! What generated code may name. Not for anybody else: it may change in any release.

pub use inventory;
pub use sea_orm::{
    ActiveModelBehavior, ActiveValue, EntityTrait, IntoActiveModel, PrimaryKeyTrait, Related, RelationTrait,
};

use crate::scope::facade::{ActiveModel, Model};
pub use crate::{
    Delete, DeleteMany, Facade, Identity, Insert, InsertMany, Load, Row, Save, ScopeKind, ScopedTo, Select, Tenant,
    Update, UpdateMany, User,
    code::Code,
    query::{
        insert::{FromCaller, FromContext},
        relation::{Many, One, Parent, ParentOf, RelatedTo, Relates, Relation, Scoped},
    },
    registry::Registration,
    scope::{
        Acceptance, ByColumn, Deletable, Insertable, KeyOf, Rows, ScopeDeclaration, SelectColumns, Updatable,
        UpdateColumns, Verbs, Via,
    },
};

/// The type of an entity's key.
pub type Key<E> = <<E as EntityTrait>::PrimaryKey as PrimaryKeyTrait>::ValueType;

/// Starts a select.
pub fn find<F: Facade>() -> Select<F> {
    Select::new()
}

/// Starts a select by key.
pub fn find_by_id<F: Facade>(id: impl Into<Key<F::Entity>>) -> Select<F> {
    use sea_orm::sea_query::IntoValueTuple;
    Select::by_id(id.into().into_value_tuple())
}

/// Starts a select with relations.
pub fn load<F: Facade>() -> Load<F> {
    Load::new()
}

/// Returns what a relation to one row holds.
#[must_use]
pub fn first<M>(related: Vec<M>) -> Option<Box<M>> {
    related.into_iter().next().map(Box::new)
}

/// Returns the rows that a relation to one row held.
#[must_use]
pub fn only<M>(related: Option<Box<M>>) -> Vec<M> {
    related.into_iter().map(|row| *row).collect()
}

/// Starts an insert whose scope columns the context gives.
pub fn insert<F: Facade>(draft: F::Draft) -> Insert<F> {
    Insert::new(draft.into())
}

/// Starts an insert whose scope columns are in the row.
pub fn insert_into<F: Facade>(row: ActiveModel<F>) -> Insert<F, FromCaller> {
    Insert::new(row)
}

/// Starts an insert of many rows.
pub fn insert_many<F: Facade>(drafts: impl IntoIterator<Item = F::Draft>) -> InsertMany<F> {
    InsertMany::new(drafts)
}

/// Starts an update by key.
pub fn update_by_id<F: Facade>(id: impl Into<Key<F::Entity>>, draft: F::Draft) -> Update<F> {
    use sea_orm::sea_query::IntoValueTuple;
    Update::new(id.into().into_value_tuple(), draft)
}

/// Starts an update of the row that the draft is of.
pub fn update<F: Facade>(draft: F::Draft) -> Update<F> {
    Update::of_row(draft)
}

/// Starts a save of a row and of those that point at it.
pub fn save<F: Facade>(draft: F::Draft) -> Save<F> {
    Save::new(draft)
}

/// Starts an update by filter.
pub fn update_many<F: Facade>() -> UpdateMany<F> {
    UpdateMany::new()
}

/// Starts a delete by key.
pub fn delete_by_id<F: Facade>(id: impl Into<Key<F::Entity>>) -> Delete<F> {
    use sea_orm::sea_query::IntoValueTuple;
    Delete::new(id.into().into_value_tuple())
}

/// Starts a delete of a row.
pub fn delete<F: Facade>(row: &Model<F>) -> Delete<F>
where
    Model<F>: IntoActiveModel<ActiveModel<F>>,
{
    use sea_orm::ModelTrait;
    Delete::of_row(row.get_primary_key_value(), row.clone().into_active_model())
}

/// Starts a delete by filter.
pub fn delete_many<F: Facade>() -> DeleteMany<F> {
    DeleteMany::new()
}

/// Fails to compile unless `T` is the key of the scope `S`.
pub const fn assert_key<T: KeyOf<S>, S: crate::Scope>() {}

/// Returns the table of the entity `E`, by whose rows those of another are in the scope `S` along a relation.
#[must_use]
pub fn via<E: Scoped, S: crate::Scope>(relation: sea_orm::RelationDef) -> Via
where
    E::Facade: ByColumn<S>,
{
    use sea_orm::IdenStatic;
    Via::new(crate::TableName::of::<E::Facade>(), <E::Facade as ByColumn<S>>::KEY.as_str(), relation)
}
