//! An accepted finding has a reason.

mod coupon {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped(accept("unique-without-scope", on = "coupon_code_key"))]
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
