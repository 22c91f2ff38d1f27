//! A customer.

use db::{OrganizationId, identity_scoped, tenant_scoped, user_scoped};
use sea_orm::entity::prelude::*;

/// A customer, whose rows are its own. Its members see it; its owners and admins may change what it is called.
///
/// Its slug is sign-in's to change: that it is taken says of another organization that it exists.
#[tenant_scoped(column = "id", allow(select, update(name, logo, metadata)), writers("owner", "admin"))]
#[user_scoped(via = "members")]
#[identity_scoped]
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "organization")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OrganizationId,
    pub name: String,
    #[sea_orm(unique)]
    pub slug: String,
    pub logo: Option<String>,
    pub metadata: Option<Json>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    #[sea_orm(has_many)]
    pub members: HasMany<super::member::Entity>,
    #[sea_orm(has_many)]
    pub invitations: HasMany<super::invitation::Entity>,
    #[sea_orm(has_many)]
    pub research_plans: HasMany<super::research_plan::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
