//! What a hostile review of the query surface tried: rows, entities and values of one's own, made by hand; names that are
//! taken; and queries whose answers are easy to get wrong.
#![allow(
    dead_code,
    clippy::needless_update,
    clippy::wildcard_imports,
    reason = "modules that are shared with other tests, and drafts as they are written in an application"
)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../queries/oracle.rs"]
mod oracle;
#[path = "../queries/tables.rs"]
mod tables;
#[path = "../queries/world.rs"]
mod world;

mod own;

use db::prelude::*;
use sea_orm::{
    ModelTrait,
    sea_query::{ArrayType, Enum, OptionEnum, Value, ValueTuple, extension::postgres::PgFunc},
};

use crate::{
    tables::{
        profile::{self, Profile},
        project::{self, Project},
        tag::Tag,
        task::{self, Task},
        task_tag::{self, TaskTag},
    },
    world::{World, id},
};

async fn layer_2_alone() -> World {
    let w = World::new().await;
    w.switch_row_level_security_off().await;
    w
}

type ProjectEntity = <project::Model as ModelTrait>::Entity;
type ProjectColumn = project::Column;

/// A row by hand, whose key is a value whose type's name is text.
#[derive(Clone, Debug)]
struct Forged(Value);

#[sea_orm::prelude::async_trait::async_trait]
impl ModelTrait for Forged {
    type Entity = ProjectEntity;
    fn get(&self, _: ProjectColumn) -> Value {
        self.0.clone()
    }
    fn get_value_type(_: ProjectColumn) -> ArrayType {
        ArrayType::Uuid
    }
    fn try_set(&mut self, _: ProjectColumn, _: Value) -> Result<(), sea_orm::DbErr> {
        Ok(())
    }
}

impl db::Row for Forged {
    type Facade = Project;
}

fn forged(type_name: &str, value: &str) -> Forged {
    let value = Enum { type_name: type_name.to_owned().into(), value: value.to_owned().into() };
    Forged(Value::Enum(OptionEnum::Some(Box::new(value))))
}

/// The key of a row by hand is a value of its own making, whose type's name is text.
#[tokio::test]
async fn a_forged_row_writes_no_text_into_find_related() {
    let w = layer_2_alone().await;
    let row = forged("uuid\" OR TRUE OR \"parent\".\"id\"::text = 'x'::\"text", "00000000-0000-0000-0000-000000000000");
    let found = w
        .db
        .with_tenant_context(w.f.acme.id, &w.f.acme.owner, async |cx| db::Row::find_related(&row, Task).all(cx).await)
        .await;
    assert!(found.unwrap_err().is_raw_text());
}

/// The same, where rows are loaded by their keys.
#[tokio::test]
async fn a_forged_row_writes_no_text_into_load_many() {
    let w = layer_2_alone().await;
    let row = forged(
        "uuid\"))) OR TRUE OR (\"parent\".\"id\"::text) IN (((('x'::\"text",
        "00000000-0000-0000-0000-000000000000",
    );
    let found =
        w.db.with_tenant_context(w.f.acme.id, &w.f.acme.owner, async |cx| {
            db::LoadRelated::load_many(&[row.clone()][..], Task, cx).await
        })
        .await;
    assert!(found.unwrap_err().is_raw_text());
}

/// sea-query would panic at these.
#[tokio::test]
async fn an_array_that_is_not_of_its_type_is_refused() {
    let w = World::new().await;
    for value in [
        Value::Array(ArrayType::Int, Some(Box::new(vec!["x".into()]))),
        Value::Array(ArrayType::BigUnsigned, Some(Box::new(vec![u64::MAX.into()]))),
        Value::Array(ArrayType::Enum(Box::new("mood".into())), Some(Box::new(vec![1.into()]))),
        Value::from(vec![u64::MAX]),
    ] {
        let (db, acme) = (w.db.clone(), w.f.acme.clone());
        let shown = format!("{value:?}");
        let done = tokio::spawn(async move {
            let found = db
                .with_tenant_context(acme.id, &acme.owner, async |cx| {
                    let any = Expr::col(task::Column::Points).eq(PgFunc::any(Expr::val(value.clone())));
                    Task::find().filter(any).all(cx).await
                })
                .await;
            found.map(|rows| rows.len())
        })
        .await;
        assert!(done.is_ok(), "{shown} panics");
    }
}

#[tokio::test]
async fn large_numbers_in_an_array_are_refused() {
    let w = World::new().await;
    let (db, acme) = (w.db.clone(), w.f.acme.clone());
    let done = tokio::spawn(async move {
        db.with_tenant_context(acme.id, &acme.owner, async |cx| {
            Task::find().filter(task::Column::Points.eq_any(vec![u64::MAX])).count(cx).await
        })
        .await
    })
    .await;
    assert!(done.is_ok());
}

/// The same text with arrays of two types has to be two statements.
#[tokio::test]
async fn arrays_of_two_types_are_two_statements() {
    let w = World::new().await;
    let db = Db::connect(w.f.database.options().max_connections(1)).await.unwrap();
    let (a, b) = db
        .with_tenant_context(w.f.acme.id, &w.f.acme.owner, async |cx| {
            let a = Task::find().filter(task::Column::Points.eq_any(vec![3i32, 5])).all(cx).await.map(|r| r.len());
            let b = cx
                .savepoint(async |cx| {
                    Task::find().filter(task::Column::Points.eq_any(vec![3i64, 5])).all(cx).await.map(|r| r.len())
                })
                .await;
            Ok::<_, db::Error>((a, b))
        })
        .await
        .unwrap();
    assert_eq!((a.unwrap(), b.unwrap()), (2, 2));
}

// ---- counts

#[tokio::test]
async fn count_of_an_aggregate() {
    let w = World::new().await;
    let query = || Task::find().select_only().column_as(task::Column::Points.sum(), "points").into_tuple::<i64>();
    let (rows, count, items) = w
        .acme(async |cx| {
            Ok((
                query().all(cx).await?.len() as u64,
                query().count(cx).await?,
                query().paginate(cx, 10).num_items().await?,
            ))
        })
        .await;
    assert_eq!((count, items), (rows, rows));
}

#[tokio::test]
async fn exists_of_an_aggregate_of_no_rows() {
    let w = World::new().await;
    let query = || {
        Task::find()
            .filter(task::Column::Points.gt(1000))
            .select_only()
            .column_as(task::Column::Id.count(), "n")
            .into_tuple::<i64>()
    };
    let (rows, exists, count) = w
        .acme(async |cx| Ok((query().all(cx).await?.len(), query().exists(cx).await?, query().count(cx).await?)))
        .await;
    assert_eq!((exists, count), (rows > 0, rows as u64));
}

#[tokio::test]
async fn count_of_groups_by_a_name() {
    let w = World::new().await;
    let query = || {
        Task::find()
            .select_only()
            .expr_as(Expr::col(task::Column::Points).modulo(2), "odd")
            .group_by(Expr::col("odd"))
            .into_tuple::<i32>()
    };
    let rows = w.acme(async |cx| query().all(cx).await).await.len() as u64;
    let count = w.db.with_tenant_context(w.f.acme.id, &w.f.acme.owner, async |cx| query().count(cx).await).await;
    assert_eq!(count.unwrap(), rows);
}

#[tokio::test]
async fn count_of_a_function_that_returns_a_set() {
    let w = World::new().await;
    let query = || {
        Task::find()
            .select_only()
            .expr_as(Func::cust("generate_series").arg(1).arg(Expr::col(task::Column::Points)), "n")
            .into_tuple::<i32>()
    };
    let (rows, count) = w.acme(async |cx| Ok((query().all(cx).await?.len() as u64, query().count(cx).await?))).await;
    assert_eq!(count, rows);
}

// ---- names

/// A load of a select that has joined the junction already.
#[tokio::test]
async fn load_many_of_a_select_that_joins_the_junction() {
    let w = World::new().await;
    let loaded =
        w.db.with_tenant_context(w.f.acme.id, &w.f.acme.owner, async |cx| {
            let tasks = Task::find().order_by_id_asc().all(cx).await?;
            let tags = Tag::find().inner_join(Task).filter(task::Column::Points.gt(3));
            tasks.load_many(tags, cx).await
        })
        .await;
    loaded.unwrap();
}

/// Two joins through one junction, each under a name.
#[tokio::test]
async fn two_joins_through_one_junction() {
    let w = World::new().await;
    let found =
        w.db.with_tenant_context(w.f.acme.id, &w.f.acme.owner, async |cx| {
            Task::find()
                .join_as(JoinType::InnerJoin, Tag, "a")
                .join_as(JoinType::InnerJoin, Tag, "b")
                .filter(Expr::col(("a", "id")).lt(Expr::col(("b", "id"))))
                .all(cx)
                .await
        })
        .await;
    assert_eq!(found.unwrap().len(), 1);
}

/// `parent_0` is a name that a select of one's own may have.
#[tokio::test]
async fn a_column_of_the_name_of_the_loaders() {
    let w = World::new().await;
    let loaded = w
        .acme(async |cx| {
            let projects = Project::find().order_by_id_asc().all(cx).await?;
            let tasks = Task::find().expr_as(Expr::val(id(3)), "parent_0").order_by_id_asc();
            projects.load_many(tasks, cx).await
        })
        .await;
    assert_eq!(loaded.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 0]);
}

#[tokio::test]
async fn pages_beyond_the_last_number() {
    let w = World::new().await;
    w.acme(async |cx| {
        let mut pages = Task::find().order_by_id_asc().paginate(cx, 3);
        pages.set_page(u64::MAX);
        assert!(pages.fetch_and_next().await?.is_none());
        assert!(pages.fetch_and_next().await?.is_none());
        Ok(())
    })
    .await;
}

// ---- saves and loads

/// Two lists of one relation: both are saved, and both are in what is returned.
#[tokio::test]
async fn two_lists_of_one_relation_are_saved() {
    let w = World::new().await;
    let task =
        |title: &str, points| task::Draft { title: Set(title.to_owned()), points: Set(points), ..Default::default() };
    let saved = w
        .acme(async |cx| {
            Project::save(project::Draft { name: Set("new".to_owned()), ..Default::default() })
                .with(Task, [task("a", 1)])
                .with(Task, [task("b", 2)])
                .exec(cx)
                .await
        })
        .await;
    let titles: Vec<_> = saved.tasks.iter().map(|task| task.title.as_str()).collect();
    let there = w.acme(async |cx| Task::find().filter(task::Column::ProjectId.eq(saved.id)).count(cx).await).await;
    assert_eq!((titles, there), (vec!["a", "b"], 2));
}

/// The lists of a save go in in the order that they are given in.
#[tokio::test]
async fn children_are_saved_in_the_order_that_they_are_given_in() {
    let w = World::new().await;
    w.acme(async |_| Ok(())).await;
    let task = task::Draft { title: Set("a".to_owned()), points: Set(1), ..Default::default() };
    let profile = profile::Draft { text: Set("of new".to_owned()), ..Default::default() };
    let context = w.db.tenant(w.f.acme.id, &w.f.acme.owner);
    context
        .run(async |cx| {
            Project::save(project::Draft { name: Set("new".to_owned()), ..Default::default() })
                .with(Task, [task.clone()])
                .with(Profile, [profile.clone()])
                .exec(cx)
                .await
        })
        .await
        .unwrap();
    let sent: Vec<_> = w.statements().iter().map(|s| s.split(' ').nth(2).unwrap_or_default().to_owned()).collect();
    assert_eq!(sent, ["\"project\"", "\"task\"", "\"profile\""]);
}

/// A save whose future is leaked between two of its statements is no whole.
#[tokio::test]
async fn a_save_that_is_leaked_on_the_way_is_not_kept() {
    use std::{future::Future, task::Poll};
    let w = World::new().await;
    let task = task::Draft { title: Set("a".to_owned()), points: Set(1), ..Default::default() };
    let cx = w.db.tenant(w.f.acme.id, &w.f.acme.owner).begin().await.unwrap();
    {
        let mut save = Box::pin(
            Project::save(project::Draft { name: Set("half".to_owned()), ..Default::default() })
                .with(Task, [task])
                .exec(&cx),
        );
        // Another statement waits for the connection, so that the save has to wait between its two.
        let mut other = Box::pin(Project::find().count(&cx));
        std::future::poll_fn(|c| {
            assert!(save.as_mut().poll(c).is_pending());
            Poll::Ready(())
        })
        .await;
        let mut first_done = false;
        std::future::poll_fn(|c| {
            let o = other.as_mut().poll(c);
            if o.is_ready() {
                first_done = true;
                return Poll::Ready(());
            }
            if save.as_mut().poll(c).is_ready() {
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
        std::mem::forget(save);
    }
    // Either is right: what there is afterwards is what counts.
    cx.commit().await.ok();
    let half = w.acme(async |cx| Project::find().filter(project::Column::Name.eq("half")).count(cx).await).await;
    let tasks = w.acme(async |cx| Task::find().filter(task::Column::Title.eq("a")).count(cx).await).await;
    assert_eq!(half, tasks, "a half of the save was kept");
}

/// A link is its key: one that is there is not moved to another parent, and nothing is.
#[tokio::test]
async fn a_link_is_moved_to_another_parent() {
    let w = World::new().await;
    let saved =
        w.db.with_tenant_context(w.f.acme.id, &w.f.acme.owner, async |cx| {
            let link = TaskTag::find().filter(task_tag::Column::TaskId.eq(id(13))).require_one(cx).await?;
            let task = Task::find_by_id(id(14)).require_one(cx).await?;
            Task::save(task.into()).with(TaskTag, [link.into()]).exec(cx).await
        })
        .await;
    assert!(saved.unwrap_err().is_not_found());
}

// ---- functions

/// `set_limit` of `pg_trgm` sets a session's setting, which the next tenant on the connection has.
#[tokio::test]
async fn no_function_leaves_a_setting_on_the_session() {
    let w = World::new().await;
    w.f.database.execute("CREATE EXTENSION pg_trgm").await;
    let db = Db::connect(w.f.database.options().max_connections(1)).await.unwrap();
    let refused = db
        .with_tenant_context(w.f.acme.id, &w.f.acme.owner, async |cx| {
            let limit = Func::cust("set_limit").arg(Expr::val(0.99f32));
            Project::find().select_only().expr_as(limit, "x").into_tuple::<f32>().one(cx).await
        })
        .await;
    assert!(refused.unwrap_err().is_raw_text());
    let theirs = db
        .with_tenant_context(w.f.globex.id, &w.f.globex.owner, async |cx| {
            Project::find().select_only().expr_as(Func::cust("show_limit"), "x").into_tuple::<f32>().one(cx).await
        })
        .await
        .unwrap();
    assert_eq!(theirs, Some(0.3));
}

/// `lastval` and `currval` tell what the tenant before on the connection has drawn.
#[tokio::test]
async fn no_function_tells_of_the_session_before() {
    let w = World::new().await;
    let tenant = w.f.database.role("tenant");
    w.f.database.execute(&format!("CREATE SEQUENCE s; GRANT USAGE, SELECT ON s TO {tenant}; ALTER TABLE task ADD number bigint DEFAULT nextval('s')")).await;
    let db = Db::connect(w.f.database.options().max_connections(1)).await.unwrap();
    db.with_tenant_context(w.f.globex.id, &w.f.globex.owner, async |cx| {
        Task::insert(task::Draft { title: Set("x".to_owned()), points: Set(1), ..Default::default() }).exec(cx).await
    })
    .await
    .unwrap();
    let told = db
        .with_tenant_context(w.f.acme.id, &w.f.acme.owner, async |cx| {
            Task::find().select_only().expr_as(Func::cust("lastval"), "x").into_tuple::<i64>().one(cx).await
        })
        .await;
    assert!(told.is_err());
}

// ---- entities of one's own

async fn own() -> World {
    let w = World::new().await;
    w.f.database.execute(own::CREATE).await;
    let migrator = w.f.database.migrator();
    let contract = migrator.contract();
    let protect = [
        contract.protect::<own::greedy::Greedy>(),
        contract.protect::<own::parent::Parent>(),
        contract.protect::<own::child::Child>(),
        contract.protect::<own::setting::Setting>(),
        contract.protect::<own::note::Note>(),
        contract.protect::<own::line::Line>(),
        contract.protect::<own::mood::Mood>(),
        contract.protect::<own::day::Day>(),
        contract.protect::<own::texts::Texts>(),
    ];
    w.f.database.execute(&protect.concat().join(";\n")).await;
    w.switch_row_level_security_off().await;
    w
}

macro_rules! acme {
    ($w:ident, $cx:ident => $body:expr) => {
        $w.db.with_tenant_context($w.f.acme.id, &$w.f.acme.owner, async |$cx| $body).await
    };
}

/// What an entity says of how its columns are read (`select_as`) is text.
#[tokio::test]
async fn an_entity_writes_no_text_into_its_select_list() {
    use own::greedy::*;
    let w = own().await;
    w.f.database.execute(&format!("INSERT INTO greedy VALUES ('{}', '{}', 'x')", w.f.acme.id, id(1))).await;
    let found = acme!(w, cx => Greedy::find().into_tuple::<(Uuid, OrganizationId, String, String)>().all(cx).await);
    assert!(found.unwrap_err().is_raw_text());
}

/// And so is what it says of how they are written (`save_as`).
#[tokio::test]
async fn an_entity_writes_no_text_into_its_values() {
    use own::saver::*;
    let w = own().await;
    let found = acme!(w, cx => Saver::insert(Draft { name: Set("x".to_owned()), ..Default::default() }).exec_with_returning(cx).await);
    let updated: db::Result<Vec<Model>> = acme!(w, cx => Saver::update_many().set(Draft { name: Set("x".to_owned()), ..Default::default() }).exec_with_returning(cx).await);
    assert!(updated.unwrap_err().is_raw_text());
    assert!(found.unwrap_err().is_raw_text());
}

#[tokio::test]
async fn a_table_of_the_name_parent() {
    use own::{
        child::{self, Child},
        parent::{self, Parent},
    };
    let w = own().await;
    let loaded = acme!(w, cx => {
        let parent = Parent::insert(parent::Draft { name: Set("p".to_owned()), ..Default::default() }).exec_with_returning(cx).await?;
        Child::insert(child::Draft { parent_id: Set(parent.id), ..Default::default() }).exec(cx).await?;
        let children = Child::find().all(cx).await?;
        children.load_one(Parent, cx).await
    });
    assert_eq!(loaded.unwrap().len(), 1);
}

#[tokio::test]
async fn has_related_of_a_table_to_itself() {
    use own::twin::Twin;
    let w = own().await;
    // Task 13 is the project of 14, as the twin's relation has it.
    w.f.database.execute(&format!("UPDATE task SET project_id = '{}' WHERE id = '{}'", id(13), id(14))).await;
    let found = acme!(w, cx => Twin::find().has_related(Task, task::Column::Points.eq(8)).all(cx).await);
    // Either right, or refused.
    match found {
        Ok(found) => assert_eq!(found.iter().map(|task| task.points).collect::<Vec<_>>(), [1]),
        Err(refused) => assert!(refused.is_raw_text(), "{refused}"),
    }
}

#[tokio::test]
async fn a_row_whose_key_is_the_scope_is_updated() {
    use own::setting::*;
    let w = own().await;
    let saved = acme!(w, cx => {
        Setting::insert(Draft { theme: Set("dark".to_owned()), ..Default::default() }).exec(cx).await?;
        let row = Setting::find().require_one(cx).await?;
        let updated = Setting::update(Draft { theme: Set("light".to_owned()), ..Draft::from(row.clone()) }).exec(cx).await?;
        assert_eq!(updated.theme, "light");
        Ok::<_, db::Error>(())
    });
    saved.unwrap();
}

#[tokio::test]
async fn a_row_whose_key_has_the_scope_in_it_is_saved() {
    use own::{
        line::{self, Line},
        note::{self, Note},
    };
    let w = own().await;
    let saved = acme!(w, cx => {
        let lines = || [line::Draft { words: Set(1), ..Default::default() }, line::Draft { words: Set(2), ..Default::default() }];
        let note = Note::save(note::Draft { text: Set("a".to_owned()), ..Default::default() }).with(Line, lines()).exec(cx).await?;
        assert_eq!(note.lines.iter().map(|l| (l.note_id == note.id, l.words)).collect::<Vec<_>>(), [(true, 1), (true, 2)]);
        let row = Note::find().require_one(cx).await?;
        Note::update(note::Draft { text: Set("b".to_owned()), ..note::Draft::from(row) }).exec(cx).await.map(|r| r.text)
    });
    assert_eq!(saved.unwrap(), "b");
}

#[tokio::test]
async fn a_draft_with_a_large_number_is_refused() {
    use own::texts::*;
    let w = own().await;
    let (db, acme) = (w.db.clone(), w.f.acme.clone());
    let done = tokio::spawn(async move {
        db.with_tenant_context(acme.id, &acme.owner, async |cx| {
            Texts::insert(Draft { words: Set(u64::MAX), ..Default::default() }).exec(cx).await.map(|_| ())
        })
        .await
    })
    .await;
    assert!(done.is_ok());
}

#[tokio::test]
async fn a_key_that_is_an_enum_is_loaded_by() {
    use own::{
        day::{self, Day},
        mood::{self, Kind, Mood},
    };
    let w = own().await;
    let loaded = acme!(w, cx => {
        Mood::insert(mood::Draft { kind: Set(Kind::Good), ..Default::default() }).exec(cx).await?;
        Day::insert(day::Draft { kind: Set(Kind::Good), ..Default::default() }).exec(cx).await?;
        let moods = Mood::find().all(cx).await?;
        moods.load_many(Day, cx).await
    });
    assert_eq!(loaded.unwrap()[0].len(), 1);
}

#[tokio::test]
async fn a_key_that_is_an_enum_is_found_by_a_row() {
    use own::{
        day::{self, Day},
        mood::{self, Kind, Mood},
    };
    let w = own().await;
    let found = acme!(w, cx => {
        Mood::insert(mood::Draft { kind: Set(Kind::Good), ..Default::default() }).exec(cx).await?;
        Day::insert(day::Draft { kind: Set(Kind::Good), ..Default::default() }).exec(cx).await?;
        let mood = Mood::find().require_one(cx).await?;
        db::Row::find_related(&mood, Day).all(cx).await
    });
    assert_eq!(found.unwrap().len(), 1);
}

/// Text in a relation's condition, and another scope's table that is said by hand to be of this one.
#[tokio::test]
async fn relations_by_hand() {
    use own::texts::*;
    let w = own().await;
    let text = acme!(w, cx => Texts::find().inner_join(Project).all(cx).await).unwrap_err();
    assert!(text.is_raw_text(), "{text}");
    let text = acme!(w, cx => Texts::find().has_related(Project, Condition::all()).all(cx).await).unwrap_err();
    assert!(text.is_raw_text(), "{text}");
    let text = acme!(w, cx => Project::find().reverse_join(Texts).all(cx).await).unwrap_err();
    assert!(text.is_raw_text(), "{text}");
    let foreign = acme!(w, cx => Project::find().inner_join(tables::bookmark::Bookmark).all(cx).await).unwrap_err();
    assert!(foreign.is_foreign_scope(), "{foreign}");
    let foreign =
        acme!(w, cx => Project::find().has_related(tables::bookmark::Bookmark, Condition::all()).all(cx).await)
            .unwrap_err();
    assert!(foreign.is_foreign_scope(), "{foreign}");
}

// By hand: that a person's table may stand beside an organization's.
impl db::query::TogetherWith<tables::bookmark::Bookmark, db::Tenant> for Project {}

/// Which rows a load locks.
#[tokio::test]
async fn a_load_locks_what_is_loaded_alone() {
    let w = World::new().await;
    let other = w.db.tenant(w.f.acme.id, &w.f.acme.owner).begin().await.unwrap();
    let projects = Project::find().order_by_id_asc().all(&other).await.unwrap();
    projects.load_many(Task::find().lock_exclusive(), &other).await.unwrap();
    let free = w
        .acme(async |cx| {
            Project::find()
                .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
                .all(cx)
                .await
                .map(|r| r.len())
        })
        .await;
    other.rollback().await.unwrap();
    assert_eq!(free, 3, "the projects are locked too");
}

/// `join_from` in a subquery takes the outer table's row, whose predicate is the outer's.
#[tokio::test]
async fn join_from_in_a_subquery_means_the_outer_table() {
    let w = layer_2_alone().await;
    let found = acme!(w, cx => {
        let sub = Tag::find().join_from(JoinType::InnerJoin, Project, Profile).select_only().column(profile::Column::ProjectId);
        Project::find().in_subquery(project::Column::Id, sub).all(cx).await
    }).unwrap();
    assert!(found.iter().all(|project| project.organization_id == w.f.acme.id));
}

// ---- attacks that fail

#[derive(Clone, Copy, Debug)]
struct Quoted;
impl sea_orm::IdenStatic for Quoted {
    fn as_str(&self) -> &'static str {
        "id"
    }
}
impl sea_orm::sea_query::Iden for Quoted {
    fn quoted(&self) -> std::borrow::Cow<'static, str> {
        std::borrow::Cow::Borrowed("id\" = \"id\" OR \"id")
    }
    fn unquoted(&self) -> &'static str {
        "id"
    }
}

fn refused<T: std::fmt::Debug>(what: &str, done: db::Result<T>) {
    match done {
        Err(error) if error.is_raw_text() => {}
        other => panic!("{what}: {other:?}"),
    }
}

/// Whatever is done to a query after something in it was refused, it stays refused.
#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a list of queries")]
async fn what_is_refused_stays_refused() {
    let w = World::new().await;
    let cx = &w.db.tenant(w.f.acme.id, &w.f.acme.owner).begin().await.unwrap();
    let text = || Expr::cust("1=1) OR (1=1");
    let q = || Project::find().filter(text());
    refused("all", q().all(cx).await);
    refused("clone", q().clone().one(cx).await);
    refused("also", q().find_also_related(Task).all(cx).await);
    refused("both", q().find_both_related(Task).find_also(Task, TaskTag).all(cx).await);
    refused("with", q().find_with_related(Task).all(cx).await);
    refused("right", q().right_join(Task).count(cx).await);
    refused("rev", q().join_as_rev(JoinType::LeftJoin, Task, "x").exists(cx).await);
    refused("only", q().select_only().column(project::Column::Id).into_tuple::<Uuid>().all(cx).await);
    refused("except", q().select_except([project::Column::Id]).into_json().all(cx).await);
    refused("distinct", q().distinct().limit(1).offset(1).lock_exclusive().all(cx).await);
    refused("has", q().has_related(Task, Condition::all()).all(cx).await);
    refused(
        "sub",
        q().in_subquery(project::Column::Id, Task::find().select_only().column(task::Column::ProjectId)).all(cx).await,
    );
    refused(
        "subquery",
        Task::find()
            .in_subquery(task::Column::ProjectId, q().select_only().column(project::Column::Id))
            .find_also_related(Project)
            .all(cx)
            .await,
    );
    refused("cursor", q().cursor_by(project::Column::Id).first(1).all(cx).await);
    refused("pages", q().paginate(cx, 1).fetch_page(0).await);
    refused("items", q().paginate(cx, 1).num_items().await);
    refused("stream", q().stream(cx).await.map(|_| ()));
    refused("load", Project::load().filter(text()).with(Task).all(cx).await);
    refused("load with", Project::load().with(Task::load().filter(text())).all(cx).await);
    let projects = Project::find().all(cx).await.unwrap();
    refused("load many", projects.load_many(Task::find().filter(text()), cx).await);
    refused(
        "update",
        Task::update_many()
            .filter(text())
            .col_expr(task::Writable::Points, 1)
            .in_subquery(task::Column::Id, TaskTag::find().select_only().column(task_tag::Column::TaskId))
            .exec(cx)
            .await,
    );
    refused(
        "delete",
        Task::delete_many()
            .filter(text())
            .not_in_subquery(task::Column::Id, TaskTag::find().select_only().column(task_tag::Column::TaskId))
            .filter_by_ids([id(1)])
            .exec(cx)
            .await,
    );
    // Names by hand, in each place that takes one.
    refused("join_as", Project::find().join_as(JoinType::LeftJoin, Task, Quoted).all(cx).await);
    refused("join_as_rev", Project::find().join_as_rev(JoinType::LeftJoin, Task, Quoted).all(cx).await);
    refused("column_as", Project::find().column_as(project::Column::Id, Quoted).into_json().all(cx).await);
    refused("tbl_col_as", Project::find().tbl_col_as((Quoted, "id"), "x").into_json().all(cx).await);
    refused("tbl_col_as 2", Project::find().tbl_col_as(("project", Quoted), "x").into_json().all(cx).await);
    refused("distinct_on", Project::find().distinct_on([Quoted]).all(cx).await);
    refused("group_by", Project::find().group_by(Expr::col(Quoted)).all(cx).await);
    refused("having", Project::find().having(Expr::col(Quoted).eq(1)).all(cx).await);
    refused(
        "order",
        Project::find().order_by_with_nulls(Expr::col(Quoted), Order::Asc, NullOrdering::Last).all(cx).await,
    );
    refused("cursor_by", Project::find().cursor_by("id\" = \"id\" OR \"id").all(cx).await);
    refused(
        "field",
        Project::find()
            .order_by(project::Column::Id, Order::Field(sea_orm::sea_query::Values(vec![Value::Bytes(Some(vec![1]))])))
            .all(cx)
            .await,
    );
    let kind = |name: &str| Value::Enum(OptionEnum::None(name.to_owned().into()));
    refused(
        "cursor value",
        Project::find().cursor_by(project::Column::Id).after(ValueTuple::One(kind("uuid\" OR \"x"))).all(cx).await,
    );
    let window = sea_orm::sea_query::SelectExpr {
        expr: Expr::val(1),
        alias: None,
        window: Some(sea_orm::sea_query::WindowSelectType::Name(Quoted.into())),
    };
    refused("window", Project::find().expr(window).into_json().all(cx).await);
    assert!(w.statements().iter().all(|sent| !sent.contains("OR")), "{:?}", w.statements());
}

/// Conditions of every form stay and-ed to the predicates, and names mean what they say.
#[tokio::test]
async fn conditions_and_names_do_not_get_out() {
    let w = layer_2_alone().await;
    let acme = w.f.acme.id;
    w.acme(async |cx| {
        for condition in [
            Condition::all().add(task::Column::Points.gt(1000)).not(),
            Condition::any().add(task::Column::Points.gt(0)).add(Expr::val(true)),
            Condition::any().add(task::Column::Points.gt(1000)).not(),
            Condition::all().not().not(),
            Condition::any().not(),
        ] {
            let tasks = Task::find().filter(condition.clone()).filter(condition.clone()).all(cx).await?;
            assert!(tasks.len() == 4 && tasks.iter().all(|task| task.organization_id == acme), "{condition:?}");
            let pairs = Project::find().find_also_related(Task).filter(condition).all(cx).await?;
            assert!(
                pairs
                    .iter()
                    .all(|(p, t)| p.organization_id == acme && t.as_ref().is_none_or(|t| t.organization_id == acme))
            );
        }
        // Names of other tables, in upper case, and longer than PostgreSQL keeps.
        for name in ["TASK", "Task", "parent", "rows", "tag", &"x".repeat(80), "A_id", " ", "%", "task.organization_id"]
        {
            let name = name.to_owned();
            let named = Project::find()
                .join_as(JoinType::InnerJoin, Task, name.clone())
                .tbl_col_as((name.clone(), "organization_id"), "x");
            let found = named
                .select_only()
                .tbl_col_as((name.clone(), "organization_id"), "x")
                .into_tuple::<OrganizationId>()
                .all(cx)
                .await?;
            assert!(found.len() == 3 && found.iter().all(|of| *of == acme), "{name}");
        }
        Ok(())
    })
    .await;
    // One that is taken already: PostgreSQL refuses it.
    let taken = acme!(w, cx => Project::find().join_as(JoinType::InnerJoin, Task, "project").all(cx).await);
    assert_eq!(taken.unwrap_err().sqlstate(), Some("42712"));
    let long = "x".repeat(63);
    let taken = acme!(w, cx => Project::find().join_as(JoinType::InnerJoin, Task, format!("{long}a")).join_as(JoinType::InnerJoin, Task, format!("{long}b")).all(cx).await);
    assert_eq!(taken.unwrap_err().sqlstate(), Some("42712"));
}

/// A filter that fails on a row of others would tell of it. PostgreSQL goes by the index on the scope column first; with layer
/// 2 alone nothing but that plan holds it, as the docs say.
#[tokio::test]
async fn an_error_of_a_filter_tells_nothing_here() {
    let w = layer_2_alone().await;
    // Only the other tenant has a task of 100 points.
    let probe = |points: i32| Expr::val(1).div(Expr::col(("task", task::Column::Points)).sub(points)).gte(-1000);
    let selected = acme!(w, cx => Task::find().filter(probe(100)).count(cx).await);
    let related = acme!(w, cx => Project::find().has_related(Task, probe(100)).count(cx).await);
    let control = acme!(w, cx => Task::find().filter(probe(99)).count(cx).await);
    assert!(selected.is_ok() && related.is_ok(), "{selected:?} {related:?}");
    assert_eq!(control.unwrap(), 4);
}

/// A stream of a savepoint that is rolled back, and the statements after it.
#[tokio::test]
async fn a_stream_in_a_savepoint_that_is_rolled_back() {
    let w = World::new().await;
    w.acme(async |cx| {
        let failed: db::Result<()> = cx
            .savepoint(async |cx| {
                let mut rows = Task::find().order_by_id_asc().stream(cx).await?;
                assert!(rows.try_next().await?.is_some());
                drop(rows);
                Err(Project::find_by_id(id(99)).require_one(cx).await.unwrap_err())
            })
            .await;
        assert!(failed.unwrap_err().is_not_found());
        let rows: Vec<_> = Task::find().stream(cx).await?.try_collect().await?;
        assert_eq!(rows.len(), 4);
        Ok(())
    })
    .await;
}
