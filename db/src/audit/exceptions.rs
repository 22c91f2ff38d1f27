//! The exceptions that are declared in code, against what was found.

use super::{AuditReport, Code, Excepted, Finding, Object, ObjectKind, Repair, catalog::Relation, survey::Survey};
use crate::{Exception, TableName};

/// Takes what is excepted out of the findings, and finds the exceptions that are for nothing.
pub(super) fn apply(survey: &Survey<'_>, mut report: AuditReport) -> AuditReport {
    let exceptions = declared(survey);
    let mut used = vec![false; exceptions.len()];
    let findings = std::mem::take(&mut report.findings);
    for finding in findings {
        let mut reason = None;
        for ((table, exception), used) in exceptions.iter().zip(&mut used) {
            if is_for(table.as_deref(), exception, finding.code, &finding.object) {
                *used = true;
                reason.get_or_insert(exception.reason);
            }
        }
        match reason.map(str::to_owned) {
            Some(reason) => report.excepted.push(Excepted { finding, reason }),
            None => report.findings.push(finding),
        }
    }
    let unused = exceptions
        .iter()
        .zip(used)
        .filter(|(_, used)| !used)
        .map(|((table, exception), _)| unused(table.as_deref(), exception));
    report.findings.extend(unused);
    report.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    report
}

/// Returns the exceptions that are declared, each with the table of the entity that it is declared beside.
fn declared(survey: &Survey<'_>) -> Vec<(Option<String>, Exception)> {
    let registry = survey.audit.registry;
    // An entity's table by its name with the schema that it is in.
    let full_name = |table: &TableName| {
        let entity = registry.entities().find(|entity| entity.table_name() == *table);
        let found = entity.and_then(|entity| survey.table_of(entity));
        found.map_or_else(|| table.to_string(), Relation::full_name)
    };
    registry.exceptions().map(|(table, exception)| (table.map(full_name), exception)).collect()
}

/// Whether it is declared that this may be found there.
pub(super) fn is_accepted(survey: &Survey<'_>, code: Code, object: &Object) -> bool {
    declared(survey).iter().any(|(table, exception)| is_for(table.as_deref(), exception, code, object))
}

/// Whether an exception is for what is found there, to the letter: beside an entity for what its table has, beside none for
/// the one object of that whole name.
fn is_for(table: Option<&str>, exception: &Exception, code: Code, object: &Object) -> bool {
    let is_object = || match table {
        Some(table) => {
            object.table.as_deref() == Some(table) && exception.object.is_none_or(|name| name == object.name)
        }
        None => exception.object == Some(object.whole_name().as_str()),
    };
    exception.code == code && is_object()
}

fn unused(table: Option<&str>, exception: &Exception) -> Finding {
    let on = exception.object.or(table).unwrap_or_default();
    Finding {
        code: Code::ExceptionUnused,
        severity: Code::ExceptionUnused.severity(),
        object: Object { kind: ObjectKind::Exception, table: table.map(str::to_owned), name: on.to_owned() },
        message: format!("`{}` is excepted on {on}, and is not found there", exception.code),
        repair: Repair::decide("take the exception out of the code"),
    }
}
