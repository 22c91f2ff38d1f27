//! What a commit answers, and when it waits for the server.

use std::time::{Duration, Instant};

use db::{Db, Error, IsolationLevel, prelude::*};
use entity::ResearchPlan;
use tests::{Cut, Fixture, PATIENCE};

use super::count;

/// Nothing that a context has read counts where a statement in it has failed: what follows was not asked of the server.
#[tokio::test]
async fn a_context_that_reads_is_not_committed_after_a_statement_failed() {
    let f = Fixture::new().await;
    f.database.make_slow().await;
    let failing = async |cx: &TenantReader| {
        let timed_out = ResearchPlan::find().filter(Expr::expr(Func::cust("slow").arg(60.0)).eq("")).all(cx).await;
        assert!(timed_out.unwrap_err().is_statement_timeout());
    };
    for isolation in [IsolationLevel::ReadCommitted, IsolationLevel::RepeatableRead, IsolationLevel::Serializable] {
        let patient = || f.db.tenant(f.acme.id, &f.acme.owner).read_only().isolation(isolation);
        let read = || patient().statement_timeout(Duration::from_millis(50));
        let cx = read().begin().await.unwrap();
        failing(&cx).await;
        assert!(cx.commit().await.unwrap_err().is_rolled_back(), "{isolation}");
        let swallowed = read().run(async |cx| {
            failing(cx).await;
            Ok::<_, Error>(())
        });
        let error = swallowed.await.unwrap_err();
        assert!(error.is_rolled_back(), "{isolation}: {error}");

        // The control: without the failure, and where a savepoint has taken it back.
        patient().begin().await.unwrap().commit().await.unwrap();
        let since = Instant::now();
        let counted = loop {
            let taken_back = read().run(async |cx| {
                let failed = cx.savepoint(async |cx| {
                    failing(cx).await;
                    Ok::<_, Error>(())
                });
                assert!(failed.await.unwrap_err().is_rolled_back());
                count(cx).await
            });
            match taken_back.await {
                // On a busy machine that may happen to what comes after, too.
                Err(error) if error.is_statement_timeout() && since.elapsed() < PATIENCE => {}
                counted => break counted,
            }
        };
        assert_eq!(counted.unwrap(), 1);
    }
}

/// What a serializable context has read counts once its commit has succeeded, so that is waited for. Others wait for none.
#[tokio::test]
async fn a_context_that_reads_waits_for_its_commit_where_it_is_serializable() {
    let f = Fixture::new().await;
    let (proxy, options) = f.database.proxy().await;
    let db = Db::connect(options.max_connections(1)).await.unwrap();
    for (isolation, waits) in [
        (None, false),
        (Some(IsolationLevel::ReadCommitted), false),
        (Some(IsolationLevel::RepeatableRead), false),
        (Some(IsolationLevel::Serializable), true),
    ] {
        // To the end of the message, as an isolation level is called `READ COMMITTED`.
        for end in ["COMMIT\0", "ROLLBACK\0"] {
            proxy.cut_at(Cut { text: end, forward: false });
            let read = db.tenant(f.acme.id, &f.acme.owner).read_only();
            let read = if let Some(level) = isolation { read.isolation(level) } else { read };
            let result = read.run(async |cx| count(cx).await).await;
            if waits && end == "COMMIT\0" {
                assert!(result.unwrap_err().is_outcome_unknown(), "{isolation:?}");
            } else {
                assert_eq!(result.unwrap(), 1, "{isolation:?}, {end}");
            }
            // Where nothing was cut: the next one is not to be.
            proxy.cut_at(Cut { text: "no such text", forward: true });
            while db.check_database().await.connections_in_use > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}
