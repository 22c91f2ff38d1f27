//! The exceptions that are declared in code, against what was found.

use super::{AuditReport, Code, Excepted, Finding, Object, ObjectKind, catalog::Relation, survey::Survey};
use crate::{Exception, TableName};

/// Takes what is excepted out of the findings, and finds the exceptions that are for nothing.
pub(super) fn apply(survey: &Survey<'_>, mut report: AuditReport) -> AuditReport {
    let registry = survey.audit.registry;
    // An entity's table by its name with the schema that it is in.
    let full_name = |table: &TableName| {
        let entity = registry.entities().find(|entity| entity.table_name() == *table);
        let found = entity.and_then(|entity| survey.table_of(entity));
        found.map_or_else(|| table.to_string(), Relation::full_name)
    };
    let exceptions = registry.exceptions().map(|(table, exception)| (table.map(full_name), exception));
    let exceptions: Vec<_> = exceptions.collect();
    let mut used = vec![false; exceptions.len()];
    let findings = std::mem::take(&mut report.findings);
    for finding in findings {
        match exceptions.iter().position(|(table, exception)| is_for(table.as_deref(), exception, &finding)) {
            Some(at) => {
                if let Some(used) = used.get_mut(at) {
                    *used = true;
                }
                let reason = exceptions.get(at).map_or("", |(_, exception)| exception.reason).to_owned();
                report.excepted.push(Excepted { finding, reason });
            }
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

fn is_for(table: Option<&str>, exception: &Exception, finding: &Finding) -> bool {
    let object = &finding.object;
    let of_table = table.is_none_or(|table| object.table.as_deref() == Some(table));
    exception.code == finding.code && of_table && exception.object.is_none_or(|name| name == object.name)
}

fn unused(table: Option<&str>, exception: &Exception) -> Finding {
    let on = exception.object.or(table).unwrap_or_default();
    Finding {
        code: Code::ExceptionUnused,
        severity: Code::ExceptionUnused.severity(),
        object: Object { kind: ObjectKind::Exception, table: table.map(str::to_owned), name: on.to_owned() },
        message: format!("`{}` is excepted on {on}, and is not found there", exception.code),
        repair: vec!["-- take the exception out of the code".to_owned()],
    }
}
