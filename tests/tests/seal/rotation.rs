//! A new secret, while contexts are open and while they are opened.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use db::{IsolationLevel, TenantContext};
use entity::ResearchPlan;
use sea_orm::sqlx::{AssertSqlSafe, query_scalar};
use tests::Fixture;

/// Rotates as the owner, and waits for nobody.
async fn rotate(f: &Fixture) {
    let rotate = f.database.migrator().contract().rotate_seal();
    f.database.execute(&format!("SET lock_timeout = '2s'; {rotate}")).await;
}

/// Returns the secret, and the one before.
pub(crate) async fn secrets(f: &Fixture) -> [String; 2] {
    let sql = format!(
        "SELECT encode(key, 'hex') FROM {name}.seal_key UNION ALL SELECT encode(key, 'hex') FROM {name}.seal_key_previous",
        name = f.database.prefix
    );
    let secrets: Vec<String> = query_scalar(AssertSqlSafe(sql)).fetch_all(&mut f.database.owner().await).await.unwrap();
    secrets.try_into().unwrap()
}

async fn plans(cx: &TenantContext) -> u64 {
    ResearchPlan::find().count(cx).await.unwrap()
}

#[tokio::test]
async fn a_context_goes_on_over_one_rotation_and_nobody_waits() {
    let f = Fixture::new().await;
    let open = || f.db.tenant(f.acme.id, &f.acme.owner).begin();
    let first = secrets(&f).await;
    let (before, used) = (open().await.unwrap(), open().await.unwrap());
    assert_eq!(plans(&used).await, 1);
    rotate(&f).await;
    let second = secrets(&f).await;
    assert_eq!(second[1], first[0], "the secret becomes the one before");
    assert_ne!(second[0], first[0]);
    let between = open().await.unwrap();
    for cx in [&before, &used, &between] {
        assert_eq!(plans(cx).await, 1);
    }
    before.commit().await.unwrap();

    // A second one is too many for what was open before the first: there is no such secret any more.
    rotate(&f).await;
    assert_eq!(plans(&used).await, 0);
    assert_eq!(plans(&between).await, 1);
    assert_eq!(plans(&open().await.unwrap()).await, 1);
}

/// It sees the secrets of when it was opened.
#[tokio::test]
async fn a_context_with_one_snapshot_goes_on_over_any_rotation() {
    let f = Fixture::new().await;
    let cx = f.db.tenant(f.acme.id, &f.acme.owner).isolation(IsolationLevel::RepeatableRead).begin().await.unwrap();
    for _ in 0..3 {
        rotate(&f).await;
        assert_eq!(plans(&cx).await, 1);
    }
}

/// Twenty rotations beside three tasks that open contexts without a pause; no read is without its row.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_secret_is_rotated_under_load() {
    let f = Fixture::new().await;
    let (done, reads) = (AtomicBool::new(false), [const { AtomicU64::new(0) }; 3]);
    let read = async |reads: &AtomicU64| {
        while !done.load(Ordering::SeqCst) {
            let read =
                f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| Ok((plans(cx).await, plans(cx).await)));
            assert_eq!(read.await.unwrap(), (1, 1));
            reads.fetch_add(1, Ordering::SeqCst);
        }
    };
    let rotate = async {
        for _ in 0..20 {
            rotate(&f).await;
            // As the docs ask: whoever was open before it is over.
            let before = reads.each_ref().map(|reads| reads.load(Ordering::SeqCst));
            while reads.iter().zip(before).any(|(reads, before)| reads.load(Ordering::SeqCst) < before + 2) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        done.store(true, Ordering::SeqCst);
    };
    futures::join!(read(&reads[0]), read(&reads[1]), read(&reads[2]), rotate);
}
