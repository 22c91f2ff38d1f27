//! Two organizations with members, plans and steps, for development.

use db::{Authenticated, Db, IdentityContext, OrganizationId, Result, UserId, prelude::*};
use entity::{
    Member, NewOrganization, NewResearchPlan, NewUser, Organization, ResearchPlan, User, create_organization,
    create_research_plan, create_user,
    member::{self, MemberRole},
    organization, research_plan, user,
};

/// What [`run`] made; all zero when everything was there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a report of three numbers")]
pub struct Seeded {
    /// The number of organizations.
    pub organizations: usize,
    /// The number of members.
    pub members: usize,
    /// The number of research plans.
    pub plans: usize,
}

struct Seed {
    name: &'static str,
    slug: &'static str,
    members: [(&'static str, &'static str, MemberRole); 2],
    plans: [(&'static str, &'static str, &'static [&'static str]); 2],
}

const SEEDS: [Seed; 2] = [
    Seed {
        name: "Acme Robotics",
        slug: "acme",
        members: [("Ada", "ada@acme.example", MemberRole::Owner), ("Alan", "alan@acme.example", MemberRole::Member)],
        plans: [
            ("Gripper market", "Who buys grippers for food?", &["List vendors", "Interview buyers", "Size the market"]),
            ("Battery life", "Which cells last longest at -20 °C?", &["Collect datasheets", "Run the bench test"]),
        ],
    },
    Seed {
        name: "Globex Health",
        slug: "globex",
        members: [
            ("Grace", "grace@globex.example", MemberRole::Owner),
            ("George", "george@globex.example", MemberRole::Admin),
        ],
        plans: [
            ("Trial sites", "Where can a phase II trial recruit fastest?", &["Map hospitals", "Rank by enrolment"]),
            (
                "Wearables",
                "Which wearables measure sleep reliably?",
                &["Review studies", "Compare devices", "Summarize"],
            ),
        ],
    },
];

/// Fills the database through the public interface. Run again, it changes nothing: an organization is known by
/// its slug, a person by their address, a plan by its title.
///
/// # Errors
///
/// What a context or a statement in it may fail with.
pub async fn run(db: &Db) -> Result<Seeded> {
    let mut seeded = Seeded::default();
    for seed in &SEEDS {
        let (organization, owner) = db.with_identity_context(async |cx| people(cx, seed, &mut seeded).await).await?;
        db.with_tenant_context(organization, &owner, async |cx| {
            for (title, question, steps) in seed.plans {
                if ResearchPlan::find().filter(research_plan::Column::Title.eq(title)).exists(cx).await? {
                    continue;
                }
                let steps = steps.iter().map(|&step| step.to_owned()).collect();
                create_research_plan(cx, NewResearchPlan { title: title.into(), question: question.into(), steps })
                    .await?;
                seeded.plans += 1;
            }
            Ok(())
        })
        .await?;
    }
    Ok(seeded)
}

/// Makes the organization and its members, as far as they are not there; returns it and its owner.
async fn people(cx: &IdentityContext, seed: &Seed, seeded: &mut Seeded) -> Result<(OrganizationId, Authenticated)> {
    let [owner, other] = &seed.members;
    // Whom the seed is of is nobody's to prove.
    let owner = cx.authenticated(person(cx, owner).await?);
    let found = Organization::find().filter(organization::Column::Slug.eq(seed.slug)).one(cx).await?;
    let organization = if let Some(organization) = found {
        organization.id
    } else {
        seeded.organizations += 1;
        seeded.members += 1;
        let new = NewOrganization { name: seed.name.to_owned(), slug: seed.slug.to_owned() };
        create_organization(cx, &owner, new).await?
    };
    let user_id = person(cx, other).await?;
    let membership = Member::find()
        .filter(member::Column::OrganizationId.eq(organization))
        .filter(member::Column::UserId.eq(user_id));
    if !membership.exists(cx).await? {
        seeded.members += 1;
        Member::insert_into(
            member::ScopeColumns { organization_id: organization, user_id },
            member::Draft { role: Set(other.2), ..Default::default() },
        )
        .exec(cx)
        .await?;
    }
    Ok((organization, owner))
}

/// Makes a person, unless they are there.
async fn person(cx: &IdentityContext, &(name, email, _): &(&str, &str, MemberRole)) -> Result<UserId> {
    if let Some(user) = User::find().filter(user::Column::Email.eq(email)).one(cx).await? {
        return Ok(user.id);
    }
    let new = NewUser { name: name.to_owned(), email: email.to_owned(), email_verified: true };
    Ok(create_user(cx, new).await?.id)
}
