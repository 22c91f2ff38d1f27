//! The database as a whole, and the server.

use super::{Findings, who};
use crate::{
    audit::{
        Object, ObjectKind, Repair,
        catalog::{Acl, DefaultAcl, PUBLIC, PUBLIC_NAME, Relation},
        repair::cut_off,
        survey::Survey,
    },
    code::Code,
    sql::quote,
};

/// The first minor versions with the fixes of CVE-2024-10976 and CVE-2025-8713; later major versions have them.
const FIXED: [(i32, i32); 5] = [(13, 22), (14, 19), (15, 14), (16, 10), (17, 6)];

pub(super) fn check(survey: &Survey<'_>, findings: &mut Findings) {
    schemas(survey, findings);
    temporary(survey, findings);
    for default in &survey.catalog.defaults {
        default_privileges(survey, default, findings);
    }
    publications(survey, findings);
    version(survey, findings);
}

fn grantees<'a>(survey: &Survey<'a>, acl: &Acl, privilege: &str) -> Vec<&'a str> {
    survey.reachable_names(acl.iter().filter(|(_, has)| has == privilege).map(|(grantee, _)| *grantee))
}

fn schemas(survey: &Survey<'_>, findings: &mut Findings) {
    for schema in &survey.catalog.schemas {
        for name in grantees(survey, &schema.acl, "CREATE") {
            findings.add(
                Code::SchemaCreate,
                Object::new(ObjectKind::Schema, &schema.name),
                format!("{} may create objects in it, which others may then take for the application's", who(&[name])),
                Repair::from(format!("REVOKE CREATE ON SCHEMA {} FROM {}", schema.sql, role(name)))
                    .advise_all(cut_off(survey, &[name])),
            );
        }
    }
    let database = &survey.catalog.database;
    for name in grantees(survey, &survey.catalog.database_acl, "CREATE") {
        findings.add(
            Code::SchemaCreate,
            Object::new(ObjectKind::Database, database),
            format!("{} may create schemas in it", who(&[name])),
            Repair::from(format!("REVOKE CREATE ON DATABASE {} FROM {}", quote(database), role(name)))
                .advise_all(cut_off(survey, &[name])),
        );
    }
}

fn temporary(survey: &Survey<'_>, findings: &mut Findings) {
    let database = &survey.catalog.database;
    for name in grantees(survey, &survey.catalog.database_acl, "TEMPORARY") {
        findings.add(
            Code::TemporaryTables,
            Object::new(ObjectKind::Database, database),
            format!("{} may make temporary tables", who(&[name])),
            Repair::from(format!("REVOKE TEMPORARY ON DATABASE {} FROM {}", quote(database), role(name)))
                .advise_all(cut_off(survey, &[name])),
        );
    }
}

fn default_privileges(survey: &Survey<'_>, default: &DefaultAcl, findings: &mut Findings) {
    if survey.requests.is_empty() || default.grantee == default.role {
        return;
    }
    let (of, to) = (survey.role_name(default.role), survey.role_name(default.grantee));
    let objects = match default.kind.as_str() {
        "r" => "TABLES",
        "S" => "SEQUENCES",
        "f" => "FUNCTIONS",
        "T" => "TYPES",
        "L" => "LARGE OBJECTS",
        _ => "SCHEMAS",
    };
    let place = default.schema.as_ref().map(|schema| format!(" IN SCHEMA {}", quote(schema))).unwrap_or_default();
    let object =
        if default.grantee == PUBLIC { Object::new(ObjectKind::Role, of) } else { Object::new(ObjectKind::Role, to) };
    findings.add(
        Code::DefaultPrivileges,
        object,
        format!("{} is given {} on the {} that `{of}` creates", who(&[to]), default.privilege, objects.to_lowercase()),
        vec![format!(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {}{place} REVOKE {} ON {objects} FROM {}",
            quote(of),
            default.privilege,
            role(to)
        )],
    );
}

fn publications(survey: &Survey<'_>, findings: &mut Findings) {
    let published = &survey.catalog.published;
    let mut publications: Vec<_> = published.iter().map(|(publication, ..)| publication.as_str()).collect();
    publications.sort_unstable();
    publications.dedup();
    for publication in publications {
        let tables: Vec<_> = survey
            .scoped
            .iter()
            .map(|scoped| scoped.relation)
            .filter(|relation| {
                published.iter().any(|(of, schema, table)| {
                    of == publication && *schema == relation.schema && *table == relation.name
                })
            })
            .map(Relation::full_name)
            .collect();
        if let Some(first) = tables.first() {
            findings.add(
                Code::Publication,
                Object::new(ObjectKind::Publication, publication),
                format!("it publishes {} scoped tables, such as `{first}`, with all tenants' rows", tables.len()),
                Repair::decide(
                    "decide whether those who subscribe may have every tenant's rows, and accept the finding; else take \
                     the tables out of it, or give them a row filter",
                ),
            );
        }
    }
}

fn version(survey: &Survey<'_>, findings: &mut Findings) {
    let (major, minor) = (survey.catalog.version_num / 10_000, survey.catalog.version_num % 10_000);
    let fixed = FIXED.iter().find(|(fixed, _)| *fixed == major);
    let vulnerable = fixed.map_or(major < 13, |(_, fixed)| minor < *fixed);
    if vulnerable {
        let repair = match fixed {
            Some((major, minor)) => format!("install PostgreSQL {major}.{minor} or later, and restart the server"),
            None => "install a version of PostgreSQL that is still maintained".to_owned(),
        };
        findings.add(
            Code::ServerVersion,
            Object::new(ObjectKind::Server, format!("PostgreSQL {major}.{minor}")),
            "its row-level security can be passed: CVE-2024-10976, CVE-2025-8713".to_owned(),
            Repair::decide(repair),
        );
    }
}

/// Quotes a role; PUBLIC is a keyword.
pub(super) fn role(name: &str) -> String {
    if name == PUBLIC_NAME { "PUBLIC".to_owned() } else { quote(name) }
}

/// Quotes roles.
pub(super) fn roles(names: &[&str]) -> String {
    names.iter().map(|name| role(name)).collect::<Vec<_>>().join(", ")
}

/// Takes every privilege on a relation from roles.
pub(super) fn revoke_all(survey: &Survey<'_>, sql: &str, names: &[&str]) -> Repair {
    Repair::from(format!("REVOKE ALL ON TABLE {sql} FROM {}", roles(names))).advise_all(cut_off(survey, names))
}

/// Says who reaches something.
pub(super) fn reached_by(names: &[&str]) -> String {
    format!("{} can reach it", who(names))
}

#[cfg(test)]
mod tests {
    use super::version;
    use crate::{
        Registry,
        audit::{Audit, catalog::Catalog, check::Findings, survey::Survey},
        code::Code,
    };

    fn finds(version_num: i32) -> bool {
        let catalog: Catalog = serde_json::from_value(serde_json::json!({
            "database": "app", "version": "", "version_num": version_num, "looked_as": "", "session_user": "",
            "sees_rows": false, "search_path": [], "database_acl": null, "roles": [], "memberships": null,
            "settings": null, "schemas": null, "relations": null, "policies": null, "functions": null, "aggregates": null, "shared": null, "sequences": null, "counting": null,
            "foreign_keys": null, "indexes": null, "inherits": null, "partitions": null, "others": null, "server_settings": null, "rules": null, "triggers": null, "reads": null, "owned": null, "granted": null, "defaults": null,
            "published": null,
        }))
        .expect("a catalog of nothing");
        let registry = Registry::empty();
        let audit = Audit::new(&registry);
        let mut findings = Findings::default();
        version(&Survey::new(&audit, &catalog), &mut findings);
        assert!(
            findings.0.iter().all(|finding| finding.code == Code::ServerVersion && !finding.repair.advice.is_empty())
        );
        !findings.0.is_empty()
    }

    #[test]
    fn a_server_without_the_fixes_is_found_and_one_with_them_is_not() {
        for old in [120_022, 130_021, 140_018, 150_013, 160_009, 170_005] {
            assert!(finds(old), "{old}");
        }
        for fixed in [130_022, 140_019, 150_014, 150_018, 160_010, 170_006, 180_000, 190_001] {
            assert!(!finds(fixed), "{fixed}");
        }
    }
}
