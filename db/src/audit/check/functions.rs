//! Functions that the login role or a scope role may execute.

use super::{
    Findings,
    contract::is_known,
    database::{role, roles},
    who,
};
use crate::{
    audit::{Object, ObjectKind, Repair, catalog::Function, repair::cut_off, survey::Survey},
    code::{Code, Severity},
    sql::quote,
};

pub(super) fn check(survey: &Survey<'_>, findings: &mut Findings) {
    for function in &survey.catalog.functions {
        if function.leakproof && !function.extension && function.schema != "pg_catalog" {
            findings.add(
                Code::FunctionLeakproof,
                Object::new(ObjectKind::Function, &function.sql),
                "a filter with it may be asked about rows that no policy has let through".to_owned(),
                Repair::from(format!("ALTER FUNCTION {} NOT LEAKPROOF", function.sql))
                    .advise("a query that filters by it no longer uses an index for that"),
            );
        }
        let executes = function.acl.iter().filter(|(grantee, _)| *grantee != function.owner);
        let mut names = survey.reachable_names(executes.map(|(grantee, _)| *grantee));
        // What PostgreSQL gives to roles of its own comes with the membership, which is found.
        names.retain(|name| !(function.schema == "pg_catalog" && name.starts_with("pg_")));
        if function.definer {
            by_aggregate(survey, function, findings);
        }
        if names.is_empty() {
            continue;
        }
        if function.definer {
            definer(survey, function, &names, findings);
        } else if function.schema == "pg_catalog" || function.extension || function.name.starts_with("dblink") {
            reaches_out(survey, function, &names, findings);
        } else if !matches!(function.language.as_str(), "sql" | "plpgsql") {
            untrusted(survey, function, &names, findings);
        }
    }
    set_config(survey, findings);
}

/// An aggregate asks its owner, not who calls it, for the right to execute what it is made of.
fn by_aggregate(survey: &Survey<'_>, function: &Function, findings: &mut Findings) {
    for aggregate in survey.catalog.aggregates.iter().filter(|aggregate| aggregate.function == function.oid) {
        let names = survey.reachable_names(aggregate.acl.iter().map(|(grantee, _)| *grantee));
        if names.is_empty() {
            continue;
        }
        let owner = survey.role_name(function.owner);
        findings.add(
            if bypasses(survey, function) { Code::DefinerBypassesRls } else { Code::DefinerUnknown },
            Object::new(ObjectKind::Function, &aggregate.sql),
            format!("{} may execute it, and it runs {} as `{owner}`", who(&names), function.sql),
            Repair::from(format!("REVOKE EXECUTE ON ROUTINE {} FROM {}", aggregate.sql, roles(&names)))
                .advise_all(cut_off(survey, &names)),
        );
    }
}

fn bypasses(survey: &Survey<'_>, function: &Function) -> bool {
    survey.catalog.role(function.owner).is_some_and(|role| role.superuser || role.bypass_rls)
}

fn revoke(survey: &Survey<'_>, function: &Function, names: &[&str]) -> Repair {
    Repair::from(format!("REVOKE EXECUTE ON ROUTINE {} FROM {}", qualified(function), roles(names)))
        .advise_all(cut_off(survey, names))
}

/// PostgreSQL writes the names of its own functions without a schema here.
fn qualified(function: &Function) -> String {
    if function.schema == "pg_catalog" { format!("pg_catalog.{}", function.sql) } else { function.sql.clone() }
}

fn definer(survey: &Survey<'_>, function: &Function, names: &[&str], findings: &mut Findings) {
    let prefix = survey.prefix();
    let object = || Object::new(ObjectKind::Function, &function.sql);
    let owner = survey.role_name(function.owner);
    // With the contract, whether they are its own is looked at by itself.
    let of_gate = owner == prefix.gate() || survey.audit.contract.is_some();
    let known = of_gate && is_known(survey, function);
    let is_fixed = |setting: &String| match setting.strip_prefix("search_path=") {
        Some(path) if known => path == "pg_catalog, pg_temp",
        Some(path) => !path.contains("$user"),
        None => false,
    };
    if !function.config.iter().any(is_fixed) {
        let repair = if known {
            format!("ALTER ROUTINE {} SET search_path = pg_catalog, pg_temp", function.sql).into()
        } else {
            // Where its body names things without their schema, a path would break it.
            revoke(survey, function, names).advise(
                "before it is granted again: name everything in its body with its schema, and SET its search_path",
            )
        };
        let message = format!("{} may execute it as `{owner}`, with names of the caller's", who(names));
        findings.add(Code::DefinerSearchPath, object(), message, repair);
    } else if !known && !function.trigger {
        let (code, whom) = if bypasses(survey, function) {
            (Code::DefinerBypassesRls, ", whom no policy restricts")
        } else {
            (Code::DefinerUnknown, "")
        };
        let message = format!("{} may execute it as `{owner}`{whom}", who(names));
        findings.add(code, object(), message, revoke(survey, function, names));
    }
}

fn untrusted(survey: &Survey<'_>, function: &Function, names: &[&str], findings: &mut Findings) {
    findings.add(
        Code::FunctionReachesOut,
        Object::new(ObjectKind::Function, &function.sql),
        format!("{} may execute it, in a language that reaches the server itself ({})", who(names), function.language),
        revoke(survey, function, names),
    );
}

/// Large objects belong to no tenant; where they are open it is for the same reason as `set_config`, in most cases.
fn writes_large_objects(function: &Function) -> bool {
    matches!(function.name.as_str(), "lo_creat" | "lo_create" | "lo_from_bytea")
}

fn reaches_out(survey: &Survey<'_>, function: &Function, names: &[&str], findings: &mut Findings) {
    let is_set_config = function.name == "set_config";
    // Functions of extensions that are none of these are listed for other reasons.
    let reaches = function.schema == "pg_catalog" || function.kept || function.name.starts_with("dblink");
    if is_set_config || !reaches || (writes_large_objects(function) && !open_set_config(survey).is_empty()) {
        return;
    }
    let severity = if writes_large_objects(function) { Severity::Warn } else { Severity::Error };
    findings.add_as(
        severity,
        Code::FunctionReachesOut,
        Object::new(ObjectKind::Function, &function.sql),
        format!("{} may execute it, and it reaches beyond the tables", who(names)),
        revoke(survey, function, names),
    );
}

/// Returns who may execute `set_config`.
fn open_set_config<'a>(survey: &Survey<'a>) -> Vec<&'a str> {
    let functions = survey.catalog.functions.iter().filter(|function| function.name == "set_config");
    let executes = functions.filter(|function| function.schema == "pg_catalog").flat_map(|function| {
        let others = |grantee: &i64| *grantee != function.owner;
        function.acl.iter().map(|(grantee, _)| *grantee).filter(others)
    });
    survey.reachable_names(executes)
}

fn set_config(survey: &Survey<'_>, findings: &mut Findings) {
    let names = open_set_config(survey);
    if names.is_empty() {
        return;
    }
    let large_objects = survey.catalog.functions.iter().filter(|function| writes_large_objects(function));
    let mut repair = vec![
        format!("REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM {}", roles(&names)),
        format!(
            "GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO {}",
            quote(&survey.prefix().gate())
        ),
    ];
    for function in large_objects {
        let executes = function.acl.iter().filter(|(grantee, _)| *grantee != function.owner);
        let names = survey.reachable_names(executes.map(|(grantee, _)| *grantee));
        repair.extend(
            names.iter().map(|name| format!("REVOKE EXECUTE ON FUNCTION {} FROM {}", qualified(function), role(name))),
        );
    }
    findings.add(
        Code::SetConfigExecutable,
        Object::new(ObjectKind::Function, "set_config"),
        format!("{} may execute it: an expression in a query makes the settings of another context", who(&names)),
        Repair::from(repair).advise("it takes a superuser").advise_all(cut_off(survey, &names)),
    );
}
