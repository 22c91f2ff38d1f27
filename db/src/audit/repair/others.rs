//! Whom a repair concerns beside the login and scope roles: one server serves other programs, too.

use crate::audit::{
    catalog::{PUBLIC, PUBLIC_NAME, Relation, Role},
    survey::Survey,
};

/// As many roles are named.
const NAMED: usize = 3;

/// Says who else loses what is taken from these roles.
pub(in crate::audit) fn cut_off(survey: &Survey<'_>, names: &[&str]) -> Vec<String> {
    let mut sentences = Vec::new();
    if names.contains(&PUBLIC_NAME) {
        let others = survey
            .catalog
            .roles
            .iter()
            .filter(|role| role.login && !role.superuser && !is_request(survey, role) && connects(survey, role));
        let others: Vec<_> = others.map(|role| format!("`{}`", role.name)).collect();
        let such_as = match others.as_slice() {
            [] => String::new(),
            [..] => format!(" ({})", others.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ")),
        };
        sentences.push(format!(
            "it is taken from everybody: another program's role{such_as} that needs it has to be granted it by name first"
        ));
    }
    let shared = names.iter().filter(|name| {
        **name != PUBLIC_NAME
            && survey.catalog.roles.iter().any(|role| role.name == **name && !is_request(survey, role))
    });
    sentences.extend(shared.map(|name| format!("whoever else is in `{name}` loses it, too")));
    sentences
}

/// Says who else does not see a row any more once row-level security is on for a table, and holds for its owner.
pub(in crate::audit) fn bystanders(survey: &Survey<'_>, relation: &Relation) -> Vec<String> {
    let columns = relation.columns.iter().flat_map(|column| &column.acl);
    let granted: Vec<_> = relation.acl.iter().chain(columns).map(|(grantee, _)| *grantee).collect();
    let policies = survey.policies_of(relation);
    let has_policy =
        |role: &Role| policies.iter().any(|policy| policy.roles.contains(&role.oid) || policy.roles.contains(&PUBLIC));
    let blind = survey.catalog.roles.iter().filter(|role| {
        granted.contains(&role.oid)
            && !(role.superuser || role.bypass_rls || is_request(survey, role) || has_policy(role))
    });
    let mut sentences: Vec<_> = blind
        .map(|role| format!("`{}` has rights on it, and sees no row from then on: no policy is for it", role.name))
        .collect();
    if let Some(owner) = survey.catalog.role(relation.owner).filter(|role| !(role.superuser || role.bypass_rls)) {
        sentences.push(format!(
            "its owner `{}` sees no row from then on: what it does with rows goes through `contract::as_owner`",
            owner.name
        ));
    }
    sentences
}

/// Returns whether it may log in to this database.
fn connects(survey: &Survey<'_>, role: &Role) -> bool {
    let mut acl = survey.catalog.database_acl.iter();
    acl.any(|(grantee, privilege)| (*grantee == PUBLIC || *grantee == role.oid) && privilege == "CONNECT")
}

fn is_request(survey: &Survey<'_>, role: &Role) -> bool {
    role.name == survey.prefix().gate() || survey.requests.iter().any(|request| request.role.oid == role.oid)
}
