//! What PostgreSQL counts and shows of all tenants' rows and sessions, and who may look.

use std::collections::{BTreeMap, BTreeSet};

use super::{Findings, database::roles, who};
use crate::{
    audit::{
        Object, ObjectKind, Repair,
        catalog::{Oid, PUBLIC, PUBLIC_NAME},
        survey::Survey,
    },
    code::Code,
    contract::{BEYOND_POLICIES, Closed, SHARED},
};

pub(super) fn check(survey: &Survey<'_>, findings: &mut Findings) {
    for (at, closed) in SHARED.iter().enumerate() {
        let open = survey.catalog.shared.iter().filter(|(kind, ..)| *kind == at);
        let open =
            open.filter(|(.., grantee)| looks(survey, *grantee)).map(|(_, sql, grantee)| (sql.as_str(), *grantee));
        let (to_all, to_some): (Vec<_>, Vec<_>) = open.partition(|(_, grantee)| *grantee == PUBLIC);
        if !to_all.is_empty() {
            let message = says(closed, &[PUBLIC_NAME], &functions(&to_all));
            let repair = Repair::from(closed.close()).advise("a superuser has to run it");
            findings.add(Code::SharedStateOpen, object(closed), message, repair);
        }
        if !to_some.is_empty() {
            let names = survey.reachable_names(to_some.iter().map(|(_, grantee)| *grantee));
            let functions = functions(&to_some);
            let repair = format!("REVOKE EXECUTE ON FUNCTION {} FROM {}", functions.join(", "), roles(&names));
            findings.add(Code::SharedStateGranted, object(closed), says(closed, &names, &functions), vec![repair]);
        }
    }
    aggregates(survey, findings);
}

/// Returns whether a request can be that role. That it can be one of PostgreSQL's own that see everything is found by
/// itself.
fn looks(survey: &Survey<'_>, grantee: Oid) -> bool {
    survey.reachable.contains(&grantee) && !BEYOND_POLICIES.contains(&survey.role_name(grantee))
}

/// Returns the functions, each once.
fn functions<'a>(open: &[(&'a str, Oid)]) -> Vec<&'a str> {
    let functions: BTreeSet<_> = open.iter().map(|(sql, _)| *sql).collect();
    functions.into_iter().collect()
}

fn object(closed: &Closed) -> Object {
    Object::new(ObjectKind::Function, closed.names.first().copied().unwrap_or_default())
}

fn says(closed: &Closed, names: &[&str], functions: &[&str]) -> String {
    let first = functions.first().copied().unwrap_or_default();
    let more = if functions.len() > 1 { format!(" and {} more", functions.len() - 1) } else { String::new() };
    format!("{} may execute {first}{more}: they {}", who(names), closed.why)
}

/// An aggregate calls its functions as its owner, who may.
fn aggregates(survey: &Survey<'_>, findings: &mut Findings) {
    let mut found: BTreeMap<&str, Vec<Oid>> = BTreeMap::new();
    for (sql, grantee) in survey.catalog.counting.iter().filter(|(_, grantee)| looks(survey, *grantee)) {
        found.entry(sql).or_default().push(*grantee);
    }
    for (sql, grantees) in found {
        let names = survey.reachable_names(grantees);
        findings.add(
            Code::SharedStateGranted,
            Object::new(ObjectKind::Function, sql),
            format!("{} may execute it, and it calls a function that is closed", who(&names)),
            vec![format!("REVOKE EXECUTE ON ROUTINE {sql} FROM {}", roles(&names))],
        );
    }
}
