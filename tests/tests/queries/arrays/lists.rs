//! `is_in` and its kin, each with the meaning that SQL gives it.

use db::prelude::*;

use super::{
    in_acme,
    kind::{Column, Draft, Kind},
    kinds::world,
    texts,
};
use crate::{
    tables::{
        project::{self, Project},
        task::{self, Task},
        task_tag::{self, TaskTag},
    },
    world::{World, id, with_and_without_row_level_security},
};

fn points() -> Expr {
    Expr::col(task::Column::Points)
}

/// The points of the tasks that a condition holds for.
async fn found(w: &World, condition: Expr) -> Vec<i32> {
    let mut found: Vec<i32> = w
        .acme(async |cx| Task::find().filter(condition).all(cx).await)
        .await
        .into_iter()
        .map(|task| task.points)
        .collect();
    found.sort_unstable();
    found
}

#[tokio::test]
async fn a_list_means_what_sql_says() {
    with_and_without_row_level_security(async |w| {
        let none = Vec::<i32>::new;
        for (condition, expected) in [
            (points().is_in([3, 8, 77, 3]), vec![3, 8]),
            (points().is_not_in([3, 8, 77]), vec![1, 5]),
            (points().is_in(none()), none()),
            (points().is_not_in(none()), vec![1, 3, 5, 8]),
            (points().is_in(none()).not(), vec![1, 3, 5, 8]),
            // What is not found beside a NULL is neither in the list nor outside of it.
            (points().is_in([Some(3), None]), vec![3]),
            (points().is_not_in([Some(3), None]), none()),
            (points().is_in([Some(3), None]).not(), none()),
            (points().is_not_in([Some(3), None]).not(), vec![3]),
            (points().is_in([None::<i32>]), none()),
            (points().is_in([None::<i32>]).is_null(), vec![1, 3, 5, 8]),
            (points().is_not_in([None::<i32>]).is_null(), vec![1, 3, 5, 8]),
            (points().is_in([Some(3), None]).is_null(), vec![1, 5, 8]),
            // A NULL that is looked for.
            (Expr::col(task::Column::ProjectId).is_in([id(1)]), vec![3, 5]),
            (Expr::col(task::Column::ProjectId).is_not_in([id(1)]), vec![8]),
            (Expr::col(task::Column::ProjectId).is_in([id(1)]).is_null(), vec![1]),
            (Expr::col(task::Column::ProjectId).is_in(Vec::<Uuid>::new()).is_null(), none()),
            // Of another type than the column, as another.
            (points().is_in([3_i64, 5_000_000_000]), vec![3]),
            (points().is_in([3.0, 5.5]), vec![3]),
            (points().is_in([3_i16]), vec![3]),
            (points().is_in([5.0_f32, 8.0]), vec![5, 8]),
            // Among others.
            (points().is_in([3]).or(points().is_in([5, 8]).and(points().is_not_in([8]))), vec![3, 5]),
            (points().add(1).is_in([4, 9]), vec![3, 8]),
            (points().gt(3).is_in([true]), vec![5, 8]),
            (points().is_in([3, 5]).eq(true), vec![3, 5]),
            (points().is_in([3, 5]).is_in([false, true]), vec![1, 3, 5, 8]),
            (Expr::val(true).eq(points().is_not_in([3, 5])), vec![1, 8]),
            (Expr::val(3).is_in([1, 3]), vec![1, 3, 5, 8]),
            // Items that are no values of one type.
            (points().is_in([Expr::val(3), points().add(0)]), vec![1, 3, 5, 8]),
            (points().is_in([Expr::val(3), Expr::val(8_i64), Expr::val(77)]), vec![3, 8]),
            (points().is_not_in([Expr::val(3), Expr::val(8_i64), Expr::val(77)]), vec![1, 5]),
        ] {
            assert_eq!(found(w, condition.clone()).await, expected, "{condition:?}");
        }
        let title = || Expr::col(task::Column::Title);
        let hostile = ["acme 11", "'); DROP TABLE task; --", "{acme 12}", "acme 12"];
        assert_eq!(found(w, title().is_in(hostile)).await, [3, 5]);
        assert_eq!(found(w, title().is_not_in(hostile)).await, [1, 8]);
        assert_eq!(found(w, title().is_in(["globex 11", "globex 19"])).await, none());
    })
    .await;
}

/// Pairs, of which either part may be NULL.
#[tokio::test]
async fn a_list_of_tuples_means_what_sql_says() {
    with_and_without_row_level_security(async |w| {
        let pair = || Expr::tuple([Expr::col(task::Column::ProjectId), points()]);
        let of = |project: u128, points: i32| Expr::tuple([Expr::val(id(project)), Expr::val(points)]);
        let with_null = |points: i32| Expr::tuple([Expr::val(None::<Uuid>), Expr::val(points)]);
        for (condition, expected) in [
            (pair().is_in([of(1, 3), of(2, 8), of(2, 3)]), vec![3, 8]),
            (pair().is_not_in([of(1, 3), of(2, 3)]), vec![1, 5, 8]),
            (pair().is_not_in([of(1, 3), of(2, 1)]), vec![5, 8]),
            (pair().is_not_in([of(1, 3), of(2, 3)]).is_null(), vec![]),
            (pair().is_in([of(1, 3), with_null(5), of(2, 8)]), vec![3, 8]),
            (pair().is_in([of(1, 3), with_null(5), of(2, 8)]).is_null(), vec![5]),
            (pair().is_in([of(1, 1)]).is_null(), vec![1]),
            (pair().in_tuples([(id(1), 5), (id(2), 5)]), vec![5]),
            (Expr::tuple([points()]).is_in([3, 8].map(|n| Expr::tuple([Expr::val(n)]))), vec![3, 8]),
            (Expr::tuple([points()]).in_tuples([3, 8]), vec![3, 8]),
        ] {
            assert_eq!(found(w, condition.clone()).await, expected, "{condition:?}");
        }
    })
    .await;
}

/// The texts that lists of so many lengths are sent as.
#[tokio::test]
async fn one_text_for_every_length() {
    let w = World::new().await;
    let keys = |n: i32| (0..n).map(|n| id(u128::from(n.unsigned_abs())));
    let lengths = || (1..40).chain([100, 1_000, 70_000]);
    in_acme(&w, async |cx| {
        Task::find().count(cx).await?;
        w.statements();
        for n in lengths() {
            Task::find().filter(task::Column::Points.is_in(0..n)).all(cx).await?;
        }
        assert_eq!(texts(&w).len(), 1);
        for n in lengths() {
            Task::find().filter(task::Column::Title.is_not_in((0..n).map(|n| n.to_string()))).all(cx).await?;
        }
        assert_eq!(texts(&w).len(), 1);
        for n in lengths().take(20) {
            let gone = Project::delete_many()
                .filter_by_ids(keys(n).map(|key| Uuid::from_u128(key.as_u128() + 1_000)))
                .exec(cx)
                .await?;
            assert_eq!(gone.rows_affected, 0);
        }
        assert_eq!(texts(&w).len(), 1);
        for n in lengths().take(20) {
            let gone = TaskTag::delete_many().filter_by_ids(keys(n).map(|key| (key, id(99)))).exec(cx).await?;
            assert_eq!(gone.rows_affected, 0);
        }
        assert_eq!(texts(&w).len(), 1);
        for n in lengths() {
            let link = |key: Uuid| task_tag::Model { task_id: key, tag_id: key, organization_id: w.f.acme.id };
            keys(n).map(link).collect::<Vec<_>>().load_one(Task, cx).await?;
        }
        assert_eq!(texts(&w).len(), 1);
        for n in lengths() {
            let project = |id| project::Model { id, organization_id: w.f.acme.id, name: String::new(), rank: 0 };
            keys(n).map(project).collect::<Vec<_>>().load_many(Task, cx).await?;
        }
        assert_eq!(texts(&w).len(), 1);
        // What cannot be one array is filled up.
        for n in 1..=100 {
            let some = (0..n).map(|n| if n == 0 { points() } else { Expr::val(n) });
            Task::find().filter(points().is_in(some)).all(cx).await?;
        }
        assert_eq!(texts(&w).len(), 8);
        Ok(())
    })
    .await
    .unwrap();
}

/// A `char(n)` comes back with blanks at its end, and is found by what came back.
#[tokio::test]
async fn a_padded_text_is_found_with_and_without_its_blanks() {
    let w = world().await;
    w.acme(async |cx| {
        let codes = ["a", "b", "c"].map(|code| Draft {
            padded: Set(Some(code.to_owned())),
            text: Set(Some(format!("{code}  "))),
            short: Set(Some(format!("{code}  "))),
            folded: Set(Some(code.to_owned())),
            ..Default::default()
        });
        assert_eq!(Kind::insert_many(codes).exec(cx).await?.rows_affected, 3);
        let found = async |condition: Expr| Kind::find().filter(condition).count(cx).await;
        assert_eq!(found(Column::Padded.is_in(["a", "b  ", "x"])).await?, 2);
        assert_eq!(found(Column::Padded.is_not_in(["a", "b  ", "x"])).await?, 1);
        // A text's blanks are its own.
        assert_eq!(found(Column::Text.is_in(["a", "b  "])).await?, 1);
        assert_eq!(found(Column::Short.is_in(["a", "b  "])).await?, 1);
        let pairs = |code: &str| Expr::tuple([Expr::val(code), Expr::val("a  ")]);
        let both = Expr::tuple([Expr::col(Column::Padded), Expr::col(Column::Text)]);
        assert_eq!(found(both.is_in([pairs("a"), pairs("b")])).await?, 1);
        Ok(())
    })
    .await;
}
