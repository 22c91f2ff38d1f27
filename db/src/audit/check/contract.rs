//! The contract: that it is all there, that its functions are its own, and that nobody else may execute them.

use super::{
    Findings,
    database::roles,
    install::{install, lacks},
    is_at_least, list, needs, seal, who,
};
use crate::{
    ScopeKind, TableName,
    audit::{Object, ObjectKind, Repair, catalog::Function, condition::Condition, repair::cut_off, survey::Survey},
    code::Code,
    contract::{Body, Executor, OnTables, SIGNATURES, Signature},
    sql::quote,
};

/// Returns whether it is a function of the contract, by its name and its arguments.
pub(super) fn is_known(survey: &Survey<'_>, function: &Function) -> bool {
    executors(survey, function).is_some()
}

/// Returns whether it is a function of the program's contract that scope roles ask, and that runs as them.
pub(super) fn is_asked(survey: &Survey<'_>, function: &Function) -> bool {
    let is_by_scope = |by: &Executor| matches!(by, Executor::Scope(_));
    survey.audit.contract.is_some()
        && signature(survey, function).is_some_and(|known| !known.definer && known.executors.iter().any(is_by_scope))
}

fn executors(survey: &Survey<'_>, function: &Function) -> Option<&'static [Executor]> {
    signature(survey, function).map(|known| known.executors)
}

fn signature(survey: &Survey<'_>, function: &Function) -> Option<&'static Signature> {
    let signature = function.sql.strip_prefix(survey.prefix().schema())?.strip_prefix('.')?;
    SIGNATURES.into_iter().find(|known| known.listed() == signature)
}

pub(super) fn check(survey: &Survey<'_>, findings: &mut Findings) {
    if is_missing(survey, findings) {
        return;
    }
    rights(survey, findings);
    needs::check(survey, findings);
    seal::is_there(survey, findings);
    for function in &survey.catalog.functions {
        if let Some(by) = executors(survey, function) {
            executes(survey, function, by, findings);
            settings(function, findings);
        }
    }
    functions(survey, findings);
    made_beside_tables(survey, findings);
}

/// Returns whether the schema or a role of the contract is not there.
fn is_missing(survey: &Survey<'_>, findings: &mut Findings) -> bool {
    let prefix = survey.prefix();
    let mut missing = Vec::new();
    if !survey.catalog.schemas.iter().any(|schema| schema.name == prefix.schema()) {
        missing.push(Object::new(ObjectKind::Schema, prefix.schema()));
    }
    let scopes = ScopeKind::ALL.map(|scope| prefix.role(scope));
    for role in scopes.into_iter().chain([survey.audit.login_role(survey.catalog), prefix.gate()]) {
        if !survey.catalog.roles.iter().any(|found| found.name == role) {
            missing.push(Object::new(ObjectKind::Role, role));
        }
    }
    let is_missing = !missing.is_empty();
    for object in missing {
        let message = format!("the contract's {object} is missing, and no context can be opened");
        findings.add(Code::ContractMissing, object, message, install(survey));
    }
    is_missing
}

/// The login role can become each scope role, and all of them may use the schema.
fn rights(survey: &Survey<'_>, findings: &mut Findings) {
    let Some(login) = survey.login() else { return };
    let scopes = survey.requests.iter().filter(|request| request.scope.is_some());
    for scope in scopes {
        let edges = survey.catalog.memberships.iter();
        let becomes =
            edges.filter(|edge| edge.member == login.role.oid && edge.role == scope.role.oid).any(|edge| edge.set);
        if !becomes {
            let (scope, login) = (&scope.role.name, &login.role.name);
            let with = if is_at_least(survey.catalog, 16) { " WITH INHERIT FALSE, SET TRUE" } else { "" };
            findings.add(
                Code::ContractMissing,
                Object::new(ObjectKind::Role, login),
                format!("`{login}` cannot become `{scope}`, and none of its contexts can be opened"),
                vec![format!("GRANT {} TO {}{with}", quote(scope), quote(login))],
            );
        }
    }
    let Some(schema) = survey.catalog.schemas.iter().find(|schema| schema.name == survey.prefix().schema()) else {
        return;
    };
    let uses = |oid: i64| schema.acl.iter().any(|(grantee, privilege)| *grantee == oid && privilege == "USAGE");
    let without = survey.requests.iter().filter(|request| !uses(request.role.oid));
    let without: Vec<_> = without.map(|request| request.role.name.as_str()).collect();
    if !without.is_empty() {
        findings.add(
            Code::ContractMissing,
            Object::new(ObjectKind::Schema, &schema.name),
            format!("{} may not use it, and no context works", who(&without)),
            vec![format!("GRANT USAGE ON SCHEMA {} TO {}", schema.sql, roles(&without))],
        );
    }
}

/// Those execute a function of the contract who should, and nobody else.
fn executes(survey: &Survey<'_>, function: &Function, by: &[Executor], findings: &mut Findings) {
    let object = || Object::new(ObjectKind::Function, &function.sql);
    let expected = by.iter().filter_map(|by| match by {
        Executor::Login => survey.login().map(|login| login.role),
        Executor::Scope(scope) => survey.scope_role(*scope),
        Executor::Definer => survey.catalog.roles.iter().find(|role| role.name == survey.prefix().gate()),
        Executor::Migrating => None,
    });
    let expected: Vec<_> = expected.map(|role| role.oid).collect();
    let grantees = function.acl.iter().map(|(grantee, _)| *grantee).filter(|grantee| *grantee != function.owner);
    let others = survey.reachable_names(grantees.filter(|grantee| !expected.contains(grantee)));
    if !others.is_empty() {
        findings.add(
            Code::ContractFunctionChanged,
            object(),
            format!("{} may execute it, and should not", who(&others)),
            Repair::from(format!("REVOKE EXECUTE ON FUNCTION {} FROM {}", function.sql, roles(&others)))
                .advise_all(cut_off(survey, &others)),
        );
    }
    let lacks = expected.iter().filter(|role| !function.acl.iter().any(|(grantee, _)| grantee == *role));
    let lacks: Vec<_> = lacks.map(|role| survey.role_name(*role)).collect();
    if !lacks.is_empty() {
        findings.add(
            Code::ContractMissing,
            object(),
            format!("{} may not execute it, and has to", who(&lacks)),
            vec![format!("GRANT EXECUTE ON FUNCTION {} TO {}", function.sql, roles(&lacks))],
        );
    }
}

/// Returns the settings that a function makes while it runs, but for the path that the contract gives it.
pub(super) fn own_settings(function: &Function) -> Vec<&str> {
    let names = function.config.iter().filter_map(|setting| setting.split('=').next());
    names.filter(|name| *name != "search_path").collect()
}

/// A setting of a function holds while it runs: an accessor with one answers for whomever the setting says.
fn settings(function: &Function, findings: &mut Findings) {
    let others = own_settings(function);
    if others.is_empty() {
        return;
    }
    // One that runs as its caller has no path either, by which it would not be inlined.
    let repair = if function.definer {
        others.iter().map(|name| format!("ALTER FUNCTION {} RESET {}", function.sql, quote(name))).collect()
    } else {
        vec![format!("ALTER FUNCTION {} RESET ALL", function.sql)]
    };
    findings.add(
        Code::ContractFunctionChanged,
        Object::new(ObjectKind::Function, &function.sql),
        format!("it makes the setting {} while it runs, and should not", list(&others)),
        repair,
    );
}

/// Returns whether the functions are those that the contract makes.
fn functions(survey: &Survey<'_>, findings: &mut Findings) {
    let Some(contract) = survey.audit.contract else { return };
    let (schema, gate) = (survey.prefix().schema(), survey.prefix().gate());
    for function in contract.functions() {
        let sql = format!("{schema}.{}", function.signature.listed());
        let object = Object::new(ObjectKind::Function, &sql);
        let Some(found) = survey.catalog.functions.iter().find(|found| found.sql == sql) else {
            let message = "it is missing, and the policies or contexts that need it fail".to_owned();
            findings.add(Code::ContractMissing, object, message, contract.remake(&function));
            continue;
        };
        let definer = function.signature.definer;
        let what = if found.definer != definer {
            "it runs as another role than the program's contract makes it run as"
        } else if definer && survey.role_name(found.owner) != gate {
            "it is not owned by the definer role"
        } else if !same_body(&function, found) {
            "its body is not the one that the program's contract makes"
        } else {
            continue;
        };
        findings.add(Code::ContractFunctionChanged, object, what.to_owned(), contract.remake(&function));
    }
}

/// Returns whether a body is the contract's: to the letter, but for one that is an expression, which PostgreSQL writes
/// in its own way.
fn same_body(ours: &crate::contract::Function, found: &Function) -> bool {
    let (body, theirs) = (ours.body(), found.body.as_deref().unwrap_or_default());
    match ours.body {
        // Which PostgreSQL's own schema is left out of.
        Body::Expression(_) => Condition::of(&body, "pg_catalog") == Condition::of(theirs, "pg_catalog"),
        Body::Block(_) => body == theirs,
    }
}

/// The policies of the definer role, and the triggers on memberships, which the contract makes beside the tables' own.
fn made_beside_tables(survey: &Survey<'_>, findings: &mut Findings) {
    let Some(contract) = survey.audit.contract else { return };
    for made in [contract.on_membership(), contract.on_tokens()] {
        let missing = missing(survey, &made);
        let Some(first) = missing.first() else { continue };
        let names: Vec<_> = missing.iter().map(String::as_str).collect();
        let message = format!("{} is missing, which the contract makes", list(&names));
        let repair = match made.needs.iter().find_map(|need| lacks(survey, need)) {
            Some(lacks) => Repair::decide(format!("add {lacks} first, which the contract writes or reads")),
            None => made.statements(contract).into(),
        };
        findings.add(Code::ContractMissing, Object::new(ObjectKind::Other, first), message, repair);
    }
}

/// The policies and triggers that a table lacks, which is there.
fn missing(survey: &Survey<'_>, made: &OnTables) -> Vec<String> {
    let of = |table: &TableName| {
        let mut relations = survey.catalog.relations.iter();
        relations.find(|relation| relation.name == table.name() && Some(relation.schema.as_str()) == table.schema())
    };
    let policies = made.policies.iter().filter(|(table, expected)| {
        of(table)
            .is_some_and(|relation| !survey.policies_of(relation).iter().any(|policy| policy.name == expected.name))
    });
    let triggers = made.triggers.iter().filter(|expected| {
        of(&expected.table).is_some_and(|relation| {
            let mut triggers = survey.catalog.triggers.iter().filter(|trigger| trigger.relation == relation.oid);
            !triggers.any(|trigger| trigger.name == expected.name)
        })
    });
    let policies = policies.map(|(table, policy)| format!("policy {} of {table}", policy.name));
    policies.chain(triggers.map(|trigger| format!("trigger {} of {}", trigger.name, trigger.table))).collect()
}
