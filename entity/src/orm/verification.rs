//! A proof that is waited for.

use db::identity_scoped;
use sea_orm::entity::prelude::*;

use crate::Secret;

/// A proof that is waited for, such as that an e-mail address is somebody's.
#[identity_scoped]
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "verification")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub identifier: String,
    /// What proves it, such as the code that was sent.
    pub value: Secret,
    pub expires_at: DateTimeUtc,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
