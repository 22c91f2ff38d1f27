//! A database that was made before there was a seal.

use migration::MigratorTraitSelf;
use sea_orm::sqlx::query_scalar;
use tests::Fixture;

async fn sealed(f: &Fixture) -> i64 {
    let sql = "SELECT count(*) FROM pg_policies WHERE qual LIKE '%context_is_genuine%'
                 AND with_check LIKE '%context_is_genuine%' AND policyname LIKE '%\\_boundary'";
    query_scalar(sql).fetch_one(&mut f.database.owner().await).await.unwrap()
}

#[tokio::test]
async fn a_database_that_was_made_before_the_seal_is_given_one() {
    let f = Fixture::new().await;
    let policies = sealed(&f).await;
    // One for each table and scope.
    assert_eq!(policies, 19);
    let connection = f.database.migration_connection(&f.database.owner_url()).await;
    f.database.migrator().down(&connection, Some(4)).await.unwrap();
    let name = &f.database.prefix;
    f.database
        .execute(&format!(
            "DROP FUNCTION {name}.context_is_genuine() CASCADE; DROP FUNCTION {name}.rotate_seal();
             DROP MATERIALIZED VIEW {name}.seal_key_previous, {name}.seal_key"
        ))
        .await;
    assert_eq!(sealed(&f).await, 0);
    f.database.migrator().up(&connection, None).await.unwrap();
    assert_eq!(sealed(&f).await, policies);
    let plans =
        f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| entity::ResearchPlan::find().count(cx).await);
    assert_eq!(plans.await.unwrap(), 1);
    connection.close().await.unwrap();
}
