//! Entities that use every attribute of SeaORM's that a table is made from.

/// What others point at.
pub mod shelf {
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
        #[sea_orm(unique)]
        pub name: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A table that no scope has a column of.
pub mod country {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "country")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Char(Some(2))")]
        pub code: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Every attribute of a column, of a table, and of a relation.
pub mod item {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::{entity::prelude::*, sea_query::Func};

    #[tenant_scoped(column = "tenant")]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "item", comment = "What is on a shelf; 'ours'")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(column_name = "tenant")]
        pub organization_id: OrganizationId,
        #[sea_orm(unique, comment = "It's on the label")]
        pub label: String,
        #[sea_orm(unique_key = "place")]
        pub aisle: i32,
        #[sea_orm(unique_key = "place", renamed_from = "slot")]
        pub place: i16,
        #[sea_orm(indexed)]
        pub made_on: Date,
        #[sea_orm(indexed, unique)]
        pub serial: Option<String>,
        #[sea_orm(default_value = "new")]
        pub state: String,
        #[sea_orm(default_value = 7)]
        pub stock: i32,
        #[sea_orm(default_expr = "Expr::current_timestamp()")]
        pub seen_at: DateTimeUtc,
        #[sea_orm(default_expr = "Func::cust(\"gen_random_uuid\")")]
        pub token: Uuid,
        #[sea_orm(column_type = "Decimal(Some((10, 2)))", extra = "CHECK (price >= 0)")]
        pub price: String,
        #[sea_orm(column_type = "String(StringLen::N(12))", extra = "COLLATE \"C\"")]
        pub sku: String,
        #[sea_orm(column_type = "Char(Some(2))")]
        pub country_code: String,
        #[sea_orm(nullable)]
        pub note: String,
        pub mood: Mood,
        pub moods: Vec<Mood>,
        pub tags: Vec<String>,
        pub settings: Json,
        #[sea_orm(column_type = "VarBinary(StringLen::None)")]
        pub digest: Vec<u8>,
        #[sea_orm(column_type = "custom(\"tsvector\")", select_as = "text", save_as = "tsvector")]
        pub words: Option<String>,
        #[sea_orm(enum_name = "Kind")]
        pub r#type: String,
        pub shelf_id: Option<Uuid>,
        pub spare_shelf_id: Uuid,
        pub shelf_name: Option<String>,
        pub whole_id: Option<i64>,
        #[sea_orm(ignore)]
        pub cached: Option<i64>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
        #[sea_orm(
            belongs_to,
            relation_enum = "Shelf",
            from = "shelf_id",
            to = "id",
            on_delete = "SetNull",
            on_update = "Cascade"
        )]
        pub shelf: BelongsTo<Option<super::shelf::Entity>>,
        #[sea_orm(belongs_to, relation_enum = "Spare", from = "spare_shelf_id", to = "id", on_delete = "Restrict")]
        pub spare: BelongsTo<super::shelf::Entity>,
        #[sea_orm(belongs_to, relation_enum = "Named", from = "shelf_name", to = "name", on_delete = "SetDefault")]
        pub named: BelongsTo<Option<super::shelf::Entity>>,
        #[sea_orm(belongs_to, relation_enum = "Loose", from = "token", to = "id", skip_fk)]
        pub loose: BelongsTo<super::shelf::Entity>,
        #[sea_orm(belongs_to, from = "country_code", to = "code", on_update = "NoAction")]
        pub country: BelongsTo<super::country::Entity>,
        #[sea_orm(self_ref, relation_enum = "Whole", from = "whole_id", to = "id", on_delete = "Cascade")]
        pub whole: BelongsTo<Option<Entity>>,
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Enum", enum_name = "Mood", rename_all = "snake_case")]
    pub enum Mood {
        Calm,
        Wild,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A key of two columns, in which the scope's stands last.
pub mod reading {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "reading")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub meter: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: Date,
        #[sea_orm(primary_key, auto_increment = false)]
        pub organization_id: OrganizationId,
        pub value: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What points at a key of two columns beside the scope's.
pub mod correction {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "correction")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub organization_id: OrganizationId,
        pub meter: String,
        pub day: Date,
        #[sea_orm(belongs_to, from = "(meter, day)", to = "(meter, day)", on_delete = "Cascade")]
        pub reading: BelongsTo<super::reading::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A row for each person in each organization.
pub mod bookmark {
    use db::{OrganizationId, UserId, tenant_scoped, user_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[user_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "bookmark")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: OrganizationId,
        pub user_id: UserId,
        #[sea_orm(unique)]
        pub name: String,
        pub shelf_id: Uuid,
        pub after_id: Option<Uuid>,
        #[sea_orm(belongs_to, from = "shelf_id", to = "id")]
        pub shelf: BelongsTo<super::shelf::Entity>,
        #[sea_orm(self_ref, relation_enum = "After", from = "after_id", to = "id", on_delete = "SetNull")]
        pub after: BelongsTo<Option<Entity>>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Names that SeaORM makes of fields.
pub mod oddly_named {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped(column = "owner")]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "oddly_named")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        #[sea_orm(enum_name = "Owner")]
        pub organization_id: OrganizationId,
        pub last_: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
