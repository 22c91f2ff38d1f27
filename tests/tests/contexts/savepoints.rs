//! What a savepoint leaves behind on the server, however it ends, and what becomes of the context where its end fails.

use std::{panic::AssertUnwindSafe, time::Duration};

use db::{Db, Error, prelude::*};
use entity::{ResearchPlan, research_plan::Column};
use futures::FutureExt;
use sea_orm::sqlx::{self, AssertSqlSafe, Executor, raw_sql};
use tests::{Fixture, Proxy};

use super::{titled, titles};

/// How often each is done in one context.
const TIMES: u32 = 200;

/// A way for a savepoint to end, in which something was written.
#[derive(Clone, Copy, Debug)]
enum End {
    Kept,
    Failed,
    FailedInServer,
    Swallowed,
    Dropped,
    Panicked,
    HalfSaved,
    FailedWithin,
    DroppedWithin,
    FailedWithinKept,
    DroppedWithinKept,
}

const ENDS: [End; 11] = [
    End::Kept,
    End::Failed,
    End::FailedInServer,
    End::Swallowed,
    End::Dropped,
    End::Panicked,
    End::HalfSaved,
    End::FailedWithin,
    End::DroppedWithin,
    End::FailedWithinKept,
    End::DroppedWithinKept,
];

async fn insert(cx: &TenantContext) -> db::Result<Uuid> {
    ResearchPlan::insert(titled("in a savepoint")).exec(cx).await
}

/// Opens a savepoint, writes in it, and drops its future.
async fn drop_one(cx: &mut TenantContext) {
    let written = tokio::sync::Notify::new();
    let never = cx.savepoint(async |cx| {
        insert(cx).await?;
        written.notify_one();
        std::future::pending::<Result<(), Error>>().await
    });
    tokio::select! {
        _ = never => unreachable!(),
        () = written.notified() => {}
    }
}

async fn fail_one(cx: &mut TenantContext) {
    let failed = cx.savepoint(async |cx| {
        insert(cx).await?;
        Err::<(), _>(Error::not_authenticated())
    });
    assert!(failed.await.unwrap_err().is_not_authenticated());
}

async fn end(cx: &mut TenantContext, end: End) {
    match end {
        End::Kept => drop(cx.savepoint(async |cx| insert(cx).await).await.unwrap()),
        End::Failed => fail_one(cx).await,
        End::Dropped => drop_one(cx).await,
        End::FailedInServer | End::Swallowed => {
            let ended = cx.savepoint(async |cx| {
                insert(cx).await?;
                let refused = ResearchPlan::insert(titled("")).exec(cx).await.map(drop);
                if matches!(end, End::Swallowed) { Ok(()) } else { refused }
            });
            let error = ended.await.unwrap_err();
            assert!(error.is_check_violation() || error.is_rolled_back(), "{error}");
        }
        End::Panicked => {
            let panicking = cx.savepoint(async |cx| {
                insert(cx).await?;
                // Without the message of a panic.
                std::panic::resume_unwind(Box::new("on purpose"));
                #[expect(unreachable_code, reason = "says the type")]
                Ok::<(), Error>(())
            });
            assert!(AssertUnwindSafe(panicking).catch_unwind().await.is_err());
        }
        End::HalfSaved => {
            // All or nothing: its first half spoils the savepoint that it is dropped in.
            let spoilt = cx.savepoint(async |cx| {
                insert(cx).await?;
                let draft = titled("half");
                let steps =
                    [entity::plan_step::Draft { position: Set(0), title: Set("a".into()), ..Default::default() }];
                ResearchPlan::save(draft).with(entity::PlanStep, steps).exec(cx).await.map(drop)
            });
            spoilt.await.unwrap_err();
        }
        End::FailedWithin | End::DroppedWithin => {
            let outer = cx.savepoint(async |cx| {
                insert(cx).await?;
                if matches!(end, End::FailedWithin) {
                    fail_one(cx).await;
                } else {
                    drop_one(cx).await;
                }
                Err::<(), _>(Error::not_authenticated())
            });
            outer.await.unwrap_err();
        }
        End::FailedWithinKept | End::DroppedWithinKept => {
            let outer = cx.savepoint(async |cx| {
                insert(cx).await?;
                if matches!(end, End::FailedWithinKept) {
                    fail_one(cx).await;
                } else {
                    drop_one(cx).await;
                }
                Ok::<_, Error>(())
            });
            outer.await.unwrap();
        }
    }
}

/// How many transaction ids the pool's one connection holds locked: its transaction's, and one for each subtransaction that
/// is open and has written.
async fn transaction_locks(f: &Fixture) -> i64 {
    let sql = "SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid'
                 AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = $1 AND usename = $2)";
    let mut owner = f.database.owner().await;
    sqlx::query_scalar(sql).bind(&f.database.name).bind(f.database.login()).fetch_one(&mut owner).await.unwrap()
}

/// The lock table is the whole server's: a context that fills it fails every tenant.
#[tokio::test]
async fn no_savepoint_leaves_a_lock_behind_however_it_ends() {
    let f = Fixture::with(|options| options.max_connections(1)).await;
    for kind in ENDS {
        let mut cx = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
        for _ in 0..TIMES {
            end(&mut cx, kind).await;
        }
        // What was dropped is taken back with the next statement.
        insert(&cx).await.unwrap();
        assert_eq!(transaction_locks(&f).await, 1, "{kind:?}");
        cx.rollback().await.unwrap();
    }
}

/// The control: a savepoint that is taken back and not released, as sqlx does it.
#[tokio::test]
async fn a_savepoint_that_is_taken_back_alone_leaves_a_lock_behind() {
    let f = Fixture::new().await;
    let app = &f.database.prefix;
    let (acme, owner) = (f.acme.id, f.acme.owner.user_id());
    f.db.close().await;
    let mut stranger = f.database.stranger().await;
    let enter = format!("BEGIN; SELECT {app}.enter_tenant('{acme}', '{owner}'); SET LOCAL ROLE {app}_tenant");
    stranger.execute(raw_sql(AssertSqlSafe(enter))).await.unwrap();
    for _ in 0..TIMES {
        let sql = format!(
            "SAVEPOINT s; INSERT INTO research_plan (organization_id, id, title, question)
             VALUES ('{acme}', gen_random_uuid(), 'lost', ''); ROLLBACK TO SAVEPOINT s"
        );
        stranger.execute(raw_sql(AssertSqlSafe(sql))).await.unwrap();
    }
    assert!(transaction_locks(&f).await >= i64::from(TIMES) - 1, "{}", transaction_locks(&f).await);
}

/// A retry within a savepoint is one savepoint after another.
#[tokio::test]
async fn what_is_tried_again_in_savepoints_is_kept_once() {
    let f = Fixture::with(|options| options.max_connections(1)).await;
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        for attempt in 0..50 {
            let tried = cx.savepoint(async |cx| {
                insert(cx).await?;
                let title = if attempt < 49 { "" } else { "at last" };
                ResearchPlan::insert(titled(title)).exec(cx).await
            });
            assert_eq!(tried.await.is_ok(), attempt == 49);
        }
        // The transaction's own, and that of the one that was kept.
        assert!(transaction_locks(&f).await <= 2);
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(titles(&f, &f.acme).await, ["plan of acme", "in a savepoint", "at last"]);
}

async fn through_a_proxy() -> (Fixture, Db, Proxy) {
    let f = Fixture::new().await;
    let (proxy, options) = f.database.proxy().await;
    let db = Db::connect(options.max_connections(1)).await.unwrap();
    (f, db, proxy)
}

/// The count of levels is right where the server refuses the savepoint: the context is one in which a statement has failed,
/// and a savepoint around it is taken back.
#[tokio::test]
async fn a_savepoint_that_cannot_be_opened_is_a_statement_that_failed() {
    let (f, db, proxy) = through_a_proxy().await;
    let open = || db.tenant(f.acme.id, &f.acme.owner);
    let refused = async |cx: &mut TenantContext| {
        proxy.garble("SAVEPOINT context");
        let mut ran = false;
        let refused = cx.savepoint(async |_| {
            ran = true;
            Ok::<_, Error>(())
        });
        let error = refused.await.unwrap_err();
        assert!(!ran && error.sqlstate() == Some("42601"), "{error}");
        error
    };
    let mut cx = open().begin().await.unwrap();
    refused(&mut cx).await;
    assert!(ResearchPlan::find().count(&cx).await.unwrap_err().is_rolled_back());
    assert!(cx.savepoint(async |_| Ok::<_, Error>(())).await.unwrap_err().is_rolled_back());
    assert!(cx.commit().await.unwrap_err().is_rolled_back());

    // Swallowed by the closure, in a context and in a savepoint.
    let swallowed = open().run(async |cx| Ok::<_, Error>(refused(cx).await.is_rolled_back()));
    assert!(swallowed.await.unwrap_err().is_rolled_back());
    open()
        .run(async |cx| {
            let outer = cx.savepoint(async |cx| {
                insert(cx).await?;
                Err::<(), _>(refused(cx).await)
            });
            assert_eq!(outer.await.unwrap_err().sqlstate(), Some("42601"));
            let outer = cx.savepoint(async |cx| Ok::<_, Error>(refused(cx).await.is_rolled_back()));
            assert!(outer.await.unwrap_err().is_rolled_back());
            ResearchPlan::insert(titled("after")).exec(cx).await
        })
        .await
        .unwrap();
    assert_eq!(titles(&f, &f.acme).await, ["plan of acme", "after"]);
}

/// A savepoint that cannot be kept is taken back.
#[tokio::test]
async fn a_savepoint_that_cannot_be_released_is_taken_back() {
    let (f, db, proxy) = through_a_proxy().await;
    db.tenant(f.acme.id, &f.acme.owner)
        .run(async |cx| {
            let refused = cx.savepoint(async |cx| {
                insert(cx).await?;
                proxy.garble("RELEASE");
                Ok::<_, Error>(())
            });
            assert_eq!(refused.await.unwrap_err().sqlstate(), Some("42601"));
            ResearchPlan::insert(titled("after")).exec(cx).await
        })
        .await
        .unwrap();
    assert_eq!(titles(&f, &f.acme).await, ["plan of acme", "after"]);
}

/// Where a savepoint cannot be taken back, what is around it can't be kept; but a savepoint around it can be taken back.
#[tokio::test]
async fn a_savepoint_that_cannot_be_taken_back_fails_what_is_around_it() {
    let (f, db, proxy) = through_a_proxy().await;
    let open = || db.tenant(f.acme.id, &f.acme.owner);
    let stuck = async |cx: &mut TenantContext| {
        let stuck = cx.savepoint(async |cx| {
            insert(cx).await?;
            proxy.garble("ROLLBACK TO");
            Err::<(), _>(Error::not_authenticated())
        });
        // The closure's own error is returned.
        assert!(stuck.await.unwrap_err().is_not_authenticated());
        ResearchPlan::find().count(cx).await.map(drop)
    };
    assert!(open().run(stuck).await.unwrap_err().is_rolled_back());
    let swallowed = open().run(async |cx| Ok::<_, Error>(stuck(cx).await.is_ok()));
    assert!(swallowed.await.unwrap_err().is_rolled_back());
    open()
        .run(async |cx| {
            assert!(cx.savepoint(stuck).await.unwrap_err().is_rolled_back());
            ResearchPlan::insert(titled("after")).exec(cx).await
        })
        .await
        .unwrap();

    // The same of one that was dropped, which is taken back with the next statement.
    open()
        .run(async |cx| {
            drop_one(cx).await;
            proxy.garble("ROLLBACK TO");
            assert_eq!(insert(cx).await.unwrap_err().sqlstate(), Some("42601"));
            Err::<(), _>(insert(cx).await.unwrap_err())
        })
        .await
        .unwrap_err();
    assert_eq!(titles(&f, &f.acme).await, ["plan of acme", "after"]);
}

/// A timeout that strikes as a savepoint is taken back costs no more than the savepoint.
#[tokio::test]
async fn a_savepoint_is_taken_back_whatever_its_timeout() {
    let (f, db, proxy) = through_a_proxy().await;
    let hasty = db.tenant(f.acme.id, &f.acme.owner).statement_timeout(Duration::from_secs(2));
    hasty
        .run(async |cx| {
            let taken_back = cx.savepoint(async |cx| {
                insert(cx).await?;
                proxy.replace("ROLLBACK TO SAVEPOINT context_1", "SELECT pg_sleep(999)");
                Err::<(), _>(Error::not_authenticated())
            });
            assert!(taken_back.await.unwrap_err().is_not_authenticated());
            ResearchPlan::insert(titled("after")).exec(cx).await
        })
        .await
        .unwrap();
    assert_eq!(titles(&f, &f.acme).await, ["plan of acme", "after"]);
}

/// What was dropped within a savepoint goes with it, and does not take anything else along.
#[tokio::test]
async fn savepoints_that_were_dropped_take_back_their_own_rows_alone() {
    let f = Fixture::with(|options| options.max_connections(1)).await;
    let kept = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        ResearchPlan::insert(titled("first")).exec(cx).await?;
        drop_one(cx).await;
        // The next message opens a savepoint, keeps one, or is the commit.
        cx.savepoint(async |cx| {
            ResearchPlan::insert(titled("second")).exec(cx).await?;
            drop_one(cx).await;
            drop_one(cx).await;
            Ok::<_, Error>(())
        })
        .await?;
        drop_one(cx).await;
        Ok(())
    });
    kept.await.unwrap();
    assert_eq!(titles(&f, &f.acme).await, ["plan of acme", "first", "second"]);

    let cx = f.db.tenant(f.acme.id, &f.acme.owner);
    let taken_back = cx.run(async |cx| {
        drop_one(cx).await;
        Err::<(), _>(Error::not_authenticated())
    });
    taken_back.await.unwrap_err();
    let mut cx = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    drop_one(&mut cx).await;
    cx.rollback().await.unwrap();
    let found = f.db.tenant(f.acme.id, &f.acme.owner).read_only();
    let found = found.run(async |cx| ResearchPlan::find().filter(Column::Title.ne("second")).count(cx).await);
    assert_eq!(found.await.unwrap(), 2);
}
