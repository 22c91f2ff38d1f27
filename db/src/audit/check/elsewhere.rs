//! Rights beyond the tables of the database: of extensions, of PostgreSQL itself, servers, settings, large objects.

use std::collections::{BTreeMap, BTreeSet};

use super::{Findings, database::role, list, who};
use crate::{
    audit::{
        Object, ObjectKind, Repair,
        catalog::{Held, Other},
        repair::cut_off,
        survey::Survey,
    },
    code::Code,
};

pub(super) fn check(survey: &Survey<'_>, findings: &mut Findings) {
    let reached = survey.catalog.others.iter().filter(|other| survey.reachable.contains(&other.grantee));
    let (mut extensions, mut system) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
    for other in reached {
        match &other.extension {
            Some(extension) => extensions.entry(extension).or_default().push(other),
            None => system.entry((&other.schema, &other.name)).or_default().push(other),
        }
    }
    for (name, others) in extensions {
        extension(survey, name, &others, findings);
    }
    for ((schema, name), others) in system {
        let (said, repair) = (said(survey, &others), revoke(survey, &others));
        findings.add(
            Code::SystemRelationGranted,
            Object::table(format!("{schema}.{name}")),
            format!("{said} on it, which PostgreSQL itself does not give: it is about all tenants"),
            repair,
        );
    }
    let login = survey.login().map(|login| login.role.oid);
    let granted = survey.catalog.granted.iter().filter(|held| survey.reachable.contains(&held.role));
    for held in granted.filter(|held| Some(held.role) != login) {
        beyond_tables(survey, held, findings);
    }
}

/// All relations of an extension are one finding: they are its own, and it made the grants.
fn extension(survey: &Survey<'_>, name: &str, others: &[&Other], findings: &mut Findings) {
    let (reads, writes): (Vec<_>, Vec<_>) =
        others.iter().partition(|other| matches!(other.privilege.as_str(), "SELECT" | "USAGE"));
    for (others, code, what) in [
        (reads, Code::ExtensionReachable, "what it has there, it shows to every tenant"),
        (writes, Code::ExtensionWritable, "one tenant changes what all see"),
    ] {
        if !others.is_empty() {
            let object = Object::new(ObjectKind::Other, name);
            let message = format!("{} of the extension: {what}", said(survey, &others));
            findings.add(code, object, message, revoke(survey, &others));
        }
    }
}

/// Says who has what: `everybody has SELECT on public.spatial_ref_sys`.
fn said(survey: &Survey<'_>, others: &[&Other]) -> String {
    let names = |name: fn(&Other) -> &str| {
        let names: BTreeSet<_> = others.iter().map(|other| name(other)).collect();
        names.into_iter().collect::<Vec<_>>()
    };
    let roles: BTreeSet<_> = others.iter().map(|other| survey.role_name(other.grantee)).collect();
    let roles: Vec<_> = roles.into_iter().collect();
    let has = if roles.len() > 1 { "have" } else { "has" };
    let said = format!("{} {has} {}", who(&roles), list(&names(|other| &other.privilege)));
    if others.iter().all(|other| other.extension.is_none()) {
        return said;
    }
    format!("{said} on {}", list(&names(|other| &other.sql)))
}

fn revoke(survey: &Survey<'_>, others: &[&Other]) -> Repair {
    let statements: BTreeSet<_> = others
        .iter()
        .map(|other| {
            let schema = if other.extension.is_none() && other.schema == "pg_catalog" { "pg_catalog." } else { "" };
            format!(
                "REVOKE {} ON TABLE {schema}{} FROM {}",
                other.privilege,
                other.sql,
                role(survey.role_name(other.grantee))
            )
        })
        .collect();
    let names: BTreeSet<_> = others.iter().map(|other| survey.role_name(other.grantee)).collect();
    let names: Vec<_> = names.into_iter().collect();
    Repair::from(statements.into_iter().collect::<Vec<_>>()).advise_all(cut_off(survey, &names))
}

fn beyond_tables(survey: &Survey<'_>, held: &Held, findings: &mut Findings) {
    let Some(kind) = keyword(&held.kind) else { return };
    let name = survey.role_name(held.role);
    findings.add(
        Code::GrantBeyondTables,
        Object::new(ObjectKind::Other, &held.description),
        format!("{} has a privilege on it, and no policy is about it", who(&[name])),
        Repair::from(format!("REVOKE ALL ON {kind} {} FROM {}", held.sql, role(name)))
            .advise_all(cut_off(survey, &[name])),
    );
}

/// Returns how `REVOKE` calls a kind of object.
pub(super) fn keyword(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "server" => "FOREIGN SERVER",
        "foreign-data wrapper" => "FOREIGN DATA WRAPPER",
        "language" => "LANGUAGE",
        "large object" => "LARGE OBJECT",
        "tablespace" => "TABLESPACE",
        "parameter ACL" => "PARAMETER",
        _ => return None,
    })
}
