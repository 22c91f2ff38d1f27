//! A row is saved with those that point at it: a `belongs_to` stays one in a `HasOne`.

mod shelf {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "shelf")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: OrganizationId,
        #[sea_orm(has_many)]
        pub cups: HasMany<super::cup::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

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
        pub shelf_id: Uuid,
        #[sea_orm(belongs_to, from = "shelf_id", to = "id")]
        pub shelf: HasOne<super::shelf::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use cup::Cup;
use shelf::Shelf;

fn save(shelf: shelf::Draft, cup: cup::Draft) {
    let _save = Shelf::save(shelf).with(Cup, [cup]);
}

fn main() {}
