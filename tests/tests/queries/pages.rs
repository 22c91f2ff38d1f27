//! Pages by number, pages by key, and streams.

use db::prelude::*;

use crate::{
    tables::{
        project::{self, Project},
        tag::Tag,
        task::{self, Task},
        task_tag::{self, TaskTag},
    },
    world::{id, with_and_without_row_level_security},
};

#[tokio::test]
async fn pages_by_number() {
    with_and_without_row_level_security(async |w| {
        w.acme(async |cx| {
            let mut pages = Task::find().order_by_id_asc().paginate(cx, 3);
            let numbers = pages.num_items_and_pages().await?;
            assert_eq!((numbers.number_of_items, numbers.number_of_pages), (4, 2));
            assert_eq!((pages.num_items().await?, pages.num_pages().await?), (4, 2));
            let points = |tasks: Vec<task::Model>| tasks.iter().map(|task| task.points).collect::<Vec<_>>();
            assert_eq!(points(pages.fetch_page(1).await?), [1]);
            assert_eq!(points(pages.fetch_page(9).await?), [0; 0]);
            assert_eq!((pages.cur_page(), points(pages.fetch().await?)), (0, vec![3, 5, 8]));
            assert_eq!(pages.fetch_and_next().await?.map(points), Some(vec![3, 5, 8]));
            assert_eq!(pages.fetch_and_next().await?.map(points), Some(vec![1]));
            assert_eq!(pages.fetch_and_next().await?.map(points), None);
            pages.set_page(0);
            pages.next();
            assert_eq!((pages.cur_page(), points(pages.fetch().await?)), (1, vec![1]));
            Ok(())
        })
        .await;
    })
    .await;
}

/// The pages are of all rows, whatever part of them the query was of before.
#[tokio::test]
async fn a_limit_of_the_querys_own_is_none_of_the_pages() {
    with_and_without_row_level_security(async |w| {
        w.acme(async |cx| {
            let few = || Task::find().order_by_id_asc().limit(1).offset(2);
            let pages = few().paginate(cx, 3);
            assert_eq!((pages.num_items().await?, pages.num_pages().await?), (4, 2));
            assert_eq!(pages.fetch_page(0).await?.len(), 3);
            let pairs = few().find_also_related(Project).paginate(cx, 3);
            assert_eq!((pairs.num_items().await?, pairs.fetch_page(1).await?.len()), (4, 1));
            let loaded = Task::load().order_by_id_asc().limit(1).offset(2).with(Project).paginate(cx, 3);
            assert_eq!((loaded.num_items().await?, loaded.fetch_page(0).await?.len()), (4, 3));
            let tuples = few().select_only().column(task::Column::Points).into_tuple::<i32>().paginate(cx, 3);
            assert_eq!((tuples.num_items().await?, tuples.fetch_page(0).await?), (4, vec![3, 5, 8]));
            Ok(())
        })
        .await;
    })
    .await;
}

/// A page beside the numbers: of each shape, wherever it lies, with whatever the query has.
#[tokio::test]
async fn a_page_comes_with_the_numbers() {
    with_and_without_row_level_security(async |w| {
        w.acme(async |cx| {
            let all = || Task::find().order_by_id_asc();
            let few = all().limit(1).offset(2).lock_shared();
            let (first, numbers) = few.paginate(cx, 3).fetch_page_with_total(0).await?;
            assert_eq!((first.len(), numbers.number_of_items, numbers.number_of_pages), (3, 4, 2));
            let (beyond, numbers) = all().paginate(cx, 3).fetch_page_with_total(9).await?;
            assert_eq!((beyond.len(), numbers.number_of_items, numbers.number_of_pages), (0, 4, 2));
            let none = all().filter(task::Column::Points.eq(-1)).paginate(cx, 3).fetch_page_with_total(0).await?;
            assert_eq!((none.0.len(), none.1.number_of_items, none.1.number_of_pages), (0, 0, 0));

            let (pairs, numbers) = all().find_also_related(Project).paginate(cx, 3).fetch_page_with_total(1).await?;
            assert_eq!((pairs.len(), numbers.number_of_items), (1, 4));
            let (pairs, _) = all().find_also_related(Project).paginate(cx, 3).fetch_page_with_total(0).await?;
            assert!(pairs.iter().any(|(_, project)| project.is_some()));
            let loaded = Task::load().order_by_id_asc().with(Project).paginate(cx, 3);
            let (loaded, numbers) = loaded.fetch_page_with_total(0).await?;
            assert_eq!((loaded.len(), numbers.number_of_items), (3, 4));
            assert!(loaded.iter().any(|task| task.project.as_ref().is_some()));
            let points = || all().select_only().column(task::Column::Points);
            let (tuples, numbers) = points().into_tuple::<i32>().paginate(cx, 3).fetch_page_with_total(0).await?;
            assert_eq!((tuples, numbers.number_of_items), (vec![3, 5, 8], 4));
            let (json, _) = points().into_json().paginate(cx, 1).fetch_page_with_total(0).await?;
            assert_eq!(json, [serde_json::json!({ "points": 3 })], "what is beside the row is not in it");
            let grouped = Task::find().select_only().column(task::Column::ProjectId).group_by(task::Column::ProjectId);
            let grouped = grouped.order_by_asc(task::Column::ProjectId).into_tuple::<Option<Uuid>>();
            let all_groups = grouped.clone().all(cx).await?.len();
            let (groups, numbers) = grouped.paginate(cx, 1).fetch_page_with_total(0).await?;
            assert_eq!((groups.len(), numbers.number_of_items), (1, all_groups as u64));
            Ok(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn pages_of_pairs_and_of_tuples() {
    with_and_without_row_level_security(async |w| {
        w.acme(async |cx| {
            let pages = Project::find()
                .find_also_related(Task)
                .order_by_asc(project::Column::Id)
                .order_by_asc(task::Column::Id)
                .paginate(cx, 2);
            let pages: Vec<_> = pages.into_stream().try_collect().await?;
            let sizes: Vec<_> = pages.iter().map(Vec::len).collect();
            assert_eq!(sizes, [2, 2]);
            assert_eq!(pages[1][0].0.rank, 2);
            let pages = Task::find().select_only().column(task::Column::Points).order_by_id_asc().into_tuple::<i32>();
            assert_eq!(pages.paginate(cx, 0).fetch_page(2).await?, [8], "a page has a row at least");
            Ok(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn pages_by_key() {
    with_and_without_row_level_security(async |w| {
        w.acme(async |cx| {
            let ids = |tasks: Vec<task::Model>| tasks.iter().map(|task| task.id.as_u128()).collect::<Vec<_>>();
            let by_id = || Task::find().cursor_by(task::Column::Id);
            assert_eq!(ids(by_id().first(2).all(cx).await?), [11, 12]);
            assert_eq!(ids(by_id().after(id(12)).first(2).all(cx).await?), [13, 14]);
            assert_eq!(ids(by_id().before(id(13)).all(cx).await?), [11, 12]);
            assert_eq!(ids(by_id().last(2).all(cx).await?), [13, 14]);
            assert_eq!(ids(by_id().before(id(14)).last(2).all(cx).await?), [12, 13]);
            assert_eq!(ids(by_id().after(id(11)).before(id(14)).all(cx).await?), [12, 13]);
            assert_eq!(ids(by_id().desc().first(2).all(cx).await?), [14, 13]);
            assert_eq!(ids(by_id().desc().after(id(13)).all(cx).await?), [12, 11]);
            assert_eq!(ids(by_id().desc().before(id(12)).last(1).all(cx).await?), [13]);
            assert_eq!(ids(by_id().desc().asc().first(1).all(cx).await?), [11]);
            let filtered = Task::find().filter(task::Column::Points.gt(3)).cursor_by(task::Column::Id);
            assert_eq!(ids(filtered.after(id(11)).all(cx).await?), [12, 13]);
            Ok(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn pages_by_a_compound_key() {
    with_and_without_row_level_security(async |w| {
        w.acme(async |cx| {
            let links = |links: Vec<task_tag::Model>| {
                links.iter().map(|link| (link.task_id.as_u128(), link.tag_id.as_u128())).collect::<Vec<_>>()
            };
            let by_both = || TaskTag::find().cursor_by((task_tag::Column::TaskId, task_tag::Column::TagId));
            assert_eq!(links(by_both().first(3).all(cx).await?), [(11, 21), (11, 22), (12, 21)]);
            assert_eq!(links(by_both().after((id(11), id(21))).first(2).all(cx).await?), [(11, 22), (12, 21)]);
            assert_eq!(links(by_both().before((id(12), id(21))).last(1).all(cx).await?), [(11, 22)]);
            assert_eq!(links(by_both().desc().after((id(12), id(21))).all(cx).await?), [(11, 22), (11, 21)]);
            let wrong = by_both().after(id(11)).all(cx).await.unwrap_err();
            assert!(wrong.is_wrong_cursor(), "{wrong}");
            Ok(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn pages_by_key_of_what_is_joined() {
    with_and_without_row_level_security(async |w| {
        w.acme(async |cx| {
            let pairs = Project::find()
                .find_both_related(Task)
                .cursor_by_other(task::Column::Points)
                .after(3)
                .first(1)
                .all(cx)
                .await?;
            assert_eq!(pairs.iter().map(|(project, task)| (project.rank, task.points)).collect::<Vec<_>>(), [(1, 5)]);
            let pairs =
                Project::find().find_also_related(Task).cursor_by(project::Column::Rank).after(2).all(cx).await?;
            assert_eq!(
                pairs.iter().map(|(project, task)| (project.rank, task.is_some())).collect::<Vec<_>>(),
                [(3, false)]
            );
            let names = Tag::find().select_only().column(crate::tables::tag::Column::Name).into_tuple::<String>();
            assert_eq!(names.cursor_by("id").last(1).all(cx).await?, ["acme 23"]);
            Ok(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn streams() {
    with_and_without_row_level_security(async |w| {
        w.acme(async |cx| {
            let tasks: Vec<_> = Task::find().order_by_id_asc().stream(cx).await?.try_collect().await?;
            assert_eq!(tasks.iter().map(|task| task.points).collect::<Vec<_>>(), [3, 5, 8, 1]);
            let mut pairs = Project::find().find_also_related(Task).order_by_asc(task::Column::Id).stream(cx).await?;
            // Another statement runs between two rows, and another stream beside this one.
            let (first, _) = pairs.try_next().await?.unwrap();
            assert_eq!(Project::find_by_id(first.id).count(cx).await?, 1);
            let mut other = Task::find()
                .select_only()
                .column(task::Column::Points)
                .order_by_id_desc()
                .into_tuple::<i32>()
                .stream(cx)
                .await?;
            assert_eq!(other.try_next().await?, Some(1));
            assert_eq!(pairs.try_next().await?.unwrap().1.unwrap().points, 5);
            // Dropped before its end.
            drop(other);
            let rest: Vec<_> = pairs.try_collect().await?;
            assert_eq!(rest.len(), 2);
            Ok(())
        })
        .await;
    })
    .await;
}

/// More rows than are fetched at once; the stream goes on where the last batch ended.
#[tokio::test]
async fn streams_of_several_batches() {
    with_and_without_row_level_security(async |w| {
        let drafts =
            (0..2_500).map(|n| project::Draft { name: Set(format!("p {n}")), rank: Set(n), ..Default::default() });
        let inserted = w.acme(async |cx| Project::insert_many(drafts).exec(cx).await).await;
        assert_eq!(inserted.rows_affected, 2_500);
        w.acme(async |cx| {
            let ranks = Project::find()
                .filter(project::Column::Name.starts_with("p "))
                .select_only()
                .column(project::Column::Rank)
                .order_by_asc(project::Column::Rank)
                .into_tuple::<i32>();
            let ranks: Vec<i32> = ranks.stream(cx).await?.try_collect().await?;
            assert_eq!(ranks, (0..2_500).collect::<Vec<_>>());
            Ok(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn an_error_on_the_way_ends_a_stream() {
    with_and_without_row_level_security(async |w| {
        let context = w.db.tenant(w.f.acme.id, &w.f.acme.owner);
        let divided = context
            .run(async |cx| {
                let by_zero = Expr::val(1).div(Expr::col(task::Column::Points).sub(8));
                let rows = Task::find().order_by_id_asc().select_only().expr_as(by_zero, "x").into_tuple::<i32>();
                let rows: db::Result<Vec<i32>> = rows.stream(cx).await?.try_collect().await;
                rows
            })
            .await;
        assert_eq!(divided.unwrap_err().sqlstate(), Some("22012"));
    })
    .await;
}
