//! Keys that the database counts up: who may draw, and nobody may look.

use db::{Facade, contract::Contract, prelude::*};
use sea_orm::sqlx::{Connection, Executor, PgConnection, raw_sql};
use tests::{Fixture, TestDatabase};

use crate::catalog::texts;

/// A table whose key and another column count up, in the scope of a tenant; sign-in and a person read it.
mod ticket {
    use db::{OrganizationId, identity_scoped, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[identity_scoped(allow(select))]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "ticket")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub organization_id: OrganizationId,
        pub title: String,
        pub number: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A table that a tenant only reads, and that draws from the same sequence.
mod copied_ticket {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped(allow(select))]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "copied_ticket")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub organization_id: OrganizationId,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use copied_ticket::CopiedTicket;
use ticket::{Draft, Ticket};

const TICKET: &str = "CREATE SEQUENCE ticket_number;
CREATE TABLE ticket (
    organization_id uuid NOT NULL,
    id bigserial,
    title text NOT NULL,
    number integer NOT NULL DEFAULT nextval('ticket_number'),
    PRIMARY KEY (id),
    UNIQUE (organization_id, id)
);
CREATE TABLE copied_ticket (
    organization_id uuid NOT NULL,
    id bigint NOT NULL DEFAULT nextval('ticket_number'),
    PRIMARY KEY (organization_id, id)
)";

async fn protect<F: Facade>(database: &TestDatabase, contract: &Contract) {
    for statement in contract.protect::<F>() {
        database.execute(&statement).await;
    }
}

/// What anybody but the owner may do to a sequence.
async fn rights(database: &TestDatabase, sequence: &str) -> Vec<String> {
    let sql = format!(
        "SELECT coalesce(r.rolname, 'PUBLIC') || ' ' || a.privilege_type FROM pg_class c, aclexplode(c.relacl) a
         LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE c.oid = '{sequence}'::regclass AND a.grantee <> c.relowner
         ORDER BY 1"
    );
    let rights = texts(&mut database.owner().await, &sql).await;
    rights.into_iter().map(|right| right.replace(&format!("{}_", database.prefix), "")).collect()
}

fn titled(title: &str) -> Draft {
    Draft { title: Set(title.to_owned()), ..Default::default() }
}

/// A table that is there already, and that no entity made.
#[tokio::test]
async fn who_may_insert_may_draw_and_no_more() {
    let f = Fixture::new().await;
    let contract = f.database.migrator().contract().clone();
    f.database.execute(TICKET).await;
    for sequence in ["ticket_id_seq", "ticket_number"] {
        // What somebody gave who wanted it to work.
        f.database.execute(&format!("GRANT ALL ON SEQUENCE {sequence} TO {}, PUBLIC", f.database.role("user"))).await;
    }
    protect::<Ticket>(&f.database, &contract).await;
    for sequence in ["ticket_id_seq", "ticket_number"] {
        assert_eq!(rights(&f.database, sequence).await, ["tenant USAGE"], "{sequence}");
    }
    // A table that a tenant only reads takes nothing from the one that it writes.
    protect::<CopiedTicket>(&f.database, &contract).await;
    assert_eq!(rights(&f.database, "ticket_number").await, ["tenant USAGE"]);

    let made = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        let first = Ticket::insert(titled("one")).exec(cx).await?;
        let second = Ticket::insert(titled("two")).exec(cx).await?;
        assert!(second > first);
        Ticket::insert_many([titled("three"), titled("four")]).exec(cx).await
    });
    assert_eq!(made.await.unwrap().rows_affected, 2);
    // Another tenant draws from the same sequence, and has none of the rows.
    let seen = f.db.with_tenant_context(f.globex.id, &f.globex.owner, async |cx| {
        Ticket::insert(titled("theirs")).exec(cx).await?;
        Ticket::find().all(cx).await
    });
    assert_eq!(seen.await.unwrap().into_iter().map(|ticket| ticket.title).collect::<Vec<_>>(), ["theirs"]);

    let tenant = f.database.role("tenant");
    for (sql, taken) in [
        ("SELECT last_value FROM ticket_id_seq", false),
        ("SELECT setval('ticket_id_seq', 1)", false),
        // What a default needs, and so what each number tells: how many rows all tenants insert.
        ("SELECT nextval('ticket_id_seq')", true),
        ("SELECT pg_sequence_last_value('ticket_id_seq')", true),
    ] {
        let mut owner = f.database.owner().await;
        owner.execute(raw_sql(sea_orm::sqlx::AssertSqlSafe(format!("SET ROLE {tenant}")))).await.unwrap();
        let answer = sea_orm::sqlx::query(sql).fetch_optional(&mut owner).await;
        let told = matches!(&answer, Ok(Some(row)) if sea_orm::sqlx::Row::try_get::<i64, _>(row, 0).is_ok());
        assert_eq!(told, taken, "{sql}: {answer:?}");
        owner.close().await.unwrap();
    }
}

/// The control: without the grant the table looks sound, and takes no row.
#[tokio::test]
async fn without_the_grant_no_row_goes_in() {
    let f = Fixture::new().await;
    f.database.execute(TICKET).await;
    protect::<Ticket>(&f.database, f.database.migrator().contract()).await;
    f.database.execute(&format!("REVOKE ALL ON SEQUENCE ticket_id_seq FROM {}", f.database.role("tenant"))).await;
    let refused =
        f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| Ticket::insert(titled("one")).exec(cx).await);
    assert!(refused.await.unwrap_err().is_permission_denied());
}

/// An identity column draws by itself: nobody needs a right, and nobody gets one.
#[tokio::test]
async fn a_table_that_is_made_from_an_entity_counts_without_a_grant() {
    let f = Fixture::new().await;
    for statement in f.database.migrator().contract().create_table::<CopiedTicket>(&db::Registry::collect()).unwrap() {
        f.database.execute(&statement).await;
    }
    let made = f.database.migrator().contract().create_table::<Ticket>(&db::Registry::collect()).unwrap();
    for statement in made {
        f.database.execute(&statement.replace("\"number\" integer NOT NULL", "\"number\" serial")).await;
    }
    assert_eq!(rights(&f.database, "ticket_id_seq").await, [""; 0]);
    assert_eq!(rights(&f.database, "ticket_number_seq").await, ["tenant USAGE"]);
    let id =
        f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| Ticket::insert(titled("one")).exec(cx).await);
    assert_eq!(id.await.unwrap(), 1);
}

/// What was given beyond the declaration, of whatever kind, is gone once the table is protected again.
#[tokio::test]
async fn protecting_takes_back_what_the_entity_does_not_declare() {
    let f = Fixture::new().await;
    let contract = f.database.migrator().contract().clone();
    f.database.execute(TICKET).await;
    protect::<Ticket>(&f.database, &contract).await;
    let rights = async || {
        let sql = "SELECT grantee || ' ' || privilege_type || coalesce(' ' || column_name, '') FROM (
                     SELECT grantee, privilege_type, NULL AS column_name FROM information_schema.table_privileges
                     WHERE table_name = 'ticket'
                     UNION ALL
                     SELECT grantee, privilege_type, column_name FROM information_schema.column_privileges
                     WHERE table_name = 'ticket' AND privilege_type = 'UPDATE'
                   ) g WHERE grantee <> current_user ORDER BY 1";
        texts(&mut f.database.owner().await, sql).await
    };
    let declared = rights().await;
    let tenant = f.database.role("tenant");
    assert!(declared.contains(&format!("{tenant} INSERT")), "{declared:?}");
    assert!(!declared.iter().any(|right| right.contains("TRUNCATE") || right.contains("organization_id")));
    let (user, identity) = (f.database.role("user"), f.database.role("identity"));
    f.database
        .execute(&format!(
            "GRANT ALL ON ticket TO {tenant}, {user}, PUBLIC; GRANT UPDATE (organization_id) ON ticket TO {identity}"
        ))
        .await;
    assert_ne!(rights().await, declared);
    protect::<Ticket>(&f.database, &contract).await;
    assert_eq!(rights().await, declared);
    PgConnection::connect(&f.database.owner_url()).await.unwrap().close().await.unwrap();
}
