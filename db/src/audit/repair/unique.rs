//! Unique and exclusion keys: made again from the server's own definition, with the column of the scope before the others.

use super::{Repair, columns_of, is_repaired};
use crate::{
    audit::{
        catalog::{Index, IndexDetails, Relation},
        survey::{Scoped, Survey},
    },
    sql::{literal, quote},
};

/// Puts the column of a scope first into a key, where that leaves the rule one.
pub(in crate::audit) fn with_scope(
    survey: &Survey<'_>,
    scoped: &Scoped<'_>,
    index: &Index,
    lacks: &[&'static str],
) -> Repair {
    let relation = scoped.relation;
    let decide = |why: String| {
        let now = index.definition.as_deref().unwrap_or_default();
        Repair::decide(format!("{why}; accept the finding where the value has to be one for everybody"))
            .advise(format!("it is {now} now"))
    };
    let [scope] = lacks else {
        return decide(format!("decide which of {} belongs into it, or drop it", lacks.join(" and ")));
    };
    if let Some(other) = void(survey, relation, index, scope) {
        return decide(format!(
            "with `{scope}` it would be no rule, since {other} says more: decide whether it is meant for all tenants, or drop it"
        ));
    }
    let Some(details) = &index.details else { return decide("its definition is not known".to_owned()) };
    if let Some(why) = obstacle(survey, relation, index, details, scope) {
        return decide(format!("make it again with {} in it: {why}", quote(scope)));
    }
    let name = quote(&index.name);
    if let Some(same) = same_key(survey, relation, index, scope) {
        let (drop, what) = match &index.constraint {
            Some(_) => (format!("ALTER TABLE {} DROP CONSTRAINT {name}", relation.sql), "constraint"),
            None => (format!("DROP INDEX {}", index.sql), "index"),
        };
        return proposal(index, Repair::from(drop))
            .advise(format!("the {what} goes, since `{same}` has the same columns with `{scope}`"));
    }
    let Some(definition) = rewritten(relation, index, scope) else {
        return decide(format!("make it again with {} in it: its definition is not rewritten here", quote(scope)));
    };
    proposal(index, Repair::from(again(relation, index, details, definition)))
        .advise("it locks the table while it reads all of its rows")
        .advise_all(
            details.replica_identity.then(|| {
                "it is the replica identity: who subscribes is sent the scope's column with each key".to_owned()
            }),
        )
}

fn proposal(index: &Index, repair: Repair) -> Repair {
    let columns: Vec<_> = index.columns.iter().flatten().map(String::as_str).collect();
    let of = if columns.is_empty() { String::new() } else { format!(" of {}", columns.join(", ")) };
    repair.advise(format!(
        "a proposal, since it changes a rule: two tenants may then have the same value{of}, and an upsert that names these \
         columns alone fails; accept the finding where the value has to be one for everybody"
    ))
}

/// Returns the key by which each row has a value of its own within the scope already: with the column of the scope, the
/// rule would say nothing more.
fn void(survey: &Survey<'_>, relation: &Relation, index: &Index, scope: &str) -> Option<String> {
    let has = |column: &str| column == scope || index.columns.iter().flatten().any(|found| found == column);
    let count = index.columns.len() + 1;
    let says_more = |other: &&&Index| {
        let columns = || other.columns.iter().flatten();
        other.oid != index.oid
            && other.unique
            && other.valid
            && !other.partial
            && other.columns.iter().all(Option::is_some)
            && columns().all(|column| has(column))
            && columns().any(|column| column == scope)
            && other.columns.len() < count
    };
    survey.indexes_of(relation).iter().find(says_more).map(|other| format!("`{}`", other.name))
}

/// Returns the key that has exactly these columns and that of the scope.
fn same_key<'a>(survey: &Survey<'a>, relation: &Relation, index: &Index, scope: &str) -> Option<&'a str> {
    let details = index.details.as_ref()?;
    let has_marks = details.replica_identity || details.clustered || index.primary;
    if has_marks || !is_plain(relation, index) {
        return None;
    }
    let has = |other: &Index, column: &str| other.columns.iter().flatten().any(|found| found == column);
    let same = |other: &Index| {
        is_plain(relation, other)
            && other.columns.len() == index.columns.len() + 1
            && has(other, scope)
            && index.columns.iter().flatten().all(|column| has(other, column))
    };
    survey.indexes_of(relation).iter().find(|other| same(other)).map(|other| other.name.as_str())
}

/// Returns whether a key is over columns as they are, each row at once, and nothing else.
fn is_plain(relation: &Relation, index: &Index) -> bool {
    let columns: Vec<_> = index.columns.iter().flatten().map(String::as_str).collect();
    let definition = index.definition.as_deref().unwrap_or_default();
    let list = match index.constraint.as_deref() {
        Some("p") => definition.strip_prefix("PRIMARY KEY ("),
        Some("u") => definition.strip_prefix("UNIQUE ("),
        Some(_) => None,
        None => place(relation, index).and_then(|place| definition.strip_prefix(&place)),
    };
    index.valid && !index.partial && list.and_then(|list| columns_of(list, &columns)) == Some(")")
}

/// Returns why the key cannot be made again, in words.
fn obstacle(
    survey: &Survey<'_>,
    relation: &Relation,
    index: &Index,
    details: &IndexDetails,
    scope: &str,
) -> Option<String> {
    if relation.kind == "p" || relation.partition {
        return Some("the table is partitioned".to_owned());
    }
    let is_scope_nullable = relation.column(scope).is_none_or(|column| !column.not_null);
    if is_scope_nullable && (index.primary || details.replica_identity) {
        return Some(format!("`{scope}` may be null, first that has to be repaired"));
    }
    let stays = |constraint: &i64| {
        let key = survey.catalog.foreign_keys.iter().find(|key| key.oid == *constraint);
        // Those that are made again before it point at another key by then.
        key.is_none_or(|key| !is_repaired(survey, key))
    };
    let mut dependents: Vec<_> =
        details.dependents.iter().filter(|(constraint, _)| stays(constraint)).map(|(_, what)| what.as_str()).collect();
    dependents.dedup();
    (!dependents.is_empty()).then(|| format!("{} depends on it", dependents.join(", ")))
}

/// Returns the definition with the column of the scope before the others.
fn rewritten(relation: &Relation, index: &Index, scope: &str) -> Option<String> {
    let definition = index.definition.as_deref()?;
    let column = quote(scope);
    if index.constraint.is_none() {
        let place = place(relation, index)?;
        return Some(format!("{place}{column}, {}", definition.strip_prefix(&place)?));
    }
    if definition.contains("WITHOUT OVERLAPS") {
        return None;
    }
    let places: &[(&str, &str)] = match index.constraint.as_deref()? {
        "p" => &[("PRIMARY KEY (", "")],
        "u" => &[("UNIQUE (", ""), ("UNIQUE NULLS NOT DISTINCT (", "")],
        "x" => &[("EXCLUDE USING btree (", " WITH =")],
        _ => &[],
    };
    let (place, with) = places.iter().find(|(place, _)| definition.starts_with(place))?;
    Some(format!("{place}{column}{with}, {}", definition.strip_prefix(place)?))
}

/// Returns what stands before the columns of an index: it is known to the letter, whatever the names have in them.
fn place(relation: &Relation, index: &Index) -> Option<String> {
    let definition = index.definition.as_deref()?;
    let places = [quote(&index.name), index.name.clone()]
        .map(|name| format!("CREATE UNIQUE INDEX {name} ON {} USING btree (", relation.sql));
    places.into_iter().find(|place| definition.starts_with(place.as_str()))
}

/// Drops the key and makes it by another definition, with all that it had beside that.
fn again(relation: &Relation, index: &Index, details: &IndexDetails, definition: String) -> Vec<String> {
    let (table, name) = (&relation.sql, quote(&index.name));
    let mut statements = Vec::new();
    let place = details.tablespace.as_ref().map_or_else(|| "''".to_owned(), |name| literal(name));
    statements.push(format!("SET LOCAL default_tablespace = {place}"));
    if index.constraint.is_some() {
        statements.push(format!("ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} {definition}"));
        if index.constraint.as_deref() != Some("x") {
            let options = details.options.iter().filter_map(|option| option.split_once('='));
            let options: Vec<_> =
                options.map(|(name, value)| format!("{} = {}", quote(name), literal(value))).collect();
            if !options.is_empty() {
                statements.push(format!("ALTER INDEX {} SET ({})", index.sql, options.join(", ")));
            }
        }
    } else {
        statements.extend([format!("DROP INDEX {}", index.sql), definition]);
    }
    for (column, target) in &details.targets {
        statements.push(format!("ALTER INDEX {} ALTER COLUMN {} SET STATISTICS {target}", index.sql, column + 1));
    }
    if let Some(comment) = &details.comment {
        statements.push(format!("COMMENT ON CONSTRAINT {name} ON {table} IS {}", literal(comment)));
    }
    if let Some(comment) = &details.index_comment {
        statements.push(format!("COMMENT ON INDEX {} IS {}", index.sql, literal(comment)));
    }
    if details.clustered {
        statements.push(format!("ALTER TABLE {table} CLUSTER ON {name}"));
    }
    if details.replica_identity {
        statements.push(format!("ALTER TABLE {table} REPLICA IDENTITY USING INDEX {name}"));
    }
    statements
}
