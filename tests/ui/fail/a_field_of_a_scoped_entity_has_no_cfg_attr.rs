//! What `cfg_attr` says of a field is not seen by a scope attribute.

mod note {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "note")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: OrganizationId,
        #[cfg_attr(all(), sea_orm(column_name = "theText"))]
        pub text: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {}
