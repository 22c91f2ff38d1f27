//! What connecting looks at.

use db::{Db, Registry, audit::Code};
use tests::TestDatabase;

use crate::note::application;

#[tokio::test]
async fn a_program_that_asks_for_a_clean_audit_does_not_start_on_an_error() {
    let database = TestDatabase::new().await;
    let options = || database.options().require_clean_audit(application());
    Db::connect(options()).await.unwrap();

    // A warning is none.
    database.execute("GRANT EXECUTE ON FUNCTION set_config TO PUBLIC").await;
    Db::connect(options()).await.unwrap();

    database.execute("ALTER TABLE research_plan NO FORCE ROW LEVEL SECURITY").await;
    let error = Db::connect(options()).await.unwrap_err();
    assert!(error.is_audit_failed(), "{error}");
    let said = error.to_string();
    assert!(said.contains(Code::TableRlsNotForced.as_str()) && said.contains("public.research_plan"), "{said}");
    // Who does not ask is let in.
    database.db().await;

    database.execute("ALTER TABLE research_plan FORCE ROW LEVEL SECURITY").await;
    Db::connect(options()).await.unwrap();
}

/// The linker leaves out a crate of which nothing is named, and then an audit would find nothing wrong.
#[tokio::test]
async fn an_empty_registry_is_not_taken_for_a_clean_database() {
    let database = TestDatabase::new().await;
    let error = Db::connect(database.options().require_clean_audit(Registry::empty())).await.unwrap_err();
    assert!(error.is_configuration() && error.to_string().contains("no entity"), "{error}");
}

/// What connecting looks at needs no registry, and takes one round trip more than a bare login.
#[tokio::test]
async fn connecting_refuses_what_the_login_role_could_become() {
    let database = TestDatabase::new().await;
    let (login, tenant, name) = (database.login(), database.role("tenant"), &database.prefix);
    for (fault, repair, why) in [
        (format!("ALTER ROLE {login} REPLICATION"), format!("ALTER ROLE {login} NOREPLICATION"), "REPLICATION"),
        (format!("ALTER ROLE {login} CREATEROLE"), format!("ALTER ROLE {login} NOCREATEROLE"), "CREATEROLE"),
        (format!("ALTER ROLE {tenant} BYPASSRLS"), format!("ALTER ROLE {tenant} NOBYPASSRLS"), "BYPASSRLS"),
        (
            format!(
                "CREATE ROLE {name}_root BYPASSRLS; CREATE ROLE {name}_ops; GRANT {name}_root TO {name}_ops; GRANT {name}_ops TO {tenant}"
            ),
            format!("DROP ROLE {name}_ops; DROP ROLE {name}_root"),
            "BYPASSRLS",
        ),
        (format!("GRANT pg_read_all_data TO {login}"), format!("REVOKE pg_read_all_data FROM {login}"), "all data"),
        (
            format!("GRANT {tenant} TO {login} WITH ADMIN OPTION"),
            format!("REVOKE ADMIN OPTION FOR {tenant} FROM {login}"),
            "admin option",
        ),
    ] {
        database.execute(&fault).await;
        let error = Db::connect(database.options()).await.unwrap_err();
        assert!(error.is_privileged_login() && error.to_string().contains(why), "{fault}: {error}");
        database.execute(&repair).await;
        database.db().await;
    }
}

#[tokio::test]
async fn looking_at_the_login_role_is_one_round_trip() {
    let database = TestDatabase::new().await;
    let (proxy, options) = database.proxy().await;
    let bare = {
        use sea_orm::sqlx::{Connection, PgConnection};
        let before = proxy.round_trips();
        let url = database.login_url();
        let mut server: sea_orm::sqlx::postgres::PgConnectOptions = url.parse().unwrap();
        server = server.host("127.0.0.1").port(proxy.port);
        let connection = PgConnection::connect_with(&server).await.unwrap();
        let bare = proxy.round_trips() - before;
        connection.close().await.unwrap();
        bare
    };
    let before = proxy.round_trips();
    let db = Db::connect(options).await.unwrap();
    let connected = proxy.round_trips() - before;
    drop(db);
    assert_eq!(connected, bare + 1);
}
