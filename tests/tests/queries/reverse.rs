//! Relations whose field does not say which way they go, and keys that are NULL.

use db::prelude::*;

use crate::world::{World, id};

pub(crate) mod holder {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "holder")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) organization_id: OrganizationId,
        pub(crate) code: Option<String>,
        #[sea_orm(has_many)]
        pub(crate) gadgets: HasMany<super::gadget::Entity>,
        #[sea_orm(has_many)]
        pub(crate) labels: HasMany<super::label::Entity>,
        #[sea_orm(has_many)]
        pub(crate) hints: HasMany<super::hint::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// `belongs_to` in a `HasOne`, as SeaORM takes it, and the same to its own table.
pub(crate) mod gadget {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "gadget")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) organization_id: OrganizationId,
        pub(crate) holder_id: Option<Uuid>,
        pub(crate) part_of_id: Option<Uuid>,
        #[sea_orm(belongs_to, from = "holder_id", to = "id")]
        pub(crate) holder: HasOne<super::holder::Entity>,
        #[sea_orm(self_ref, relation_enum = "Whole", relation_reverse = "Parts", from = "part_of_id", to = "id")]
        pub(crate) whole: HasOne<Entity>,
        #[sea_orm(self_ref, relation_enum = "Parts", relation_reverse = "Whole")]
        pub(crate) parts: HasMany<Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Points at a holder's code, which may be NULL there, and not here.
pub(crate) mod label {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "label")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) organization_id: OrganizationId,
        pub(crate) holder_code: String,
        #[sea_orm(belongs_to, from = "holder_code", to = "code")]
        pub(crate) holder: BelongsTo<super::holder::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The same, where it may be NULL in both, and in a column of another name than its field.
pub(crate) mod hint {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "hint")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) organization_id: OrganizationId,
        #[sea_orm(column_name = "of")]
        pub(crate) holder_code: Option<String>,
        #[sea_orm(belongs_to, from = "holder_code", to = "code")]
        pub(crate) holder: BelongsTo<Option<super::holder::Entity>>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use gadget::{
    Gadget,
    relation::{Parts, Whole},
};
use hint::Hint;
use holder::Holder;
use label::Label;

async fn world() -> World {
    let w = World::new().await;
    w.f.database
        .execute(
            "CREATE TABLE holder (organization_id uuid, id uuid, code text, PRIMARY KEY (organization_id, id));
             CREATE TABLE gadget (organization_id uuid, id uuid, holder_id uuid, part_of_id uuid,
                 PRIMARY KEY (organization_id, id));
             CREATE TABLE label (organization_id uuid, id uuid, holder_code text NOT NULL, PRIMARY KEY (organization_id, id));
             CREATE TABLE hint (organization_id uuid, id uuid, \"of\" text, PRIMARY KEY (organization_id, id));",
        )
        .await;
    let migrator = w.f.database.migrator();
    let contract = migrator.contract();
    let protect = [
        contract.protect::<Holder>(),
        contract.protect::<Gadget>(),
        contract.protect::<Label>(),
        contract.protect::<Hint>(),
    ];
    w.f.database.execute(&protect.concat().join(";\n")).await;
    for org in [w.f.acme.id, w.f.globex.id] {
        let sql = format!(
            "INSERT INTO holder VALUES ('{org}', '{one}', NULL), ('{org}', '{two}', 'two');
             INSERT INTO gadget VALUES ('{org}', '{one}', NULL, NULL), ('{org}', '{two}', '{two}', '{one}');
             INSERT INTO label VALUES ('{org}', '{one}', 'two');
             INSERT INTO hint VALUES ('{org}', '{one}', NULL), ('{org}', '{two}', 'two');",
            one = id(1),
            two = id(2),
        );
        w.f.database.execute(&sql).await;
    }
    w
}

/// Whichever way it is written, it is read the right way, and NULL points at nothing.
#[tokio::test]
async fn a_belongs_to_in_a_has_one() {
    let w = world().await;
    w.acme(async |cx| {
        let gadgets = Gadget::find().order_by_id_asc().all(cx).await?;
        let holders = gadgets.load_one(Holder, cx).await?;
        assert_eq!(
            holders.iter().map(|holder| holder.as_ref().map(|holder| holder.id)).collect::<Vec<_>>(),
            [None, Some(id(2))]
        );
        assert!(gadgets[0].find_related(Holder).all(cx).await?.is_empty());
        assert_eq!(gadgets[1].find_related(Whole).all(cx).await?, [gadgets[0].clone()]);
        assert!(gadgets[0].find_related(Whole).all(cx).await?.is_empty());
        assert_eq!(gadgets.load_many(Parts, cx).await?, [vec![gadgets[1].clone()], vec![]]);
        let loaded = Gadget::load().with(Holder).with(Whole).order_by_id_asc().all(cx).await?;
        assert!(loaded[0].holder.is_not_found() && loaded[0].whole.is_not_found());
        assert_eq!(loaded[1].whole.as_ref().map(|whole| whole.id), Some(id(1)));
        assert_eq!(Gadget::find().has_no_related(Holder, Condition::all()).count(cx).await?, 1);
        let saved = Holder::save(holder::Draft::default())
            .with_each([Gadget::save(gadget::Draft::default()).with(Parts, [gadget::Draft::default()])])
            .exec(cx)
            .await?;
        let gadget = &saved.gadgets[0];
        assert_eq!((gadget.holder_id, gadget.parts[0].part_of_id), (Some(saved.id), Some(gadget.id)));
        Ok(())
    })
    .await;
}

/// Nothing points at NULL: what is saved with such a row is refused, where its column could be NULL and where not.
#[tokio::test]
async fn a_key_that_is_null() {
    let w = world().await;
    w.acme(async |cx| {
        let holders = Holder::find().order_by_id_asc().all(cx).await?;
        assert_eq!(holders.load_many(Label, cx).await?.iter().map(Vec::len).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(holders.load_many(Hint, cx).await?.iter().map(Vec::len).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(holders[0].find_related(Hint).count(cx).await?, 0);
        let hints = Hint::find().order_by_id_asc().all(cx).await?;
        assert_eq!(hints.load_one(Holder, cx).await?, [None, Some(holders[1].clone())]);
        let coded = holder::Draft { code: Set(Some("three".to_owned())), ..Default::default() };
        let saved = Holder::save(coded).with(Label, [label::Draft::default()]).with(Hint, [hint::Draft::default()]);
        let saved = saved.exec(cx).await?;
        assert_eq!(
            (saved.labels[0].holder_code.as_str(), saved.hints[0].holder_code.as_deref()),
            ("three", Some("three"))
        );
        Ok(())
    })
    .await;
    let refused = async |save: &dyn Fn(Draft) -> Saving| {
        let null = holder::Draft { code: Set(None), ..Default::default() };
        let save = save(null);
        w.db.with_tenant_context(w.f.acme.id, &w.f.acme.owner, async |cx| save.exec(cx).await).await.unwrap_err()
    };
    let error = refused(&|draft| Saving::Labels(Holder::save(draft).with(Label, vec![label::Draft::default()]))).await;
    assert!(error.is_no_parent_key() && error.to_string().contains("`code`"), "{error}");
    let error = refused(&|draft| Saving::Hints(Holder::save(draft).with(Hint, vec![hint::Draft::default()]))).await;
    assert!(error.is_no_parent_key(), "{error}");
    assert_eq!(w.acme(async |cx| Holder::find().count(cx).await).await, 3);
}

type Draft = holder::Draft;

enum Saving {
    Labels(db::Save<Holder, (Vec<db::Save<Label>>, ())>),
    Hints(db::Save<Holder, (Vec<db::Save<Hint>>, ())>),
}

impl Saving {
    async fn exec(self, cx: &TenantContext) -> db::Result<()> {
        match self {
            Self::Labels(save) => save.exec(cx).await.map(drop),
            Self::Hints(save) => save.exec(cx).await.map(drop),
        }
    }
}
