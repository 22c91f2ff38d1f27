//! Errors of the scope attributes of an entity are reported together, each where it is.

mod note {
    use db::{OrganizationId, UserId, tenant_scoped, user_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped(column = "owner_id", allow(select, insert, update(text)))]
    #[user_scoped(column = "author_id", name = "ANote")]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "note")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub owner_id: OrganizationId,
        pub author_id: UserId,
        pub text: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {}
