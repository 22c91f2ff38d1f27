//! A person in an organization.

use db::{OrganizationId, UserId, identity_scoped, tenant_scoped, user_scoped};
use sea_orm::entity::prelude::*;

/// A person in an organization. The organization sees its own, the person theirs. Its owners and admins may change
/// what others may do, and remove them, as far as those rank no higher than themselves.
#[tenant_scoped(allow(select, update(role), delete), writers("owner", "admin"), ranked = "role")]
#[user_scoped(allow(select))]
#[identity_scoped]
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "member")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: OrganizationId,
    pub user_id: UserId,
    pub role: MemberRole,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "organization_id", to = "id")]
    pub organization: BelongsTo<super::organization::Entity>,
    #[sea_orm(belongs_to, from = "user_id", to = "id")]
    pub user: BelongsTo<super::user::Entity>,
    #[sea_orm(belongs_to, from = "user_id", to = "id")]
    pub colleague: BelongsTo<super::user::colleague::Entity>,
}

/// What a member may do in the organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum MemberRole {
    /// Everything, the other owners included.
    Owner,
    /// Settings and members.
    Admin,
    /// The research.
    Member,
}

impl ActiveModelBehavior for ActiveModel {}
