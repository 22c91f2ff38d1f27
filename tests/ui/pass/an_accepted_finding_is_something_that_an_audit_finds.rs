//! An accepted finding has a code that there is.

mod coupon {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped(accept("unique-without-scope", reason = "a code is the same for everybody"))]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "coupon")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: OrganizationId,
        pub code: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {}
