//! A verb that no scope of the entity allows is not on its facade.

use db::TenantContext;
use note::Note;

mod note {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped(allow(select))]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "note")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: OrganizationId,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

async fn delete(cx: &TenantContext) -> db::Result<db::Affected> {
    Note::delete_many().exec(cx).await
}

fn main() {}
