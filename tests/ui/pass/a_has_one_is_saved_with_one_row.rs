//! A row is saved with one row for a `has_one`.

mod cup {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "cup")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: OrganizationId,
        #[sea_orm(has_one)]
        pub saucer: HasOne<super::saucer::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod saucer {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "saucer")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: OrganizationId,
        #[sea_orm(unique)]
        pub cup_id: Uuid,
        #[sea_orm(belongs_to, from = "cup_id", to = "id")]
        pub cup: BelongsTo<super::cup::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use cup::Cup;
use saucer::Saucer;

fn save(cup: cup::Draft, saucer: saucer::Draft) {
    let _save = Cup::save(cup).with(Saucer, [saucer]);
}

fn main() {}
