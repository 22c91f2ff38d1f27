//! The functions that policies ask.

use std::collections::BTreeSet;

use super::{
    Findings,
    contract::{is_asked, is_known, own_settings},
};
use crate::{
    audit::{Object, ObjectKind, Repair, catalog::Function, survey::Survey},
    code::Code,
};

/// The functions of the contract that are inlined. The others are not, on purpose: they raise, or are asked once in a
/// statement.
const INLINED: [&str; 3] = ["current_organization_id", "current_user_id", "in_identity_context"];

/// The functions that the policies of scoped tables ask, and those of the contract, which ask each other.
pub(super) fn check(survey: &Survey<'_>, findings: &mut Findings) {
    let scoped = survey.scoped.iter().flat_map(|scoped| survey.policies_of(scoped.relation));
    let asked: BTreeSet<_> = scoped.flat_map(|policy| policy.functions.iter().copied()).collect();
    let is_one = |function: &&Function| asked.contains(&function.oid) || is_asked(survey, function);
    for function in survey.catalog.functions.iter().filter(is_one) {
        let object = || Object::new(ObjectKind::Function, &function.sql);
        let (volatility, why) = match function.volatility.as_str() {
            "v" => ("VOLATILE", "it is asked again for each row"),
            "i" => ("IMMUTABLE", "a prepared statement keeps the first tenant's answer for the next"),
            _ => {
                let is_changed = is_known(survey, function) && !own_settings(function).is_empty();
                if !is_inlined(function) && !is_blocks(survey, function) && !is_changed {
                    let message = "the planner cannot see into it".to_owned();
                    findings.add(Code::PolicyFunctionNotInlinable, object(), message, inline(survey, function));
                }
                continue;
            }
        };
        let repair = if is_known(survey, function) {
            format!("ALTER FUNCTION {} STABLE", function.sql).into()
        } else {
            Repair::decide(
                "read it, and make it STABLE where it only reads and no index or other function relies on what it is",
            )
        };
        findings.add(Code::PolicyFunctionVolatility, object(), format!("it is {volatility}: {why}"), repair);
    }
}

/// PostgreSQL inlines a function of one SQL expression, unless it runs as another or with settings of its own.
fn is_inlined(function: &Function) -> bool {
    function.language == "sql" && !function.definer && function.config.is_empty() && !function.strict
}

/// Returns what makes it one that is inlined.
fn inline(survey: &Survey<'_>, function: &Function) -> Repair {
    if !is_known(survey, function) || function.language != "sql" {
        return Repair::decide(
            "write it as one SQL expression: LANGUAGE sql, SECURITY INVOKER, CALLED ON NULL INPUT, without settings, and \
             every name in it with its schema",
        );
    }
    let mut repair = Vec::new();
    for (is, change) in [
        (!function.config.is_empty(), "RESET ALL"),
        (function.definer, "SECURITY INVOKER"),
        (function.strict, "CALLED ON NULL INPUT"),
    ] {
        if is {
            repair.push(format!("ALTER FUNCTION {} {change}", function.sql));
        }
    }
    repair.into()
}

/// Returns whether the contract makes it of PL/pgSQL, which is never inlined.
fn is_blocks(survey: &Survey<'_>, function: &Function) -> bool {
    is_known(survey, function) && !INLINED.contains(&function.name.as_str())
}
