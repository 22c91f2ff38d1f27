//! A row is not inserted in a scope that may only read the table, where several others may write to it.

use db::UserContext;
use note::Note;

mod note {
    use db::{OrganizationId, UserId, identity_scoped, tenant_scoped, user_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped(allow(select))]
    #[user_scoped]
    #[identity_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "note")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: OrganizationId,
        pub user_id: UserId,
        pub text: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

async fn write(cx: &UserContext, whose: note::ScopeColumns, note: note::Draft) -> db::Result<()> {
    Note::insert_into(whose, note).exec(cx).await?;
    Ok(())
}

fn main() {}
