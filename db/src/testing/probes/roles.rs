//! The login role and the roles of the scopes, out of their contexts: no row comes back, and none is touched.

use std::collections::BTreeMap;

use crate::{
    ScopeKind,
    sql::quote,
    testing::{
        Result,
        fill::Side,
        probe::Probe,
        report::Outcome,
        session::Session,
        subject::{Spare, Subject},
        world::World,
    },
};

/// The login role may do nothing by itself.
pub(super) async fn login(world: &World, subject: &Subject, session: &mut Session) -> Result<Outcome> {
    nothing(world, subject, "BEGIN", session).await
}

/// A scope role shows no row without a context, in the context of another scope, or in that of a scope that the entity
/// is not in.
pub(super) async fn run(world: &World, subject: &Subject, session: &mut Session) -> Result<Outcome> {
    let mut all = Outcome::default();
    for message in messages(world, subject) {
        all.add(nothing(world, subject, &message, session).await?);
    }
    // TRUNCATE and locks, which no policy holds, from within the contexts.
    for scope in ScopeKind::ALL {
        let mut probe = Probe::with(world, subject, None, world.message(scope), session).await?;
        for sql in [format!("TRUNCATE {}", subject.sql), format!("TRUNCATE {} CASCADE", subject.sql)] {
            probe.attack(&sql).await?;
        }
        all.add(probe.close().await?);
    }
    Ok(all)
}

/// Sends everything after a message that opens nothing.
async fn nothing(world: &World, subject: &Subject, message: &str, session: &mut Session) -> Result<Outcome> {
    let mut probe = Probe::with(world, subject, None, message, session).await?;
    for sql in statements(world, subject) {
        let answer = probe.answer(&sql).await?;
        if answer.is_ok_and(|done| done.lines.iter().any(|line| line != "0")) {
            probe.outcome.breach(None, "rows are seen", &format!("{message}; {sql}"));
        }
    }
    probe.close().await
}

/// Returns the messages by which the table must not be reached: a role without a context, a role in the context of
/// another, and the contexts of the scopes that the entity is not in.
fn messages(world: &World, subject: &Subject) -> Vec<String> {
    let mut messages = Vec::new();
    for role in ScopeKind::ALL {
        let role_sql = quote(&world.prefix.role(role));
        messages.push(format!("BEGIN; SET LOCAL ROLE {role_sql}"));
        for scope in ScopeKind::ALL {
            let message = world.message(scope);
            let enters = message.rsplit_once(';').map_or(message, |(enters, _)| enters);
            if scope != role {
                // A member's context is of a person as well, so their own rows may be seen.
                let is_of_person = (scope, role) == (ScopeKind::Tenant, ScopeKind::User);
                if !is_of_person {
                    messages.push(format!("{enters}; SET LOCAL ROLE {role_sql}"));
                }
            } else if subject.declared(scope).is_none() {
                messages.push(message.to_owned());
            }
        }
    }
    messages
}

fn statements(world: &World, subject: &Subject) -> Vec<String> {
    let table = &subject.sql;
    let of = &world.catalog.tables[subject.table];
    let fixed = subject.entity.fixed_columns();
    let mut statements = vec![
        format!("SELECT pg_catalog.to_jsonb(t)::text FROM {table} t"),
        format!("SELECT pg_catalog.count(*)::text FROM {table}"),
        format!("SELECT 'seen' FROM {table}"),
        format!("DELETE FROM {table}"),
        format!("TRUNCATE {table} CASCADE"),
        format!("LOCK TABLE {table} IN ACCESS SHARE MODE"),
    ];
    for column in of.written().filter(|column| !fixed.contains(&column.name.as_str())).take(2) {
        statements.push(format!("UPDATE {table} SET {column} = {column}", column = quote(&column.name)));
        statements.push(format!("SELECT {}::text FROM {table}", quote(&column.name)));
    }
    let columns: Vec<_> = of.written().map(|column| column.name.clone()).collect();
    for spare in [Spare::Of(Side::Victim), Spare::Nobodys] {
        statements.extend(subject.spare(spare).map(|line| subject.insert(&columns, line, &BTreeMap::new())));
    }
    statements
}
