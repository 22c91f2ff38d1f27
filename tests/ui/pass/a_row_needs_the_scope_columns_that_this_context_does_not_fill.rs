//! A row whose scope columns a context cannot fill is not inserted in it without them.

use db::IdentityContext;
use note::Note;

mod note {
    use db::{OrganizationId, identity_scoped, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[identity_scoped]
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

async fn write(cx: &IdentityContext, whose: note::ScopeColumns, note: note::Draft) -> db::Result<()> {
    Note::insert_into(whose, note).exec(cx).await?;
    Ok(())
}

fn main() {}
