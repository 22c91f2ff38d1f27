//! The report as JSON and as SARIF.

use std::collections::BTreeSet;

use db::audit::{AuditReport, Code};
use serde_json::Value;

use super::sample;

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Everything that `docs/audit.md` names is there, and what is there is named.
#[test]
fn json_has_the_keys_that_are_documented_and_is_read_back() {
    let report = sample::faulty();
    let json = parse(&report.to_json());
    let parts = [
        &json,
        &json["findings"][0],
        &json["findings"][0]["object"],
        &json["accepted"][0],
        &json["roles"][0],
        &json["tables"][0],
        &json["tables"][0]["scopes"][0],
        &json["tables"][0]["access"][0],
        &json["foreign_keys"][0],
    ];
    let documented = include_str!("../../../docs/audit.md");
    for key in parts.into_iter().flat_map(keys) {
        assert!(documented.contains(&format!("`{key}`")), "{key}");
    }
    let read: AuditReport = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(read.to_json(), report.to_json());
    let unknown = report.to_json().replace("\"publication\",\n", "\"unheard-of\",\n");
    let error = serde_json::from_str::<AuditReport>(&unknown).unwrap_err().to_string();
    assert!(error.contains("unheard-of"), "{error}");
}

#[test]
fn sarif_is_valid_by_its_schema() {
    // As the OASIS committee has it, but for a bracket too many, by which two patterns are no regular expressions.
    let schema = include_str!("sarif-schema-2.1.0.json");
    let mended = schema.replace("{2}]?$", "{2}$");
    assert_eq!(schema.len() - mended.len(), 2 * "]?".len());
    let schema = parse(&mended);
    let validator = jsonschema::validator_for(&schema).unwrap();
    for report in [sample::clean(), sample::faulty(), sample::hostile(), sample::large(20)] {
        let sarif = parse(&report.to_sarif());
        let errors: Vec<_> = validator.iter_errors(&sarif).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    // The schema is one that finds something.
    let mut sarif = parse(&sample::faulty().to_sarif());
    sarif["runs"][0]["results"][0]["level"] = "terrible".into();
    assert!(!validator.is_valid(&sarif));
}

#[test]
fn sarif_has_a_rule_for_each_code_and_a_result_for_each_finding() {
    let sarif = parse(&sample::faulty().to_sarif());
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), Code::ALL.len());
    for (rule, code) in rules.iter().zip(Code::ALL) {
        assert_eq!(rule["id"], code.as_str());
        assert!(rule["help"]["text"].as_str().unwrap().len() > 20);
    }
    let results = run["results"].as_array().unwrap();
    let of = |key: &str| results.iter().map(|result| result[key].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(of("level"), ["error", "error", "error", "warning", "note", "error"]);
    for result in results {
        assert_eq!(rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()]["id"], result["ruleId"]);
    }
    let place = |n: usize| &results[n]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"];
    assert_eq!(place(0), "app_tenant");
    assert_eq!(place(1), "public.plan_step");
    assert_eq!(place(2), "public.plan_step.plan_step_plan_id_fkey");
    assert!(results[..5].iter().all(|result| result.get("suppressions").is_none()));
    assert_eq!(results[5]["suppressions"][0]["justification"], "a slug is in the address of a page, and so public");
    let said = &run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
    assert!(said.as_str().unwrap().contains("dangling foreign keys"));
}

/// A finding is known again, whatever else is found beside it, in whatever order, and however it is worded.
#[test]
fn fingerprints_are_of_the_code_and_the_object() {
    let fingerprints = |report: &AuditReport| -> BTreeSet<String> {
        let sarif = parse(&report.to_sarif());
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        results.iter().map(|result| result["partialFingerprints"]["codeAndObject/v1"].to_string()).collect()
    };
    let mut report = sample::faulty();
    let before = fingerprints(&report);
    assert_eq!(before.len(), report.findings.len() + report.accepted.len(), "one each");
    report.findings.reverse();
    for finding in &mut report.findings {
        finding.message = "said in other words".to_owned();
        finding.repair = db::audit::Repair::default();
    }
    report.database = "another".to_owned();
    assert_eq!(fingerprints(&report), before);
    report.findings[0].object.name = "else".to_owned();
    assert_ne!(fingerprints(&report), before);
    // Two of one kind at one object, as of two roles.
    report.findings = vec![report.findings[1].clone(), report.findings[1].clone()];
    report.accepted.clear();
    assert_eq!(fingerprints(&report).len(), 2);
}
