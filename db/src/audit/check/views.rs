//! Views, materialized views and foreign tables: what has rows of scoped tables, and no policies.

use std::collections::{HashMap, HashSet};

use super::{
    Findings,
    database::{reached_by, revoke_all},
};
use crate::audit::{
    Code, Object, ObjectKind, Severity,
    catalog::{Oid, Relation},
    survey::Survey,
};

pub(super) fn check(survey: &Survey<'_>, findings: &mut Findings) {
    let mut reads: HashMap<Oid, Vec<Oid>> = HashMap::new();
    for (view, read) in &survey.catalog.reads {
        reads.entry(*view).or_default().push(*read);
    }
    let relations = survey.catalog.relations.iter();
    let views = relations.filter(|relation| matches!(relation.kind.as_str(), "v" | "m" | "f"));
    for relation in views.filter(|relation| !survey.is_secret(relation)) {
        let columns = relation.columns.iter().flat_map(|column| &column.4);
        let names = survey.reachable_names(relation.acl.iter().chain(columns).map(|(grantee, _)| *grantee));
        if names.is_empty() {
            continue;
        }
        let reached = reached_by(&names);
        match relation.kind.as_str() {
            "v" if !relation.invoker && reads_scoped(survey, &reads, relation.oid) => {
                view(survey, relation, &reached, findings);
            }
            "m" if reads_scoped(survey, &reads, relation.oid) => findings.add(
                Code::MatviewReachable,
                Object::of_table(ObjectKind::View, relation.full_name(), relation.full_name()),
                format!("{reached}, with the rows of all tenants at its last refresh"),
                revoke_all(&relation.sql, &names),
            ),
            "f" => findings.add(
                Code::ForeignTableReachable,
                Object::of_table(ObjectKind::ForeignTable, relation.full_name(), relation.full_name()),
                format!("{reached}, and no policy filters its rows"),
                revoke_all(&relation.sql, &names),
            ),
            _ => {}
        }
    }
}

fn view(survey: &Survey<'_>, relation: &Relation, reached: &str, findings: &mut Findings) {
    let owner = survey.role_name(relation.owner);
    let bypasses = survey.catalog.role(relation.owner).is_some_and(|role| role.superuser || role.bypass_rls);
    let (severity, what) = if bypasses {
        (Severity::Error, "which no policy holds for: all tenants' rows are in it")
    } else {
        (Severity::Warn, "whose rows it shows, not those of who asks")
    };
    findings.add_as(
        severity,
        Code::ViewRunsAsOwner,
        Object::of_table(ObjectKind::View, relation.full_name(), relation.full_name()),
        format!("{reached}, and it runs as its owner `{owner}`, {what}"),
        vec![format!("ALTER VIEW {} SET (security_invoker = true)", relation.sql)],
    );
}

/// Whether a view reads a scoped table, or another view that does.
fn reads_scoped(survey: &Survey<'_>, reads: &HashMap<Oid, Vec<Oid>>, view: Oid) -> bool {
    let mut seen = HashSet::new();
    let mut next = vec![view];
    while let Some(relation) = next.pop() {
        let is_secret = survey.relation(relation).is_some_and(|relation| survey.is_secret(relation));
        if is_secret || survey.scoped_table(relation).is_some() {
            return true;
        }
        if seen.insert(relation) {
            next.extend(reads.get(&relation).into_iter().flatten());
        }
    }
    false
}
