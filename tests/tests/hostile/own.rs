//! Entities of the attacker's own, each made by the macro.

pub(crate) mod greedy {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "greedy")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) organization_id: OrganizationId,
        #[sea_orm(
            select_as = "text), (SELECT string_agg(name, ', ') FROM project",
            save_as = "text) || (SELECT string_agg(name, ', ') FROM project"
        )]
        pub(crate) name: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod saver {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped(name = "Saver")]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "greedy")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) organization_id: OrganizationId,
        #[sea_orm(save_as = "text) || (SELECT string_agg(name, ', ') FROM project")]
        pub(crate) name: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A table whose name is that which the loaders give.
pub(crate) mod parent {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "parent")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) organization_id: OrganizationId,
        pub(crate) name: String,
        #[sea_orm(has_many)]
        pub(crate) children: HasMany<super::child::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod child {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "child")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) organization_id: OrganizationId,
        pub(crate) parent_id: Uuid,
        #[sea_orm(belongs_to, from = "parent_id", to = "id")]
        pub(crate) parent: BelongsTo<super::parent::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A second facade of `task`, related to the first.
pub(crate) mod twin {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped(name = "Twin")]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "task")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) organization_id: OrganizationId,
        pub(crate) project_id: Option<Uuid>,
        pub(crate) title: String,
        pub(crate) points: i32,
        /// A task whose points are one more, say.
        #[sea_orm(belongs_to, from = "project_id", to = "id")]
        pub(crate) next: BelongsTo<Option<crate::tables::task::Entity>>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// One row for each organization: the scope column is the key.
pub(crate) mod setting {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "setting")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) organization_id: OrganizationId,
        pub(crate) theme: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The scope column is a part of the key in SeaORM too.
pub(crate) mod note {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "note")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) organization_id: OrganizationId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) text: String,
        #[sea_orm(has_many)]
        pub(crate) lines: HasMany<super::line::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod line {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "line")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) organization_id: OrganizationId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) note_id: Uuid,
        pub(crate) words: i64,
        #[sea_orm(belongs_to, from = "(organization_id, note_id)", to = "(organization_id, id)")]
        pub(crate) note: BelongsTo<super::note::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Its key is an enum of the database's.
pub(crate) mod mood {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "mood")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) kind: Kind,
        pub(crate) organization_id: OrganizationId,
        #[sea_orm(has_many)]
        pub(crate) days: HasMany<super::day::Entity>,
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Enum", enum_name = "kind", rename_all = "snake_case")]
    pub(crate) enum Kind {
        Good,
        Bad,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod day {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "day")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) organization_id: OrganizationId,
        pub(crate) kind: super::mood::Kind,
        #[sea_orm(belongs_to, from = "kind", to = "kind")]
        pub(crate) mood: BelongsTo<super::mood::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A relation with text in its condition.
pub(crate) mod texts {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "texts")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) organization_id: OrganizationId,
        pub(crate) words: u64,
    }

    #[derive(Copy, Clone, Debug)]
    pub(crate) struct Evil;

    impl Related<crate::tables::project::Entity> for Entity {
        fn to() -> RelationDef {
            use sea_orm::sea_query::IntoCondition;
            let def: RelationDef = Entity::belongs_to(crate::tables::project::Entity)
                .from(Column::Id)
                .to(crate::tables::project::Column::Id)
                .into();
            def.on_condition(|_, _| Expr::cust("1=1) OR (1=1").into_condition())
        }
    }

    impl db::__private::Relates<crate::tables::project::Entity> for Entity {
        type Through = ();
        const FIELD: &'static str = "project";
        fn nest(_: &mut ModelEx, _: Vec<crate::tables::project::ModelEx>) {}
        fn take(_: &mut ModelEx) -> Vec<crate::tables::project::ModelEx> {
            Vec::new()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) const CREATE: &str = "
    CREATE TABLE greedy (organization_id uuid, id uuid, name text NOT NULL, PRIMARY KEY (organization_id, id));
    CREATE TABLE parent (organization_id uuid, id uuid, name text NOT NULL, PRIMARY KEY (organization_id, id));
    CREATE TABLE child (organization_id uuid, id uuid, parent_id uuid NOT NULL, PRIMARY KEY (organization_id, id));
    CREATE TABLE setting (organization_id uuid PRIMARY KEY, theme text NOT NULL);
    CREATE TABLE note (organization_id uuid, id uuid, text text NOT NULL, PRIMARY KEY (organization_id, id));
    CREATE TABLE line (organization_id uuid, id uuid, note_id uuid NOT NULL, words bigint NOT NULL DEFAULT 0, PRIMARY KEY (organization_id, id));
    CREATE TYPE kind AS ENUM ('good', 'bad');
    CREATE TABLE mood (organization_id uuid, kind kind, PRIMARY KEY (organization_id, kind));
    CREATE TABLE day (organization_id uuid, id uuid, kind kind NOT NULL, PRIMARY KEY (organization_id, id));
    CREATE TABLE texts (organization_id uuid, id uuid, words bigint, PRIMARY KEY (organization_id, id));
";
