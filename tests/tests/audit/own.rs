//! The application's own schema, as its owner and as the login role; and what else has to be shown once.

use db::{
    Registry,
    audit::{AccessColumns, Audit, AuditReport, Code, Severity},
};
use sea_orm::sqlx::{Connection, Executor, PgConnection};
use tests::TestDatabase;

use crate::note::{Note, application};

async fn as_owner(database: &TestDatabase, registry: &Registry) -> AuditReport {
    let owner = database.migration_connection(&database.owner_url()).await;
    let migrator = database.migrator();
    let report = Audit::new(registry).contract(migrator.contract()).rows(true).run(&owner).await.unwrap();
    owner.close().await.unwrap();
    report
}

#[tokio::test]
async fn the_schema_is_clean_but_for_what_is_declared() {
    let database = TestDatabase::new().await;
    let report = as_owner(&database, &application()).await;
    assert!(report.findings.is_empty() && report.not_looked_at.is_empty(), "{report}{:?}", report.not_looked_at);
    let accepted: Vec<_> = report.accepted.iter().map(|accepted| accepted.finding.object.to_string()).collect();
    assert_eq!(accepted, ["constraint invitation_pkey of public.invitation"]);
    assert!(report.accepted.iter().all(|accepted| !accepted.reason.is_empty()));

    // The login role sees the same; what it cannot see, it says.
    let report = database.db().await.audit(&application()).await.unwrap();
    assert_eq!(report.looked_as, database.login());
    assert!(report.findings.is_empty(), "{report}");
    assert_eq!(report.not_looked_at.len(), 2, "{:?}", report.not_looked_at);
}

/// The macro leaves every entity in the registry: this program's are the application's ten, and its own.
#[tokio::test]
async fn the_registry_is_collected_by_the_macro() {
    let registry = Registry::collect();
    let collected: Vec<_> = registry.entities().map(|entity| (entity.table(), entity.facade())).collect();
    let (application, with_note) = (application(), application().with::<Note>());
    let named: Vec<_> = with_note.entities().map(|entity| (entity.table(), entity.facade())).collect();
    assert_eq!(collected, named);
    assert_eq!(application.entities().count(), 10);
}

#[tokio::test]
async fn the_report_shows_who_may_do_what() {
    let database = TestDatabase::new().await;
    let report = as_owner(&database, &application()).await;
    let roles: Vec<_> = report.roles.iter().map(|role| role.name.as_str()).collect();
    let [login, tenant, user, identity] =
        ["login", "tenant", "user", "identity"].map(|role| format!("{}_{role}", database.prefix));
    assert_eq!(roles, [&*login, &*tenant, &*user, &*identity]);
    assert_eq!(report.tables.len(), 10);
    let colleague = report.tables.iter().find(|table| table.name == "public.user").unwrap();
    assert_eq!(colleague.entity.as_deref(), Some("User"));
    let [nothing, by_member, own, all] = colleague.access.as_slice() else { panic!("{colleague:?}") };
    assert_eq!((&nothing.select, &nothing.rows), (&AccessColumns::None, &None));
    let columns = ["email", "id", "name"].map(str::to_owned).to_vec();
    assert_eq!((&by_member.select, by_member.rows.as_deref()), (&AccessColumns::Only(columns), Some("by member")));
    assert_eq!((&own.update, own.rows.as_deref()), (&AccessColumns::Only(vec!["name".to_owned()]), Some("id")));
    assert_eq!((&all.select, all.delete, all.rows.as_deref()), (&AccessColumns::All, true, Some("all rows")));
    let key = report.foreign_keys.iter().find(|key| key.table == "public.plan_step").unwrap();
    assert_eq!((key.references.as_str(), key.carries_scope), ("public.research_plan", true));
    assert!(report.foreign_keys.iter().all(|key| key.carries_scope));
}

/// On managed PostgreSQL nobody is a superuser, and `set_config` cannot be closed: that is the one warning.
#[tokio::test]
async fn where_set_config_stays_open_that_is_the_one_warning() {
    let database = TestDatabase::new().await;
    database.execute("GRANT EXECUTE ON FUNCTION set_config, lo_creat, lo_create, lo_from_bytea TO PUBLIC").await;
    let report = as_owner(&database, &application()).await;
    let found: Vec<_> = report.findings.iter().map(|finding| (finding.code, finding.severity)).collect();
    assert_eq!(found, [(Code::SetConfigExecutable, Severity::Warn)], "{report}");
    let accepted = application().accept(Code::SetConfigExecutable, "set_config", "nobody here is a superuser");
    assert!(as_owner(&database, &accepted).await.findings.is_empty());
}

#[tokio::test]
async fn a_table_without_an_entity_is_found_until_it_has_one() {
    let database = TestDatabase::new().await;
    let migrator = database.migrator();
    for sql in migrator.contract().create_table::<Note>(&Registry::collect()).unwrap() {
        database.execute(&sql).await;
    }
    let report = as_owner(&database, &application()).await;
    let found: Vec<_> = report.findings.iter().map(|finding| (finding.code, finding.object.to_string())).collect();
    assert_eq!(found, [(Code::TableWithoutEntity, "table public.note".to_owned())], "{report}");
    assert!(as_owner(&database, &application().with::<Note>()).await.findings.is_empty());
}

#[tokio::test]
async fn an_exception_that_is_for_nothing_is_found() {
    let database = TestDatabase::new().await;
    let registry = application().accept(Code::DefinerUnknown, "public.gone()", "it is needed");
    let report = as_owner(&database, &registry).await;
    let found: Vec<_> = report.findings.iter().map(|finding| (finding.code, finding.object.to_string())).collect();
    assert_eq!(found, [(Code::AcceptanceUnused, "acceptance public.gone()".to_owned())], "{report}");
}

/// It changes nothing, and leaves no setting behind on the connection.
#[tokio::test]
async fn an_audit_leaves_nothing_behind() {
    let database = TestDatabase::new().await;
    let db = db::Db::connect(database.options().max_connections(1)).await.unwrap();
    let before = state(&database).await;
    db.audit(&application()).await.unwrap();
    db.with_identity_context(async |_| Ok(())).await.unwrap();
    assert_eq!(db.check_database().await.connections_in_use, 0);
    assert_eq!(state(&database).await, before);
}

/// How many objects there are, and whether a session is in a transaction.
async fn state(database: &TestDatabase) -> (i64, i64) {
    use sea_orm::sqlx::Row;
    let mut owner = PgConnection::connect(&database.owner_url()).await.unwrap();
    let sql =
        "SELECT (SELECT count(*) FROM pg_class) + (SELECT count(*) FROM pg_policy) + (SELECT count(*) FROM pg_proc),
        (SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%' AND datname = current_database())";
    let row = owner.fetch_one(sql).await.unwrap();
    owner.close().await.unwrap();
    (row.get(0), row.get(1))
}
