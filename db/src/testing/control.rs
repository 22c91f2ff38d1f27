//! The control: what protects a table is taken away, one thing after another, and the probes go red.

use super::{
    Result,
    probes::Group,
    report::Outcome,
    session::Session,
    subject::{Subject, sees_all, updates},
    world::World,
};
use crate::{
    ScopeKind,
    scope::{Rows, ScopeDeclaration},
    sql::quote,
};

mod cascade;
mod strip;

use strip::Protection;

/// A group of probes that has to go red, in one scope or in none.
#[derive(Clone, Copy, Debug)]
struct Pending {
    group: Group,
    declared: Option<&'static ScopeDeclaration>,
    /// What may be left to protect by the time it is red.
    by: Protection,
}

/// Takes the protections of one table away in a copy of the database. What stays green is reported.
pub(super) async fn run(world: &World, subject: &Subject) -> Result<Outcome> {
    let copy = world.copy().await?;
    let mut superuser = copy.connect().await?;
    let mut outcome = Outcome::default();
    let mut login = world.login(&copy.name).await?;
    boundary(world, subject, &mut login, &mut superuser, &mut outcome).await?;
    let mut pending = pending(world, subject);
    for protection in Protection::ALL {
        strip::take(protection, world, subject, &mut superuser).await?;
        let mut left = Vec::new();
        for probe in pending {
            let found = look(world, subject, &mut login, probe).await?;
            if found.breaches.is_empty() {
                left.push(probe);
            } else {
                outcome.known.push(format!("{}: red without {}", probe.name(), protection.name()));
                if protection > probe.by {
                    outcome.refusals.push(format!(
                        "{} stayed green until {} were gone too: something else than {} protects",
                        probe.name(),
                        protection.name(),
                        probe.by.name(),
                    ));
                }
            }
        }
        pending = left;
        if protection == Protection::Policies {
            // The second layer stands alone now.
            let found = Group::Verbs.run(world, subject, &mut login).await?;
            let without = |line: String| format!("with row-level security off, {line}");
            outcome.breaches.extend(found.breaches.into_iter().map(without));
        }
    }
    for probe in pending {
        outcome.refusals.push(format!("{} stayed green with every protection gone: it proves nothing", probe.name()));
    }
    superuser.close().await?;
    login.close().await?;
    cascade::run(world, subject, &mut outcome).await?;
    Ok(outcome)
}

/// One lax policy is added: the boundary holds. Then the boundary is dropped, and the lax policy shows all rows.
async fn boundary(
    world: &World,
    subject: &Subject,
    login: &mut Session,
    superuser: &mut Session,
    outcome: &mut Outcome,
) -> Result<()> {
    let table = &subject.sql;
    for declared in subject.entity.scopes.iter().filter(|declared| !sees_all(declared)) {
        let (scope, role) = (declared.scope.as_str(), quote(&world.prefix.role(declared.scope)));
        superuser
            .run(&format!("CREATE POLICY isolation_probe_{scope} ON {table} TO {role} USING (true) WITH CHECK (true)"))
            .await?;
    }
    for declared in subject.entity.scopes.iter().filter(|declared| !sees_all(declared)) {
        for group in [Group::Reads, Group::Updates, Group::Deletes, Group::Inserts, Group::Upserts] {
            let found = group.run_in(world, subject, declared, login).await?;
            let lax = |line: String| format!("with one lax policy more, {line}");
            outcome.breaches.extend(found.breaches.into_iter().map(lax));
        }
    }
    let boundaries = superuser
        .lines(&format!(
            "SELECT pg_catalog.quote_ident(polname) FROM pg_catalog.pg_policy
             WHERE polrelid = {}::pg_catalog.regclass AND NOT polpermissive AND polcmd = '*'",
            super::literal(table)
        ))
        .await?;
    for policy in boundaries {
        superuser.run(&format!("DROP POLICY {policy} ON {table}")).await?;
    }
    for declared in subject.entity.scopes.iter().filter(|declared| !sees_all(declared)) {
        let found = Group::Reads.run_in(world, subject, declared, login).await?;
        if found.breaches.is_empty() {
            outcome.refusals.push(format!(
                "[{}] reads stayed green with the boundary dropped and a lax policy: they prove nothing",
                declared.scope.as_str()
            ));
        }
    }
    Ok(())
}

/// Returns what has to go red, and by when: what a scope may do is restricted by policies (and triggers of the table's
/// own), what it may not by grants.
fn pending(world: &World, subject: &Subject) -> Vec<Pending> {
    let out_of_context = |group, by| Pending { group, declared: None, by };
    let mut all =
        vec![out_of_context(Group::Roles, Protection::Policies), out_of_context(Group::Login, Protection::Grants)];
    for declared in subject.entity.scopes.iter().filter(|declared| !sees_all(declared)) {
        let by = |granted: bool| if granted { Protection::Triggers } else { Protection::Keys };
        let mut add = |group, by| all.push(Pending { group, declared: Some(declared), by });
        add(Group::Reads, Protection::Policies);
        add(Group::Updates, by(updates(declared)));
        // Another row that points at it may keep it.
        add(Group::Deletes, Protection::Keys);
        if let Rows::Column(_) = declared.rows {
            add(Group::Inserts, by(declared.verbs.insert));
        }
        add(Group::Moves, Protection::Keys);
        if points_at_others(world, subject, declared) {
            add(Group::References, Protection::Keys);
        }
        if strip::narrowed(world, subject).next().is_some() {
            add(Group::Uniques, Protection::Keys);
        }
        add(Group::Upserts, Protection::Keys);
    }
    all
}

/// Returns whether a foreign key has columns that are not the scope's, and leads to a table that has rows of others.
fn points_at_others(world: &World, subject: &Subject, declared: &ScopeDeclaration) -> bool {
    world.catalog.tables[subject.table].foreign_keys().any(|key| {
        let leads = world.catalog.at(key.parent).is_some_and(|parent| {
            world.subjects.iter().any(|other| {
                other.table == parent
                    && !other.entity.scopes.iter().all(sees_all)
                    && other.view(declared.scope).is_none_or(|view| !view.foreign.is_empty())
            })
        });
        leads && key.columns.iter().any(|column| declared.rows.column() != Some(column.as_str()))
    })
}

async fn look(world: &World, subject: &Subject, login: &mut Session, probe: Pending) -> Result<Outcome> {
    match probe.declared {
        Some(declared) => probe.group.run_in(world, subject, declared, login).await,
        None => probe.group.run(world, subject, login).await,
    }
}

impl Pending {
    fn name(&self) -> String {
        let scope = self.declared.map_or("none", |declared| ScopeKind::as_str(declared.scope));
        format!("[{scope}] {}", self.group.name())
    }
}
