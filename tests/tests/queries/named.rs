//! Relations that have a name: several to one table, and one of a table to itself.

use db::prelude::*;

use crate::world::{World, id};

pub(crate) mod person {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "person")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) organization_id: OrganizationId,
        pub(crate) name: String,
        pub(crate) boss_id: Option<Uuid>,
        #[sea_orm(self_ref, relation_enum = "Boss", relation_reverse = "Reports", from = "boss_id", to = "id")]
        pub(crate) boss: BelongsTo<Option<Entity>>,
        #[sea_orm(self_ref, relation_enum = "Reports", relation_reverse = "Boss")]
        pub(crate) reports: HasMany<Entity>,
        #[sea_orm(has_many, relation_enum = "Written", via_rel = "Author")]
        pub(crate) written: HasMany<super::letter::Entity>,
        #[sea_orm(has_many, relation_enum = "Received", via_rel = "Reader")]
        pub(crate) received: HasMany<super::letter::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod letter {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "letter")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) organization_id: OrganizationId,
        pub(crate) text: String,
        pub(crate) author_id: Uuid,
        pub(crate) reader_id: Option<Uuid>,
        #[sea_orm(belongs_to, relation_enum = "Author", from = "author_id", to = "id")]
        pub(crate) author: BelongsTo<super::person::Entity>,
        #[sea_orm(belongs_to, relation_enum = "Reader", from = "reader_id", to = "id")]
        pub(crate) reader: BelongsTo<Option<super::person::Entity>>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use letter::{
    Letter,
    relation::{Author, Reader},
};
use person::{
    Person,
    relation::{Boss, Reports, Written},
};

const CREATE: &str = "
    CREATE TABLE person (organization_id uuid, id uuid, name text NOT NULL, boss_id uuid, PRIMARY KEY (organization_id, id));
    CREATE TABLE letter (organization_id uuid, id uuid, text text NOT NULL, author_id uuid NOT NULL, reader_id uuid,
        PRIMARY KEY (organization_id, id));
";

/// Ann is the boss of Bob and of Cid. Bob has written to Ann, and Ann to nobody; the other organization has the same ids,
/// other names, and one letter more, from Ann to Cid.
async fn world(row_level_security: bool) -> World {
    let w = World::new().await;
    w.f.database.execute(CREATE).await;
    let migrator = w.f.database.migrator();
    let protect = [migrator.contract().protect::<Person>(), migrator.contract().protect::<Letter>()];
    w.f.database.execute(&protect.concat().join(";\n")).await;
    for (org, name) in [(w.f.acme.id, "acme"), (w.f.globex.id, "globex")] {
        let (ann, bob, cid) = (id(1), id(2), id(3));
        w.f.database
            .execute(&format!(
                "INSERT INTO person VALUES ('{org}', '{ann}', '{name} ann', NULL), ('{org}', '{bob}', '{name} bob', '{ann}'),
                     ('{org}', '{cid}', '{name} cid', '{ann}');
                 INSERT INTO letter VALUES ('{org}', '{}', '{name} to ann', '{bob}', '{ann}'),
                     ('{org}', '{}', '{name} to nobody', '{ann}', NULL);",
                id(11),
                id(12),
            ))
            .await;
    }
    let (other, ann, cid) = (w.f.globex.id, id(1), id(3));
    let more = format!("INSERT INTO letter VALUES ('{other}', '{}', 'globex to cid', '{ann}', '{cid}')", id(13));
    w.f.database.execute(&more).await;
    if !row_level_security {
        w.f.database
            .execute("ALTER TABLE person DISABLE ROW LEVEL SECURITY; ALTER TABLE letter DISABLE ROW LEVEL SECURITY")
            .await;
    }
    w
}

#[tokio::test]
async fn joins_along_relations_by_their_names() {
    for on in [true, false] {
        let w = world(on).await;
        let letters = w
            .acme(async |cx| {
                Letter::find()
                    .find_also_related(Author)
                    .find_also_related(Reader)
                    .order_by_asc(letter::Column::Id)
                    .all(cx)
                    .await
            })
            .await;
        let letters: Vec<_> = letters
            .into_iter()
            .map(|(letter, author, reader)| (letter.text, author.unwrap().name, reader.map(|reader| reader.name)))
            .collect();
        let text = |text: &str| format!("acme {text}");
        assert_eq!(letters, [(text("to ann"), text("bob"), Some(text("ann"))), (text("to nobody"), text("ann"), None)]);
        // By its name, a joined table's columns are referred to.
        let of_bob = w
            .acme(async |cx| {
                let bob = Expr::col(("author", person::Column::Name)).like("%bob");
                Letter::find().inner_join(Author).filter(bob).all(cx).await
            })
            .await;
        assert_eq!(of_bob.iter().map(|letter| letter.id).collect::<Vec<_>>(), [id(11)]);
        let written = w
            .acme(async |cx| Person::find().has_related(Written, letter::Column::ReaderId.is_not_null()).all(cx).await)
            .await;
        assert_eq!(written.iter().map(|person| person.id).collect::<Vec<_>>(), [id(2)]);
    }
}

#[tokio::test]
async fn a_table_is_joined_with_itself() {
    for on in [true, false] {
        let w = world(on).await;
        let bosses = w.acme(async |cx| Person::find().find_also_related(Boss).order_by_id_asc().all(cx).await).await;
        let bosses: Vec<_> = bosses.into_iter().map(|(person, boss)| (person.id, boss.map(|boss| boss.name))).collect();
        let ann = || Some("acme ann".to_owned());
        assert_eq!(bosses, [(id(1), None), (id(2), ann()), (id(3), ann())]);
        let refused = w
            .acme(async |cx| Ok(Person::find().has_related(Reports, Condition::all()).all(cx).await.unwrap_err()))
            .await;
        assert!(refused.is_raw_text(), "its names would mean the inner one: {refused}");
    }
}

#[tokio::test]
async fn rows_are_loaded_along_relations_by_their_names() {
    for on in [true, false] {
        let w = world(on).await;
        w.acme(async |cx| {
            let ann = Person::find_by_id(id(1)).require_one(cx).await?;
            let reports = ann.find_related(Reports).order_by_id_asc().all(cx).await?;
            assert_eq!(reports.iter().map(|person| person.id).collect::<Vec<_>>(), [id(2), id(3)]);
            assert_eq!(reports.load_one(Boss, cx).await?, [Some(ann.clone()), Some(ann.clone())]);
            assert_eq!([ann].load_many(Written, cx).await?[0].len(), 1);
            let letters = Letter::load().with(Author).with(Reader).order_by_id_asc().all(cx).await?;
            assert_eq!(letters[0].author.as_ref().unwrap().name, "acme bob");
            assert_eq!(letters[0].reader.as_ref().unwrap().name, "acme ann");
            assert!(letters[1].reader.as_ref().is_none() && letters[1].reader.is_loaded());
            let with_reports =
                Person::load().with(Reports::load().filter(person::Column::Name.ends_with("cid"))).filter_by_id(id(1));
            assert_eq!(with_reports.require_one(cx).await?.reports.len(), 1);
            Ok(())
        })
        .await;
    }
}

#[tokio::test]
async fn rows_are_saved_along_relations_by_their_names() {
    let w = world(false).await;
    let letter = |text: &str| letter::Draft { text: Set(text.to_owned()), ..Default::default() };
    let saved = w
        .acme(async |cx| {
            let boss = person::Draft { name: Set("dan".to_owned()), ..Default::default() };
            let report = person::Draft { name: Set("eve".to_owned()), ..Default::default() };
            Person::save(boss).with(Written, [letter("a"), letter("b")]).with(Reports, [report]).exec(cx).await
        })
        .await;
    assert!(saved.written.iter().all(|letter| letter.author_id == saved.id && letter.organization_id == w.f.acme.id));
    assert_eq!((saved.written.len(), saved.reports[0].boss_id), (2, Some(saved.id)));
}
