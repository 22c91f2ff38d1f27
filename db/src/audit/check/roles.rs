//! The login and scope roles: their attributes, what they can become, what they own.

use std::collections::HashSet;

use super::{Findings, gate, held, is_at_least};
use crate::{
    audit::{
        Finding, Object, ObjectKind, Repair,
        catalog::{Held, Membership, Oid, Relation, Role},
        survey::{Request, Survey},
    },
    code::Code,
    contract::BEYOND_POLICIES,
    sql::quote,
};

/// The role that a server is made with, which some versions let lose its power, and then nobody has it.
const BOOTSTRAP: Oid = 10;

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
                Repair::from(format!("ALTER ROLE {} NOLOGIN", quote(name)))
                    .advise("whoever logs in as it is to log in as another role first"),
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
    held::check(survey, findings);
}

/// What the login role or a scope role is, or can become. The last of the way is the role.
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
    // The first step is the one that is the login or scope role's.
    let leave = || {
        let first = way.get(1)?;
        let edge = survey.catalog.memberships.iter();
        let mut edge = edge.filter(|edge| edge.member == request.role.oid && edge.role == first.oid);
        edge.next().map(|edge| leave(survey, edge, ""))
    };
    let repair = |attribute: &str| leave().unwrap_or_else(|| lose(survey, role, attribute));
    if role.superuser {
        // It has all the rest by that; what it has beside it would be found once it is none.
        findings.add(Code::RoleSuperuser, object(), how("is a superuser"), repair(&powers(role)));
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
    let repair = leave().unwrap_or_default();
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

/// Returns the attributes of a superuser that it is to lose, as SQL.
fn powers(role: &Role) -> String {
    let powers = [
        (true, "NOSUPERUSER"),
        (role.bypass_rls, "NOBYPASSRLS"),
        (role.replication, "NOREPLICATION"),
        (role.create_role, "NOCREATEROLE"),
    ];
    let powers: Vec<_> = powers.into_iter().filter(|(has, _)| *has).map(|(_, power)| power).collect();
    powers.join(" ")
}

/// Takes an attribute from the login role or a scope role.
fn lose(survey: &Survey<'_>, role: &Role, attribute: &str) -> Repair {
    if role.oid == BOOTSTRAP || role.name == survey.catalog.looked_as || role.name == survey.catalog.session_user {
        // It would lock out whoever has to run the rest.
        return Repair::decide(format!(
            "let the pool log in as another role than `{}`, which administers the server, and tell the contract which",
            role.name
        ));
    }
    Repair::from(format!("ALTER ROLE {} {attribute}", quote(&role.name)))
        .advise("the role is the server's: whatever else logs in as it loses that, too")
}

/// Takes a role out of another, or an option of that: each grantor takes back what it has granted.
pub(super) fn leave(survey: &Survey<'_>, edge: &Membership, option: &str) -> Repair {
    let (role, member) = (quote(survey.role_name(edge.role)), quote(survey.role_name(edge.member)));
    let revoke = format!("REVOKE {option}{role} FROM {member}");
    if !is_at_least(survey.catalog, 16) {
        return revoke.into();
    }
    let grantors = edge.grantors.iter().map(|grantor| quote(survey.role_name(*grantor)));
    grantors.map(|grantor| format!("{revoke} GRANTED BY {grantor}")).collect::<Vec<_>>().into()
}

/// Returns a scoped table on which a role has rights by itself.
fn has_rows(survey: &Survey<'_>, role: &Role) -> Option<String> {
    let mut tables = survey.scoped.iter().map(|scoped| scoped.relation);
    let table = tables.find(|relation| {
        let columns = relation.columns.iter().flat_map(|column| &column.acl);
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
                leave(survey, membership, "ADMIN OPTION FOR "),
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
        let edges = survey.catalog.memberships.iter().filter(|edge| edge.member == login.role.oid && edge.inherit);
        let edges = edges.filter(|edge| scopes.contains(&survey.role_name(edge.role)));
        let change = |edge: &Membership, grantor: Oid| {
            let (role, grantor) = (quote(survey.role_name(edge.role)), quote(survey.role_name(grantor)));
            format!("GRANT {role} TO {} WITH INHERIT FALSE, SET TRUE GRANTED BY {grantor}", quote(name))
        };
        let changes = edges.flat_map(|edge| edge.grantors.iter().map(|grantor| change(edge, *grantor)));
        match changes.collect::<Vec<_>>() {
            none if none.is_empty() => Repair::decide("take it out of the role by which it has them"),
            changes => changes.into(),
        }
    } else {
        Repair::from(format!("ALTER ROLE {} NOINHERIT", quote(name)))
            .advise("it then has the rights of no other role either, in no database, without becoming it")
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
    let inherited = |holder: Oid| {
        // The rights of a role that others are in, too, are not for this to take.
        let first = survey.catalog.memberships.iter().filter(|edge| edge.inherit && edge.member == role.oid);
        let mut first = first.filter(|edge| edge.role == holder || survey.inherits(edge.role).contains(&holder));
        first.next().map(|edge| leave(survey, edge, ""))
    };
    // What the contract itself keeps is looked at by itself.
    let relations = survey.catalog.relations.iter().filter(|relation| !survey.is_seal(relation));
    for relation in relations {
        let columns = relation.columns.iter().flat_map(|column| &column.acl);
        let held: Vec<_> = relation.acl.iter().chain(columns).filter(|(oid, _)| holders.contains(oid)).collect();
        let Some((holder, _)) = held.first() else { continue };
        let mut verbs: Vec<_> = held.iter().map(|(_, privilege)| privilege.as_str()).collect();
        verbs.sort_unstable();
        verbs.dedup();
        let kind = if relation.kind == "S" { "SEQUENCE" } else { "TABLE" };
        let revoke = || format!("REVOKE ALL ON {kind} {} FROM {}", relation.sql, quote(&role.name)).into();
        let repair = if *holder == role.oid { None } else { inherited(*holder) };
        findings.add(
            Code::LoginHasPrivileges,
            Object::of_table(ObjectKind::Role, relation.full_name(), &role.name),
            format!(
                "`{}` has {} outside of a context, by `{}`",
                role.name,
                super::list(&verbs),
                survey.role_name(*holder)
            ),
            repair.unwrap_or_else(revoke),
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
