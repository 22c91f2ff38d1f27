//! A tour in one minute: two organizations in one database, and what each of them sees.
//!
//! `cargo run --example quickstart` needs nothing but cargo: it starts an embedded PostgreSQL. With
//! `TEST_DATABASE_URL` set it makes a database of its own on that server, and drops it. It checks what it prints,
//! and exits with an error if any of it is wrong.
#![expect(clippy::print_stdout, reason = "a transcript on standard output is what it is for")]

use std::{error::Error, process::ExitCode};

use db::prelude::*;
use entity::{
    NewOrganization, NewResearchPlan, NewUser, PlanStep, ResearchPlan, authenticate_pat, create_organization,
    create_pat, create_research_plan, create_user, list_user_pats, plan_step,
    research_plan::{self, PlanStatus},
    revoke_pat,
};
use examples::ExampleDatabase;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut transcript = Transcript::default();
    Transcript::part("A PostgreSQL, with the schema, the roles and the policies that the migration makes");
    let database = ExampleDatabase::new().await;
    let db = Db::connect(database.options()).await?;
    match &database {
        ExampleDatabase::Server(database) => {
            Transcript::say(&format!("a database on TEST_DATABASE_URL: {}", database.name));
        }
        ExampleDatabase::Embedded(_) => Transcript::say("embedded in this process; nothing to install"),
    }
    tour(&db, &mut transcript).await?;
    db.close().await;
    Ok(transcript.end())
}

#[expect(clippy::too_many_lines, reason = "one story, to be read from top to bottom")]
async fn tour(db: &Db, transcript: &mut Transcript) -> db::Result<()> {
    Transcript::part("Two organizations, with a member each");
    let (acme, ada) = sign_up(db, "Acme Robotics", "acme", "ada@acme.example").await?;
    let (globex, grace) = sign_up(db, "Globex Health", "globex", "grace@globex.example").await?;
    Transcript::say("Acme Robotics has Ada; Globex Health has Grace");

    Transcript::part("Each makes a research plan with its steps, in its own context");
    let (acme_plan, acme_steps) = db
        .with_tenant_context(acme, &ada, async |cx| {
            create_research_plan(cx, plan("Gripper market", &["List vendors", "Interview buyers"])).await
        })
        .await?;
    let (globex_plan, _) = db
        .with_tenant_context(globex, &grace, async |cx| {
            create_research_plan(cx, plan("Trial sites", &["Map hospitals", "Rank by enrolment", "Visit"])).await
        })
        .await?;
    transcript.check(acme_steps.len() == 2, "Acme's plan has 2 steps");

    Transcript::part("The same query, without a WHERE, in each context");
    for (name, organization, who, title, steps) in
        [("Acme", acme, &ada, "Gripper market", 2), ("Globex", globex, &grace, "Trial sites", 3)]
    {
        let (plans, count) = db
            .tenant(organization, who)
            .read_only()
            .run(async |cx| {
                let plans = ResearchPlan::find().order_by_asc(research_plan::Column::CreatedAt).all(cx).await?;
                Ok::<_, db::Error>((plans, PlanStep::find().count(cx).await?))
            })
            .await?;
        let titles: Vec<_> = plans.iter().map(|plan| plan.title.as_str()).collect();
        transcript
            .check(titles == [title] && count == steps, &format!("{name} sees the plans {titles:?} and {count} steps"));
    }

    Transcript::part("Grace, who is no member of Acme, asks for Acme's context");
    let refused = db.with_tenant_context(acme, &grace, async |cx| ResearchPlan::find().all(cx).await).await;
    transcript.check_error(refused, db::Error::is_not_a_member);

    Transcript::part("Acme names the id of Globex's plan");
    let (found, updated) = db
        .with_tenant_context(acme, &ada, async |cx| {
            let found = ResearchPlan::find_by_id(globex_plan).one(cx).await?;
            let updated = ResearchPlan::update_many()
                .col_expr(research_plan::Writable::Status, Expr::value(PlanStatus::Failed))
                .filter(research_plan::Column::Id.eq(globex_plan))
                .exec(cx)
                .await?;
            Ok((found, updated.rows_affected))
        })
        .await?;
    transcript.check(found.is_none(), "find_by_id: no such plan");
    transcript.check(updated == 0, &format!("update_many with its id: {updated} rows"));
    let renamed = research_plan::Draft { title: Set("Ours now".to_owned()), ..Default::default() };
    let refused = db
        .with_tenant_context(acme, &ada, async |cx| ResearchPlan::update_by_id(globex_plan, renamed).exec(cx).await)
        .await;
    transcript.check_error(refused, db::Error::is_not_found);
    let step = plan_step::Draft {
        plan_id: Set(globex_plan),
        position: Set(9),
        title: Set("Spy".to_owned()),
        ..Default::default()
    };
    let refused = db.with_tenant_context(acme, &ada, async |cx| PlanStep::insert(step).exec(cx).await).await;
    transcript.check_error(refused, db::Error::is_foreign_key_violation);
    let untouched =
        db.with_tenant_context(globex, &grace, async |cx| ResearchPlan::find_by_id(globex_plan).one(cx).await).await?;
    transcript.check(
        untouched.is_some_and(|plan| plan.title == "Trial sites" && plan.status == PlanStatus::Planning),
        "Globex's plan is as it was",
    );

    Transcript::part("Acme completes its own plan");
    let completed = research_plan::Draft { status: Set(PlanStatus::Completed), ..Default::default() };
    let completed = db
        .with_tenant_context(acme, &ada, async |cx| ResearchPlan::update_by_id(acme_plan, completed).exec(cx).await)
        .await?;
    transcript
        .check(completed.status == PlanStatus::Completed, &format!("{:?} is {:?}", completed.title, completed.status));

    tokens(db, &ada, &grace, transcript).await?;

    Transcript::part("Is the database well?");
    let health = db.check_database().await;
    transcript.check(health.ok, &format!("ok: {}, {:.1} ms", health.ok, health.latency_ms));
    Ok(())
}

async fn tokens(db: &Db, ada: &Authenticated, grace: &Authenticated, transcript: &mut Transcript) -> db::Result<()> {
    Transcript::part("Ada makes a personal access token, which is hers alone");
    let (token, secret) = db.with_user_context(ada, async |cx| create_pat(cx, "laptop", None).await).await?;
    Transcript::say(&format!("{:?} was made; its secret is shown once, and only its digest is stored", token.name));
    let bearer = db.with_identity_context(async |cx| authenticate_pat(cx, &secret).await).await?;
    transcript.check(
        bearer.user_id() == ada.user_id() && bearer.credential() == Credential::Token(token.id),
        "whoever shows the secret is Ada",
    );
    let own = db.with_user_context(ada, async |cx| list_user_pats(cx).await).await?;
    let others = db.with_user_context(grace, async |cx| list_user_pats(cx).await).await?;
    transcript
        .check(own.len() == 1 && others.is_empty(), &format!("Ada lists {} token, Grace {}", own.len(), others.len()));
    let refused = db.with_user_context(grace, async |cx| revoke_pat(cx, token.id).await).await;
    transcript.check_error(refused, db::Error::is_not_found);
    let own = db
        .with_user_context(ada, async |cx| {
            revoke_pat(cx, token.id).await?;
            list_user_pats(cx).await
        })
        .await?;
    let revoked = own.iter().all(|token| token.revoked_at.is_some());
    transcript.check(revoked, "Ada revokes it");
    let refused = db.with_identity_context(async |cx| authenticate_pat(cx, &secret).await).await;
    transcript.check_error(refused, db::Error::is_not_authenticated);
    Ok(())
}

/// Makes a person, an organization and its owner, as sign-up does.
async fn sign_up(db: &Db, name: &str, slug: &str, email: &str) -> db::Result<(OrganizationId, Authenticated)> {
    db.with_identity_context(async |cx| {
        let user = NewUser { name: email.to_owned(), email: email.to_owned(), email_verified: false };
        // The person has just signed up, so this is they.
        let who = cx.authenticated(create_user(cx, user).await?.id);
        let organization = NewOrganization { name: name.to_owned(), slug: slug.to_owned() };
        Ok((create_organization(cx, &who, organization).await?, who))
    })
    .await
}

fn plan(title: &str, steps: &[&str]) -> NewResearchPlan {
    let steps = steps.iter().map(|&step| step.to_owned()).collect();
    NewResearchPlan { title: title.to_owned(), question: format!("What of the {title}?"), steps }
}

/// What is printed, and whether it is true.
#[derive(Default)]
struct Transcript {
    checks: usize,
    wrong: usize,
}

impl Transcript {
    fn part(title: &str) {
        println!("\n{title}");
    }

    fn say(line: &str) {
        println!("    {line}");
    }

    fn check(&mut self, holds: bool, line: &str) {
        self.checks += 1;
        self.wrong += usize::from(!holds);
        println!("  {} {line}", if holds { "ok" } else { "WRONG:" });
    }

    fn check_error<T>(&mut self, result: db::Result<T>, expected: impl Fn(&db::Error) -> bool) {
        match result {
            Ok(_) => self.check(false, "it was let through"),
            Err(error) => self.check(expected(&error), &format!("refused: {error}")),
        }
    }

    fn end(&self) -> ExitCode {
        println!("\n{} checks, {} wrong", self.checks, self.wrong);
        if self.wrong == 0 && self.checks > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
