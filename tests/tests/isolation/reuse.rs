//! What PostgreSQL keeps from one statement to the next does not serve one tenant's rows to another.

use db::{Db, prelude::*};
use entity::{Member, ResearchPlan, member};
use sea_orm::sqlx::Row;

use crate::{
    inside::{Enter, Inside},
    world::{Side, world},
};

/// PostgreSQL plans a prepared statement anew five times, and from then on may reuse a plan.
const UNTIL_GENERIC: usize = 7;

#[tokio::test]
async fn a_statement_prepared_in_one_context_serves_the_next_its_own_rows() {
    let f = world().await;
    let db = Db::connect(f.database.options().max_connections(1)).await.unwrap();
    for _ in 0..2 {
        for org in [&f.acme, &f.globex] {
            for _ in 0..UNTIL_GENERIC {
                db.with_tenant_context(org.id, &org.owner, async |cx| {
                    let plans = ResearchPlan::find().all(cx).await?;
                    assert_eq!(plans.iter().map(|plan| plan.id).collect::<Vec<_>>(), [org.plan]);
                    assert_eq!(Member::find().order_by_asc(member::Column::Id).count(cx).await?, 2);
                    Ok(())
                })
                .await
                .unwrap();
            }
            // The same text in other scopes, where other policies hold.
            let own = db.with_user_context(&org.owner, async |cx| Member::find().count(cx).await).await;
            assert_eq!(own.unwrap(), 1);
            let all = db.with_identity_context(async |cx| Member::find().count(cx).await).await;
            assert_eq!(all.unwrap(), 4);
        }
    }
}

/// The same with layer 3 alone: one text with no predicate, on one connection, for all tenants and roles.
#[tokio::test]
async fn a_statement_without_a_predicate_that_is_prepared_once_serves_each_role_its_own_rows() {
    let f = world().await;
    let mut inside = Inside::new(&f, &Enter::Identity, "identity").await;
    let schema = &f.database.prefix;
    for (role, members) in [("tenant", 2), ("user", 1), ("identity", 4)] {
        for org in [&f.acme, &f.globex, &f.acme] {
            let (id, owner) = (org.id, org.owner.user_id());
            let enter = match role {
                "tenant" => format!("enter_tenant('{id}', '{owner}')"),
                "user" => format!("enter_user('{owner}')"),
                _ => "enter_identity()".to_owned(),
            };
            let opening = format!("BEGIN; SELECT {schema}.{enter}; SET LOCAL ROLE {}", f.database.role(role));
            for _ in 0..UNTIL_GENERIC {
                inside.outside(&opening).await.unwrap();
                let rows = inside.statement("SELECT organization_id, user_id FROM member").await.unwrap();
                assert_eq!(rows.len(), members, "{role}");
                let own = |row: &_| Row::get::<Uuid, _>(row, "organization_id") == id.0;
                assert!(role == "identity" || rows.iter().all(own), "{role}");
                inside.close(true).await;
            }
        }
    }
}

/// Parallel workers have the role and the settings of the one that started them.
#[tokio::test]
async fn a_parallel_worker_holds_to_the_tenant() {
    let f = world().await;
    // What was sealed is asked before the workers start, so the scan alone is parallel. The last setting has had another name since PostgreSQL 16.
    f.database
        .execute(&format!(
            "ALTER ROLE {login} IN DATABASE {name} SET parallel_setup_cost = 0;
             ALTER ROLE {login} IN DATABASE {name} SET parallel_tuple_cost = 0;
             ALTER ROLE {login} IN DATABASE {name} SET min_parallel_table_scan_size = 0;
             ALTER ROLE {login} IN DATABASE {name} SET enable_indexscan = off;
             ALTER ROLE {login} IN DATABASE {name} SET enable_bitmapscan = off;
             ALTER TABLE research_plan SET (parallel_workers = 2);
             DO $$ BEGIN EXECUTE (SELECT 'ALTER ROLE {login} IN DATABASE {name} SET ' || name || ' = on' FROM pg_settings
               WHERE name IN ('force_parallel_mode', 'debug_parallel_query')); END $$",
            login = f.database.login(),
            name = f.database.name,
        ))
        .await;
    let mut inside = Inside::new(&f, &Enter::Tenant(Side::owner(&f.globex)), "tenant").await;
    inside.open().await;
    let plan: Vec<String> = inside
        .statement("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT title FROM research_plan")
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(plan.iter().any(|line| line.contains("Workers Launched")), "{plan:#?}");
    let titles: Vec<String> =
        inside.statement("SELECT title FROM research_plan").await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(titles, ["plan of globex"]);
    inside.close(true).await;
}
