//! What the login and scope roles reach and no entity declares: each relation is in the registry, the contract's own, or found.

use std::collections::BTreeMap;

use super::{Findings, database::role, list, sequences::drawn_by, who};
use crate::{
    audit::{
        Object, ObjectKind, Repair,
        catalog::{PUBLIC, PUBLIC_NAME, Relation},
        origin::Origins,
        repair::cut_off,
        survey::{Rights, Survey},
    },
    code::Code,
};

/// What row-level security does not filter.
const UNFILTERED: [&str; 4] = ["TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"];
const WRITES: [&str; 3] = ["INSERT", "UPDATE", "DELETE"];

pub(super) fn check(survey: &Survey<'_>, origins: &Origins<'_>, findings: &mut Findings) {
    // What the contract itself keeps is looked at by itself.
    for relation in survey.catalog.relations.iter().filter(|relation| !survey.is_seal(relation)) {
        handed_on(survey, relation, findings);
        let rights = survey.rights(relation);
        if relation.kind == "S" {
            sequence(survey, relation, &rights, findings);
            continue;
        }
        unfiltered(survey, relation, &rights, findings);
        let is_declared = survey.scoped_table(relation.oid).is_some() || origins.is_above_scoped(relation);
        if relation.is_table() && !is_declared {
            table(survey, origins, relation, &rights, findings);
        }
    }
}

/// Returns the part of the rights that are of these privileges.
fn only<'a>(rights: &Rights<'a>, privileges: &[&str]) -> Rights<'a> {
    let parts = rights.iter().map(|(role, has)| {
        let part = has.iter().copied().filter(|privilege| privileges.contains(privilege));
        (*role, part.collect::<Vec<_>>())
    });
    parts.filter(|(_, part)| !part.is_empty()).collect()
}

/// Puts rights into a sentence: who has what.
fn said(rights: &Rights<'_>) -> String {
    // Roles that have the same are named together.
    let mut together: BTreeMap<&[&str], Vec<&str>> = BTreeMap::new();
    for (role, privileges) in rights {
        together.entry(privileges).or_default().push(role);
    }
    let parts = together.iter().map(|(privileges, roles)| {
        format!("{} {} {}", who(roles), if roles.len() > 1 { "have" } else { "has" }, list(privileges))
    });
    parts.collect::<Vec<_>>().join("; ")
}

fn revoke(survey: &Survey<'_>, relation: &Relation, rights: &Rights<'_>) -> Repair {
    let kind = if relation.kind == "S" { "SEQUENCE" } else { "TABLE" };
    let revoke = rights.iter().map(|(name, privileges)| {
        format!("REVOKE {} ON {kind} {} FROM {}", privileges.join(", "), relation.sql, role(name))
    });
    let names: Vec<_> = rights.keys().copied().collect();
    Repair::from(revoke.collect::<Vec<_>>()).advise_all(cut_off(survey, &names))
}

fn unfiltered(survey: &Survey<'_>, relation: &Relation, rights: &Rights<'_>, findings: &mut Findings) {
    let unfiltered = only(rights, &UNFILTERED);
    if !unfiltered.is_empty() {
        findings.add(
            Code::GrantUnfiltered,
            Object::table(relation.full_name()),
            format!("{} on it, which no policy filters", said(&unfiltered)),
            revoke(survey, relation, &unfiltered),
        );
    }
}

/// Whoever may hand a privilege on gives it to roles that no audit asks about.
fn handed_on(survey: &Survey<'_>, relation: &Relation, findings: &mut Findings) {
    let names = survey.reachable_names(relation.grants_on.iter().copied());
    if names.is_empty() {
        return;
    }
    let kind = if relation.kind == "S" { "SEQUENCE" } else { "TABLE" };
    let revoke = names.iter().map(|name| {
        format!("REVOKE GRANT OPTION FOR ALL PRIVILEGES ON {kind} {} FROM {} CASCADE", relation.sql, role(name))
    });
    findings.add(
        Code::GrantOption,
        Object::table(relation.full_name()),
        format!("{} may hand on a privilege on it", who(&names)),
        Repair::from(revoke.collect::<Vec<_>>())
            .advise("whoever was given one by it loses that, too")
            .advise_all(cut_off(survey, &names)),
    );
}

fn table(
    survey: &Survey<'_>,
    origins: &Origins<'_>,
    relation: &Relation,
    rights: &Rights<'_>,
    findings: &mut Findings,
) {
    // That nobody sees a row is a finding of its own.
    if relation.row_security && survey.policies_of(relation).is_empty() {
        return;
    }
    let (reads, writes) = (only(rights, &["SELECT"]), only(rights, &WRITES));
    let object = || Object::table(relation.full_name());
    if let Some(why) = origins.of(relation).or_else(|| origins.suspected(relation)) {
        let mut reached = only(rights, &["SELECT", "INSERT", "UPDATE", "DELETE"]);
        let to_everybody: Vec<_> =
            relation.privileges().filter(|(grantee, _)| *grantee == PUBLIC).map(|(_, has)| has).collect();
        if !to_everybody.is_empty() {
            reached.insert(PUBLIC_NAME, to_everybody);
        }
        if !reached.is_empty() {
            let repair = revoke(survey, relation, &reached)
                .advise("write its entity, and protect it by a migration; until then nobody reaches it");
            let message = format!("{} on it, no entity declares it, and {why}", said(&reached));
            findings.add(Code::TableUndeclared, object(), message, repair);
        }
        return;
    }
    if !reads.is_empty() {
        let repair = revoke(survey, relation, &reads).advise(format!(
            "where its rows are for everybody accept it: Registry::accept(Code::TableShared, {:?}, \"…\")",
            relation.full_name()
        ));
        findings.add(
            Code::TableShared,
            object(),
            format!("{} on it, and no entity declares it: every tenant reads the same rows", said(&reads)),
            repair,
        );
    }
    if !writes.is_empty() {
        findings.add(
            Code::TableSharedWritable,
            object(),
            format!("{} on it, and no entity declares it: one tenant changes what all see", said(&writes)),
            revoke(survey, relation, &writes),
        );
    }
}

/// A scope that inserts into a table uses the sequences that its columns draw from, and no other; an identity column
/// draws by itself.
fn sequence(survey: &Survey<'_>, relation: &Relation, rights: &Rights<'_>, findings: &mut Findings) {
    let object = || Object::new(ObjectKind::Other, relation.full_name());
    let settable = only(rights, &["UPDATE"]);
    if !settable.is_empty() {
        findings.add(
            Code::SequenceSettable,
            object(),
            format!("{} on it: who sets it back has the inserts of all others fail", said(&settable)),
            revoke(survey, relation, &settable),
        );
    }
    let inserts = |name: &str| {
        let mut requests = survey.requests.iter().filter(|request| request.role.name == name);
        requests.any(|request| request.scope.is_some_and(|scope| drawn_by(survey, relation, scope).next().is_some()))
    };
    let mut others = only(rights, &["USAGE", "SELECT"]);
    for (name, privileges) in &mut others {
        privileges.retain(|privilege| *privilege != "USAGE" || !inserts(name));
    }
    others.retain(|_, privileges| !privileges.is_empty());
    if !others.is_empty() {
        findings.add(
            Code::SequenceUndeclared,
            object(),
            format!("{} on it, which no entity's inserts need: it tells how many rows others make", said(&others)),
            revoke(survey, relation, &others),
        );
    }
}
