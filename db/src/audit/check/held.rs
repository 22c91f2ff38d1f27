//! What the login and scope roles own, and the settings that are fixed for them.

use super::Findings;
use crate::{
    audit::{
        Object, ObjectKind, Repair,
        catalog::{Held, Oid, Setting},
        survey::Survey,
    },
    code::Code,
    sql::quote,
};

pub(super) fn check(survey: &Survey<'_>, findings: &mut Findings) {
    let is_request = |oid: Oid| survey.requests.iter().any(|request| request.role.oid == oid);
    for owned in survey.catalog.owned.iter().filter(|owned| is_request(owned.role)) {
        owns(survey, owned, findings);
    }
    for setting in &survey.catalog.settings {
        fixes(survey, setting, findings);
    }
    for name in survey.catalog.server_settings.iter().filter(|_| !survey.requests.is_empty()) {
        findings.add(
            Code::SettingFixed,
            Object::new(ObjectKind::Server, name),
            format!(
                "the server's configuration fixes the setting `{name}`, by which what protects rows is switched off"
            ),
            // It takes effect in no transaction, and for every database.
            Repair::decide(format!(
                "take it out of the server's configuration, or ALTER SYSTEM RESET {name}, and reload that: every database \
                 of the server has it"
            )),
        );
    }
}

fn owns(survey: &Survey<'_>, owned: &Held, findings: &mut Findings) {
    let name = survey.role_name(owned.role);
    // A function or a view that runs as its owner would run as the next one.
    let runs_as_owner = survey.catalog.functions.iter().any(|function| function.definer && function.sql == owned.sql);
    let kind = match owned.kind.as_str() {
        "foreign-data wrapper" => Some("FOREIGN DATA WRAPPER"),
        "statistics object" => Some("STATISTICS"),
        "function" | "procedure" | "aggregate" if !runs_as_owner => Some("ROUTINE"),
        "table" => Some("TABLE"),
        "foreign table" => Some("FOREIGN TABLE"),
        "sequence" => Some("SEQUENCE"),
        "type" | "composite type" => Some("TYPE"),
        "domain" => Some("DOMAIN"),
        "schema" => Some("SCHEMA"),
        "collation" => Some("COLLATION"),
        "operator" => Some("OPERATOR"),
        "publication" => Some("PUBLICATION"),
        "server" => Some("SERVER"),
        "large object" => Some("LARGE OBJECT"),
        _ => None,
    };
    let repair = match kind {
        Some(kind) => Repair::from(format!("ALTER {kind} {} OWNER TO CURRENT_USER", owned.sql))
            .advise("run it as the role that is to own it"),
        None => Repair::decide(format!(
            "decide which role is to own {}: what runs as its owner has that one's rights from then on",
            owned.description
        )),
    };
    findings.add(
        Code::RoleOwnsObject,
        Object::new(ObjectKind::Role, name),
        format!("`{name}` owns {}", owned.description),
        repair,
    );
}

fn fixes(survey: &Survey<'_>, Setting { role, here, name }: &Setting, findings: &mut Findings) {
    let own = name.strip_prefix(survey.prefix().schema()).is_some_and(|rest| rest.starts_with('.'));
    if survey.requests.is_empty()
        || !(own
            || matches!(
                name.as_str(),
                "role" | "row_security" | "session_authorization" | "session_replication_role" | "lo_compat_privileges"
            ))
    {
        return;
    }
    let database = quote(&survey.catalog.database);
    let who = if *role == 0 { "ALL".to_owned() } else { quote(survey.role_name(*role)) };
    let (whose, repair) = match (*role == 0, here) {
        (true, true) => ("the database".to_owned(), format!("ALTER DATABASE {database} RESET {name}")),
        (false, false) => (format!("role `{}`", survey.role_name(*role)), format!("ALTER ROLE {who} RESET {name}")),
        (true, false) => ("the server".to_owned(), format!("ALTER ROLE ALL RESET {name}")),
        (false, true) => {
            let whose = format!("role `{}` in this database", survey.role_name(*role));
            (whose, format!("ALTER ROLE {who} IN DATABASE {database} RESET {name}"))
        }
    };
    let object = if *role == 0 {
        Object::new(ObjectKind::Database, &survey.catalog.database)
    } else {
        Object::new(ObjectKind::Role, survey.role_name(*role))
    };
    findings.add(
        Code::SettingFixed,
        object,
        format!("{whose} fixes the setting `{name}`, which only a context may make"),
        if *role == 0 {
            Repair::from(repair).advise("other programs that rely on it are to set it for their own role first")
        } else {
            repair.into()
        },
    );
}
