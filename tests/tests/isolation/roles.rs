//! Before anything else: who the tests run as. A suite that runs as a superuser proves nothing about row-level
//! security.

use sea_orm::sqlx::{AssertSqlSafe, PgConnection, query_as, query_scalar};
use tests::Fixture;

use crate::witness::{self, Draft, ScopeColumns, Witness};

/// Returns what a role may do beside what it is granted, as far as that is anything.
async fn powers(owner: &mut PgConnection, role: &str) -> Vec<String> {
    let sql = format!(
        "SELECT power FROM pg_roles, LATERAL (VALUES
           ('superuser', rolsuper), ('bypassrls', rolbypassrls), ('inherit', rolinherit), ('createrole', rolcreaterole),
           ('createdb', rolcreatedb), ('replication', rolreplication), ('login', rolcanlogin)) AS powers (power, has)
         WHERE rolname = '{role}' AND has"
    );
    query_scalar(AssertSqlSafe(sql)).fetch_all(owner).await.unwrap()
}

#[tokio::test]
async fn the_pool_logs_in_as_a_role_without_a_power() {
    let f = Fixture::new().await;
    let mut owner = f.database.owner().await;
    let open = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    let backends = "SELECT DISTINCT usename::text FROM pg_stat_activity \
                    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    let logged_in: Vec<String> = query_scalar(backends).fetch_all(&mut owner).await.unwrap();
    assert_eq!(logged_in, [f.database.login()]);
    assert_eq!(powers(&mut owner, &f.database.login()).await, ["login"]);
    open.rollback().await.unwrap();

    let mut stranger = f.database.stranger().await;
    let is: (String, String) =
        query_as("SELECT session_user::text, current_user::text").fetch_one(&mut stranger).await.unwrap();
    assert_eq!(is, (f.database.login(), f.database.login()));
}

/// `current_user` cannot be asked for through a facade, so a column's default writes it down.
#[tokio::test]
async fn a_context_acts_as_the_role_of_its_scope() {
    let f = Fixture::new().await;
    witness::make(&f).await;
    let scope_columns = ScopeColumns { organization_id: f.acme.id, user_id: f.acme.owner.user_id() };
    let insert = || Witness::insert_into(scope_columns, Draft::default());
    let witnesses = [
        ("tenant", f.db.tenant(f.acme.id, &f.acme.owner).run(async |cx| insert().exec_with_returning(cx).await).await),
        ("tenant", f.db.system_tenant(f.acme.id, "test").run(async |cx| insert().exec_with_returning(cx).await).await),
        ("user", f.db.user(&f.acme.owner).run(async |cx| insert().exec_with_returning(cx).await).await),
        ("identity", f.db.identity().run(async |cx| insert().exec_with_returning(cx).await).await),
        (
            "tenant",
            f.db.tenant(f.acme.id, &f.acme.owner)
                .run(async |cx| cx.savepoint(async |cx| insert().exec_with_returning(cx).await).await)
                .await,
        ),
    ];
    for (scope, witness) in witnesses {
        let witness: witness::Model = witness.map_err(|error: db::Error| error).unwrap();
        assert_eq!((witness.acts_as, witness.logged_in_as), (f.database.role(scope), f.database.login()), "{scope}");
    }
}

#[tokio::test]
async fn the_roles_have_no_power_and_the_login_inherits_none() {
    let f = Fixture::new().await;
    let mut owner = f.database.owner().await;
    for scope in ["tenant", "user", "identity", "gate"] {
        assert_eq!(powers(&mut owner, &f.database.role(scope)).await, [""; 0], "{scope}");
    }

    // To be a member of a scope's role is to be able to become it, not to have its privileges: PostgreSQL 16 says
    // so for each membership, 15 for the role. Nobody can become the definer role.
    let memberships: Vec<(String, String, bool, Option<String>)> = query_as(AssertSqlSafe(format!(
        "SELECT role.rolname::text, member.rolname::text, m.admin_option, to_jsonb(m) ->> 'inherit_option'
         FROM pg_auth_members m JOIN pg_roles role ON role.oid = m.roleid JOIN pg_roles member ON member.oid = m.member
         WHERE role.rolname LIKE '{name}\\_%' OR member.rolname LIKE '{name}\\_%'
         ORDER BY role.rolname",
        name = f.database.prefix,
    )))
    .fetch_all(&mut owner)
    .await
    .unwrap();
    let roles: Vec<_> = memberships.iter().map(|(role, member, ..)| (role.as_str(), member.as_str())).collect();
    let login = f.database.login();
    let expected = ["identity", "tenant", "user"].map(|scope| f.database.role(scope));
    assert_eq!(roles, expected.each_ref().map(|role| (role.as_str(), login.as_str())));
    for (role, _, admin, inherit) in &memberships {
        assert!(!admin && inherit.as_deref().is_none_or(|inherit| inherit == "false"), "{role}");
    }
}
