//! What a context was opened for, as SQL of the application's own asks it.

use db::prelude::*;
use entity::ResearchPlan;
use sea_orm::sqlx::{AssertSqlSafe, Executor, query_as, raw_sql};
use tests::Fixture;

use crate::titled;

type Sealed = (Option<Uuid>, Option<Uuid>, Option<String>, Option<Uuid>, Option<bool>);

#[tokio::test]
async fn each_scope_answers_for_itself_alone() {
    let f = Fixture::new().await;
    let app = &f.database.prefix;
    let (acme, owner) = (f.acme.id.0, f.acme.owner.user_id().0);
    let mut stranger = f.database.stranger().await;
    let expected: [(String, &str, Sealed); 4] = [
        (
            format!("enter_tenant('{acme}', '{owner}')"),
            "tenant",
            (Some(acme), Some(owner), Some("owner".to_owned()), None, None),
        ),
        (format!("enter_tenant_as_system('{acme}')"), "tenant", (Some(acme), None, None, None, None)),
        (format!("enter_user('{owner}')"), "user", (None, None, None, Some(owner), None)),
        ("enter_identity()".to_owned(), "identity", (None, None, None, None, Some(true))),
    ];
    let ask = format!(
        "SELECT {app}.sealed_organization_id(), {app}.sealed_member_id(), {app}.sealed_member_role(), {app}.sealed_user_id(),
           {app}.sealed_identity()"
    );
    for (enter, role, expected) in expected {
        let role = f.database.role(role);
        let none = format!("BEGIN; SET LOCAL ROLE {role}");
        let open = format!("BEGIN; SELECT {app}.{enter}; SET LOCAL ROLE {role}");
        for (opening, expected) in [(open, expected), (none, (None, None, None, None, None))] {
            stranger.execute(raw_sql(AssertSqlSafe(opening.clone()))).await.unwrap();
            let sealed: Sealed = query_as(AssertSqlSafe(ask.clone())).fetch_one(&mut stranger).await.unwrap();
            assert_eq!(sealed, expected, "{opening}");
            stranger.execute("ROLLBACK").await.unwrap();
        }
    }
}

/// As the guide has it; and a policy, which asks once for all rows.
#[tokio::test]
async fn a_default_and_a_policy_ask_for_the_member() {
    let f = Fixture::new().await;
    let (app, tenant) = (&f.database.prefix, f.database.role("tenant"));
    f.database
        .execute(&format!(
            "ALTER TABLE research_plan ADD COLUMN made_by uuid DEFAULT {app}.sealed_member_id();
             CREATE POLICY own_ones ON research_plan AS RESTRICTIVE FOR UPDATE TO {tenant}
               USING (made_by = (SELECT {app}.sealed_member_id()))"
        ))
        .await;
    for (who, title) in [(&f.acme.owner, "the owner's"), (&f.acme.member, "the member's")] {
        let open = f.db.tenant(f.acme.id, who);
        open.run(async |cx| ResearchPlan::insert(titled(title)).exec(cx).await).await.unwrap();
    }
    let made: Vec<(String, Option<Uuid>)> =
        query_as("SELECT title, made_by FROM research_plan WHERE title LIKE 'the %' ORDER BY 1")
            .fetch_all(&mut f.database.owner().await)
            .await
            .unwrap();
    let [member, owner] = [&f.acme.member, &f.acme.owner].map(|who| Some(who.user_id().0));
    assert_eq!(made, [("the member's".to_owned(), member), ("the owner's".to_owned(), owner)]);
    let renamed = f.db.with_tenant_context(f.acme.id, &f.acme.member, async |cx| {
        ResearchPlan::update_many().col_expr(entity::research_plan::Writable::Title, "renamed").exec(cx).await
    });
    assert_eq!(renamed.await.unwrap().rows_affected, 1);
}
