//! What runs beside a statement on a scoped table: rules and triggers.

use super::Findings;
use crate::{
    audit::{
        Code, Object, ObjectKind, Severity,
        survey::{Scoped, Survey},
    },
    options::quote,
};

pub(super) fn check(survey: &Survey<'_>, scoped: &Scoped<'_>, findings: &mut Findings) {
    if scoped.entity.is_none() && !survey.reaches(scoped.relation) {
        return;
    }
    let (table, sql) = (scoped.relation.full_name(), &scoped.relation.sql);
    for (_, rule) in survey.catalog.rules.iter().filter(|(relation, _)| *relation == scoped.relation.oid) {
        findings.add(
            Code::RuleOnTable,
            Object::of_table(ObjectKind::Other, &table, rule),
            format!("the rule runs as `{}`, whoever asks", survey.role_name(scoped.relation.owner)),
            vec![format!("DROP RULE {} ON {sql}", quote(rule))],
        );
    }
    let triggers = survey.catalog.triggers.iter().filter(|trigger| trigger.relation == scoped.relation.oid);
    let mut is_disabled = false;
    for trigger in triggers {
        is_disabled |= !trigger.enabled;
        let function = survey.catalog.functions.iter().find(|function| function.oid == trigger.function);
        if let Some(function) =
            function.filter(|function| function.definer && !super::contract::is_known(survey, function))
        {
            let owner = survey.role_name(function.owner);
            let bypasses = survey.catalog.role(function.owner).is_some_and(|role| role.superuser || role.bypass_rls);
            findings.add_as(
                if bypasses { Severity::Error } else { Severity::Warn },
                Code::TriggerRunsAsOwner,
                Object::of_table(ObjectKind::Other, &table, &trigger.name),
                format!("its function {} runs as `{owner}`, whoever writes", function.sql),
                vec![format!("ALTER FUNCTION {} SECURITY INVOKER", function.sql)],
            );
        }
    }
    if is_disabled {
        findings.add(
            Code::TriggerDisabled,
            Object::table(&table),
            "a trigger of it is switched off: what it checks is not checked".to_owned(),
            vec![format!("ALTER TABLE {sql} ENABLE TRIGGER ALL")],
        );
    }
}
