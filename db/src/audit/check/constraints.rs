//! Keys: what one tenant can learn of another by them, and where they lead.

use super::{
    Findings,
    references::{self, Strays, strays},
};
use crate::{
    audit::{
        Object, ObjectKind, Repair,
        access::Granted,
        catalog::{ForeignKey, Index},
        origin::Origins,
        repair,
        survey::{Scoped, Survey},
    },
    code::Code,
};

pub(super) fn check(survey: &Survey<'_>, scoped: &Scoped<'_>, findings: &mut Findings) {
    let exclusion = |index: &Index| index.constraint.as_deref() == Some("x");
    for index in
        survey.indexes_of(scoped.relation).iter().filter(|index| (index.unique || exclusion(index)) && !index.partition)
    {
        let lacks = oracles(survey, scoped, index);
        if !lacks.is_empty() {
            unique(survey, scoped, index, &lacks, findings);
        }
    }
}

/// Returns the scope columns that a key lacks, of the scopes whose role can try values of it.
fn oracles(survey: &Survey<'_>, scoped: &Scoped<'_>, index: &Index) -> Vec<&'static str> {
    let lacks = scoped.columns().filter(|(scope, column)| {
        let tries = survey.scope_role(*scope).is_some_and(|role| {
            Granted::to(role.oid, scoped.relation).writes_any(index.columns.iter().flatten().chain(&index.under))
        });
        tries && !index.columns.iter().flatten().any(|found| found == column)
    });
    lacks.map(|(_, column)| column).collect()
}

fn unique(survey: &Survey<'_>, scoped: &Scoped<'_>, index: &Index, lacks: &[&'static str], findings: &mut Findings) {
    let relation = scoped.relation;
    let column = lacks.first().copied().unwrap_or_default();
    let is_uuid = |name: &Option<String>| {
        name.as_ref().and_then(|name| relation.column(name)).is_some_and(|column| column.sql_type == "uuid")
    };
    let unguessable = index.columns.len() == 1 && index.columns.iter().all(is_uuid);
    let code = if unguessable { Code::UniqueUuidWithoutScope } else { Code::UniqueWithoutScope };
    let message = if unguessable {
        format!("it lacks `{column}`: whoever has another tenant's id learns that there is such a row")
    } else {
        format!("it lacks `{column}`: a value that is refused is another tenant's")
    };
    let repair = repair::with_scope(survey, scoped, index, lacks);
    let object = Object::of_table(ObjectKind::Constraint, relation.full_name(), &index.name);
    findings.add(code, object, message, repair);
}

pub(super) fn check_foreign_keys(survey: &Survey<'_>, origins: &Origins<'_>, findings: &mut Findings) {
    for key in &survey.catalog.foreign_keys {
        let Some(child) = survey.scoped_table(key.relation) else { continue };
        let object = || Object::of_table(ObjectKind::Constraint, child.relation.full_name(), &key.name);
        let parent = survey.relation(key.referenced);
        let strays = parent.and_then(|parent| Some((parent, strays(survey, origins, child, key)?)));
        match &strays {
            Some((parent, Strays::Column(own, theirs))) => findings.add(
                Code::ForeignKeyWithoutScope,
                object(),
                format!("it lacks `{own}`: a row can point at another tenant's row of {}", parent.full_name()),
                repair::carry_scope(survey, child, parent, key, (own, theirs)),
            ),
            Some((parent, strays)) => {
                references::find(child, &parent.full_name(), key, strays, object(), findings);
            }
            None => {}
        }
        if !key.validated {
            findings.add(
                Code::ForeignKeyNotValidated,
                object(),
                "rows that were there before it have not been checked".to_owned(),
                repair::validate(survey, child.relation, key),
            );
        }
        if nulls_scope(child, key) {
            let repair = if matches!(strays, Some((_, Strays::Column(..)))) {
                Repair::decide("it is repaired with what else is wrong with it: `foreign-key-without-scope`")
            } else {
                repair::keep_scope(survey.relation(key.referenced), child, key)
            };
            findings.add(
                Code::SetNullNullsScope,
                object(),
                "a delete or update of what it points at takes the scope from the row, or fails".to_owned(),
                repair,
            );
        }
    }
}

/// Returns whether it sets the scope's column: `SET NULL` without a list of columns sets all of them.
fn nulls_scope(child: &Scoped<'_>, key: &ForeignKey) -> bool {
    let has_scope = |columns: &[String]| child.columns().any(|(_, scope)| columns.iter().any(|column| column == scope));
    let sets = |action: &str| matches!(action, "n" | "d");
    let on_delete =
        sets(&key.on_delete) && has_scope(if key.set_columns.is_empty() { &key.columns } else { &key.set_columns });
    on_delete || sets(&key.on_update) && has_scope(&key.columns)
}
