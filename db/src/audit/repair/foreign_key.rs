//! Foreign keys: made again from the server's own definition, in which as little as possible is changed.

use super::{Repair, SEE_ALL_ROWS, columns_of};
use crate::{
    audit::{
        Object, ObjectKind, acceptances,
        catalog::{ForeignKey, Index, Relation},
        survey::{Scoped, Survey},
    },
    code::Code,
    sql::{do_block, literal, quote},
};

const LOCKS: &str = "both tables are locked until it is done, and their rows are read; where that takes too long, make the \
                     key NOT VALID and validate it later, as docs/audit.md shows";

/// Whether the finding that a foreign key lacks its scope is one that statements repair, and is not accepted.
pub(in crate::audit) fn is_repaired(survey: &Survey<'_>, key: &ForeignKey) -> bool {
    let (Some(child), Some(parent)) = (survey.scoped_table(key.relation), survey.scoped_table(key.referenced)) else {
        return false;
    };
    let Some((own, theirs)) = crate::audit::check::missing_column(child, parent, key) else { return false };
    let object = Object::of_table(ObjectKind::Constraint, child.relation.full_name(), &key.name);
    !acceptances::is_accepted(survey, Code::ForeignKeyWithoutScope, &object)
        && !carry_scope(survey, child, parent.relation, key, (own, theirs)).statements.is_empty()
}

/// Adds the column of the scope to a foreign key: the first of the pair is the child's.
pub(in crate::audit) fn carry_scope(
    survey: &Survey<'_>,
    child: &Scoped<'_>,
    parent: &Relation,
    key: &ForeignKey,
    (own, theirs): (&str, &str),
) -> Repair {
    let (from, to) = (with(own, &key.columns), with(theirs, &key.referenced_columns));
    let (from_sql, to_sql) = (quoted(&from), quoted(&to));
    let decide = |why: &str| {
        Repair::decide(format!("make it again as FOREIGN KEY ({from_sql}) REFERENCES {} ({to_sql}): {why}", parent.sql))
            .advise(format!("it is {} now", key.definition))
    };
    let Some(rules) = rules(parent, key) else {
        return decide("its definition has something that is not rewritten here");
    };
    if key.columns.iter().any(|column| column == own) || key.referenced_columns.iter().any(|column| column == theirs) {
        return decide("a column of the scope is in it, for another one");
    }
    let nullable = |column: &String| child.relation.column(column).is_none_or(|column| !column.not_null);
    if rules.starts_with(" MATCH FULL") && key.columns.iter().any(nullable) {
        return decide(
            "it is MATCH FULL, and with a scope column that is never null that would refuse each row in which the others \
             are null; for one other column MATCH SIMPLE says the same, for more it takes a CHECK beside it",
        );
    }
    if rules.contains(" ON UPDATE SET ") {
        return decide(
            "an update of what it points at would set the scope's column too; say what it should do instead",
        );
    }
    let Some(rules) = keep_columns(rules, child, key) else {
        return decide("say what a delete does: its SET NULL or SET DEFAULT has no column but a scope's");
    };
    let kind = |relation: &Relation, column: &str| relation.column(column).map(|column| column.sql_type.clone());
    if kind(child.relation, own) != kind(parent, theirs) {
        return decide("the columns of the scope are of two types");
    }
    let mut change = Vec::new();
    match unique_key(survey, parent, &to) {
        Some(unique) => change.extend(unique),
        None => return decide("what it points at is partitioned, and has no such unique key"),
    }
    let name = quote(&key.name);
    change.push(format!(
        "ALTER TABLE {} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} FOREIGN KEY ({from_sql}) REFERENCES {} ({to_sql}){rules}",
        child.relation.sql, parent.sql
    ));
    change.extend(comment(child.relation, key));
    let pairs = key.columns.iter().zip(&key.referenced_columns);
    let same: Vec<_> = pairs.map(|(own, theirs)| format!("p.{} = c.{}", quote(theirs), quote(own))).collect();
    Repair::from(seeing_all(&[child.relation, parent], change))
        .advise(format!(
            "it fails, and changes nothing, where a row points at another tenant's: SELECT c.* FROM {} c JOIN {} p ON {} \
             WHERE p.{} <> c.{} shows those",
            child.relation.sql,
            parent.sql,
            same.join(" AND "),
            quote(theirs),
            quote(own)
        ))
        .advise(LOCKS)
}

/// Takes the columns of scopes out of what a delete or an update sets to null.
pub(in crate::audit) fn keep_scope(parent: Option<&Relation>, child: &Scoped<'_>, key: &ForeignKey) -> Repair {
    let decide = |why: &str| {
        Repair::decide(format!("say what it should do instead, such as RESTRICT or CASCADE: {why}"))
            .advise(format!("it is {} now", key.definition))
    };
    let Some((head, rules)) = parent
        .and_then(|parent| rules(parent, key))
        .and_then(|rules| Some((key.definition.strip_suffix(rules)?, rules)))
    else {
        return decide("its definition has something that is not rewritten here");
    };
    let is_scope = |column: &&String| child.columns().any(|(_, scope)| *column == scope);
    let scope_is_set = key
        .columns
        .iter()
        .filter(is_scope)
        .all(|column| child.relation.column(column).is_some_and(|column| column.not_null));
    if rules.contains(" ON UPDATE SET DEFAULT") || rules.contains(" ON UPDATE SET NULL") && !scope_is_set {
        return decide("an update has no list of columns that it sets");
    }
    let Some(kept) = keep_columns(&rules.replacen(" ON UPDATE SET NULL", "", 1), child, key) else {
        return decide("it has no column but a scope's that a delete could set");
    };
    let (table, name) = (&child.relation.sql, quote(&key.name));
    let mut change = vec![format!("ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} {head}{kept}")];
    change.extend(comment(child.relation, key));
    let tables: Vec<_> = [Some(child.relation), parent].into_iter().flatten().collect();
    let mut repair = Repair::from(seeing_all(&tables, change));
    if rules.contains(" ON UPDATE SET NULL") {
        repair = repair.advise(
            "an update of what it points at is refused, as it is now: the scope's column is never null".to_owned(),
        );
    }
    repair.advise(LOCKS)
}

/// Checks the rows that were there before it.
pub(in crate::audit) fn validate(survey: &Survey<'_>, child: &Relation, key: &ForeignKey) -> Repair {
    let name = quote(&key.name);
    let change = if key.enforced {
        format!("ALTER TABLE {} VALIDATE CONSTRAINT {name}", child.sql)
    } else {
        format!("ALTER TABLE {} ALTER CONSTRAINT {name} ENFORCED", child.sql)
    };
    let tables: Vec<_> = [Some(child), survey.relation(key.referenced)].into_iter().flatten().collect();
    Repair::from(seeing_all(&tables, vec![change]))
        .advise("it fails, and changes nothing, while a row points at nothing: look for those first")
}

/// A foreign key that an entity declares, and that the database lacks.
pub(in crate::audit) struct Missing<'a> {
    pub(in crate::audit) child: &'a Relation,
    pub(in crate::audit) parent: &'a Relation,
    /// The columns of the two.
    pub(in crate::audit) columns: Vec<(String, String)>,
    /// What a delete and an update do, as SQL.
    pub(in crate::audit) actions: String,
}

/// Makes a foreign key that an entity declares.
pub(in crate::audit) fn add_missing(survey: &Survey<'_>, missing: &Missing<'_>) -> Repair {
    let Missing { child, parent, columns, actions } = missing;
    let (from, to): (Vec<String>, Vec<String>) = columns.iter().cloned().unzip();
    let definition = format!("FOREIGN KEY ({}) REFERENCES {} ({}){actions}", quoted(&from), parent.sql, quoted(&to));
    let lacks = from.iter().any(|column| child.column(column).is_none());
    let types = |relation: &Relation, columns: &[String]| -> Vec<_> {
        columns.iter().map(|name| relation.column(name).map(|column| column.sql_type.clone())).collect()
    };
    if lacks || types(child, &from) != types(parent, &to) {
        return Repair::decide(format!("make it: {definition}; a column of it is missing, or of another type"));
    }
    let Some(unique) = unique_key(survey, parent, &to) else {
        return Repair::decide(format!("make it: {definition}; what it points at has no such unique key"));
    };
    let mut change = unique;
    change.push(format!("ALTER TABLE {} ADD {definition}", child.sql));
    let set: Vec<_> = from.iter().map(|column| format!("c.{} IS NOT NULL", quote(column))).collect();
    let same: Vec<_> = columns.iter().map(|(own, theirs)| format!("p.{} = c.{}", quote(theirs), quote(own))).collect();
    Repair::from(seeing_all(&[child, parent], change))
        .advise(format!(
            "it fails, and changes nothing, where a row points at nothing, or at another tenant's: SELECT c.* FROM {} c \
             WHERE {} AND NOT EXISTS (SELECT FROM {} p WHERE {}) shows those",
            child.sql,
            set.join(" AND "),
            parent.sql,
            same.join(" AND ")
        ))
        .advise("what a delete does of what it points at is as the entity's relation says: a migration may have said more")
        .advise(LOCKS)
}

/// Returns what a definition says after the columns: how it matches, what it does, and when it is checked. `None` where
/// it is not one that can be read so: one with a PERIOD, say.
fn rules<'a>(parent: &Relation, key: &'a ForeignKey) -> Option<&'a str> {
    let rest = columns_of(key.definition.strip_prefix("FOREIGN KEY (")?, &names(&key.columns))?;
    let rest = rest.strip_prefix(") REFERENCES ")?.strip_prefix(parent.sql.as_str())?.strip_prefix('(')?;
    columns_of(rest, &names(&key.referenced_columns))?.strip_prefix(')')
}

/// Has a delete set the columns alone that are of no scope; `None` where there is none.
fn keep_columns(rules: &str, child: &Scoped<'_>, key: &ForeignKey) -> Option<String> {
    let is_scope = |column: &&String| child.columns().any(|(_, scope)| *column == scope);
    let set = if key.set_columns.is_empty() { &key.columns } else { &key.set_columns };
    let kept: Vec<_> = set.iter().filter(|column| !is_scope(column)).cloned().collect();
    for action in [" ON DELETE SET NULL", " ON DELETE SET DEFAULT"] {
        let Some((before, after)) = rules.split_once(action) else { continue };
        let after = if key.set_columns.is_empty() {
            after
        } else {
            columns_of(after.strip_prefix(" (")?, &names(&key.set_columns))?.strip_prefix(')')?
        };
        let list = if kept.is_empty() { return None } else { quoted(&kept) };
        return Some(format!("{before}{action} ({list}){after}"));
    }
    Some(rules.to_owned())
}

/// Returns the statement that makes a unique key over these columns, none where there is one; `None` where it cannot be
/// made.
fn unique_key(survey: &Survey<'_>, table: &Relation, columns: &[String]) -> Option<Vec<String>> {
    if survey.indexes_of(table).iter().any(|index| is_key(index, columns)) {
        return Some(Vec::new());
    }
    if table.kind == "p" {
        return None;
    }
    let mut sorted: Vec<_> = columns.iter().map(|column| literal(column)).collect();
    sorted.sort_unstable();
    // Another repair may have made it; the name is for the server to find.
    Some(vec![do_block(&format!(
        "BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_catalog.pg_index i
    WHERE i.indrelid = {table}::pg_catalog.regclass AND i.indisunique AND i.indisvalid AND i.indimmediate
      AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indnkeyatts = {count}
      AND (
        SELECT pg_catalog.count(*) FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY k (attnum, at)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE k.at <= i.indnkeyatts AND a.attname IN ({columns})
      ) = {count}
  ) THEN
    ALTER TABLE {sql} ADD UNIQUE ({key});
  END IF;
END",
        table = literal(&table.sql),
        count = columns.len(),
        columns = sorted.join(", "),
        sql = table.sql,
        key = quoted(columns),
    ))])
}

/// Returns whether a foreign key can point at the columns by this index.
fn is_key(index: &Index, columns: &[String]) -> bool {
    let has = |column: &String| index.columns.iter().flatten().any(|found| found == column);
    index.unique
        && index.valid
        && index.immediate
        && !index.partial
        && index.columns.len() == columns.len()
        && columns.iter().all(has)
}

/// Runs statements so that no row is hidden from them, or fails: PostgreSQL takes a row that the owner does not see for
/// one that is not there, and marks the key as valid.
fn seeing_all(tables: &[&Relation], change: Vec<String>) -> Vec<String> {
    let mut forced: Vec<_> = tables.iter().filter(|table| table.row_security && table.forced).collect();
    forced.dedup_by_key(|table| table.oid);
    let turn = |how: &str| -> Vec<_> {
        forced.iter().map(|table| format!("ALTER TABLE {} {how} ROW LEVEL SECURITY", table.sql)).collect()
    };
    [vec![SEE_ALL_ROWS.to_owned()], turn("NO FORCE"), change, turn("FORCE")].concat()
}

fn comment(child: &Relation, key: &ForeignKey) -> Option<String> {
    let comment = key.comment.as_ref()?;
    Some(format!("COMMENT ON CONSTRAINT {} ON {} IS {}", quote(&key.name), child.sql, literal(comment)))
}

fn with(first: &str, rest: &[String]) -> Vec<String> {
    [first.to_owned()].into_iter().chain(rest.iter().cloned()).collect()
}

fn quoted(columns: &[String]) -> String {
    columns.iter().map(|column| quote(column)).collect::<Vec<_>>().join(", ")
}

fn names(columns: &[String]) -> Vec<&str> {
    columns.iter().map(String::as_str).collect()
}
