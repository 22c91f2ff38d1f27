//! Tables made for the tests, with every kind of relation: to one, to many, through a junction, and into another scope.

pub(crate) mod project {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "project")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) organization_id: OrganizationId,
        pub(crate) name: String,
        pub(crate) rank: i32,
        #[sea_orm(has_one)]
        pub(crate) profile: HasOne<super::profile::Entity>,
        #[sea_orm(has_many)]
        pub(crate) tasks: HasMany<super::task::Entity>,
        #[sea_orm(has_many)]
        pub(crate) bookmarks: HasMany<super::bookmark::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod profile {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "profile")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) organization_id: OrganizationId,
        #[sea_orm(unique)]
        pub(crate) project_id: Uuid,
        pub(crate) text: String,
        #[sea_orm(belongs_to, from = "project_id", to = "id")]
        pub(crate) project: BelongsTo<super::project::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod task {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
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
        #[sea_orm(belongs_to, from = "project_id", to = "id")]
        pub(crate) project: BelongsTo<Option<super::project::Entity>>,
        #[sea_orm(has_many, via = "task_tag")]
        pub(crate) tags: HasMany<super::tag::Entity>,
        #[sea_orm(has_many)]
        pub(crate) task_tags: HasMany<super::task_tag::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod tag {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tag")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) organization_id: OrganizationId,
        pub(crate) name: String,
        #[sea_orm(has_many, via = "task_tag")]
        pub(crate) tasks: HasMany<super::task::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The junction between tasks and tags.
#[expect(clippy::struct_field_names, reason = "each column is an id")]
pub(crate) mod task_tag {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "task_tag")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) task_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) tag_id: Uuid,
        pub(crate) organization_id: OrganizationId,
        #[sea_orm(belongs_to, from = "task_id", to = "id")]
        pub(crate) task: BelongsTo<super::task::Entity>,
        #[sea_orm(belongs_to, from = "tag_id", to = "id")]
        pub(crate) tag: BelongsTo<super::tag::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A person's own, whatever organization the project is of.
pub(crate) mod bookmark {
    use db::{UserId, user_scoped};
    use sea_orm::entity::prelude::*;

    #[user_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "bookmark")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) user_id: UserId,
        pub(crate) project_id: Uuid,
        #[sea_orm(belongs_to, from = "project_id", to = "id")]
        pub(crate) project: BelongsTo<super::project::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The statements that make the tables. There is no foreign key, and ids may be the same in two organizations: what holds
/// them apart is the scope alone.
pub(crate) const CREATE: &str = "
    CREATE TABLE project (organization_id uuid, id uuid, name text NOT NULL, rank int NOT NULL DEFAULT 7,
        PRIMARY KEY (organization_id, id));
    CREATE TABLE profile (organization_id uuid, id uuid, project_id uuid NOT NULL, text text NOT NULL,
        PRIMARY KEY (organization_id, id), UNIQUE (organization_id, project_id));
    CREATE TABLE task (organization_id uuid, id uuid, project_id uuid, title text NOT NULL, points int NOT NULL,
        PRIMARY KEY (organization_id, id));
    CREATE TABLE tag (organization_id uuid, id uuid, name text NOT NULL, PRIMARY KEY (organization_id, id));
    CREATE TABLE task_tag (organization_id uuid, task_id uuid, tag_id uuid,
        PRIMARY KEY (organization_id, task_id, tag_id));
    CREATE TABLE bookmark (user_id uuid, id uuid, project_id uuid NOT NULL, PRIMARY KEY (user_id, id));
";
