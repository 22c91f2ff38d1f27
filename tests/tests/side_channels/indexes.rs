//! Which values an index answers for before a policy is asked.

use std::collections::BTreeSet;

use db::{
    Facade, ScopeKind,
    scope::{Rows, ScopeDeclaration},
};
use entity::{
    Account, Invitation, Member, Organization, PersonalAccessToken, PlanStep, ResearchPlan, Session, User, Verification,
};
use sea_orm::{
    EntityName,
    sqlx::{AssertSqlSafe, query_scalar},
};
use tests::TestDatabase;

fn entities() -> [(String, &'static [ScopeDeclaration]); 10] {
    fn entity<F: Facade>() -> (String, &'static [ScopeDeclaration]) {
        (F::Entity::default().table_name().to_owned(), F::SCOPES)
    }
    [
        entity::<Organization>(),
        entity::<Invitation>(),
        entity::<User>(),
        entity::<Account>(),
        entity::<Verification>(),
        entity::<Session>(),
        entity::<PersonalAccessToken>(),
        entity::<PlanStep>(),
        entity::<ResearchPlan>(),
        entity::<Member>(),
    ]
}

/// Every index of the schema whose first column a scope role may compare, and which is not the column of that scope, is
/// in the page; and no other. One on an expression answers if its function is leakproof: `sha256` is, and `lower` is not.
#[tokio::test]
async fn the_page_lists_each_index_that_answers_before_the_policy() {
    let database = TestDatabase::new().await;
    let mut owner = database.owner().await;
    let mut found = BTreeSet::new();
    for (table, scopes) in entities() {
        for declaration in scopes {
            let (kind, column) = match declaration.rows {
                // Sign-in sees all rows as it is.
                Rows::All => continue,
                Rows::Column(column) => (declaration.scope, column),
                Rows::Via(_) => (declaration.scope, ""),
            };
            let role = database.role(kind.as_str());
            let sql = format!(
                r#"SELECT ic.relname::text FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid
                   LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                   WHERE i.indrelid = '"{table}"'::regclass AND a.attname IS DISTINCT FROM '{column}'
                     AND CASE WHEN i.indkey[0] <> 0 THEN has_column_privilege('{role}', i.indrelid, a.attname, 'SELECT')
                         ELSE EXISTS (
                           SELECT FROM pg_proc
                           WHERE proname = substring(pg_get_indexdef(i.indexrelid, 1, true) FROM '^\w+') AND proleakproof
                         ) END"#
            );
            let indexes: Vec<String> = query_scalar(AssertSqlSafe(sql)).fetch_all(&mut owner).await.unwrap();
            found.extend(indexes.into_iter().map(|index| format!("| `{index}` | {} |", words(kind))));
        }
    }
    let page = include_str!("../../../docs/side-channels.md");
    let listed: BTreeSet<String> = page
        .lines()
        .filter(|line| line.starts_with("| `") && (line.contains("| a tenant's |") || line.contains("| a person's |")))
        .map(|line| line.split(" | ").take(2).collect::<Vec<_>>().join(" | ") + " |")
        .collect();
    assert_eq!(listed, found);
}

fn words(kind: ScopeKind) -> &'static str {
    match kind {
        ScopeKind::Tenant => "a tenant's",
        _ => "a person's",
    }
}
