//! What runs beside a statement on a table that a request reaches: rules and triggers.

use std::collections::BTreeSet;

use super::Findings;
use crate::{
    audit::{Object, ObjectKind, Repair, catalog::Relation, survey::Survey},
    code::Code,
    sql::quote,
};

pub(super) fn check(survey: &Survey<'_>, findings: &mut Findings) {
    // Most have neither.
    let triggers = survey.catalog.triggers.iter().map(|trigger| trigger.relation);
    let rules = survey.catalog.rules.iter().map(|(relation, _)| *relation);
    let relations: BTreeSet<_> = triggers.chain(rules).collect();
    for relation in relations.into_iter().filter_map(|oid| survey.relation(oid)) {
        let is_entity = survey.scoped_table(relation.oid).is_some_and(|scoped| scoped.entity.is_some());
        if is_entity || survey.reaches(relation) {
            of_relation(survey, relation, findings);
        }
    }
}

fn of_relation(survey: &Survey<'_>, relation: &Relation, findings: &mut Findings) {
    let (table, sql) = (relation.full_name(), &relation.sql);
    for (_, rule) in survey.catalog.rules.iter().filter(|(of, _)| *of == relation.oid) {
        findings.add(
            Code::RuleOnTable,
            Object::of_table(ObjectKind::Other, &table, rule),
            format!("the rule runs as `{}`, whoever asks", survey.role_name(relation.owner)),
            Repair::decide("decide what does its work instead, such as a trigger, and drop it; or accept the finding"),
        );
    }
    let triggers = survey.catalog.triggers.iter().filter(|trigger| trigger.relation == relation.oid);
    let mut disabled = Vec::new();
    for trigger in triggers {
        let function = survey.catalog.functions.iter().find(|function| function.oid == trigger.function);
        let is_own = trigger.internal || function.is_some_and(|function| super::contract::is_known(survey, function));
        // One of the application's that is for replicas alone is switched to that on purpose.
        if !trigger.enabled && (is_own || !trigger.on_replicas) {
            disabled.push(trigger.name.as_str());
        }
        if let Some(function) =
            function.filter(|function| function.definer && !super::contract::is_known(survey, function))
        {
            let owner = survey.role_name(function.owner);
            let bypasses = survey.catalog.role(function.owner).is_some_and(|role| role.superuser || role.bypass_rls);
            findings.add(
                if bypasses { Code::TriggerBypassesRls } else { Code::TriggerRunsAsOwner },
                Object::of_table(ObjectKind::Other, &table, &trigger.name),
                format!("its function {} runs as `{owner}`, whoever writes", function.sql),
                // Most of them are there to do what the one who writes may not.
                Repair::decide(
                    "read what it does with the row, and accept the finding; or make it SECURITY INVOKER, where whoever \
                     writes has the rights that it needs",
                ),
            );
        }
    }
    if !disabled.is_empty() {
        let enable = |name: &&str| format!("ALTER TABLE {sql} ENABLE TRIGGER {}", quote(name));
        findings.add(
            Code::TriggerDisabled,
            Object::table(&table),
            "a trigger of it is switched off: what it checks is not checked".to_owned(),
            Repair::from(disabled.iter().map(enable).collect::<Vec<_>>())
                .advise("a trigger that was switched off on purpose is not for this: accept the finding, or drop it")
                .advise("what was written meanwhile stays unchecked: audit with `--rows` for rows that dangle"),
        );
    }
}
