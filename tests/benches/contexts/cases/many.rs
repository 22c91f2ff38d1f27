//! Many rows, inserted at once.

use std::fmt::Write;

use db::prelude::{Set, Uuid};
use entity::{
    PlanStep,
    plan_step::{self, StepStatus},
};
use futures::FutureExt;
use sea_orm::{ConnectionTrait, EntityTrait};

use super::Step;
use crate::{
    case::{Case, Way},
    link::Link,
    world::FIRST_INSERTED,
};

/// A row that is written by hand.
type Row = <Step as EntityTrait>::ActiveModel;

/// How many rows SeaORM is given at a time: PostgreSQL binds 65,535 values in a statement, and there are eight in a row.
const AT_ONCE: usize = 8_000;

/// So many steps, and a commit.
pub(super) fn insert<const ROWS: i32>(name: &'static str) -> Case {
    Case::new(name)
        .bare(|link, _| async move { inserted(link, ROWS, &link.bare()).await }.boxed())
        .way(Way::Copy, |link, _| async move { copied(link, ROWS).await }.boxed())
        .by_hand(|link, _| {
            async move {
                let transaction = link.by_hand(link.world.fixture.acme.id).await;
                inserted(link, ROWS, &transaction).await;
                transaction.commit().await.unwrap();
            }
            .boxed()
        })
        .ours(|link, _| {
            async move {
                let (org, first) = (&link.world.fixture.acme, link.positions(ROWS));
                let now = chrono::Utc::now();
                let drafts = (first..first + ROWS).map(|position| plan_step::Draft {
                    id: Set(Uuid::now_v7()),
                    plan_id: Set(org.plan),
                    position: Set(position),
                    title: Set(format!("step {position}")),
                    status: Set(StepStatus::Pending),
                    created_at: Set(now),
                    updated_at: Set(now),
                });
                let insert = PlanStep::insert_many(drafts);
                let inserted = link.db.with_tenant_context(org.id, &org.owner, async |cx| insert.exec(cx).await);
                assert_eq!(inserted.await.unwrap().rows_affected, u64::try_from(ROWS).unwrap());
            }
            .boxed()
        })
        .after(|link, _| async move { delete(link).await }.boxed())
}

async fn inserted(link: &Link, rows: i32, connection: &impl ConnectionTrait) {
    let (org, first) = (&link.world.fixture.acme, link.positions(rows));
    let (now, rows) = (chrono::Utc::now(), (first..first + rows).collect::<Vec<i32>>());
    for positions in rows.chunks(AT_ONCE) {
        let rows = positions.iter().map(|position| Row {
            organization_id: Set(org.id),
            id: Set(Uuid::now_v7()),
            plan_id: Set(org.plan),
            position: Set(*position),
            title: Set(format!("step {position}")),
            status: Set(StepStatus::Pending),
            created_at: Set(now),
            updated_at: Set(now),
        });
        Step::insert_many(rows).exec_without_returning(connection).await.unwrap();
    }
}

async fn copied(link: &Link, rows: i32) {
    const COPY: &str =
        "COPY plan_step (organization_id, id, plan_id, position, title, status, created_at, updated_at) FROM STDIN";

    let (org, first) = (&link.world.fixture.acme, link.positions(rows));
    let (now, mut text) = (chrono::Utc::now().to_rfc3339(), String::new());
    for position in first..first + rows {
        let (id, plan) = (Uuid::now_v7(), org.plan);
        writeln!(text, "{}\t{id}\t{plan}\t{position}\tstep {position}\tpending\t{now}\t{now}", org.id).unwrap();
    }
    let mut connection = link.copy.lock().await;
    let mut copy = connection.copy_in_raw(COPY).await.unwrap();
    copy.send(text.into_bytes()).await.unwrap();
    assert_eq!(copy.finish().await.unwrap(), u64::try_from(rows).unwrap());
}

/// Deletes the rows, and what is left of them.
async fn delete(link: &Link) {
    let database = &link.world.fixture.database;
    database.execute(&format!("DELETE FROM plan_step WHERE position >= {FIRST_INSERTED}")).await;
    database.execute("VACUUM plan_step").await;
}
