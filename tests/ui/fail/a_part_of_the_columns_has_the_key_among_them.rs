//! A part of the columns has the key among them.

mod person {
    use db::{UserId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped(name = "Colleague", via = "memberships", allow(select(name)))]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "person")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: UserId,
        pub name: String,
        pub secret: String,
        #[sea_orm(has_many)]
        pub memberships: HasMany<super::member::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod member {
    use db::{OrganizationId, UserId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "member")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: OrganizationId,
        pub person_id: UserId,
        #[sea_orm(belongs_to, from = "person_id", to = "id")]
        pub person: BelongsTo<super::person::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {}
