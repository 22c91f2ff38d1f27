//! Who may read the table: the person whose context it is, and no other role of a request.

use sea_orm::sqlx::{AssertSqlSafe, Executor, PgConnection, query_scalar, raw_sql};
use tests::Fixture;

use crate::make;

/// Enters a scope as a context does, on a connection of the login role's own.
async fn enter(f: &Fixture, scope: &str, call: &str) -> PgConnection {
    let mut stranger = f.database.stranger().await;
    let (name, role) = (&f.database.prefix, f.database.role(scope));
    let opening = format!("BEGIN; SELECT {name}.{call}; SET LOCAL ROLE {role}; SAVEPOINT before");
    stranger.execute(raw_sql(AssertSqlSafe(opening))).await.unwrap();
    stranger
}

async fn sqlstate(connection: &mut PgConnection, sql: &str) -> Option<String> {
    let error = connection.execute(AssertSqlSafe(sql.to_owned())).await.err()?;
    Some(error.as_database_error().unwrap().code().unwrap().into_owned())
}

#[tokio::test]
async fn neither_the_login_nor_sign_in_nor_a_tenant_reads_a_column_of_the_table() {
    let f = Fixture::new().await;
    make(&f.db, &f.acme.owner, "laptop").await.unwrap();
    let mut owner = f.database.owner().await;
    let columns: Vec<String> = query_scalar(
        "SELECT attname::text FROM pg_attribute \
         WHERE attrelid = 'personal_access_token'::regclass AND attnum > 0 AND NOT attisdropped",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    assert_eq!(columns.len(), 9);
    let (person, acme) = (f.acme.owner.user_id(), f.acme.id);
    let mut login = f.database.stranger().await;
    let mut identity = enter(&f, "identity", "enter_identity()").await;
    let mut tenant = enter(&f, "tenant", &format!("enter_tenant('{acme}', '{person}')")).await;
    let mut user = enter(&f, "user", &format!("enter_user('{person}')")).await;

    for (role, connection, may) in [
        (f.database.login(), &mut login, false),
        (f.database.role("identity"), &mut identity, false),
        (f.database.role("tenant"), &mut tenant, false),
        // The control: the person's own context reads each.
        (f.database.role("user"), &mut user, true),
    ] {
        for privilege in ["SELECT", "INSERT", "UPDATE", "REFERENCES"] {
            let has: bool = query_scalar("SELECT has_any_column_privilege($1, 'personal_access_token', $2)")
                .bind(&role)
                .bind(privilege)
                .fetch_one(&mut owner)
                .await
                .unwrap();
            assert_eq!(has, may && privilege != "REFERENCES", "{role}: {privilege}");
        }
        let reads = columns.iter().map(|column| format!("SELECT {column} FROM personal_access_token"));
        for sql in reads.chain(["SELECT FROM personal_access_token".to_owned()]) {
            let state = sqlstate(connection, &sql).await;
            assert_eq!(state, (!may).then(|| "42501".to_owned()), "{role}: {sql}");
            if role != f.database.login() {
                connection.execute("ROLLBACK TO SAVEPOINT before").await.unwrap();
            }
        }
    }
}

/// The function is sign-in's: it is no oracle for a tenant, for a person, or for whoever only logs in.
#[tokio::test]
async fn sign_in_alone_looks_tokens_up() {
    let f = Fixture::new().await;
    let (token, _) = make(&f.db, &f.acme.owner, "laptop").await.unwrap();
    let digest: String = query_scalar("SELECT encode($1, 'hex')")
        .bind(token.token_digest.as_ref())
        .fetch_one(&mut f.database.owner().await)
        .await
        .unwrap();
    let sql = format!("SELECT * FROM {}.authenticate_token('\\x{digest}')", f.database.prefix);
    let (person, acme) = (f.acme.owner.user_id(), f.acme.id);
    let refused = Some("42501".to_owned());
    assert_eq!(sqlstate(&mut f.database.stranger().await, &sql).await, refused);
    let mut tenant = enter(&f, "tenant", &format!("enter_tenant('{acme}', '{person}')")).await;
    assert_eq!(sqlstate(&mut tenant, &sql).await, refused);
    let mut user = enter(&f, "user", &format!("enter_user('{person}')")).await;
    assert_eq!(sqlstate(&mut user, &sql).await, refused);
    let mut identity = enter(&f, "identity", "enter_identity()").await;
    assert_eq!(sqlstate(&mut identity, &sql).await, None);
}
