//! What a scope through another table costs: it is found by the keys, however many others there are.

use sea_orm::sqlx::{AssertSqlSafe, Executor, query_scalar, raw_sql};

use super::*;

/// Runs `EXPLAIN` of a statement in a context of the first organization's member.
async fn plan(f: &Fixture, enter: &str, role: &str, sql: &str) -> String {
    let mut stranger = f.database.stranger().await;
    let role = f.database.role(role);
    let enter = format!("BEGIN; SELECT {}.{enter}; SET LOCAL ROLE {role}", f.database.prefix);
    stranger.execute(raw_sql(AssertSqlSafe(enter))).await.unwrap();
    let lines: Vec<String> =
        query_scalar(AssertSqlSafe(format!("EXPLAIN {sql}"))).fetch_all(&mut stranger).await.unwrap();
    lines.join("\n")
}

/// Returns the one statement that was sent, with its one value in it.
fn sent(proxy: &tests::Proxy, key: Uuid) -> String {
    let statements = proxy.statements();
    let [statement] = statements.as_slice() else { panic!("{statements:?}") };
    assert!(statement.contains("$1") && !statement.contains("$2"), "{statement}");
    statement.replace("$1", &format!("'{key}'"))
}

#[tokio::test]
async fn a_scope_through_another_table_looks_at_its_own_rows_alone() {
    let f = Fixture::new().await;
    f.database
        .execute(
            r#"INSERT INTO "user" (id, name, email) SELECT gen_random_uuid(), 'x', i || '@x.example' FROM generate_series(1, 20000) i;
            INSERT INTO organization (id, name, slug) SELECT gen_random_uuid(), 'x', 'x' || i FROM generate_series(1, 2000) i;
            INSERT INTO member (id, organization_id, user_id)
              SELECT gen_random_uuid(), o.id, u.id
              FROM (SELECT id, row_number() OVER () n FROM "user" WHERE name = 'x') u
              JOIN (SELECT id, row_number() OVER () n FROM organization WHERE name = 'x') o ON u.n % 2000 = o.n;
            ANALYZE"#,
        )
        .await;
    let (organization, user) = (f.acme.id, f.acme.member.user_id());
    // What the facades send, taken from the wire.
    let (proxy, options) = f.database.proxy().await;
    let db = Db::connect(options).await.unwrap();
    let _connecting = proxy.statements();
    let colleagues = Colleague::find().select_only().column(colleague::Column::Name).into_tuple::<String>();
    db.with_tenant_context(organization, &f.acme.member, async |cx| colleagues.all(cx).await).await.unwrap();
    let colleagues = sent(&proxy, organization.0);
    let organizations = Organization::find();
    db.with_user_context(&f.acme.member, async |cx| organizations.all(cx).await).await.unwrap();
    let organizations = sent(&proxy, user.0);
    for (enter, role, sql, table) in [
        (format!("enter_tenant('{organization}', '{user}')"), "tenant", &colleagues, "user"),
        (format!("enter_user('{user}')"), "user", &organizations, "organization"),
    ] {
        let plan = plan(&f, &enter, role, sql).await;
        assert!(!plan.contains("Seq Scan"), "{table}:\n{plan}");
        assert!(plan.contains("Index"), "{table}:\n{plan}");
    }
    // The control: without the predicate, the policy alone looks at everybody.
    let enter = format!("enter_tenant('{organization}', '{user}')");
    let alone = plan(&f, &enter, "tenant", r#"SELECT name FROM "user""#).await;
    assert!(alone.contains("Seq Scan on \"user\""), "{alone}");
}
