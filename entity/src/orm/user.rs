//! A person.

use db::{UserId, identity_scoped, tenant_scoped, user_scoped};
use sea_orm::entity::prelude::*;

/// A person. Everybody sees their own row, and may change their name; the members of an organization see each other's
/// name and address; sign-in sees all.
#[tenant_scoped(name = "Colleague", via = "memberships", allow(select(id, name, email)))]
#[user_scoped(column = "id", allow(select, update(name)))]
#[identity_scoped]
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    pub name: String,
    #[sea_orm(unique)]
    pub email: String,
    pub email_verified: bool,
    pub image: Option<String>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    #[sea_orm(has_many)]
    pub sessions: HasMany<super::session::Entity>,
    #[sea_orm(has_many)]
    pub accounts: HasMany<super::account::Entity>,
    #[sea_orm(has_many)]
    pub memberships: HasMany<super::member::Entity>,
    #[sea_orm(has_many)]
    pub personal_access_tokens: HasMany<super::personal_access_token::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
