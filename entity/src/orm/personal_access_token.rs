//! A token by which a person's programs act as them.

use db::{UserId, user_scoped};
use sea_orm::entity::prelude::*;

use crate::Digest;

/// A token by which a person's programs act as them. They see their own, nobody else's, and may rename and revoke them:
/// what a token is known by, and how long for, is settled when it is made.
#[user_scoped(allow(select, insert, update(name, revoked_at), delete))]
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "personal_access_token")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: UserId,
    pub name: String,
    /// The SHA-256 digest of the secret; the secret itself is nowhere.
    pub token_digest: Digest,
    pub last_used_at: Option<DateTimeUtc>,
    pub expires_at: Option<DateTimeUtc>,
    pub revoked_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "user_id", to = "id")]
    pub user: BelongsTo<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
