//! A facade is named where its table's name makes no identifier.

mod note {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped(name = "Note")]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "2026_note")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: OrganizationId,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {}
