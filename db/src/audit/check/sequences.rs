//! What an insert needs beside its table: the sequences that columns draw from.

use std::collections::BTreeSet;

use super::{Findings, database::role};
use crate::{
    ScopeKind,
    audit::{
        Object, ObjectKind,
        catalog::{Oid, PUBLIC, Relation},
        survey::{Scoped, Survey},
    },
    code::Code,
};

pub(super) fn check(survey: &Survey<'_>, findings: &mut Findings) {
    let of_scoped = survey.catalog.sequences.iter().filter(|(_, table, ..)| survey.scoped_table(*table).is_some());
    let sequences: BTreeSet<Oid> = of_scoped.map(|(sequence, ..)| *sequence).collect();
    for sequence in sequences.into_iter().filter_map(|oid| survey.relation(oid)) {
        missing(survey, sequence, findings);
    }
}

fn missing(survey: &Survey<'_>, sequence: &Relation, findings: &mut Findings) {
    for request in survey.requests.iter().filter(|request| request.scope.is_some()) {
        let may = |(grantee, privilege): &(Oid, String)| {
            [request.role.oid, PUBLIC].contains(grantee) && matches!(privilege.as_str(), "USAGE" | "UPDATE")
        };
        let needed = request.scope.and_then(|scope| drawn_by(survey, sequence, scope).next());
        if let Some((scoped, column)) = needed
            && !sequence.acl.iter().any(may)
        {
            let name = &request.role.name;
            findings.add(
                Code::GrantMissing,
                object(survey, sequence),
                format!(
                    "`{name}` lacks USAGE on it, and `{column}` of {} draws from it: each insert without a value fails",
                    scoped.relation.full_name()
                ),
                vec![format!("GRANT USAGE ON SEQUENCE {} TO {}", sequence.sql, role(name))],
            );
        }
    }
}

/// The tables into which the entities let a scope insert, and whose columns draw from the sequence with its rights.
pub(super) fn drawn_by<'a>(
    survey: &'a Survey<'_>,
    sequence: &Relation,
    scope: ScopeKind,
) -> impl Iterator<Item = (&'a Scoped<'a>, &'a str)> {
    let oid = sequence.oid;
    let by_default = survey.catalog.sequences.iter().filter(move |(of, _, _, default)| *of == oid && *default);
    by_default.filter_map(move |(_, table, column, _)| {
        let scoped = survey.scoped_table(*table)?;
        let inserts = scoped.declaration(scope).is_some_and(|declared| declared.verbs.insert);
        (scoped.entity.is_some() && inserts).then_some((scoped, column.as_str()))
    })
}

/// A sequence, as a part of a scoped table that has to do with it.
fn object(survey: &Survey<'_>, sequence: &Relation) -> Object {
    let mut tables = survey.catalog.sequences.iter().filter(|(of, ..)| *of == sequence.oid);
    let table = tables.find_map(|(_, table, ..)| survey.scoped_table(*table));
    let name = sequence.full_name();
    match table {
        Some(scoped) => Object::of_table(ObjectKind::Sequence, scoped.relation.full_name(), name),
        None => Object::new(ObjectKind::Sequence, name),
    }
}
