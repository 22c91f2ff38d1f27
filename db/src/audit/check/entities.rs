//! Drift between code and database: what one knows and the other does not.

use super::Findings;
use crate::{
    RegisteredEntity,
    audit::{Code, Object, ObjectKind, catalog::Relation, origin::Origins, survey::Survey},
};

pub(super) fn check(survey: &Survey<'_>, origins: &Origins<'_>, findings: &mut Findings) {
    for entity in survey.audit.registry.entities() {
        match survey.table_of(entity) {
            None => table_missing(survey, entity, findings),
            Some(relation) => {
                columns(survey, entity, relation, findings);
                shadowed(survey, entity, relation, findings);
            }
        }
    }
    for relation in survey.catalog.relations.iter().filter(|relation| relation.is_table() && !relation.partition) {
        let why = match survey.scoped_table(relation.oid) {
            Some(scoped) if scoped.entity.is_some() => continue,
            Some(_) => "it has the tenant column".to_owned(),
            // One that is reached is `TableUndeclared`.
            None => match origins.key_to_tenants(relation).filter(|_| survey.rights(relation).is_empty()) {
                Some((key, tenants)) => {
                    format!(
                        "it has a tenant's key in `{}`, as it points at {}",
                        key.columns.join("`, `"),
                        tenants.full_name()
                    )
                }
                None => continue,
            },
        };
        let is_elsewhere = survey.audit.registry.entities().any(|entity| {
            entity.schema().is_none_or(|schema| schema == relation.schema)
                && entity.table() == relation.name
                && survey.table_of(entity).is_none()
        });
        if !is_elsewhere {
            without_entity(relation, &why, findings);
        }
    }
}

fn table_missing(survey: &Survey<'_>, entity: &RegisteredEntity, findings: &mut Findings) {
    let mut named = survey.catalog.relations.iter().filter(|relation| relation.name == entity.table());
    let (message, repair) = match named.next().filter(|_| entity.schema().is_none()) {
        Some(other) => (
            format!(
                "`{}` is an entity of it, and the search path does not lead to {}",
                entity.facade(),
                other.full_name()
            ),
            vec![format!("-- put schema `{}` into the search path, or `schema_name` on the entity", other.schema)],
        ),
        None => (format!("`{}` is an entity of it", entity.facade()), create_table(survey, entity)),
    };
    findings.add(Code::EntityTableMissing, Object::table(entity.table_name().to_string()), message, repair);
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

fn without_entity(relation: &Relation, why: &str, findings: &mut Findings) {
    let repair = vec![
        "-- write its entity, or declare an exception: `Registry::except`".to_owned(),
        format!("-- where nobody needs it: DROP TABLE {}", relation.sql),
    ];
    findings.add(
        Code::TableWithoutEntity,
        Object::table(relation.full_name()),
        format!("{why}, and no entity: nobody has said whose its rows are"),
        repair,
    );
}

/// A name without a schema is looked up in the search path, and there in the schema of the role's own name first.
fn shadowed(survey: &Survey<'_>, entity: &RegisteredEntity, table: &Relation, findings: &mut Findings) {
    if entity.schema().is_some() {
        return;
    }
    let in_path = survey.catalog.search_path.iter().take_while(|schema| **schema != table.schema);
    let roles = survey.requests.iter().map(|request| &request.role.name);
    let earlier: Vec<_> = in_path.chain(roles).collect();
    let mut others = survey.catalog.relations.iter().filter(|other| other.name == table.name && other.oid != table.oid);
    if let Some(other) = others.find(|other| earlier.iter().any(|schema| **schema == other.schema)) {
        findings.add(
            Code::TableShadowed,
            Object::table(table.full_name()),
            format!("queries that name it without a schema find {} in its place", other.full_name()),
            vec![format!("-- drop or rename it: {} {}", other.kind_name(), other.sql)],
        );
    }
}
