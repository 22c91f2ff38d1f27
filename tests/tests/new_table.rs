//! What the README says of adding a tenant-scoped table, done start to finish.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use db::prelude::*;
use report::Report;
use sea_orm::sqlx::{self, AssertSqlSafe};
use tests::Fixture;

mod report {
    #![allow(unreachable_pub, reason = "as an application would have it")]

    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "report")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: OrganizationId,
        pub plan_id: Uuid,
        pub title: String,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The statement of the README.
fn create_table() -> String {
    let readme = include_str!("../../README.md");
    let start = readme.find("CREATE TABLE report").unwrap();
    readme[start..].split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_new_table_is_protected_by_its_entitys_declaration_alone() {
    let f = Fixture::new().await;
    let contract = f.database.migrator().contract().clone();
    let mut statements = contract.scoped_tables().create_as::<Report>(&create_table()).statements();
    // Run again, they change nothing.
    statements.extend(contract.protect::<Report>());
    for statement in statements {
        f.database.execute(&statement).await;
    }

    let draft = |plan| report::Draft { plan_id: Set(plan), title: Set("ours".to_owned()), ..Default::default() };
    let (id, who) = (f.acme.id, &f.acme.owner);
    let made = f.db.with_tenant_context(id, who, async |cx| Report::insert(draft(f.acme.plan)).exec(cx).await);
    let made = made.await.unwrap();
    let pointing = f.db.with_tenant_context(id, who, async |cx| Report::insert(draft(f.globex.plan)).exec(cx).await);
    assert!(pointing.await.unwrap_err().is_foreign_key_violation());

    f.db.with_tenant_context(f.globex.id, &f.globex.owner, async |cx| {
        assert_eq!(Report::find().count(cx).await?, 0);
        assert!(Report::find_by_id(made).one(cx).await?.is_none());
        assert_eq!(Report::delete_many().exec(cx).await?.rows_affected, 0);
        let renamed = report::Draft { title: Set("theirs".to_owned()), ..Default::default() };
        assert!(Report::update_by_id(made, renamed).exec(cx).await.unwrap_err().is_not_found());
        Ok(())
    })
    .await
    .unwrap();

    // A column that a later migration adds is granted by running `protect` again.
    f.database.execute("ALTER TABLE report ADD COLUMN summary text").await;
    let may_update = async |column: &str| -> bool {
        let sql =
            format!("SELECT has_column_privilege('{}', 'report', '{column}', 'UPDATE')", f.database.role("tenant"));
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut f.database.owner().await).await.unwrap()
    };
    assert!(!may_update("summary").await);
    for statement in contract.protect::<Report>() {
        f.database.execute(&statement).await;
    }
    assert!(may_update("summary").await && may_update("title").await);
    assert!(!may_update("organization_id").await && !may_update("id").await);
}
