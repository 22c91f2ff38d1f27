//! A table made for the tests: it writes down who inserts into it, and its rows are of all three scopes.

use db::{OrganizationId, UserId, identity_scoped, tenant_scoped, user_scoped};
use sea_orm::entity::prelude::*;
use tests::Fixture;

#[tenant_scoped]
#[user_scoped]
#[identity_scoped]
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "witness")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) organization_id: OrganizationId,
    pub(crate) user_id: UserId,
    /// `current_user`, unless set.
    pub(crate) acts_as: String,
    /// `session_user`, unless set.
    pub(crate) logged_in_as: String,
}

impl ActiveModelBehavior for ActiveModel {}

/// Makes the table, under the policies that its entity declares.
pub(crate) async fn make(f: &Fixture) {
    f.database
        .execute(
            "CREATE TABLE witness (
                id uuid PRIMARY KEY,
                organization_id uuid NOT NULL,
                user_id uuid NOT NULL,
                acts_as text NOT NULL DEFAULT current_user,
                logged_in_as text NOT NULL DEFAULT session_user,
                UNIQUE (organization_id, id),
                UNIQUE (user_id, id)
            )",
        )
        .await;
    let protect = f.database.migrator().contract().protect::<Witness>();
    f.database.execute(&protect.join(";\n")).await;
}
