//! The one check that reads rows: foreign keys that are marked valid over rows that dangle.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::{
    Code, Finding, Object, ObjectKind, Repair,
    catalog::{ForeignKey, Relation},
    survey::Survey,
};
use crate::sql::quote;

/// Looks at the foreign keys of scoped tables. The role has to see all rows.
pub(super) async fn dangling<C: ConnectionTrait>(survey: &Survey<'_>, connection: &C) -> Result<Vec<Finding>, DbErr> {
    let mut findings = Vec::new();
    for key in survey.catalog.foreign_keys.iter().filter(|key| key.validated) {
        let Some(child) = survey.scoped_table(key.relation) else { continue };
        let Some(parent) = survey.relation(key.referenced) else { continue };
        let dangles = dangles(parent, key);
        let sql = format!("SELECT EXISTS (SELECT FROM {} child WHERE {dangles})", child.relation.sql);
        let row = connection.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
        if row.map(|row| row.try_get_by_index::<bool>(0)).transpose()?.unwrap_or(false) {
            findings.push(Finding {
                code: Code::ForeignKeyDangling,
                severity: Code::ForeignKeyDangling.severity(),
                object: Object::of_table(ObjectKind::Constraint, child.relation.full_name(), &key.name),
                message: format!("rows point at rows of {} that are not there", parent.full_name()),
                // Whether the row is wrong, or what it points at is missing, nobody knows but people.
                repair: Repair::decide(
                    "decide for each of the rows whether it goes, points at something else, or what it points at comes back",
                )
                .advise(format!(
                    "as a role that sees all rows: SELECT child.* FROM {} child WHERE {dangles}",
                    child.relation.sql
                )),
            });
        }
    }
    Ok(findings)
}

/// Returns the condition on a row of the child, named `child`, that points at nothing.
fn dangles(parent: &Relation, key: &ForeignKey) -> String {
    let set: Vec<_> = key.columns.iter().map(|column| format!("child.{} IS NOT NULL", quote(column))).collect();
    let pairs = key.columns.iter().zip(&key.referenced_columns);
    let same: Vec<_> = pairs.map(|(own, theirs)| format!("parent.{} = child.{}", quote(theirs), quote(own))).collect();
    format!("{} AND NOT EXISTS (SELECT FROM {} parent WHERE {})", set.join(" AND "), parent.sql, same.join(" AND "))
}
