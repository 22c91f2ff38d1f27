//! Which columns are selected, and what they are read into.

use db::prelude::*;
use sea_orm::{DerivePartialModel, FromQueryResult, sea_query::SelectExpr};
use serde_json::json;

use crate::{
    tables::{
        project::{self, Project},
        task::{self, Task},
    },
    world::{id, with_and_without_row_level_security},
};

#[derive(Debug, PartialEq, FromQueryResult)]
struct OfProject {
    project_id: Option<Uuid>,
    tasks: i64,
    points: i64,
}

#[tokio::test]
async fn aggregates_by_group() {
    with_and_without_row_level_security(async |w| {
        let points = w
            .acme(async |cx| {
                Task::find()
                    .select_only()
                    .column(task::Column::ProjectId)
                    .column_as(task::Column::Id.count(), "tasks")
                    .expr_as(Func::sum(Expr::col(task::Column::Points)), "points")
                    .group_by(task::Column::ProjectId)
                    .having(task::Column::Points.sum().gt(1))
                    .order_by_asc(task::Column::ProjectId)
                    .into_model::<OfProject>()
                    .all(cx)
                    .await
            })
            .await;
        let of = |project, tasks, points| OfProject { project_id: Some(id(project)), tasks, points };
        assert_eq!(points, [of(1, 2, 8), of(2, 1, 8)]);
        let groups = w
            .acme(async |cx| {
                Task::find()
                    .select_only()
                    .column(task::Column::ProjectId)
                    .group_by(task::Column::ProjectId)
                    .count(cx)
                    .await
            })
            .await;
        assert_eq!(groups, 3);
        let largest = w
            .acme(async |cx| {
                let (min, max) = (task::Column::Points.min(), task::Column::Points.max());
                Task::find().select_only().exprs([min, max]).into_tuple::<(i32, i32)>().one(cx).await
            })
            .await;
        assert_eq!(largest, Some((1, 8)));
    })
    .await;
}

#[tokio::test]
async fn columns_into_tuples() {
    with_and_without_row_level_security(async |w| {
        let found = w
            .acme(async |cx| {
                Task::find()
                    .select_only()
                    .columns([task::Column::Title, task::Column::Points])
                    .order_by_asc(task::Column::Points)
                    .limit(2)
                    .into_tuple::<(String, i32)>()
                    .all(cx)
                    .await
            })
            .await;
        assert_eq!(found, [("acme 14".to_owned(), 1), ("acme 11".to_owned(), 3)]);
        let single = w
            .acme(async |cx| {
                Task::find()
                    .select_only()
                    .column(task::Column::Points)
                    .order_by_id_asc()
                    .into_tuple::<i32>()
                    .all(cx)
                    .await
            })
            .await;
        assert_eq!(single, [3, 5, 8, 1]);
    })
    .await;
}

#[tokio::test]
async fn columns_into_json() {
    with_and_without_row_level_security(async |w| {
        let whole = w.acme(async |cx| Project::find_by_id(id(1)).into_json().one(cx).await).await;
        assert_eq!(whole, Some(json!({ "id": id(1), "organization_id": w.f.acme.id, "name": "acme 1", "rank": 1 })));
        let part = w
            .acme(async |cx| {
                Project::find()
                    .select_only()
                    .expr(Expr::col(project::Column::Rank).mul(10))
                    .order_by_id_asc()
                    .into_json()
                    .all(cx)
                    .await
            })
            .await;
        assert_eq!(part, [json!({ "?column?": 10 }), json!({ "?column?": 20 }), json!({ "?column?": 30 })]);
    })
    .await;
}

#[derive(Debug, PartialEq, DerivePartialModel)]
#[sea_orm(entity = "<crate::tables::project::Model as sea_orm::ModelTrait>::Entity")]
struct ProjectName {
    name: String,
    #[sea_orm(from_expr = "project::Column::Rank.into_expr().add(100)")]
    high: i32,
}

#[derive(Debug, PartialEq, DerivePartialModel)]
#[sea_orm(entity = "<crate::tables::task::Model as sea_orm::ModelTrait>::Entity")]
struct TaskOfProject {
    points: i32,
    #[sea_orm(nested)]
    project: ProjectName,
}

#[tokio::test]
async fn partial_models() {
    with_and_without_row_level_security(async |w| {
        let names = w
            .acme(async |cx| Project::find().order_by_id_asc().into_partial_model::<ProjectName>().all(cx).await)
            .await;
        let names: Vec<_> = names.iter().map(|project| (project.name.as_str(), project.high)).collect();
        assert_eq!(names, [("acme 1", 101), ("acme 2", 102), ("acme 3", 103)]);
        let nested = w
            .acme(async |cx| {
                Task::find().inner_join(Project).order_by_id_desc().into_partial_model::<TaskOfProject>().one(cx).await
            })
            .await;
        let project = ProjectName { name: "acme 2".to_owned(), high: 102 };
        assert_eq!(nested, Some(TaskOfProject { points: 8, project }));
    })
    .await;
}

/// What a partial model of one's own does to the statement, beside its columns, is lost.
#[tokio::test]
async fn a_partial_model_gives_columns_alone() {
    use sea_orm::{DbErr, PartialModelTrait, QueryResult, QuerySelect, sea_query::SelectStatement};

    #[derive(Debug)]
    struct Greedy(String);

    impl FromQueryResult for Greedy {
        fn from_query_result(row: &QueryResult, _: &str) -> Result<Self, DbErr> {
            Ok(Self(row.try_get("", "name")?))
        }
    }

    impl PartialModelTrait for Greedy {
        fn select_cols_nested<S: QuerySelect>(mut select: S, _: Option<&str>, _: Option<&'static str>) -> S {
            *QuerySelect::query(&mut select) = SelectStatement::new()
                .column("name")
                .from("project")
                .cond_where(Expr::cust("true"))
                .limit(100)
                .to_owned();
            select
        }
    }

    with_and_without_row_level_security(async |w| {
        let names =
            w.acme(async |cx| Project::find().order_by_id_asc().into_partial_model::<Greedy>().all(cx).await).await;
        let names: Vec<_> = names.into_iter().map(|Greedy(name)| name).collect();
        assert_eq!(names, ["acme 1", "acme 2", "acme 3"]);
    })
    .await;
}

#[tokio::test]
async fn distinct() {
    with_and_without_row_level_security(async |w| {
        let query = || Task::find().inner_join(Project).select_only().column(project::Column::Name).distinct();
        let names =
            w.acme(async |cx| query().order_by_asc(project::Column::Name).into_tuple::<String>().all(cx).await).await;
        assert_eq!(names, ["acme 1", "acme 2"]);
        // What is counted is what would be returned.
        assert_eq!(w.acme(async |cx| query().count(cx).await).await, 2);
        assert!(w.acme(async |cx| query().exists(cx).await).await);

        let first_of_each = || {
            Task::find()
                .distinct_on([task::Column::ProjectId])
                .order_by_asc(task::Column::ProjectId)
                .order_by_desc(task::Column::Points)
        };
        let points: Vec<_> =
            w.acme(async |cx| first_of_each().all(cx).await).await.iter().map(|task| task.points).collect();
        assert_eq!(points, [5, 8, 1]);
        assert_eq!(w.acme(async |cx| first_of_each().count(cx).await).await, 3);
    })
    .await;
}

#[tokio::test]
async fn all_columns_but_some() {
    with_and_without_row_level_security(async |w| {
        let found = w
            .acme(async |cx| {
                let except = [project::Column::OrganizationId, project::Column::Id];
                Project::find()
                    .select_except(except)
                    .order_by_asc(project::Column::Rank)
                    .into_tuple::<(String, i32)>()
                    .one(cx)
                    .await
            })
            .await;
        assert_eq!(found, Some(("acme 1".to_owned(), 1)));
    })
    .await;
}

#[tokio::test]
async fn a_column_beside_the_model() {
    #[derive(Debug, FromQueryResult)]
    struct Ranked {
        name: String,
        double: i32,
    }

    with_and_without_row_level_security(async |w| {
        let found = w
            .acme(async |cx| {
                let double = SelectExpr {
                    expr: project::Column::Rank.into_expr().mul(2),
                    alias: Some("double".into()),
                    window: None,
                };
                Project::find().expr(double).order_by_id_desc().into_model::<Ranked>().one(cx).await
            })
            .await
            .unwrap();
        assert_eq!((found.name.as_str(), found.double), ("acme 3", 6));
    })
    .await;
}
