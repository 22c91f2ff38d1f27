//! A row is saved with those of its own table that point at it, not with the one that it points at.

mod part {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "part")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: OrganizationId,
        pub whole_id: Option<Uuid>,
        #[sea_orm(self_ref, relation_enum = "Whole", relation_reverse = "Parts", from = "whole_id", to = "id")]
        pub whole: HasOne<Entity>,
        #[sea_orm(self_ref, relation_enum = "Parts", relation_reverse = "Whole")]
        pub parts: HasMany<Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn save(whole: part::Draft, part: part::Draft) {
    let _save = part::Part::save(whole).with(part::relation::Parts, [part]);
}

fn main() {}
