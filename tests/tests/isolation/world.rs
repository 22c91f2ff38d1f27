//! What all tests here stand on: two organizations with a row in every table, and what their rows are.

use db::{OrganizationId, UserId, prelude::*};
use entity::{
    Account, Invitation, PlanStep, ResearchPlan, Session, Verification, account, create_pat,
    invitation::{self, InvitationStatus},
    member::MemberRole,
    plan_step, research_plan, session, verification,
};
use sea_orm::sqlx::{AssertSqlSafe, Connection, PgConnection, query_scalar};
use tests::{Fixture, Org};

/// Who a context is opened for.
#[derive(Clone, Debug)]
pub(crate) struct Side {
    pub(crate) organization: OrganizationId,
    pub(crate) who: Authenticated,
}

impl Side {
    pub(crate) fn owner(org: &Org) -> Self {
        Self { organization: org.id, who: org.owner.clone() }
    }

    pub(crate) fn member(org: &Org) -> Self {
        Self { organization: org.id, who: org.member.clone() }
    }

    pub(crate) fn user(&self) -> UserId {
        self.who.user_id()
    }
}

/// Whose a row of a table is, by which column.
#[derive(Clone, Copy, Debug)]
enum Whose {
    Organization(&'static str),
    Person(&'static str),
    /// Nobody's by a key; the address is in the column.
    Address(&'static str),
}

/// The ten tables.
const TABLES: [(&str, Whose); 10] = [
    ("organization", Whose::Organization("id")),
    ("member", Whose::Organization("organization_id")),
    ("invitation", Whose::Organization("organization_id")),
    ("research_plan", Whose::Organization("organization_id")),
    ("plan_step", Whose::Organization("organization_id")),
    ("user", Whose::Person("id")),
    ("session", Whose::Person("user_id")),
    ("account", Whose::Person("user_id")),
    ("personal_access_token", Whose::Person("user_id")),
    ("verification", Whose::Address("identifier")),
];

/// The names of the ten tables.
pub(crate) fn tables() -> impl Iterator<Item = &'static str> {
    TABLES.iter().map(|(table, _)| *table)
}

/// Makes two organizations with a row in every table, through the public interface. Every text of an
/// organization's, and of its people's, has its name in it, `acme` or `globex`.
pub(crate) async fn world() -> Fixture {
    let f = Fixture::new().await;
    for (org, name) in [(&f.acme, "acme"), (&f.globex, "globex")] {
        fill(&f, org, name).await.unwrap();
    }
    f
}

#[expect(clippy::too_many_lines, reason = "a row of each table")]
async fn fill(f: &Fixture, org: &Org, name: &str) -> db::Result<()> {
    let far = DateTimeUtc::from_timestamp(4_102_444_800, 0).unwrap();
    let people = [(&org.owner, "owner"), (&org.member, "member")];
    f.db.with_identity_context(async |cx| {
        Invitation::insert_into(
            invitation::ScopeColumns { organization_id: org.id },
            invitation::Draft {
                email: Set(format!("invited@{name}.example")),
                role: Set(MemberRole::Member),
                status: Set(InvitationStatus::Pending),
                expires_at: Set(far),
                inviter_id: Set(Some(org.owner.user_id())),
                ..Default::default()
            },
        )
        .exec(cx)
        .await?;
        for (who, role) in people {
            Session::insert_into(
                session::ScopeColumns { user_id: who.user_id() },
                session::Draft {
                    token_digest: Set(format!("{:-<32}", format!("{role} of {name}")).into_bytes().into()),
                    expires_at: Set(far),
                    user_agent: Set(Some(format!("browser of {name}"))),
                    active_organization_id: Set(Some(org.id)),
                    ..Default::default()
                },
            )
            .exec(cx)
            .await?;
            Account::insert_into(
                account::ScopeColumns { user_id: who.user_id() },
                account::Draft {
                    account_id: Set(format!("{role} of {name}")),
                    provider_id: Set("password".to_owned()),
                    password: Set(Some(format!("hash of {name}").into())),
                    ..Default::default()
                },
            )
            .exec(cx)
            .await?;
            Verification::insert(verification::Draft {
                identifier: Set(format!("{role}@{name}.example")),
                value: Set(format!("proof of {name}").into()),
                expires_at: Set(far),
                ..Default::default()
            })
            .exec(cx)
            .await?;
        }
        Ok(())
    })
    .await?;
    for (who, _) in people {
        f.db.with_user_context(who, async |cx| create_pat(cx, &format!("token of {name}"), None).await).await?;
    }
    f.db.with_tenant_context(org.id, &org.owner, async |cx| {
        let question = ResearchPlan::update_many()
            .col_expr(research_plan::Writable::Question, format!("what does {name} ask?"))
            .exec(cx)
            .await?;
        let title =
            PlanStep::update_many().col_expr(plan_step::Writable::Title, format!("step of {name}")).exec(cx).await?;
        assert_eq!((question.rows_affected, title.rows_affected), (1, 3));
        Ok(())
    })
    .await
}

/// All rows of somebody: the name of each table, and its rows as JSON.
pub(crate) type Rows = Vec<(&'static str, String)>;

/// Returns all rows of an organization and of its people, as the server's superuser sees them.
pub(crate) async fn rows_of(f: &Fixture, org: &Org) -> Rows {
    rows(f, Some(org.id), &[org.owner.user_id(), org.member.user_id()]).await
}

/// Returns all rows of a person, as the superuser sees them.
pub(crate) async fn rows_of_person(f: &Fixture, person: UserId) -> Rows {
    rows(f, None, &[person]).await
}

async fn rows(f: &Fixture, organization: Option<OrganizationId>, people: &[UserId]) -> Rows {
    let organization = organization.map(|id| format!("'{id}'"));
    let people = people.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ");
    let mut owner = f.database.owner().await;
    let mut rows = Vec::new();
    for (table, whose) in TABLES {
        let whose = match whose {
            Whose::Organization(column) => match &organization {
                Some(id) => format!("{column} = {id}"),
                None => continue,
            },
            Whose::Person(column) => format!("{column} IN ({people})"),
            Whose::Address(column) => format!(r#"{column} IN (SELECT email FROM "user" WHERE id IN ({people}))"#),
        };
        let sql = format!(
            r#"SELECT coalesce(jsonb_pretty(jsonb_agg(to_jsonb(t) ORDER BY t.id)), 'none') FROM "{table}" t WHERE {whose}"#
        );
        let json: String = query_scalar(AssertSqlSafe(sql)).fetch_one(&mut owner).await.unwrap();
        assert_ne!(json, "none", "{table}");
        rows.push((table, json));
    }
    owner.close().await.unwrap();
    rows
}

/// Returns the ids of the rows of a table that a condition in SQL holds for, as the superuser sees them.
pub(crate) async fn ids(owner: &mut PgConnection, table: &str, condition: &str) -> Vec<Uuid> {
    let sql = format!(r#"SELECT id FROM "{table}" WHERE {condition} ORDER BY id"#);
    query_scalar(AssertSqlSafe(sql)).fetch_all(owner).await.unwrap()
}

/// Switches row-level security off on every table, so that layer 2 stands alone.
pub(crate) async fn switch_row_level_security_off(f: &Fixture) {
    let statements = tables().map(|table| {
        format!(
            r#"ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY; ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY;"#
        )
    });
    f.database.execute(&statements.collect::<String>()).await;
}
