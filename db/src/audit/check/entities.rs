//! Drift between code and database: what one knows and the other does not.

use super::Findings;
use crate::{
    RegisteredEntity, ScopeKind,
    audit::{Code, Object, ObjectKind, catalog::Relation, survey::Survey},
    contract::ContractFunction,
};

pub(super) fn check(survey: &Survey<'_>, findings: &mut Findings) {
    if survey.audit.registry.entities().next().is_none() {
        // A program without entities knows nothing that could drift.
        return;
    }
    let installed = contract(survey, findings);
    for entity in survey.audit.registry.entities() {
        match survey.table_of(entity) {
            None => findings.add(
                Code::EntityTableMissing,
                Object::table(entity.table()),
                format!("`{}` is an entity of it", entity.facade()),
                create_table(survey, entity),
            ),
            Some(relation) => columns(survey, entity, relation, findings),
        }
    }
    for scoped in &survey.scoped {
        if scoped.entity.is_none() && !scoped.relation.partition {
            without_entity(scoped.relation, findings);
        }
    }
    if installed {
        functions(survey, findings);
    }
}

/// Whether the schema and the roles of the contract are there.
fn contract(survey: &Survey<'_>, findings: &mut Findings) -> bool {
    let prefix = survey.prefix();
    let mut missing = Vec::new();
    if !survey.catalog.schemas.iter().any(|schema| schema.name == prefix.schema()) {
        missing.push(Object::new(ObjectKind::Schema, prefix.schema()));
    }
    let scopes = ScopeKind::ALL.map(|scope| prefix.role(scope));
    for role in scopes.into_iter().chain([survey.audit.login_role(survey.catalog), prefix.gate()]) {
        if !survey.catalog.roles.iter().any(|found| found.name == role) {
            missing.push(Object::new(ObjectKind::Role, role));
        }
    }
    let installed = missing.is_empty();
    for object in missing {
        let message = format!("the contract's {object} is missing, and no context can be opened");
        findings.add(Code::ContractMissing, object, message, install(survey));
    }
    installed
}

fn install(survey: &Survey<'_>) -> Vec<String> {
    let Some(contract) = survey.audit.contract else {
        return vec!["-- run the migration that installs the contract".to_owned()];
    };
    let mut statements = contract.install(None);
    // Their policies and grants are for the roles.
    for entity in survey.audit.registry.entities() {
        if let Some(relation) = survey.table_of(entity) {
            statements.extend(survey.prefix().protect_table(&relation.sql, entity.scopes, &entity.fixed_columns()));
        }
    }
    statements.extend(contract.protect_membership());
    statements.extend(contract.protect_tokens());
    statements
}

fn create_table(survey: &Survey<'_>, entity: &RegisteredEntity) -> Vec<String> {
    let mut statements = vec!["-- better: run the migration that makes it".to_owned()];
    statements.extend(entity.create_table(survey.prefix()));
    statements
}

fn columns(survey: &Survey<'_>, entity: &RegisteredEntity, relation: &Relation, findings: &mut Findings) {
    for column in entity.columns() {
        if relation.column(column).is_none() {
            findings.add(
                Code::EntityColumnMissing,
                Object::of_table(ObjectKind::Column, relation.full_name(), column),
                format!("`{}` reads it, and its queries fail", entity.facade()),
                add_column(survey, entity, relation, column),
            );
        }
    }
}

/// A new column has no grants before the table is protected again.
fn add_column(survey: &Survey<'_>, entity: &RegisteredEntity, relation: &Relation, column: &str) -> Vec<String> {
    let table = &relation.sql;
    let definition = entity.column_definition(column);
    let mut statements = vec!["-- better: run the migration that adds it".to_owned()];
    statements.extend(definition.map(|definition| format!("ALTER TABLE {table} ADD COLUMN {definition}")));
    statements.extend(survey.prefix().protect_table(table, entity.scopes, &entity.fixed_columns()));
    statements
}

fn without_entity(relation: &Relation, findings: &mut Findings) {
    let repair = vec![
        "-- write its entity, or declare an exception: `Registry::except`".to_owned(),
        format!("-- where nobody needs it: DROP TABLE {}", relation.sql),
    ];
    findings.add(
        Code::TableWithoutEntity,
        Object::table(relation.full_name()),
        "it has the tenant column, and no entity: nobody has said whose its rows are".to_owned(),
        repair,
    );
}

/// Whether the functions are those that the contract makes.
fn functions(survey: &Survey<'_>, findings: &mut Findings) {
    let Some(contract) = survey.audit.contract else { return };
    let schema = survey.prefix().schema();
    let gate = survey.prefix().gate();
    for ContractFunction { name, definer, body, statements } in contract.functions() {
        let object = Object::new(ObjectKind::Function, format!("{schema}.{name}"));
        let found = survey.catalog.functions.iter().find(|found| found.schema == schema && found.name == name);
        let Some(found) = found else {
            let message = "it is missing, and the policies or contexts that need it fail".to_owned();
            findings.add(Code::ContractMissing, object, message, statements);
            continue;
        };
        let what = if found.definer != definer {
            "runs as another than it should"
        } else if definer && survey.role_name(found.owner) != gate {
            "is not owned by the gate"
        } else if found.body.as_deref().is_some_and(|found| !same_body(&body, found)) {
            "has another body"
        } else {
            continue;
        };
        let message = format!("it {what} than the program's contract makes");
        findings.add(Code::ContractFunctionChanged, object, message, statements);
    }
}

/// Whether two bodies are the same; PostgreSQL writes down one that is a single expression in its own way.
fn same_body(ours: &str, theirs: &str) -> bool {
    use crate::audit::expression::Expression;
    ours.trim() == theirs.trim() || Expression::of(ours, "public") == Expression::of(theirs, "public")
}
