//! An entity's `ActiveModelBehavior`: what it does, for which verbs, and what it cannot do.
//!
//! The hooks here do what the note's text says.

use std::error::Error as _;

use db::{Error, prelude::*};

use crate::world::{World, id};

pub(crate) mod note {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::{ConnectionTrait, Set, entity::prelude::*};

    #[tenant_scoped(allow(select, insert, update(text, state, log, book_id), delete))]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "note")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) organization_id: OrganizationId,
        pub(crate) book_id: Option<Uuid>,
        pub(crate) text: String,
        pub(crate) state: Option<String>,
        pub(crate) log: Option<String>,
        /// No column that the scope may update.
        pub(crate) author: Option<String>,
        #[sea_orm(belongs_to, from = "book_id", to = "id")]
        pub(crate) book: BelongsTo<Option<super::book::Entity>>,
    }

    #[async_trait::async_trait]
    impl ActiveModelBehavior for ActiveModel {
        fn new() -> Self {
            Self { state: Set(Some("new".to_owned())), ..ActiveModelTrait::default() }
        }

        async fn before_save<C: ConnectionTrait>(mut self, db: &C, insert: bool) -> Result<Self, DbErr> {
            let text = self.text.clone().take().unwrap_or_default();
            match text.as_str() {
                "refused" => return Err(DbErr::Custom("the hook's own secret".to_owned())),
                "query" => drop(Entity::find().all(db).await?),
                "statement" => {
                    db.execute_unprepared("DELETE FROM note WHERE text = 'secret'").await?;
                }
                "swallowed" => {
                    db.execute_unprepared("SELECT 1").await.ok();
                }
                "another tenant's" => self.organization_id = Set(OrganizationId::new()),
                "another's key" => self.id = Set(Uuid::nil()),
                "author" => self.author = Set(Some("forged".to_owned())),
                "of its own" => self = Self { text: Set("made".to_owned()), ..ActiveModelTrait::default() },
                _ => {}
            }
            let knows = !self.organization_id.is_not_set() && (insert || !self.id.is_not_set());
            self.log = Set(Some(format!(
                "before {}{}",
                if insert { "insert" } else { "update" },
                if knows { "" } else { ", blind" }
            )));
            Ok(self)
        }

        async fn after_save<C: ConnectionTrait>(mut row: Model, _: &C, insert: bool) -> Result<Model, DbErr> {
            if row.text == "refused afterwards" {
                return Err(DbErr::Custom("too late".to_owned()));
            }
            row.text = format!("{} after {}", row.text, if insert { "insert" } else { "update" });
            Ok(row)
        }

        async fn before_delete<C: ConnectionTrait>(mut self, db: &C) -> Result<Self, DbErr> {
            match self.text.clone().take().unwrap_or_default().as_str() {
                "kept" => return Err(DbErr::Custom("kept".to_owned())),
                "counted" => drop(Entity::find().count(db).await?),
                "another" => self.id = Set(Uuid::nil()),
                "another tenant's deleted" => self.organization_id = Set(OrganizationId::new()),
                _ => {}
            }
            Ok(self)
        }

        async fn after_delete<C: ConnectionTrait>(self, _: &C) -> Result<Self, DbErr> {
            match self.text.clone().take().unwrap_or_default().as_str() {
                "kept afterwards" => Err(DbErr::Custom("kept".to_owned())),
                _ => Ok(self),
            }
        }
    }
}

pub(crate) mod book {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::{ConnectionTrait, Set, entity::prelude::*};

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "book")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) organization_id: OrganizationId,
        pub(crate) title: String,
        #[sea_orm(has_many)]
        pub(crate) notes: HasMany<super::note::Entity>,
    }

    #[async_trait::async_trait]
    impl ActiveModelBehavior for ActiveModel {
        async fn before_save<C: ConnectionTrait>(mut self, _: &C, _: bool) -> Result<Self, DbErr> {
            // SeaORM's own way to make a key.
            if self.id.is_not_set() {
                self.id = Set(Uuid::from_u128(77));
            }
            Ok(self)
        }
    }
}

use book::Book;
use note::Note;

async fn world() -> World {
    let w = World::new().await;
    w.f.database
        .execute(
            "CREATE TABLE book (organization_id uuid, id uuid, title text NOT NULL, PRIMARY KEY (organization_id, id));
             CREATE TABLE note (organization_id uuid, id uuid, book_id uuid, text text NOT NULL, state text, log text,
                 author text, PRIMARY KEY (organization_id, id));",
        )
        .await;
    let migrator = w.f.database.migrator();
    let protect = [migrator.contract().protect::<Book>(), migrator.contract().protect::<Note>()];
    w.f.database.execute(&protect.concat().join(";\n")).await;
    // The other tenant has a note with the id that hooks turn to.
    let theirs = format!(
        "INSERT INTO note (organization_id, id, text) VALUES ('{}', '{}', 'theirs'), ('{}', '{}', 'mine')",
        w.f.globex.id,
        Uuid::nil(),
        w.f.acme.id,
        Uuid::nil(),
    );
    w.f.database.execute(&theirs).await;
    w
}

fn note(n: u128, text: &str) -> note::Draft {
    note::Draft { id: Set(id(n)), text: Set(text.to_owned()), ..Default::default() }
}

/// Runs `f` in a context of its own, in which the error is not swallowed.
async fn fails<T: std::fmt::Debug>(w: &World, f: impl AsyncFnOnce(&mut TenantContext) -> db::Result<T>) -> Error {
    w.db.with_tenant_context(w.f.acme.id, &w.f.acme.owner, f).await.unwrap_err()
}

#[tokio::test]
async fn hooks_of_an_insert() {
    let w = world().await;
    w.acme(async |cx| {
        let row = Note::insert(note(1, "a")).exec_with_returning(cx).await?;
        assert_eq!((row.text.as_str(), row.log.as_deref()), ("a after insert", Some("before insert")));
        assert_eq!(row.state.as_deref(), Some("new"), "what `new` says");
        // What the hook after it returns is not written.
        assert_eq!(Note::find_by_id(id(1)).require_one(cx).await?.text, "a");
        assert_eq!(Note::insert(note(2, "b")).exec(cx).await?, id(2));
        assert_eq!(Note::insert(note(3, "refused afterwards")).exec_without_returning(cx).await?.rows_affected, 1);
        let told = note::Draft { state: Set(None), ..note(4, "c") };
        assert_eq!(Note::insert(told).exec_with_returning(cx).await?.state, None, "a draft says more than `new`");
        let made = Note::insert(note(5, "of its own")).exec_with_returning(cx).await?;
        assert_eq!((made.text.as_str(), made.organization_id), ("made after insert", w.f.acme.id));
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn hooks_of_an_update() {
    let w = world().await;
    w.acme(async |cx| {
        Note::insert(note(1, "a")).exec(cx).await?;
        let by_id = Note::update_by_id(id(1), note::Draft { text: Set("b".to_owned()), ..Default::default() });
        let row = by_id.exec(cx).await?;
        assert_eq!((row.text.as_str(), row.log.as_deref()), ("b after update", Some("before update")));
        assert_eq!(row.state.as_deref(), Some("new"));
        // `new` is of new rows: what is there is not set back to it.
        let row = Note::find_by_id(id(1)).require_one(cx).await?;
        let row = Note::update(note::Draft { state: Set(Some("old".to_owned())), ..row.into() }).exec(cx).await?;
        assert_eq!(row.state.as_deref(), Some("old"));
        let quiet = note::Draft { text: Set("refused afterwards".to_owned()), ..Default::default() };
        Note::update_by_id(id(1), quiet).exec_without_returning(cx).await?;
        let row = Note::find_by_id(id(1)).require_one(cx).await?;
        assert_eq!((row.state.as_deref(), row.log.as_deref()), (Some("old"), Some("before update")));
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn hooks_of_a_delete() {
    let w = world().await;
    w.acme(async |cx| {
        for (n, text) in [(1, "gone"), (2, "kept"), (3, "kept"), (4, "kept")] {
            let _ = Note::insert(note(n, text)).exec_without_returning(cx).await?;
        }
        let row = Note::find_by_id(id(1)).require_one(cx).await?;
        assert_eq!(Note::delete(&row).exec_with_returning(cx).await?, row);
        assert!(Note::delete(&row).exec(cx).await.unwrap_err().is_not_found());
        let row = Note::find_by_id(id(2)).require_one(cx).await?;
        assert!(Note::delete(&row).exec(cx).await.unwrap_err().is_refused_by_hook());
        assert!(Note::delete(&row).exec_with_returning(cx).await.unwrap_err().is_refused_by_hook());
        // By id and by filter there is no row to ask, in SeaORM neither.
        Note::delete_by_id(id(2)).exec(cx).await?;
        assert_eq!(Note::delete_many().filter(note::Column::Text.eq("kept")).exec(cx).await?.rows_affected, 2);
        Ok(())
    })
    .await;
}

/// As SeaORM's do not.
#[tokio::test]
async fn verbs_of_many_rows_run_no_hooks() {
    let w = world().await;
    w.acme(async |cx| {
        let rows = Note::insert_many([note(1, "refused"), note(2, "query")]).exec_with_returning(cx).await?;
        assert!(rows.iter().all(|row| row.log.is_none() && row.state.as_deref() == Some("new")), "`new` is no hook");
        let set = note::Draft { text: Set("statement".to_owned()), ..Default::default() };
        let rows = Note::update_many().set(set).exec_with_returning(cx).await?;
        assert!(rows.len() == 3 && rows.iter().all(|row| row.log.is_none() && row.text == "statement"));
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn hooks_of_a_save() {
    let w = world().await;
    let saved = w
        .acme(async |cx| {
            Note::insert(note(1, "there")).exec(cx).await?;
            let there = note::Draft { log: NotSet, ..Note::find_by_id(id(1)).require_one(cx).await?.into() };
            let there = note::Draft { text: Set("changed".to_owned()), ..there };
            let book = book::Draft { title: Set("x".to_owned()), ..Default::default() };
            Book::save(book).with(Note, [note(2, "a"), note(3, "b"), there]).exec(cx).await
        })
        .await;
    assert_eq!(saved.id, id(77), "the key that the hook makes");
    let notes: Vec<_> = saved.notes.iter().map(|note| (note.id, note.text.as_str(), note.log.as_deref())).collect();
    assert_eq!(
        (notes[0], notes[2]),
        ((id(2), "a after insert", Some("before insert")), (id(1), "changed after update", Some("before update")),)
    );
    assert_eq!(notes[1].1, "b after insert");
    assert_eq!(saved.notes[0].book_id, Some(id(77)));
}

#[tokio::test]
async fn what_a_hook_refuses_is_told_and_its_words_are_not() {
    let w = world().await;
    let error = fails(&w, async |cx| Note::insert(note(1, "refused")).exec(cx).await).await;
    assert!(error.is_refused_by_hook() && error.to_string().contains("`before_save` of `note`"), "{error}");
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    assert!(error.source().unwrap().to_string().contains("the hook's own secret"));
    let update = || note::Draft { text: Set("refused".to_owned()), ..Default::default() };
    assert!(fails(&w, async |cx| Note::update_by_id(Uuid::nil(), update()).exec(cx).await).await.is_refused_by_hook());
    let without = fails(&w, async |cx| Note::update_by_id(Uuid::nil(), update()).exec_without_returning(cx).await);
    assert!(without.await.is_refused_by_hook());
    let save =
        |text| Book::save(book::Draft { title: Set("x".to_owned()), ..Default::default() }).with(Note, [note(1, text)]);
    assert!(fails(&w, async |cx| save("refused").exec(cx).await).await.is_refused_by_hook());
    assert_eq!(w.acme(async |cx| Book::find().count(cx).await).await, 0, "nothing of the save is kept");
}

#[tokio::test]
async fn a_hook_sends_no_statement() {
    let w = world().await;
    for (text, verb) in [("query", "SELECT"), ("statement", "DELETE")] {
        let error = fails(&w, async |cx| Note::insert(note(1, text)).exec(cx).await).await;
        assert!(error.is_statement_in_hook() && !error.is_refused_by_hook());
        assert!(error.to_string().contains(verb) && error.to_string().contains("run it on the context"), "{error}");
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
    // A hook that goes on without an answer goes on.
    let row = w.acme(async |cx| Note::insert(note(1, "swallowed")).exec_with_returning(cx).await).await;
    assert_eq!(row.log.as_deref(), Some("before insert"));
    let counted = note::Model { text: "counted".to_owned(), ..row };
    assert!(fails(&w, async |cx| Note::delete(&counted).exec(cx).await).await.is_statement_in_hook());
}

/// Whatever a hook does, it does not get out of the scope, to another row, or to a column that the scope may not update.
#[tokio::test]
async fn a_hook_can_do_no_more_than_a_draft() {
    let w = world().await;
    let before = || async {
        let mut owner = w.f.database.owner().await;
        let sql = "SELECT coalesce(jsonb_agg(to_jsonb(n) ORDER BY n::text)::text, '') FROM note n";
        sea_orm::sqlx::query_scalar::<_, String>(sql).fetch_one(&mut owner).await.unwrap()
    };
    let rows = before().await;
    let text = |text: &str| note::Draft { text: Set(text.to_owned()), ..Default::default() };
    let insert = async |text: &str| fails(&w, async |cx| Note::insert(note(9, text)).exec(cx).await).await;
    let update = async |of: &str| fails(&w, async |cx| Note::update_by_id(Uuid::nil(), text(of)).exec(cx).await).await;
    let quiet = async |of: &str| {
        fails(&w, async |cx| Note::update_by_id(Uuid::nil(), text(of)).exec_without_returning(cx).await).await
    };
    let save = async |of: &str| {
        fails(&w, async |cx| {
            let mine = note::Draft::from(Note::find_by_id(Uuid::nil()).require_one(cx).await?);
            Note::save(note::Draft { text: Set(of.to_owned()), ..mine }).exec(cx).await
        })
        .await
    };
    assert!(insert("another tenant's").await.is_foreign_scope());
    for of in ["another tenant's", "author"] {
        for error in [update(of).await, quiet(of).await, save(of).await] {
            assert!(error.is_foreign_scope(), "{of}: {error}");
        }
    }
    w.acme(async |cx| {
        Note::insert(note(1, "x")).exec(cx).await?;
        let changed = Note::update_by_id(id(1), text("another's key")).exec(cx).await;
        assert!(changed.unwrap_err().is_key_changed());
        let mine = Note::find_by_id(id(1)).require_one(cx).await?;
        for (what, is) in [
            ("another", Error::is_key_changed as fn(&Error) -> bool),
            ("another tenant's deleted", Error::is_foreign_scope),
        ] {
            let row = note::Model { text: what.to_owned(), ..mine.clone() };
            assert!(is(&Note::delete(&row).exec(cx).await.unwrap_err()), "{what}");
        }
        // A row of another tenant's, by hand: its hook may run, and nothing of it is there.
        let theirs = note::Model { organization_id: w.f.globex.id, id: Uuid::nil(), ..mine.clone() };
        Note::delete(&theirs).exec(cx).await?;
        Note::delete(&mine).exec(cx).await?;
        Note::insert(note::Draft { id: Set(Uuid::nil()), text: Set("mine".to_owned()), ..Default::default() })
            .exec(cx)
            .await?;
        Ok(())
    })
    .await;
    let after = before().await;
    assert_eq!(rows.matches("theirs").count(), after.matches("theirs").count());
    assert!(!after.contains("forged"), "{after}");
}

/// A row whose `after_save` fails is not to be kept, whatever is made of the error.
#[tokio::test]
async fn what_fails_afterwards_takes_the_row_back() {
    let w = world().await;
    let kept =
        w.db.with_tenant_context(w.f.acme.id, &w.f.acme.owner, async |cx| {
            let late = Note::insert(note(1, "refused afterwards")).exec(cx).await;
            assert!(late.unwrap_err().is_refused_by_hook());
            Ok(())
        })
        .await;
    assert!(kept.unwrap_err().is_rolled_back());
    w.acme(async |cx| {
        let late = cx
            .savepoint(async |cx| {
                let row = Note::insert(note(2, "refused afterwards")).exec(cx).await;
                assert!(row.is_err());
                Ok::<_, Error>(())
            })
            .await;
        assert!(late.unwrap_err().is_rolled_back());
        let _ = Note::insert(note(3, "kept afterwards")).exec_without_returning(cx).await?;
        let row = Note::find_by_id(id(3)).require_one(cx).await?;
        let late = cx.savepoint(async |cx| Note::delete(&row).exec(cx).await).await;
        assert!(late.unwrap_err().is_refused_by_hook());
        let found: Vec<_> = Note::find().order_by_id_asc().all(cx).await?.into_iter().map(|row| row.id).collect();
        assert_eq!(found, [Uuid::nil(), id(3)]);
        Ok(())
    })
    .await;
}

/// Hooks that do nothing cost nothing: the statements are those that there were.
#[tokio::test]
async fn a_hook_takes_no_statement() {
    let w = world().await;
    let sent = async |f: &dyn Fn() -> note::Draft| {
        let context = w.db.tenant(w.f.acme.id, &w.f.acme.owner);
        w.statements();
        context.run(async |cx| Note::insert(f()).exec(cx).await).await.unwrap();
        w.statements().len()
    };
    assert_eq!(sent(&|| note(1, "a")).await, 1);
    assert_eq!(sent(&|| note(2, "swallowed")).await, 1);
}
