//! Views, materialized views and foreign tables: what shows rows, and has no policies.

use std::collections::{HashMap, HashSet};

use super::{
    Findings,
    database::{reached_by, revoke_all},
};
use crate::{
    audit::{
        Object, ObjectKind, Repair,
        catalog::{Oid, Relation},
        origin::Origins,
        survey::Survey,
    },
    code::Code,
};

pub(super) fn check(survey: &Survey<'_>, origins: &Origins<'_>, findings: &mut Findings) {
    let mut reads: HashMap<Oid, Vec<Oid>> = HashMap::new();
    for (view, read) in &survey.catalog.reads {
        reads.entry(*view).or_default().push(*read);
    }
    let relations = survey.catalog.relations.iter();
    let views = relations.filter(|relation| matches!(relation.kind.as_str(), "v" | "m" | "f"));
    for relation in views.filter(|relation| !survey.is_seal(relation)) {
        let columns = relation.columns.iter().flat_map(|column| &column.acl);
        let names = survey.reachable_names(relation.acl.iter().chain(columns).map(|(grantee, _)| *grantee));
        if names.is_empty() {
            continue;
        }
        let reached = reached_by(&names);
        match relation.kind.as_str() {
            // One that runs as who asks has no rows of its own.
            "v" if !relation.invoker => {
                let unrestricted = unrestricted(survey, origins, &reads, relation.oid);
                view(survey, relation, &reached, unrestricted, findings);
            }
            "m" => findings.add(
                Code::MatviewReachable,
                Object::of_table(ObjectKind::View, relation.full_name(), relation.full_name()),
                format!("{reached}, with what `{}` saw at its last refresh", survey.role_name(relation.owner)),
                revoke_all(survey, &relation.sql, &names),
            ),
            "f" => findings.add(
                Code::ForeignTableReachable,
                Object::of_table(ObjectKind::ForeignTable, relation.full_name(), relation.full_name()),
                format!("{reached}, and no policy filters its rows"),
                revoke_all(survey, &relation.sql, &names),
            ),
            _ => {}
        }
    }
}

fn view(survey: &Survey<'_>, relation: &Relation, reached: &str, reads: Option<String>, findings: &mut Findings) {
    let owner = survey.role_name(relation.owner);
    let bypasses = survey.catalog.role(relation.owner).is_some_and(|role| role.superuser || role.bypass_rls);
    let (code, what) = match reads {
        _ if bypasses => (Code::ViewBypassesRls, "which no policy restricts: all tenants' rows are in it".to_owned()),
        Some(table) => (Code::ViewBypassesRls, format!("and reads {table}, which no policy restricts")),
        None => (Code::ViewRunsAsOwner, "whose rows it shows, not those of who asks".to_owned()),
    };
    findings.add(
        code,
        Object::of_table(ObjectKind::View, relation.full_name(), relation.full_name()),
        format!("{reached}, and it runs as its owner `{owner}`, {what}"),
        Repair::from(format!("ALTER VIEW {} SET (security_invoker = true)", relation.sql)).advise(
            "whoever asks it needs rights of their own on what it reads, and sees the rows that its policies let them see",
        ),
    );
}

/// Returns what a view reads, by itself or by another view, that has rows of scopes and no policies.
fn unrestricted(
    survey: &Survey<'_>,
    origins: &Origins<'_>,
    reads: &HashMap<Oid, Vec<Oid>>,
    view: Oid,
) -> Option<String> {
    let mut seen = HashSet::new();
    let mut next = vec![view];
    while let Some(oid) = next.pop() {
        let relation = survey.relation(oid).filter(|_| oid != view);
        let is_open = |relation: &&Relation| {
            let has_rows = || survey.scoped_table(oid).is_some() || origins.of(relation).is_some();
            survey.is_seal(relation)
                || matches!(relation.kind.as_str(), "m" | "f")
                || relation.is_table() && !relation.row_security && has_rows()
        };
        if let Some(relation) = relation.filter(is_open) {
            return Some(relation.full_name());
        }
        if seen.insert(oid) {
            next.extend(reads.get(&oid).into_iter().flatten());
        }
    }
    None
}
