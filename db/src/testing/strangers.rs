//! Who gets in at all.

use super::{
    Result, literal,
    report::Outcome,
    world::{World, condition, who},
};
use crate::{Db, OrganizationId, ScopeKind};

/// A member of another organization, and a person who is a member of none, get into no context of the victim's; in
/// contexts of their own they see their own.
pub(super) async fn run(world: &World) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let db = Db::connect(world.options(world.probed())).await?;
    for party in [&world.hostile, &world.stranger] {
        let organization = OrganizationId::from(world.victim.organization);
        match db.tenant(organization, &who(party)).begin().await {
            Ok(context) => {
                context.rollback().await?;
                outcome.breach(
                    Some(ScopeKind::Tenant),
                    "a context opens for somebody who is no member",
                    "enter_tenant",
                );
            }
            Err(error) if error.is_not_a_member() => {}
            Err(error) => outcome.refusal(ScopeKind::Tenant, "it fails for another reason", &error.to_string()),
        }
    }
    let message = db.user(&who(&world.stranger)).opening_message();
    // The control of all of the above: a member does get in.
    db.tenant(OrganizationId::from(world.victim.organization), &who(&world.victim)).begin().await?.rollback().await?;
    db.close().await;
    let mut session = world.login(world.probed()).await?;
    let stranger = world.stranger.people.first().copied().unwrap_or_default().to_string();
    let mut superuser = world.superuser().await?;
    for subject in &world.subjects {
        let Some(declared) = subject.declared(ScopeKind::User) else { continue };
        let count =
            |condition: &str| format!("SELECT pg_catalog.count(*)::text FROM {} t WHERE {condition}", subject.sql);
        let expected = superuser.lines(&count(&condition(declared.rows, &stranger))).await?;
        session.run(&message).await?;
        let seen = session.ask(&count("true")).await?;
        session.run("ROLLBACK").await?;
        match seen {
            Ok(seen) if seen == expected => {}
            Ok(_) => outcome.breach(
                Some(ScopeKind::User),
                "a stranger sees other rows than their own",
                &literal(&subject.sql),
            ),
            Err(refused) => outcome.refusal(ScopeKind::User, "a stranger cannot look", &refused.message),
        }
    }
    superuser.close().await?;
    session.close().await?;
    Ok(outcome)
}
