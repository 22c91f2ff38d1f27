//! A scope column is not of the type of another scope's key.

mod note {
    use db::{OrganizationId, UserId, user_scoped};
    use sea_orm::entity::prelude::*;

    #[user_scoped(column = "author_id")]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "note")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: OrganizationId,
        pub author_id: UserId,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {}
