//! Where roles decide who writes in a tenant, it is said what a person may do in a context of their own.

mod budget {
    use db::{OrganizationId, UserId, tenant_scoped, user_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped(writers("owner"))]
    #[user_scoped(allow(select))]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "budget")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: OrganizationId,
        pub user_id: UserId,
        pub amount: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {}
