//! Vectors, of the extension `vector`.

use db::{OrganizationId, tenant_scoped};
use sea_orm::entity::prelude::*;

/// A row of it.
#[tenant_scoped]
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "embedding")]
#[expect(clippy::exhaustive_structs, reason = "a model")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// Of `pgvector`.
    #[sea_orm(column_type = "Vector(Some(3))")]
    pub place: PgVector,
}

impl ActiveModelBehavior for ActiveModel {}
