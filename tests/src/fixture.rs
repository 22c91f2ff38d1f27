//! Two organizations with rows of their own.

use db::{Authenticated, Db, DbOptions, OrganizationId, Result, UserId, prelude::*};
use entity::{
    Member, NewResearchPlan, Organization, User, create_research_plan,
    member::{self, MemberRole},
    organization, user,
};

use crate::TestDatabase;

/// A migrated database, a pool on it, and two organizations with rows of their own.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "tests take it apart")]
pub struct Fixture {
    /// The pool; dropped before the database.
    pub db: Db,
    /// One organization.
    pub acme: Org,
    /// The other one.
    pub globex: Org,
    /// The database.
    pub database: TestDatabase,
}

/// An organization with two members, and a research plan with three steps.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "tests take it apart")]
pub struct Org {
    /// Its id.
    pub id: OrganizationId,
    /// Its owner.
    pub owner: Authenticated,
    /// Another member.
    pub member: Authenticated,
    /// Its plan.
    pub plan: Uuid,
    /// The steps of the plan, in order.
    pub steps: Vec<Uuid>,
}

impl Fixture {
    /// Makes all of it.
    pub async fn new() -> Self {
        Self::with(|options| options).await
    }

    /// Makes all of it, with a pool of other options than the default ones.
    pub async fn with(options: impl FnOnce(DbOptions) -> DbOptions) -> Self {
        let database = TestDatabase::new().await;
        let db = Db::connect(options(database.options())).await.unwrap();
        let (acme, globex) = (org(&db, "acme").await.unwrap(), org(&db, "globex").await.unwrap());
        Self { db, acme, globex, database }
    }
}

async fn org(db: &Db, name: &str) -> Result<Org> {
    let (id, owner, member) = db
        .with_identity_context(async |cx| {
            let id = Organization::insert_into(
                organization::ScopeColumns { id: OrganizationId::new() },
                organization::Draft { name: Set(name.to_owned()), slug: Set(name.to_owned()), ..Default::default() },
            )
            .exec(cx)
            .await?;
            let mut people = Vec::new();
            for role in [MemberRole::Owner, MemberRole::Member] {
                let user_id = User::insert_into(
                    user::ScopeColumns { id: UserId::new() },
                    user::Draft {
                        name: Set(format!("{role:?} of {name}")),
                        email: Set(format!("{role:?}@{name}.example").to_lowercase()),
                        ..Default::default()
                    },
                )
                .exec(cx)
                .await?;
                Member::insert_into(
                    member::ScopeColumns { organization_id: id, user_id },
                    member::Draft { role: Set(role), ..Default::default() },
                )
                .exec(cx)
                .await?;
                people.push(cx.authenticated(user_id));
            }
            Ok((id, people.remove(0), people.remove(0)))
        })
        .await?;
    let (plan, steps) = db
        .with_tenant_context(id, &owner, async |cx| {
            let plan = NewResearchPlan {
                title: format!("plan of {name}"),
                question: "what?".to_owned(),
                steps: ["one", "two", "three"].map(str::to_owned).to_vec(),
            };
            create_research_plan(cx, plan).await
        })
        .await?;
    Ok(Org { id, owner, member, plan, steps })
}
