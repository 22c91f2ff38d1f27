//! A row is saved with those that point at it, whatever the database makes of its key.
//!
//! Each table of the tests has rows of which each is pointed at by one of the same title: if one were taken for another, the
//! titles would not be the same.

use db::prelude::*;
use sea_orm::sqlx::{AssertSqlSafe, Connection, query_scalar};

use crate::world::{World, id};

/// A batch of items, each with a mark, and their key.
macro_rules! items {
    ($name:ident, $items:tt, $marks:tt, $key:tt, [$($key_is:tt)*], [$($pointer_is:tt)*]) => {
        #[allow(dead_code, reason = "what SeaORM makes of an entity")]
        pub(crate) mod $name {
            use db::prelude::*;

            pub(crate) mod batch {
                use db::{OrganizationId, tenant_scoped};
                use sea_orm::entity::prelude::*;

                #[tenant_scoped(name = "Batch")]
                #[sea_orm::model]
                #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
                #[sea_orm(table_name = "batch")]
                pub(crate) struct Model {
                    #[sea_orm(primary_key, auto_increment = false)]
                    pub(crate) id: Uuid,
                    pub(crate) organization_id: OrganizationId,
                    #[sea_orm(has_many)]
                    pub(crate) items: HasMany<super::item::Entity>,
                }

                impl ActiveModelBehavior for ActiveModel {}
            }

            pub(crate) mod item {
                use db::{OrganizationId, tenant_scoped};
                use sea_orm::entity::prelude::*;

                #[tenant_scoped(name = "Item")]
                #[sea_orm::model]
                #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
                #[sea_orm(table_name = $items)]
                pub(crate) struct Model {
                    #[sea_orm($($key_is)*)]
                    pub(crate) id: $key,
                    pub(crate) organization_id: OrganizationId,
                    pub(crate) batch_id: Uuid,
                    pub(crate) title: String,
                    #[sea_orm(belongs_to, from = "batch_id", to = "id")]
                    pub(crate) batch: BelongsTo<super::batch::Entity>,
                    #[sea_orm(has_many)]
                    pub(crate) marks: HasMany<super::mark::Entity>,
                }

                impl ActiveModelBehavior for ActiveModel {}
            }

            pub(crate) mod mark {
                use db::{OrganizationId, tenant_scoped};
                use sea_orm::entity::prelude::*;

                #[tenant_scoped(name = "Mark")]
                #[sea_orm::model]
                #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
                #[sea_orm(table_name = $marks)]
                pub(crate) struct Model {
                    #[sea_orm(primary_key, auto_increment = false)]
                    pub(crate) id: Uuid,
                    pub(crate) organization_id: OrganizationId,
                    #[sea_orm($($pointer_is)*)]
                    pub(crate) item_id: $key,
                    pub(crate) title: String,
                    #[sea_orm(belongs_to, from = "item_id", to = "id")]
                    pub(crate) item: BelongsTo<super::item::Entity>,
                }

                impl ActiveModelBehavior for ActiveModel {}
            }

            /// Makes the tables, whose key is of this type in the database, and saves a batch of items with these keys.
            pub(crate) async fn save(
                world: &super::World,
                key: &str,
                more: &str,
                keys: Vec<sea_orm::ActiveValue<$key>>,
            ) -> Vec<$key> {
                use {batch::Batch, item::Item, mark::Mark};

                super::create(world, $items, $marks, key, more).await;
                let migrator = world.f.database.migrator();
                let protect = [
                    migrator.contract().protect::<Batch>(),
                    migrator.contract().protect::<Item>(),
                    migrator.contract().protect::<Mark>(),
                ];
                world.f.database.execute(&protect.concat().join(";\n")).await;
                let titles: Vec<_> = (0..keys.len()).map(|n| format!("item {n}")).collect();
                let items = keys.into_iter().zip(&titles).map(|(id, title)| {
                    let mark = mark::Draft { title: Set(title.clone()), ..Default::default() };
                    let item = item::Draft { id, title: Set(title.clone()), ..Default::default() };
                    Item::save(item).with(Mark, [mark])
                });
                let save = Batch::save(batch::Draft::default()).with_each(items);
                let saved = world.acme(async |cx| save.exec(cx).await).await;
                let found: Vec<_> = saved.items.iter().map(|item| item.title.clone()).collect();
                assert_eq!(found, titles, "in the order of the drafts");
                for item in &saved.items {
                    assert_eq!(item.marks.len(), 1);
                    assert_eq!((item.marks[0].item_id.clone(), &item.marks[0].title), (item.id.clone(), &item.title));
                }
                super::assert_pairs(world, $items, $marks, titles.len()).await;
                saved.items.iter().map(|item| item.id.clone()).collect()
            }
        }
    };
}

async fn create(w: &World, items: &str, marks: &str, key: &str, more: &str) {
    w.f.database
        .execute(&format!(
            "CREATE TABLE batch (organization_id uuid, id uuid, PRIMARY KEY (organization_id, id));
             CREATE TABLE {items} (organization_id uuid, id {key}, batch_id uuid NOT NULL, title text NOT NULL,
                 PRIMARY KEY (organization_id, id));
             CREATE TABLE {marks} (organization_id uuid, id uuid, item_id {of_mark} NOT NULL, title text NOT NULL,
                 PRIMARY KEY (organization_id, id),
                 FOREIGN KEY (organization_id, item_id) REFERENCES {items} (organization_id, id));
             {more}",
            of_mark = key.split(" GENERATED").next().unwrap_or(key),
        ))
        .await;
}

/// Each mark is of the item that has its title, as the database sees it.
async fn assert_pairs(w: &World, items: &str, marks: &str, number: usize) {
    let mut owner = w.f.database.owner().await;
    let sql = format!(
        "SELECT count(*) FROM {items} i JOIN {marks} m ON (m.organization_id, m.item_id, m.title) = (i.organization_id, i.id, i.title)"
    );
    let pairs: i64 = query_scalar(AssertSqlSafe(sql)).fetch_one(&mut owner).await.unwrap();
    assert_eq!(usize::try_from(pairs).unwrap(), number);
    owner.close().await.unwrap();
}

items!(timed, "timed_item", "timed_mark", DateTimeUtc, [primary_key, auto_increment = false], [indexed]);
items!(coded, "coded_item", "coded_mark", String, [primary_key, auto_increment = false], [indexed]);
items!(numbered, "numbered_item", "numbered_mark", i64, [primary_key], [indexed]);
items!(keyed, "keyed_item", "keyed_mark", Uuid, [primary_key, auto_increment = false], [indexed]);
items!(
    scaled,
    "scaled_item",
    "scaled_mark",
    f64,
    [primary_key, auto_increment = false, select_as = "float8", save_as = "numeric"],
    [select_as = "float8", save_as = "numeric"]
);

#[tokio::test]
async fn a_time_is_rounded() {
    for key in ["timestamptz", "timestamptz(0)"] {
        let times = |n: i64| DateTimeUtc::from_timestamp(1_700_000_000 - 7 * n, 123_456_789).unwrap();
        let saved = timed::save(&World::new().await, key, "", (0..3).map(|n| Set(times(n))).collect()).await;
        assert!(
            saved.iter().zip(0..).all(|(saved, n)| *saved != times(n)),
            "the control: what came back is not what was sent"
        );
    }
}

#[tokio::test]
async fn a_text_is_padded_or_cut_or_folded() {
    let w = World::new().await;
    assert_eq!(coded::save(&w, "char(5)", "", ["b", "a", "c"].map(|key| Set(key.to_owned())).into()).await[0], "b    ");
    // By a trigger.
    let lower = "CREATE FUNCTION lower_key() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN NEW.id := lower(NEW.id); RETURN NEW; END $$;
        CREATE TRIGGER lower_key BEFORE INSERT ON coded_item FOR EACH ROW EXECUTE FUNCTION lower_key()";
    let w = World::new().await;
    let saved = coded::save(&w, "text", lower, ["B", "A", "C"].map(|key| Set(key.to_owned())).into());
    assert_eq!(saved.await, ["b", "a", "c"]);
}

#[tokio::test]
async fn a_number_is_rounded() {
    let numbers = [3.04159, 2.61828, 1.31421].map(Set).into();
    assert_eq!(scaled::save(&World::new().await, "numeric(10, 2)", "", numbers).await, [3.04, 2.62, 1.31]);
}

#[tokio::test]
async fn a_key_is_made_by_the_database() {
    let more_than_go_into_one = 40;
    let none = || vec![NotSet; more_than_go_into_one];
    let identity = "bigint GENERATED ALWAYS AS IDENTITY";
    let mut saved = numbered::save(&World::new().await, identity, "", none()).await;
    saved.sort_unstable();
    saved.dedup();
    assert_eq!(saved.len(), more_than_go_into_one);
    // Some by the database, and some not.
    let some = vec![Set(7), NotSet, Set(5), NotSet, NotSet, Set(6)];
    let identity = "bigint GENERATED BY DEFAULT AS IDENTITY";
    let saved = numbered::save(&World::new().await, identity, "", some).await;
    assert_eq!((saved[0], saved[2], saved[5]), (7, 5, 6));
}

/// The keys that were sent come back, and each of another row.
#[tokio::test]
async fn a_trigger_gives_out_the_keys_in_another_order() {
    let renumber = "CREATE SEQUENCE turn;
        CREATE FUNCTION renumber() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
        $$ BEGIN NEW.id := nextval('turn'); RETURN NEW; END $$;
        CREATE TRIGGER renumber BEFORE INSERT ON numbered_item FOR EACH ROW EXECUTE FUNCTION renumber()";
    let saved = numbered::save(&World::new().await, "bigint", renumber, [3, 2, 1].map(Set).into()).await;
    assert_eq!(saved.iter().copied().collect::<std::collections::BTreeSet<_>>(), [1, 2, 3].into());
}

#[tokio::test]
async fn a_trigger_makes_another_key() {
    let anew = |when: &str| {
        format!(
            "CREATE FUNCTION anew() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN NEW.id := gen_random_uuid(); RETURN NEW; END $$;
             CREATE TRIGGER anew BEFORE INSERT ON keyed_item FOR EACH ROW {when} EXECUTE FUNCTION anew()"
        )
    };
    for when in ["", "WHEN (NEW.title = 'item 1')"] {
        let w = World::new().await;
        let saved = keyed::save(&w, "uuid", &anew(when), [3, 1, 2].map(|n| Set(id(n))).into()).await;
        assert_ne!(saved[1], id(1));
    }
}

/// A row that a trigger leaves out is missed, whatever its key is: nothing of the save is kept.
#[tokio::test]
async fn a_trigger_leaves_a_row_out() {
    let skip = |table: &str| {
        format!(
            "CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RETURN CASE WHEN NEW.title = 'skipped' THEN NULL ELSE NEW END; END $$;
             CREATE TRIGGER skip BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION skip()"
        )
    };
    let w = World::new().await;
    keyed::save(&w, "uuid", &skip("keyed_item"), vec![NotSet]).await;
    let items = ["kept", "skipped", "kept"]
        .map(|title| keyed::item::Draft { title: Set(title.to_owned()), ..Default::default() });
    let save = keyed::batch::Batch::save(keyed::batch::Draft::default()).with(keyed::item::Item, items);
    let tried = w.db.with_tenant_context(w.f.acme.id, &w.f.acme.owner, async |cx| save.exec(cx).await).await;
    assert!(tried.unwrap_err().is_not_found());
    w.statements();

    let w = World::new().await;
    numbered::save(&w, "bigint GENERATED ALWAYS AS IDENTITY", &skip("numbered_item"), vec![NotSet]).await;
    let items =
        ["kept", "skipped"].map(|title| numbered::item::Draft { title: Set(title.to_owned()), ..Default::default() });
    let save = numbered::batch::Batch::save(numbered::batch::Draft::default()).with(numbered::item::Item, items);
    let tried = w.db.with_tenant_context(w.f.acme.id, &w.f.acme.owner, async |cx| save.exec(cx).await).await;
    assert!(tried.unwrap_err().is_not_found());
}

/// Two rows with one key are refused, and told.
#[tokio::test]
async fn a_key_is_given_twice() {
    let w = World::new().await;
    coded::save(&w, "text", "", vec![Set("x".to_owned())]).await;
    let items = ["y", "y"].map(|key| coded::item::Draft {
        id: Set(key.to_owned()),
        title: Set("twice".to_owned()),
        ..Default::default()
    });
    let save = coded::batch::Batch::save(coded::batch::Draft::default()).with(coded::item::Item, items);
    let tried = w.db.with_tenant_context(w.f.acme.id, &w.f.acme.owner, async |cx| save.exec(cx).await).await;
    assert!(tried.unwrap_err().is_unique_violation());
}

/// What is saved takes a statement for sixteen rows where the database makes the key, and one for all where it is a UUID.
#[tokio::test]
async fn statements_that_a_save_takes() {
    let w = World::new().await;
    numbered::save(&w, "bigint GENERATED ALWAYS AS IDENTITY", "", vec![NotSet]).await;
    let items = (0..33).map(|_| numbered::item::Draft { title: Set("x".to_owned()), ..Default::default() });
    let save = numbered::batch::Batch::save(numbered::batch::Draft::default()).with(numbered::item::Item, items);
    let context = w.db.tenant(w.f.acme.id, &w.f.acme.owner);
    context.run(async |cx| save.exec(cx).await).await.unwrap();
    assert_eq!(w.statements().len(), 1 + 3);
}

/// Whatever their number, the rows are inserted by one of five texts.
#[tokio::test]
async fn texts_that_saves_are_sent_as() {
    let w = World::new().await;
    numbered::save(&w, "bigint GENERATED ALWAYS AS IDENTITY", "", vec![NotSet]).await;
    let mut texts = std::collections::BTreeSet::new();
    for number in 1..=20_usize {
        let items = (0..number).map(|n| numbered::item::Draft { title: Set(n.to_string()), ..Default::default() });
        let save = numbered::batch::Batch::save(numbered::batch::Draft::default()).with(numbered::item::Item, items);
        let context = w.db.tenant(w.f.acme.id, &w.f.acme.owner);
        let saved = context.run(async |cx| save.exec(cx).await).await.unwrap();
        assert!(saved.items.iter().map(|item| item.title.clone()).eq((0..number).map(|n| n.to_string())));
        texts.extend(w.statements().into_iter().filter(|text| text.contains("numbered_item")));
    }
    assert_eq!(texts.len(), 5, "{texts:#?}");
}
