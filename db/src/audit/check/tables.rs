//! Scoped tables: row-level security, scope columns and their indexes.

use std::collections::HashSet;

use super::{Findings, database::revoke_all, list, who};
use crate::{
    audit::{
        Object, ObjectKind, Repair,
        catalog::{Column, PUBLIC, PUBLIC_NAME, Relation},
        repair::{bystanders, cut_off},
        survey::{Scoped, Survey},
    },
    code::Code,
    scope::KEY_TYPE,
    sql::quote,
};

pub(super) fn check(survey: &Survey<'_>, scoped: &Scoped<'_>, findings: &mut Findings) {
    // What no request reaches, and no entity knows, is somebody else's.
    if scoped.entity.is_none() && !survey.reaches(scoped.relation) {
        return;
    }
    row_security(survey, scoped, findings);
    for (_, column) in scoped.columns() {
        if let Some(found) = scoped.relation.column(column) {
            scope_column(scoped, found, findings);
            index(survey, scoped.relation, column, findings);
        }
    }
}

fn row_security(survey: &Survey<'_>, scoped: &Scoped<'_>, findings: &mut Findings) {
    let relation = scoped.relation;
    let object = || Object::table(relation.full_name());
    if !relation.row_security {
        // With policies it is `PoliciesWithoutRls`, for any table.
        if survey.policies_of(relation).is_empty() {
            let (message, repair) = if relation.partition {
                let names = reached_by(survey, relation);
                let repair = revoke_all(survey, &relation.sql, &names);
                (format!("{} can read the partition by its own name", who(&names)), repair)
            } else {
                (
                    "its row-level security is off, so its grants open every tenant's rows".to_owned(),
                    protect(survey, scoped),
                )
            };
            findings.add(Code::TableWithoutRls, object(), message, repair);
        }
    } else if !relation.forced {
        findings.add(
            Code::TableRlsNotForced,
            object(),
            format!("its owner `{}` sees and writes every tenant's rows", survey.role_name(relation.owner)),
            Repair::from(format!("ALTER TABLE {} FORCE ROW LEVEL SECURITY", relation.sql))
                .advise_all(bystanders(survey, relation)),
        );
    }
}

fn reached_by<'a>(survey: &Survey<'a>, relation: &Relation) -> Vec<&'a str> {
    let columns = relation.columns.iter().flat_map(|column| &column.acl);
    survey.reachable_names(relation.acl.iter().chain(columns).map(|(grantee, _)| *grantee))
}

/// Returns whether a column has the type of a scope's key.
pub(super) fn is_key(relation: &Relation, column: &str) -> bool {
    relation.column(column).is_some_and(|column| column.sql_type == KEY_TYPE)
}

/// Puts a table under its scopes' policies.
pub(super) fn protect(survey: &Survey<'_>, scoped: &Scoped<'_>) -> Repair {
    let sql = &scoped.relation.sql;
    let lacks = scoped.columns().find(|(_, column)| scoped.relation.column(column).is_none());
    if let Some((_, column)) = lacks {
        return Repair::decide(format!("add the column `{column}` first, which its policies ask for"));
    }
    if let Some((_, column)) = scoped.columns().find(|(_, column)| !is_key(scoped.relation, column)) {
        return Repair::decide(format!(
            "give `{column}` the type of the scope's key first, which its policies compare it with"
        ));
    }
    let to_public = scoped.relation.acl.iter().any(|(grantee, _)| *grantee == PUBLIC);
    let mut advice = bystanders(survey, scoped.relation);
    if let Some(entity) = scoped.entity {
        if to_public {
            advice.extend(cut_off(survey, &[PUBLIC_NAME]));
        }
        let statements = survey.prefix().protect_table(sql, entity.scopes, entity.fixed_columns());
        return Repair::from(statements).advise_all(advice);
    }
    let mut statements = vec![
        format!("ALTER TABLE {sql} ENABLE ROW LEVEL SECURITY"),
        format!("ALTER TABLE {sql} FORCE ROW LEVEL SECURITY"),
    ];
    for policy in scoped.scopes.iter().flat_map(|declaration| survey.prefix().policies(declaration)) {
        statements.push(format!("DROP POLICY IF EXISTS {} ON {sql}", policy.name));
        statements.push(policy.create(sql));
    }
    Repair::from(statements).advise_all(advice)
}

fn scope_column(scoped: &Scoped<'_>, column: &Column, findings: &mut Findings) {
    let Column { name, sql_type: kind, not_null, .. } = column;
    let relation = scoped.relation;
    let object = || Object::of_table(ObjectKind::Column, relation.full_name(), name);
    if !not_null {
        findings.add(
            Code::ScopeColumnNullable,
            object(),
            "a row without a value in it is nobody's, and no policy lets anybody see it".to_owned(),
            Repair::from(format!("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL", relation.sql, quote(name)))
                .advise(format!(
                    "it fails, and changes nothing, while there is a row without one: decide first whose each of them is; \
                     as a role that sees all rows: SELECT * FROM {} WHERE {} IS NULL",
                    relation.sql,
                    quote(name)
                ))
                .advise("it locks the table while it reads all of its rows"),
        );
    }
    if kind != KEY_TYPE {
        // Its values, the keys that point at it and the other tables that have it change with it, or not at all.
        let repair = Repair::decide(format!(
            "give it the type `{KEY_TYPE}` in a migration, together with the key that it is of and every table that has it; where \
             its values are no UUIDs, each needs one: add a column, fill it from the table of the keys, and put it in the \
             place of `{name}`"
        ));
        findings.add(
            Code::ScopeColumnType,
            object(),
            format!("it is `{kind}`, and the scope's key is `{KEY_TYPE}`"),
            repair,
        );
    }
}

fn index(survey: &Survey<'_>, relation: &Relation, column: &str, findings: &mut Findings) {
    let starts = survey.indexes_of(relation).iter().any(|index| {
        index.valid && !index.partial && index.columns.first().is_some_and(|first| first.as_deref() == Some(column))
    });
    if !starts {
        findings.add(
            Code::ScopeColumnWithoutIndex,
            Object::of_table(ObjectKind::Column, relation.full_name(), column),
            "no whole index starts with it, so that each query reads every tenant's rows".to_owned(),
            Repair::from(format!("CREATE INDEX ON {} ({})", relation.sql, quote(column))).advise(
                "nobody writes to the table until it is done; on a large one run it by itself, in no transaction, as CREATE \
                 INDEX CONCURRENTLY",
            ),
        );
    }
}

/// What a table has, those that it inherits from show too, by their own rights.
fn inherited(survey: &Survey<'_>, findings: &mut Findings) {
    let mut next: Vec<_> = survey.scoped.iter().map(|scoped| (scoped.relation, scoped.relation)).collect();
    let mut seen = HashSet::new();
    while let Some((child, scoped)) = next.pop() {
        let parents = survey.catalog.inherits.iter().filter(|(inherits, _)| *inherits == child.oid);
        for parent in parents.filter_map(|(_, parent)| survey.relation(*parent)) {
            if !seen.insert(parent.oid) {
                continue;
            }
            next.push((parent, scoped));
            if survey.scoped_table(parent.oid).is_none() && survey.reaches(parent) {
                let names = reached_by(survey, parent);
                findings.add(
                    Code::TableWithoutRls,
                    Object::table(parent.full_name()),
                    format!(
                        "{} can read by it the rows of {}, which inherits from it",
                        who(&names),
                        scoped.full_name()
                    ),
                    revoke_all(survey, &parent.sql, &names),
                );
            }
        }
    }
}

/// What holds for any table.
pub(super) fn check_others(survey: &Survey<'_>, findings: &mut Findings) {
    inherited(survey, findings);
    for relation in &survey.catalog.relations {
        let policies = survey.policies_of(relation);
        if !relation.row_security && !policies.is_empty() {
            findings.add(
                Code::PoliciesWithoutRls,
                Object::table(relation.full_name()),
                format!("its row-level security is off, and its {} policies do nothing", policies.len()),
                match survey.scoped_table(relation.oid) {
                    Some(scoped) if scoped.entity.is_some() || survey.reaches(relation) => protect(survey, scoped),
                    // Who else reads it may rely on that its policies do nothing.
                    _ => Repair::decide("decide whether its policies are to hold, and switch it on; else drop them"),
                },
            );
        }
        let known = survey.scoped_table(relation.oid).is_some_and(|scoped| scoped.entity.is_some());
        if relation.row_security && policies.is_empty() && !known && survey.reaches(relation) {
            let names = reached_by(survey, relation);
            findings.add(
                Code::RlsWithoutPolicies,
                Object::table(relation.full_name()),
                format!("{} can reach it, and no policy lets them see a row", who(&names)),
                revoke_all(survey, &relation.sql, &names),
            );
        }
        // What the contract itself keeps is looked at by itself.
        let to_look_at = !survey.requests.is_empty() && !survey.is_seal(relation);
        if to_look_at {
            to_public(survey, relation, findings);
        }
    }
}

fn to_public(survey: &Survey<'_>, relation: &Relation, findings: &mut Findings) {
    let columns = relation.columns.iter().flat_map(|column| &column.acl);
    let to_public = relation.acl.iter().chain(columns).filter(|(grantee, _)| *grantee == PUBLIC);
    let mut privileges: Vec<_> = to_public.map(|(_, privilege)| privilege.as_str()).collect();
    privileges.sort_unstable();
    privileges.dedup();
    if privileges.is_empty() {
        return;
    }
    let kind = if relation.kind == "S" { "SEQUENCE" } else { "TABLE" };
    findings.add(
        Code::GrantToPublic,
        Object::table(relation.full_name()),
        format!("everybody has {} on it", list(&privileges)),
        Repair::from(format!("REVOKE ALL ON {kind} {} FROM PUBLIC", relation.sql))
            .advise_all(cut_off(survey, &[PUBLIC_NAME])),
    );
}
