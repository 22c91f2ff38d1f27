//! What generated code may name. Not for anybody else: it may change in any release.

pub use sea_orm::{ActiveValue, EntityTrait, PrimaryKeyTrait};

pub use crate::{
    Deletable, Delete, DeleteMany, Facade, Identity, Insert, InsertMany, Insertable, KeyOf, ScopeDeclaration,
    ScopeKind, ScopedTo, Select, Tenant, Updatable, Update, UpdateColumns, UpdateMany, User, Verbs,
    insert::{FromCaller, FromContext},
};

/// The type of an entity's key.
pub type Key<E> = <<E as EntityTrait>::PrimaryKey as PrimaryKeyTrait>::ValueType;

type ActiveModel<F> = <<F as Facade>::Entity as EntityTrait>::ActiveModel;

/// Starts a select.
pub fn find<F: Facade>() -> Select<F> {
    Select::new()
}

/// Starts a select by key.
pub fn find_by_id<F: Facade>(id: impl Into<Key<F::Entity>>) -> Select<F> {
    use sea_orm::sea_query::IntoValueTuple;
    Select::by_id(id.into().into_value_tuple())
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

/// Starts an update by filter.
pub fn update_many<F: Facade>() -> UpdateMany<F> {
    UpdateMany::new()
}

/// Starts a delete by key.
pub fn delete_by_id<F: Facade>(id: impl Into<Key<F::Entity>>) -> Delete<F> {
    use sea_orm::sea_query::IntoValueTuple;
    Delete::new(id.into().into_value_tuple())
}

/// Starts a delete by filter.
pub fn delete_many<F: Facade>() -> DeleteMany<F> {
    DeleteMany::new()
}

/// Fails to compile unless `T` is the key of the scope `S`.
pub const fn assert_key<T: KeyOf<S>, S: crate::Scope>() {}
