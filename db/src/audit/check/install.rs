//! The repair that makes the contract again.

use crate::{
    audit::{
        Repair,
        catalog::{PUBLIC_NAME, Relation},
        repair::cut_off,
        survey::Survey,
    },
    contract::Need,
    sql::quote,
};

/// Returns what makes the contract again.
pub(super) fn install(survey: &Survey<'_>) -> Repair {
    let run = || Repair::decide("run the migration that installs the contract");
    let Some(contract) = survey.audit.contract else { return run() };
    if contract.needs().any(|need| lacks(survey, &need).is_some()) {
        return run();
    }
    // It is not installed over a scope role that can log in.
    let logs_in = survey.requests.iter().filter(|request| request.scope.is_some() && request.role.login);
    let mut statements: Vec<_> =
        logs_in.map(|request| format!("ALTER ROLE {} NOLOGIN", quote(&request.role.name))).collect();
    statements.extend(contract.install(None));
    // Their policies and grants are for the roles.
    for entity in survey.audit.registry.entities() {
        if let Some(relation) = survey.table_of(entity) {
            statements.extend(survey.prefix().protect_table(&relation.sql, entity.scopes, entity.fixed_columns()));
        }
    }
    statements.extend(contract.protect_membership());
    statements.extend(contract.protect_tokens());
    Repair::from(statements)
        .advise("better run the migration that installs the contract: this is the same")
        .advise_all(cut_off(survey, &[PUBLIC_NAME]))
}

/// Returns what the contract needs of a table and the database lacks, in words.
pub(super) fn lacks(survey: &Survey<'_>, Need { table, columns, .. }: &Need) -> Option<String> {
    let mut relations = survey.catalog.relations.iter();
    let is_it =
        |relation: &&Relation| relation.name == table.name() && Some(relation.schema.as_str()) == table.schema();
    let Some(relation) = relations.find(is_it) else { return Some(format!("the table {table}")) };
    let mut columns = columns.iter();
    columns.find(|column| relation.column(column).is_none()).map(|column| format!("the column {table}.{column}"))
}
