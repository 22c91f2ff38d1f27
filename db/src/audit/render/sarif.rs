//! The report as SARIF 2.1.0, which code scanners and their viewers read.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    audit::{AuditReport, Finding, Object},
    code::{Code, Severity},
};

impl AuditReport {
    /// Returns the report as SARIF 2.1.0.
    ///
    /// Every code is a rule, every finding a result at its object, every acceptance a suppressed result with its
    /// reason. What was not looked at is a notification. A result's fingerprint is its code and its object, so that it
    /// is known again in the next report.
    ///
    /// See the [standard](https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).
    #[must_use]
    pub fn to_sarif(&self) -> String {
        let mut seen = BTreeMap::new();
        let findings = self.findings.iter().map(|finding| (finding, None));
        let accepted = self.accepted.iter().map(|accepted| (&accepted.finding, Some(accepted.reason.as_str())));
        let results: Vec<_> =
            findings.chain(accepted).map(|(finding, reason)| result(finding, reason, &mut seen)).collect();
        let notifications: Vec<_> = self
            .not_looked_at
            .iter()
            .map(|sentence| json!({ "level": "warning", "message": { "text": format!("Not looked at: {sentence}") } }))
            .collect();
        let log = json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "audit",
                    "fullName": "Audit of tenant isolation",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": Code::ALL.iter().map(|&code| rule(code)).collect::<Vec<_>>(),
                } },
                "automationDetails": { "id": format!("audit/{}/", self.database) },
                "invocations": [{ "executionSuccessful": true, "toolExecutionNotifications": notifications }],
                "results": results,
                "properties": {
                    "database": self.database,
                    "serverVersion": self.server_version,
                    "lookedAs": self.looked_as,
                },
            }],
        });
        format!("{log:#}")
    }
}

fn rule(code: Code) -> Value {
    // The first clause is short enough for a list.
    let meaning = code.meaning().replace('`', "");
    let (short, _) = meaning.split_once([':', ';']).unwrap_or((&meaning, ""));
    json!({
        "id": code.as_str(),
        "name": format!("{code:?}"),
        "shortDescription": { "text": format!("{}.", short.trim_end_matches('.')) },
        "fullDescription": { "text": meaning },
        "help": {
            "text": format!("{meaning} The finding has what repairs it, in `properties.repair`."),
        },
        "defaultConfiguration": { "level": level(code.severity()) },
    })
}

fn result(finding: &Finding, reason: Option<&str>, seen: &mut BTreeMap<String, usize>) -> Value {
    let Finding { code, severity, object, message, repair } = finding;
    let fingerprint = fingerprint(*code, object);
    let before = seen.entry(fingerprint.clone()).or_default();
    *before += 1;
    let mut result = json!({
        "ruleId": code.as_str(),
        "ruleIndex": Code::ALL.iter().position(|known| known == code),
        "kind": "fail",
        "level": level(*severity),
        "message": { "text": format!("{object}: {message}") },
        "locations": [{ "logicalLocations": [{
            "name": object.name,
            "fullyQualifiedName": qualified(object),
            "kind": object.kind.as_str(),
        }] }],
        // More than one of a kind at one object are told apart by their order.
        "partialFingerprints": { "codeAndObject/v1": format!("{fingerprint}:{before}") },
        "properties": { "repair": repair },
    });
    if let Some(reason) = reason {
        result["suppressions"] = json!([{ "kind": "external", "status": "accepted", "justification": reason }]);
    }
    result
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "note",
        Severity::Warn => "warning",
        Severity::Error => "error",
    }
}

fn qualified(object: &Object) -> String {
    match &object.table {
        Some(table) if *table != object.name => format!("{table}.{}", object.name),
        _ => object.name.clone(),
    }
}

/// Two objects never have the same one: what separates the parts does not occur in them.
fn fingerprint(code: Code, object: &Object) -> String {
    let part = |text: &str| text.replace('%', "%25").replace('/', "%2F").replace(':', "%3A");
    let table = object.table.as_deref().unwrap_or_default();
    format!("{code}/{}/{}/{}", object.kind.as_str(), part(table), part(&object.name))
}
