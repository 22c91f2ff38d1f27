//! A sign-in of a person on one device.

use db::{OrganizationId, UserId, identity_scoped, user_scoped};
use sea_orm::entity::prelude::*;

use crate::Digest;

/// A sign-in of a person on one device. They see their own, and may end one.
#[user_scoped(allow(select, delete))]
#[identity_scoped]
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: UserId,
    /// The SHA-256 digest of the session's token; the token itself is nowhere.
    #[sea_orm(unique)]
    pub token_digest: Digest,
    pub expires_at: DateTimeUtc,
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
    pub active_organization_id: Option<OrganizationId>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "user_id", to = "id")]
    pub user: BelongsTo<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
