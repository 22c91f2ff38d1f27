//! The request roles: their attributes, what they can become, what they own.

use std::collections::HashSet;

use super::{Findings, gate, is_at_least};
use crate::{
    audit::{
        Code, Finding, Object, ObjectKind,
        catalog::{Held, Oid, Relation, Role, Setting},
        survey::{Request, Survey},
    },
    options::quote,
};

/// Roles of PostgreSQL's own that reach beyond every policy.
pub(crate) const BEYOND_POLICIES: [&str; 10] = [
    "pg_read_all_data",
    "pg_write_all_data",
    "pg_read_server_files",
    "pg_write_server_files",
    "pg_execute_server_program",
    "pg_read_all_stats",
    "pg_stat_scan_tables",
    "pg_monitor",
    "pg_create_subscription",
    "pg_maintain",
];

pub(super) fn check(survey: &Survey<'_>, findings: &mut Findings) {
    for request in &survey.requests {
        // One membership may lead to several such roles; to take it away repairs all of that.
        let mut found = HashSet::new();
        for way in &request.becomes {
            let first = way.get(1).map(|role| role.oid);
            for finding in becomes(survey, request, way) {
                if found.insert((finding.code, first)) {
                    findings.0.push(finding);
                }
            }
        }
        if request.scope.is_some() && request.role.login {
            let name = &request.role.name;
            findings.add(
                Code::ScopeRoleLogsIn,
                Object::new(ObjectKind::Role, name),
                format!("`{name}` can log in by itself; it is to be entered by a context alone"),
                vec![format!("ALTER ROLE {} NOLOGIN", quote(name))],
            );
        }
        memberships(survey, request, findings);
    }
    if !survey.requests.is_empty() {
        gate::check(survey, findings);
    }
    if let Some(login) = survey.login() {
        login_inherits(survey, login, findings);
        login_has_privileges(survey, login, findings);
    }
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
            vec![
                format!("ALTER SYSTEM RESET {name}"),
                "-- or take it out of the configuration; then reload it".to_owned(),
            ],
        );
    }
}

/// What a request role is, or can become. The last of the way is the role.
fn becomes(survey: &Survey<'_>, request: &Request<'_>, way: &[&Role]) -> Vec<Finding> {
    let mut findings = Findings::default();
    let Some(&role) = way.last() else { return findings.0 };
    let name = &request.role.name;
    let object = || Object::new(ObjectKind::Role, name);
    let how = |attribute: &str| match way {
        [_] => format!("`{name}` {attribute}"),
        way => {
            let way: Vec<_> = way.iter().map(|role| role.name.as_str()).collect();
            format!("`{name}` can become `{}` ({}), which {attribute}", role.name, way.join(" → "))
        }
    };
    // The first step is the one that is the request role's.
    let leave = || way.get(1).map(|first| format!("REVOKE {} FROM {}", quote(&first.name), quote(name)));
    let repair = |attribute: &str| vec![leave().unwrap_or_else(|| format!("ALTER ROLE {} {attribute}", quote(name)))];
    if role.superuser {
        findings.add(Code::RoleSuperuser, object(), how("is a superuser"), repair("NOSUPERUSER"));
        // It has all the rest by that.
        return findings.0;
    }
    for (has, code, attribute, take) in [
        (role.bypass_rls, Code::RoleBypassesRls, "has BYPASSRLS", "NOBYPASSRLS"),
        (role.replication, Code::RoleReplicates, "has REPLICATION", "NOREPLICATION"),
        (role.create_role, Code::RoleCreatesRoles, "has CREATEROLE", "NOCREATEROLE"),
    ] {
        if has {
            findings.add(code, object(), how(attribute), repair(take));
        }
    }
    if way.len() == 1 {
        return findings.0;
    }
    let repair: Vec<_> = leave().into_iter().collect();
    // PostgreSQL keeps that beginning of a name for roles of its own.
    if BEYOND_POLICIES.contains(&role.name.as_str()) || role.name.starts_with("pg_") {
        findings.add(Code::RoleReadsAll, object(), how("reaches beyond all policies"), repair);
    } else if role.name == survey.prefix().gate() {
        let owns = how("owns the functions that open a context");
        findings.add(Code::RoleBecomesOwner, object(), owns, repair);
    } else if request.scope.is_none() && survey.inherits(request.role.oid).contains(&role.oid) {
        // The login role has its rights: `LoginHasPrivileges`, for each of them.
    } else if let Some(table) = has_rows(survey, role) {
        let has = how(&format!("has rights of its own on scoped tables, such as `{table}`"));
        findings.add(Code::RoleReachesRows, object(), has, repair);
    } else if let Some(scoped) = survey.scoped.iter().find(|scoped| scoped.relation.owner == role.oid) {
        let owns = how(&format!("owns scoped tables, such as `{}`", scoped.relation.full_name()));
        findings.add(Code::RoleBecomesOwner, object(), owns, repair);
    } else if let Some(owned) = survey.catalog.owned.iter().find(|owned| owned.role == role.oid) {
        let owns = how(&format!("owns {}", owned.description));
        findings.add(Code::RoleBecomesOwner, object(), owns, repair);
    }
    findings.0
}

/// Returns a scoped table on which a role has rights by itself.
fn has_rows(survey: &Survey<'_>, role: &Role) -> Option<String> {
    let mut tables = survey.scoped.iter().map(|scoped| scoped.relation);
    let table = tables.find(|relation| {
        let columns = relation.columns.iter().flat_map(|column| &column.4);
        relation.acl.iter().chain(columns).any(|(grantee, _)| *grantee == role.oid)
    });
    table.map(Relation::full_name)
}

/// Whoever has the admin option on a role can give it to itself.
fn memberships(survey: &Survey<'_>, request: &Request<'_>, findings: &mut Findings) {
    let name = &request.role.name;
    let roles = request.becomes.iter().filter_map(|way| way.last());
    for member in roles.filter(|member| !member.superuser && member.name != survey.prefix().gate()) {
        let of_member = survey.catalog.memberships.iter().filter(|edge| edge.admin && edge.member == member.oid);
        for membership in of_member {
            let role = survey.role_name(membership.role);
            let by = if member.oid == request.role.oid { String::new() } else { format!(", by `{}`", member.name) };
            findings.add(
                Code::MembershipAdminOption,
                Object::new(ObjectKind::Role, name),
                format!("`{name}` has the admin option on `{role}`{by}, and may hand it on"),
                vec![format!("REVOKE ADMIN OPTION FOR {} FROM {}", quote(role), quote(&member.name))],
            );
        }
    }
}

/// The rights of a scope role are to be entered, not had.
fn login_inherits(survey: &Survey<'_>, login: &Request<'_>, findings: &mut Findings) {
    let name = &login.role.name;
    let inherited = survey.inherits(login.role.oid);
    let scopes = survey.requests.iter().map(|request| request.role).filter(|role| inherited.contains(&role.oid));
    let scopes: Vec<_> = scopes.map(|role| role.name.as_str()).collect();
    if scopes.is_empty() {
        return;
    }
    let repair = if is_at_least(survey.catalog, 16) {
        scopes
            .iter()
            .map(|scope| format!("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE", quote(scope), quote(name)))
            .collect()
    } else {
        vec![format!("ALTER ROLE {} NOINHERIT", quote(name))]
    };
    findings.add(
        Code::LoginInheritsScope,
        Object::new(ObjectKind::Role, name),
        format!("`{name}` has the rights of {} outside of a context", super::list(&scopes)),
        repair,
    );
}

/// All that the login role may do is to enter the scopes.
fn login_has_privileges(survey: &Survey<'_>, login: &Request<'_>, findings: &mut Findings) {
    let role = login.role;
    let is_scope =
        |oid: &Oid| survey.requests.iter().any(|request| request.scope.is_some() && request.role.oid == *oid);
    let mut holders = survey.inherits(role.oid);
    holders.retain(|oid| !is_scope(oid));
    holders.insert(0, role.oid);
    // What the contract itself keeps is looked at by itself.
    let relations = survey.catalog.relations.iter().filter(|relation| !survey.is_secret(relation));
    for relation in relations {
        let columns = relation.columns.iter().flat_map(|column| &column.4);
        let held: Vec<_> = relation.acl.iter().chain(columns).filter(|(oid, _)| holders.contains(oid)).collect();
        let Some((holder, _)) = held.first() else { continue };
        let mut verbs: Vec<_> = held.iter().map(|(_, privilege)| privilege.as_str()).collect();
        verbs.sort_unstable();
        verbs.dedup();
        let kind = if relation.kind == "S" { "SEQUENCE" } else { "TABLE" };
        let holder = survey.role_name(*holder);
        findings.add(
            Code::LoginHasPrivileges,
            Object::of_table(ObjectKind::Role, relation.full_name(), &role.name),
            format!("`{}` has {} outside of a context, by `{holder}`", role.name, super::list(&verbs)),
            vec![format!("REVOKE ALL ON {kind} {} FROM {}", relation.sql, quote(holder))],
        );
    }
    for Held { description, kind, sql, .. } in survey.catalog.granted.iter().filter(|held| held.role == role.oid) {
        let Some(kind) = super::elsewhere::keyword(kind) else { continue };
        findings.add(
            Code::LoginHasPrivileges,
            Object::new(ObjectKind::Role, &role.name),
            format!("`{}` has a privilege of its own on {description}", role.name),
            vec![format!("REVOKE ALL ON {kind} {sql} FROM {}", quote(&role.name))],
        );
    }
}

fn owns(survey: &Survey<'_>, owned: &Held, findings: &mut Findings) {
    let name = survey.role_name(owned.role);
    let repair = match owned.kind.as_str() {
        "composite type" => format!("ALTER TYPE {} OWNER TO CURRENT_USER", owned.sql),
        "foreign-data wrapper" => format!("ALTER FOREIGN DATA WRAPPER {} OWNER TO CURRENT_USER", owned.sql),
        "statistics object" => format!("ALTER STATISTICS {} OWNER TO CURRENT_USER", owned.sql),
        "extension" => format!("-- drop {}, and make it again as another role", owned.description),
        kind => format!("ALTER {} {} OWNER TO CURRENT_USER", kind.to_uppercase(), owned.sql),
    };
    findings.add(
        Code::RoleOwnsObject,
        Object::new(ObjectKind::Role, name),
        format!("`{name}` owns {}", owned.description),
        vec![repair],
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
        vec![repair],
    );
}
