//! What an entity asks for and a scoped table cannot have is refused, by name.

use db::contract::{Contract, Membership};

fn contract() -> Contract {
    Contract::new(Membership::new("member", "organization_id", "user_id"))
}

/// An entity of a tenant with fields of its own, and what its table is refused for.
macro_rules! refused {
    ($test:ident, $why:literal, { $($fields:tt)* }) => {
        mod $test {
            use db::{OrganizationId, tenant_scoped};
            use sea_orm::entity::prelude::*;

            #[tenant_scoped]
            #[sea_orm::model]
            #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
            #[sea_orm(table_name = "refused")]
            pub struct Model {
                pub organization_id: OrganizationId,
                $($fields)*
            }

            impl ActiveModelBehavior for ActiveModel {}

            #[test]
            fn is_refused() {
                let refused = super::contract().create_table::<Refused>(&db::Registry::collect()).unwrap_err();
                assert!(refused.is_configuration());
                let said = refused.to_string();
                assert!(said.contains("the entity `Refused`") && said.contains($why), "{said}");
            }
        }
    };
}

refused!(a_unique_in_extra, "column `code` has UNIQUE in its `extra`", {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(extra = "CHECK (code <> '') UNIQUE")]
    pub code: String,
});

refused!(a_reference_in_extra, "column `plan_id` has REFERENCES in its `extra`", {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(extra = "references research_plan (id)")]
    pub plan_id: Uuid,
});

refused!(a_key_that_counts_and_is_no_integer, "column `id` is `auto_increment`, which only an integer can be", {
    #[sea_orm(primary_key, auto_increment = true)]
    pub id: String,
});

refused!(a_year, "column `year` is of type `Year`", {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(column_type = "Year")]
    pub year: i32,
});

refused!(an_update_that_sets_the_scope_to_nothing, "the relation to `shelf` by `organization_id`, `shelf_id` sets the scope", {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub shelf_id: Option<Uuid>,
    #[sea_orm(belongs_to, from = "shelf_id", to = "id", on_update = "SetNull")]
    pub shelf: BelongsTo<Option<crate::entities::shelf::Entity>>,
});

refused!(a_relation_out_of_the_scope, "leads out of the scope: `organization_id` has to point at `organization_id`", {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub other_id: OrganizationId,
    #[sea_orm(belongs_to, from = "(other_id, id)", to = "(organization_id, id)")]
    pub shelf: BelongsTo<crate::entities::shelf::Entity>,
});

mod a_unique_column_beside_a_key_that_is_the_scopes {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "settings")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub organization_id: OrganizationId,
        #[sea_orm(unique)]
        pub domain: String,
    }

    impl ActiveModelBehavior for ActiveModel {}

    /// Within a tenant it would say nothing, and over all of them tell what another has.
    #[test]
    fn is_refused() {
        let said = super::contract().create_table::<Settings>(&db::Registry::collect()).unwrap_err().to_string();
        assert!(said.contains("column `domain` is unique, and `organization_id` alone is the key"), "{said}");
    }
}

mod a_relation_to_what_is_in_the_scope_through_another_table {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "badge")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: OrganizationId,
        pub drawer_id: Uuid,
        #[sea_orm(belongs_to, from = "drawer_id", to = "id")]
        pub drawer: BelongsTo<super::drawer::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}

    #[test]
    fn is_refused() {
        let said = super::contract().create_table::<Badge>(&db::Registry::collect()).unwrap_err().to_string();
        let why = "would tell which rows there are over all tenants, as it is in the scope through `shelf`";
        assert!(said.contains(why), "{said}");
    }
}

/// In the scope of a tenant through what is on a shelf of theirs.
mod drawer {
    use db::tenant_scoped;
    use sea_orm::entity::prelude::*;

    #[tenant_scoped(via = "shelf")]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "drawer")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub shelf_id: Uuid,
        #[sea_orm(belongs_to, from = "shelf_id", to = "id")]
        pub shelf: BelongsTo<crate::entities::shelf::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
