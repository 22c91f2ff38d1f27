//! An entity has one facade, and so one name for it, however many scopes it is in.

mod note {
    use db::{OrganizationId, UserId, tenant_scoped, user_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped(name = "Memo")]
    #[user_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "note")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: OrganizationId,
        pub user_id: UserId,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {}
