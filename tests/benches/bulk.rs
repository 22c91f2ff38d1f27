//! What many rows cost: `cargo bench -p tests --bench bulk`.
//!
//! 100,000 rows of eight columns by `insert_many`, and the same rows by `COPY` as a superuser, whom no policy restricts.
//! It prints how long each takes. How much memory a batch takes: `tests/tests/large.rs`.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program that prints")]

use std::{fmt::Write, time::Instant};

use db::prelude::*;
use entity::{
    PlanStep,
    plan_step::{Draft, StepStatus},
};
use tests::{Fixture, PATIENCE};

const ROWS: i32 = 100_000;
const ROUNDS: usize = 7;
const FIRST: i32 = 1_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let f = Fixture::with(|options| options.statement_timeout(PATIENCE)).await;
    let (mut copied, mut inserted) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        copied.push(copy(&f).await);
        clean(&f).await;
        inserted.push(insert(&f).await);
        clean(&f).await;
    }
    let (copied, inserted) = (median(copied), median(inserted));
    println!("COPY {copied:.0} ms, insert_many {inserted:.0} ms: {:.2} times", inserted / copied);
}

fn drafts(f: &Fixture) -> Vec<Draft> {
    let now = chrono::Utc::now();
    let draft = |n| Draft {
        id: Set(Uuid::now_v7()),
        plan_id: Set(f.acme.plan),
        position: Set(FIRST + n),
        title: Set(format!("step number {n} of the plan")),
        status: Set(StepStatus::Pending),
        created_at: Set(now),
        updated_at: Set(now),
    };
    (0..ROWS).map(draft).collect()
}

async fn insert(f: &Fixture) -> f64 {
    let drafts = drafts(f);
    let start = Instant::now();
    let inserted =
        f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| PlanStep::insert_many(drafts).exec(cx).await);
    assert_eq!(inserted.await.unwrap().rows_affected, u64::from(ROWS.unsigned_abs()));
    start.elapsed().as_secs_f64() * 1000.0
}

async fn copy(f: &Fixture) -> f64 {
    let mut rows = String::new();
    let (organization, plan, now) = (f.acme.id, f.acme.plan, chrono::Utc::now().to_rfc3339());
    for n in 0..ROWS {
        let (id, position) = (Uuid::now_v7(), FIRST + n);
        writeln!(rows, "{organization}\t{id}\t{plan}\t{position}\tstep number {n} of the plan\tpending\t{now}\t{now}")
            .unwrap();
    }
    let mut owner = f.database.owner().await;
    let start = Instant::now();
    let columns = "organization_id, id, plan_id, position, title, status, created_at, updated_at";
    let mut copy = owner.copy_in_raw(&format!("COPY plan_step ({columns}) FROM STDIN")).await.unwrap();
    copy.send(rows.as_bytes()).await.unwrap();
    assert_eq!(copy.finish().await.unwrap(), u64::from(ROWS.unsigned_abs()));
    start.elapsed().as_secs_f64() * 1000.0
}

async fn clean(f: &Fixture) {
    f.database.execute(&format!("DELETE FROM plan_step WHERE position >= {FIRST}")).await;
    f.database.execute("VACUUM plan_step").await;
    f.database.execute("CHECKPOINT").await;
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
