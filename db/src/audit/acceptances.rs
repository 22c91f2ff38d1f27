//! The acceptances that are declared in code, against what was found.

use super::{
    AcceptedFinding, AuditReport, Code, Finding, Object, ObjectKind, Repair, catalog::Relation, survey::Survey,
};
use crate::{TableName, scope::Acceptance};

/// Takes what is accepted out of the findings, and finds the acceptances that are for nothing.
pub(super) fn apply(survey: &Survey<'_>, mut report: AuditReport) -> AuditReport {
    let acceptances = declared(survey);
    let mut used = vec![false; acceptances.len()];
    let findings = std::mem::take(&mut report.findings);
    for finding in findings {
        let mut reason = None;
        for ((table, acceptance), used) in acceptances.iter().zip(&mut used) {
            if is_for(table.as_deref(), acceptance, finding.code, &finding.object) {
                *used = true;
                reason.get_or_insert(acceptance.reason);
            }
        }
        match reason.map(str::to_owned) {
            Some(reason) => report.accepted.push(AcceptedFinding { finding, reason }),
            None => report.findings.push(finding),
        }
    }
    let unused = acceptances
        .iter()
        .zip(used)
        .filter(|(_, used)| !used)
        .map(|((table, acceptance), _)| unused(table.as_deref(), acceptance));
    report.findings.extend(unused);
    report.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    report
}

/// Returns the acceptances that are declared, each with the table of the entity that it is declared beside.
fn declared(survey: &Survey<'_>) -> Vec<(Option<String>, Acceptance)> {
    let registry = survey.audit.registry;
    // An entity's table by its name with the schema that it is in.
    let full_name = |table: &TableName| {
        let entity = registry.entities().find(|entity| entity.table_name() == table);
        let found = entity.and_then(|entity| survey.table_of(entity));
        found.map_or_else(|| table.to_string(), Relation::full_name)
    };
    registry.acceptances().map(|(table, acceptance)| (table.map(full_name), acceptance)).collect()
}

/// Returns whether it is declared that this may be found there.
pub(super) fn is_accepted(survey: &Survey<'_>, code: Code, object: &Object) -> bool {
    declared(survey).iter().any(|(table, acceptance)| is_for(table.as_deref(), acceptance, code, object))
}

/// Returns whether an acceptance is for what is found there, to the letter: beside an entity for what its table has,
/// beside none for the one object of that whole name.
fn is_for(table: Option<&str>, acceptance: &Acceptance, code: Code, object: &Object) -> bool {
    let is_object = || match table {
        Some(table) => {
            object.table.as_deref() == Some(table) && acceptance.object.is_none_or(|name| name == object.name)
        }
        None => acceptance.object == Some(object.whole_name().as_str()),
    };
    acceptance.code == code && is_object()
}

fn unused(table: Option<&str>, acceptance: &Acceptance) -> Finding {
    let on = acceptance.object.or(table).unwrap_or_default();
    Finding {
        code: Code::AcceptanceUnused,
        severity: Code::AcceptanceUnused.severity(),
        object: Object { kind: ObjectKind::Acceptance, table: table.map(str::to_owned), name: on.to_owned() },
        message: format!("`{}` is accepted on {on}, and is not found there", acceptance.code),
        repair: Repair::decide("take the acceptance out of the code"),
    }
}
