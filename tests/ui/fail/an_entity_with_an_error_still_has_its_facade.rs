//! A mistake in a scope attribute is one error, and none beside it where the entity is used.

use db::{TenantContext, prelude::*};
use note::Note;

mod note {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped(colum = "organization_id")]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "note")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: OrganizationId,
        pub text: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

async fn write(cx: &TenantContext, text: String) -> db::Result<u64> {
    Note::insert(note::Draft { text: Set(text), ..Default::default() }).exec(cx).await?;
    let _ = Note::update_many().col_expr(note::Writable::Text, Expr::val("")).exec(cx).await?;
    Note::find().filter(note::Column::Text.is_not_null()).count(cx).await
}

fn main() {}
