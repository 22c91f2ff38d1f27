//! The roles that the contract keeps apart: the scope roles from each other, and the definer role from everybody.

use super::{Findings, roles::leave};
use crate::{
    audit::{
        Object, ObjectKind, Repair,
        catalog::{Oid, Relation},
        survey::Survey,
    },
    code::Code,
    sql::quote,
};

/// A scope role is no other's; the definer role is nobody's, and has no power but what the contract gives it.
pub(super) fn check(survey: &Survey<'_>, findings: &mut Findings) {
    let scope = |oid: Oid| survey.requests.iter().find(|request| request.scope.is_some() && request.role.oid == oid);
    for edge in survey.catalog.memberships.iter().filter(|edge| edge.inherit || edge.set) {
        if let (Some(member), Some(role)) = (scope(edge.member), scope(edge.role)) {
            let (member, role) = (&member.role.name, &role.role.name);
            findings.add(
                Code::RoleReachesRows,
                Object::new(ObjectKind::Role, member),
                format!("`{member}` is in `{role}`, and a context of the one has the rights of the other"),
                leave(survey, edge, ""),
            );
        }
    }
    let Some(gate) = survey.catalog.roles.iter().find(|role| role.name == survey.prefix().gate()) else { return };
    let object = || Object::new(ObjectKind::Role, &gate.name);
    let powers = [
        (gate.superuser, "SUPERUSER"),
        (gate.bypass_rls, "BYPASSRLS"),
        (gate.create_role, "CREATEROLE"),
        (gate.replication, "REPLICATION"),
        (gate.login, "LOGIN"),
    ];
    for (_, power) in powers.into_iter().filter(|(has, _)| *has) {
        let repair = vec![format!("ALTER ROLE {} NO{power}", quote(&gate.name))];
        findings.add(Code::DefinerRoleChanged, object(), format!("`{}` has {power}", gate.name), repair);
    }
    // From PostgreSQL 16 on whoever makes a role has the admin option on it, and can become it by that alone.
    for edge in survey.catalog.memberships.iter().filter(|edge| edge.inherit || edge.set) {
        let others = survey.catalog.role(edge.member).filter(|role| !role.superuser);
        let is_request = survey.requests.iter().any(|request| request.role.oid == edge.member);
        let (member, role) = (survey.role_name(edge.member), survey.role_name(edge.role));
        let repair = || leave(survey, edge, "");
        if edge.role == gate.oid && others.is_some() && !is_request {
            findings.add(Code::DefinerRoleChanged, object(), format!("`{member}` can become it"), repair());
        } else if edge.member == gate.oid {
            findings.add(Code::DefinerRoleChanged, object(), format!("it is in `{role}`"), repair());
        }
    }
    let owned = survey.scoped.iter().map(|scoped| scoped.relation).filter(|relation| relation.owner == gate.oid);
    let owned: Vec<_> = owned.collect();
    if let Some(first) = owned.first() {
        let change = |relation: &&Relation| format!("ALTER TABLE {} OWNER TO CURRENT_USER", relation.sql);
        let repair = Repair::from(owned.iter().map(change).collect::<Vec<_>>())
            .advise("run it as the role that is to own the tables");
        findings.add(Code::DefinerRoleChanged, object(), format!("it owns {}", first.full_name()), repair);
    }
}
