//! Many rows: a stream of a million in flat memory, a hundred thousand drafts in one call, and drafts of a hundred MiB in the
//! memory of a batch.
//!
//! One test, so that nothing else is measured with it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use db::prelude::*;
use entity::{
    PlanStep,
    plan_step::{self, StepStatus},
};
use tests::{Fixture, PATIENCE};

const ROWS: i32 = 1_000_000;
const DRAFTS: i32 = 100_000;
const MIB: usize = 1024 * 1024;

/// Returns the resident memory of this process in bytes, where the system tells.
fn resident() -> Option<usize> {
    let pages = fs::read_to_string("/proc/self/statm").ok()?;
    Some(pages.split(' ').nth(1)?.parse::<usize>().ok()? * 4096)
}

/// Returns by how much the resident memory of this process has been larger, at its most, than as `f` began; where the system
/// tells.
async fn peak(f: impl Future<Output = ()>) -> Option<usize> {
    let start = resident();
    // Has the system forget how much it has been.
    let is_forgotten = fs::write("/proc/self/clear_refs", "5").is_ok();
    f.await;
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().trim_end_matches(" kB");
    Some((most.parse::<usize>().ok()? * 1024).saturating_sub(start.filter(|_| is_forgotten)?))
}

/// A batch is in memory as it is sent, and not all of them.
async fn a_hundred_mib_go_in_batch_by_batch(f: &Fixture) {
    f.database.execute("ALTER TABLE plan_step DROP CONSTRAINT plan_step_title_check").await;
    let draft = |n| plan_step::Draft {
        plan_id: Set(f.acme.plan),
        position: Set(2 * ROWS + n),
        title: Set("x".repeat(MIB)),
        status: Set(StepStatus::Pending),
        ..Default::default()
    };
    let cx = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    let drafts: Vec<_> = (0..100).map(draft).collect();
    let grown = peak(async { assert_eq!(PlanStep::insert_many(drafts).exec(&cx).await.unwrap().rows_affected, 100) });
    if let Some(grown) = grown.await {
        eprintln!("inserted 100 MiB in {} MiB more", grown / MIB);
        assert!(grown / MIB < 64, "{} MiB", grown / MIB);
    }
    // The control: as much at once is seen in that measure.
    let held = peak(async { assert_eq!("x".repeat(100 * MIB).len(), 100 * MIB) }).await;
    assert!(held.is_none_or(|held| held / MIB >= 64));
    cx.rollback().await.unwrap();
}

#[tokio::test]
async fn a_million_rows_are_streamed_in_flat_memory_and_a_hundred_thousand_drafts_inserted() {
    // On a busy machine a statement takes longer than the login role gives it.
    let f = Fixture::with(|options| options.statement_timeout(PATIENCE)).await;
    let (organization, plan) = (f.acme.id, f.acme.plan);
    f.database
        .execute(&format!(
            "INSERT INTO plan_step (organization_id, id, plan_id, position, title, status)
             SELECT '{organization}', gen_random_uuid(), '{plan}', n + 10, 'step ' || n, 'pending' FROM generate_series(1, {ROWS}) n"
        ))
        .await;

    let streamed = f.db.tenant(organization, &f.acme.owner).read_only().run(async |cx| {
        let start = resident().unwrap_or(0);
        let mut steps = PlanStep::find().order_by_asc(plan_step::Column::Position).stream(cx).await?;
        let (mut rows, mut most) = (0, 0);
        while let Some(step) = steps.try_next().await? {
            rows += 1;
            assert_eq!(step.organization_id, organization);
            if rows % 1_000 == 0
                && let Some(now) = resident()
            {
                most = Ord::max(most, now);
            }
        }
        Ok::<_, db::Error>((rows, most.saturating_sub(start) / MIB))
    });
    let (rows, grown) = streamed.await.unwrap();
    assert_eq!(rows, ROWS + 3);
    assert!(grown < 64, "{grown} MiB");

    // The control: rows that are held are seen in that measure.
    if let Some(start) = resident() {
        let held = f.db.tenant(organization, &f.acme.owner).read_only();
        let held = held.run(async |cx| PlanStep::find().limit(300_000).all(cx).await).await.unwrap();
        assert!(resident().unwrap().saturating_sub(start) / MIB >= 32, "{} rows", held.len());
    }
    eprintln!("streamed {rows} rows in {grown} MiB more than at the start");

    let inserted =
        f.db.with_tenant_context(organization, &f.acme.owner, async |cx| {
            let drafts = (0..DRAFTS).map(|n| plan_step::Draft {
                plan_id: Set(plan),
                position: Set(ROWS + 100 + n),
                title: Set(format!("draft {n}")),
                status: Set(StepStatus::Pending),
                ..Default::default()
            });
            let inserted = PlanStep::insert_many(drafts).exec(cx).await?;
            let found = PlanStep::find().filter(plan_step::Column::Title.starts_with("draft ")).count(cx).await?;
            assert_eq!(found, inserted.rows_affected);
            Ok(inserted.rows_affected)
        })
        .await
        .unwrap();
    assert_eq!(inserted, 100_000);
    a_hundred_mib_go_in_batch_by_batch(&f).await;
}
