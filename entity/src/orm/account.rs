//! A way by which a person signs in.

use db::{UserId, identity_scoped, user_scoped};
use sea_orm::entity::prelude::*;

use crate::Secret;

/// A way by which a person signs in: a password, or a login with another provider. They see their own without its
/// secrets; sign-in sees all.
#[user_scoped(name = "OwnAccount", allow(select(id, user_id, account_id, provider_id, scope, created_at, updated_at)))]
#[identity_scoped]
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: UserId,
    /// The provider's own id of the person.
    pub account_id: String,
    pub provider_id: String,
    pub access_token: Option<Secret>,
    pub refresh_token: Option<Secret>,
    pub id_token: Option<Secret>,
    pub access_token_expires_at: Option<DateTimeUtc>,
    pub refresh_token_expires_at: Option<DateTimeUtc>,
    pub scope: Option<String>,
    /// The hash of the password.
    pub password: Option<Secret>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "user_id", to = "id")]
    pub user: BelongsTo<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
