//! The contract: that it is all there, that its functions are its own, and that nobody else may execute them.

use super::{Findings, database::roles, is_at_least, list, needs, who};
use crate::{
    ScopeKind,
    audit::{
        Code, Object, ObjectKind, Repair,
        catalog::{Function, PUBLIC_NAME},
        expression::Expression,
        repair::cut_off,
        survey::Survey,
    },
    contract::{ContractFunction, Needs},
    options::quote,
};

/// Who executes a function of the contract.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Login,
    Scope(ScopeKind),
}

const ALL: &[By] = &[By::Scope(ScopeKind::Tenant), By::Scope(ScopeKind::User), By::Scope(ScopeKind::Identity)];

/// The functions of the contract, by their arguments, and who executes them.
const FUNCTIONS: [(&str, &[By]); 15] = [
    ("enter_tenant(uuid,uuid)", &[By::Login]),
    ("enter_tenant_as_system(uuid)", &[By::Login]),
    ("enter_user(uuid)", &[By::Login]),
    ("enter_identity()", &[By::Login]),
    ("authenticate_token(bytea)", &[By::Scope(ScopeKind::Identity)]),
    ("context_is_genuine()", ALL),
    ("current_organization_id()", ALL),
    ("current_user_id()", ALL),
    ("in_identity_context()", ALL),
    ("require_member_role(text[])", &[By::Scope(ScopeKind::Tenant)]),
    ("ranks_member_role(text)", &[By::Scope(ScopeKind::Tenant)]),
    ("rotate_seal()", &[]),
    ("touch_updated_at()", &[]),
    ("keep_an_owner()", &[]),
    ("act_by_present_role()", &[]),
];

/// Returns whether it is a function of the contract, by its name and its arguments.
pub(super) fn is_known(survey: &Survey<'_>, function: &Function) -> bool {
    executors(survey, function).is_some()
}

fn executors(survey: &Survey<'_>, function: &Function) -> Option<&'static [By]> {
    let signature = function.sql.strip_prefix(survey.prefix().schema())?.strip_prefix('.')?;
    FUNCTIONS.iter().find(|(known, _)| *known == signature).map(|(_, by)| *by)
}

pub(super) fn check(survey: &Survey<'_>, findings: &mut Findings) {
    if is_missing(survey, findings) {
        return;
    }
    rights(survey, findings);
    needs::check(survey, findings);
    secret(survey, findings);
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

fn install(survey: &Survey<'_>) -> Repair {
    let run = || Repair::decide("run the migration that installs the contract");
    let Some(contract) = survey.audit.contract else { return run() };
    let needs = [contract.membership_needs(), contract.tokens_needs()].concat();
    if needs.iter().any(|need| lacks(survey, need).is_some()) {
        return run();
    }
    // It is not installed over a scope role that can log in.
    let logs_in = survey.requests.iter().filter(|request| request.scope.is_some() && request.role.login);
    let mut statements: Vec<_> =
        logs_in.map(|request| format!("ALTER ROLE {} NOLOGIN", quote(&request.role.name))).collect();
    statements.extend(contract.install(None));
    // Their policies and grants are for the roles.
    for entity in survey.audit.registry.entities() {
        if let Some(relation) = survey.table_of(entity) {
            statements.extend(survey.prefix().protect_table(&relation.sql, entity.scopes, &entity.fixed_columns()));
        }
    }
    statements.extend(contract.protect_membership());
    statements.extend(contract.protect_tokens());
    Repair::from(statements)
        .advise("better run the migration that installs the contract: this is the same")
        .advise_all(cut_off(survey, &[PUBLIC_NAME]))
}

/// Returns what the contract needs of a table and the database lacks, in words.
fn lacks(survey: &Survey<'_>, Needs { schema, table, columns }: &Needs) -> Option<String> {
    let mut relations = survey.catalog.relations.iter();
    let Some(relation) = relations.find(|relation| relation.schema == *schema && relation.name == *table) else {
        return Some(format!("the table {schema}.{table}"));
    };
    let mut columns = columns.iter();
    columns
        .find(|column| relation.column(column).is_none())
        .map(|column| format!("the column {schema}.{table}.{column}"))
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

/// The secret of the seal is in materialized views, which no dump has, and which are the definer role's.
fn secret(survey: &Survey<'_>, findings: &mut Findings) {
    let prefix = survey.prefix();
    for key in [prefix.seal_key(), prefix.seal_key_previous()] {
        let found = survey.catalog.relations.iter().find(|relation| relation.full_name() == key);
        let mut repair = install(survey);
        let what = match found {
            None => "it is missing",
            Some(found) if found.kind != "m" => {
                if !repair.statements.is_empty() {
                    repair.statements.insert(0, format!("DROP {} {}", found.kind_name().to_uppercase(), found.sql));
                }
                "it is no materialized view: whoever made it may know what is in it"
            }
            Some(found) if survey.role_name(found.owner) != prefix.gate() => "it is not the definer role's",
            Some(_) => continue,
        };
        let message = format!("{what}, and the seal on contexts is made with it");
        findings.add(Code::ContractMissing, Object::table(key), message, repair);
    }
}

/// Those execute a function of the contract who should, and nobody else.
fn executes(survey: &Survey<'_>, function: &Function, by: &[By], findings: &mut Findings) {
    let object = || Object::new(ObjectKind::Function, &function.sql);
    let expected = by.iter().filter_map(|by| match by {
        By::Login => survey.login().map(|login| login.role),
        By::Scope(scope) => survey.scope_role(*scope),
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
    for ContractFunction { name, definer, body, statements } in contract.functions() {
        let signature = FUNCTIONS.iter().find(|(known, _)| known.split('(').next() == Some(name.as_str()));
        let sql = format!("{schema}.{}", signature.map_or(name.as_str(), |(signature, _)| signature));
        let object = Object::new(ObjectKind::Function, &sql);
        let Some(found) = survey.catalog.functions.iter().find(|found| found.sql == sql) else {
            let message = "it is missing, and the policies or contexts that need it fail".to_owned();
            findings.add(Code::ContractMissing, object, message, statements);
            continue;
        };
        let what = if found.definer != definer {
            "it runs as another role than the program's contract makes it run as"
        } else if definer && survey.role_name(found.owner) != gate {
            "it is not owned by the definer role"
        } else if !same_body(&body, found) {
            "its body is not the one that the program's contract makes"
        } else {
            continue;
        };
        findings.add(Code::ContractFunctionChanged, object, what.to_owned(), statements);
    }
}

/// Returns whether a body is the contract's: to the letter, but for one that is an expression, which PostgreSQL writes
/// in its own way.
fn same_body(ours: &str, found: &Function) -> bool {
    let theirs = found.body.as_deref().unwrap_or_default();
    if found.language == "sql" { Expression::of(ours, "") == Expression::of(theirs, "") } else { ours == theirs }
}

/// The policies of the definer role, and the triggers on memberships, which the contract makes beside the tables' own.
fn made_beside_tables(survey: &Survey<'_>, findings: &mut Findings) {
    let Some(contract) = survey.audit.contract else { return };
    for (statements, needs) in [
        (contract.protect_membership(), contract.membership_needs()),
        (contract.protect_tokens(), contract.tokens_needs()),
    ] {
        let mut missing = Vec::new();
        for sql in &statements {
            let words: Vec<_> = sql.split_whitespace().collect();
            let table = words.iter().position(|word| *word == "ON").and_then(|at| words.get(at + 1));
            let table = table.map(|table| table.replace('"', "")).unwrap_or_default();
            let relation = survey.catalog.relations.iter().find(|relation| relation.full_name() == table);
            let Some(relation) = relation else { continue };
            let policies = survey.policies_of(relation);
            let has_policy = |name: &str| policies.iter().any(|policy| policy.name == name);
            let triggers = || survey.catalog.triggers.iter().filter(|trigger| trigger.relation == relation.oid);
            let has_trigger = |name: &str| triggers().any(|trigger| trigger.name == name);
            match words.as_slice() {
                ["CREATE", "POLICY", name, ..] if !has_policy(name) => {
                    missing.push(format!("policy {name} of {table}"));
                }
                ["CREATE", "OR", "REPLACE", "TRIGGER", name, ..] if !has_trigger(name) => {
                    missing.push(format!("trigger {name} of {table}"));
                }
                _ => {}
            }
        }
        if let Some(first) = missing.first() {
            let missing: Vec<_> = missing.iter().map(String::as_str).collect();
            let message = format!("{} is missing, which the contract makes", list(&missing));
            let repair = match needs.iter().find_map(|need| lacks(survey, need)) {
                Some(lacks) => Repair::decide(format!("add {lacks} first, which the contract writes or reads")),
                None => statements.into(),
            };
            findings.add(Code::ContractMissing, Object::new(ObjectKind::Other, first), message, repair);
        }
    }
}
