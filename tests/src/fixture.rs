//! Two organizations with rows of their own.

use db::{Authenticated, Db, DbOptions, OrganizationId, Result, prelude::*};
use entity::{
    Member, NewOrganization, NewResearchPlan, NewUser, create_organization, create_research_plan, create_user,
    member::{self, MemberRole},
};

use crate::{Template, TestDatabase};

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
    /// Copies all of it from a template.
    pub async fn new() -> Self {
        Self::with(|options| options).await
    }

    /// Copies all of it from a template, with a pool of other options than the default ones.
    pub async fn with(options: impl FnOnce(DbOptions) -> DbOptions) -> Self {
        static TEMPLATE: Template<[Org; 2]> = Template::new();
        let (database, [acme, globex]) = TEMPLATE.copy(made).await;
        let db = Db::connect(options(database.options())).await.unwrap();
        Self { db, acme, globex, database }
    }

    /// Makes all of it, with roles of its own, which a test may change.
    pub async fn alone() -> Self {
        let (database, [acme, globex]) = made().await;
        Self { db: database.db().await, acme, globex, database }
    }

    /// Closes the pool, and returns the database with what is in it.
    pub async fn into_database(self) -> (TestDatabase, [Org; 2]) {
        self.db.close().await;
        (self.database, [self.acme, self.globex])
    }
}

async fn made() -> (TestDatabase, [Org; 2]) {
    let database = TestDatabase::new().await;
    let db = database.db().await;
    let orgs = [org(&db, "acme").await.unwrap(), org(&db, "globex").await.unwrap()];
    db.close().await;
    (database, orgs)
}

async fn org(db: &Db, name: &str) -> Result<Org> {
    let (id, owner, member) = db
        .with_identity_context(async |cx| {
            let [owner, member] = ["Owner", "Member"].map(|role| NewUser {
                name: format!("{role} of {name}"),
                email: format!("{role}@{name}.example").to_lowercase(),
                email_verified: false,
            });
            let owner = cx.authenticated(create_user(cx, owner).await?.id);
            let id = create_organization(cx, &owner, NewOrganization { name: name.into(), slug: name.into() }).await?;
            let member = cx.authenticated(create_user(cx, member).await?.id);
            Member::insert_into(
                member::ScopeColumns { organization_id: id, user_id: member.user_id() },
                member::Draft { role: Set(MemberRole::Member), ..Default::default() },
            )
            .exec(cx)
            .await?;
            Ok((id, owner, member))
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
