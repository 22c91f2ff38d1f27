//! The checks: each file has those of one kind of object.

mod constraints;
mod contract;
mod database;
mod elsewhere;
mod entities;
mod functions;
mod gate;
mod grants;
mod held;
mod install;
mod needs;
mod policies;
mod policy_functions;
mod references;
mod relations;
mod roles;
mod seal;
mod sequences;
mod shared;
mod tables;
mod triggers;
mod undeclared;
mod views;

use super::{
    Code, Finding, Object, Repair, Severity,
    catalog::{Catalog, PUBLIC_NAME},
    origin::Origins,
    repair,
    survey::Survey,
};

/// What has been found so far.
#[derive(Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    /// Adds one, as bad as its code is.
    fn add(&mut self, code: Code, object: Object, message: String, repair: impl Into<Repair>) {
        self.add_as(code.severity(), code, object, message, repair);
    }

    /// Adds one that may be milder than its code.
    ///
    /// INVARIANT: none is worse than its code, for an accepted finding is accepted by its code alone.
    fn add_as(&mut self, severity: Severity, code: Code, object: Object, message: String, repair: impl Into<Repair>) {
        let severity = severity.min(code.severity());
        self.0.push(Finding { code, severity, object, message, repair: repair.into() });
    }
}

/// Returns all that is found, the worst first, in an order in which the repairs work.
pub(super) fn check(survey: &Survey<'_>) -> Vec<Finding> {
    let mut findings = Findings::default();
    let origins = Origins::new(survey);
    roles::check(survey, &mut findings);
    database::check(survey, &mut findings);
    if survey.audit.registry.entities().next().is_some() {
        // A program without entities knows nothing that could drift.
        contract::check(survey, &mut findings);
        entities::check(survey, &origins, &mut findings);
    }
    for scoped in &survey.scoped {
        tables::check(survey, scoped, &mut findings);
        grants::check(survey, scoped, &mut findings);
        policies::check(survey, scoped, &mut findings);
        constraints::check(survey, scoped, &mut findings);
        relations::check(survey, scoped, &mut findings);
    }
    sequences::check(survey, &mut findings);
    tables::check_others(survey, &mut findings);
    policy_functions::check(survey, &mut findings);
    constraints::check_foreign_keys(survey, &origins, &mut findings);
    triggers::check(survey, &mut findings);
    undeclared::check(survey, &origins, &mut findings);
    elsewhere::check(survey, &mut findings);
    views::check(survey, &origins, &mut findings);
    functions::check(survey, &mut findings);
    seal::is_closed(survey, &mut findings);
    shared::check(survey, &mut findings);
    let mut findings = findings.0;
    repair::sort(&mut findings);
    findings
}

pub(super) use references::{missing_column, strays};

/// Puts names into a sentence: `a`, `a and b`, `a, b and c`.
fn list(names: &[&str]) -> String {
    match names {
        [] => "nobody".to_owned(),
        [name] => (*name).to_owned(),
        [names @ .., last] => format!("{} and {last}", names.join(", ")),
    }
}

/// Puts roles into a sentence.
fn who(names: &[&str]) -> String {
    let names: Vec<_> = names
        .iter()
        .map(|&name| if name == PUBLIC_NAME { "everybody".to_owned() } else { format!("`{name}`") })
        .collect();
    list(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Returns whether the server is of this version or later.
fn is_at_least(catalog: &Catalog, major: i32) -> bool {
    catalog.version_num >= major * 10_000
}
