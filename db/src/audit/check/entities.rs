//! Drift between code and database: what one knows and the other does not.

use super::Findings;
use crate::{
    RegisteredEntity, TableName,
    audit::{Object, ObjectKind, Repair, catalog::Relation, origin::Origins, survey::Survey},
    code::Code,
    contract::{self, ScopedTables},
    scope::Rows,
    sql::quote,
};

pub(super) fn check(survey: &Survey<'_>, origins: &Origins<'_>, findings: &mut Findings) {
    for entity in survey.audit.registry.entities() {
        if let Some(relation) = survey.table_of(entity) {
            columns(survey, entity, relation, findings);
            shadowed(survey, entity, relation, findings);
        }
    }
    tables_missing(survey, findings);
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

/// The tables that are missing, each after those that it needs.
fn tables_missing(survey: &Survey<'_>, findings: &mut Findings) {
    let entities = survey.audit.registry.entities();
    let mut missing: Vec<_> = entities.filter(|entity| survey.table_of(entity).is_none()).collect();
    let mut made: Vec<TableName> = Vec::new();
    while !missing.is_empty() {
        let is_ready = |entity: &&RegisteredEntity| {
            let waits = |table: &TableName| missing.iter().any(|other| other.table_name() == table);
            needs(entity).iter().all(|table| *table == *entity.table_name() || !waits(table))
        };
        // Where they need each other, none can be made before the other.
        let at = missing.iter().position(is_ready);
        let entity = missing.remove(at.unwrap_or(0));
        let is_there = |table: &TableName| {
            table == entity.table_name()
                || made.contains(table)
                || survey.table_named(table.schema(), table.name()).is_some()
        };
        let can_be_made = at.is_some() && needs(entity).iter().all(is_there);
        if table_missing(survey, entity, can_be_made, findings) {
            made.push(entity.table_name().clone());
        }
    }
}

/// Returns the tables that have to be there before that of an entity: what it points at, and what its policies read.
fn needs(entity: &RegisteredEntity) -> Vec<TableName> {
    let keys = entity.data.foreign_keys().map(|key| key.table);
    let via = entity.scopes.iter().filter_map(|declaration| match declaration.rows {
        Rows::Via(via) => Some(via().table),
        Rows::All | Rows::Column(_) => None,
    });
    keys.chain(via).collect()
}

/// Returns whether there are statements that make it.
fn table_missing(survey: &Survey<'_>, entity: &RegisteredEntity, can_be_made: bool, findings: &mut Findings) -> bool {
    let schema = entity.schema();
    let of_name =
        |relation: &&Relation| relation.name == entity.table() && schema.is_none_or(|schema| relation.schema == schema);
    let facade = entity.facade();
    let (message, repair) = match survey.catalog.relations.iter().find(of_name) {
        Some(other) if schema.is_some() || !other.is_table() => (
            format!("`{facade}` is an entity of it, and {} is a {}", other.full_name(), other.kind_name()),
            Repair::decide(format!(
                "rename or drop the {}, and run the migration that makes the table",
                other.kind_name()
            )),
        ),
        Some(other) => (
            format!("`{facade}` is an entity of it, and the search path does not lead to {}", other.full_name()),
            Repair::decide(format!(
                "put schema `{}` into the search path, or `schema_name` on the entity",
                other.schema
            )),
        ),
        None => (format!("`{facade}` is an entity of it"), create_table(survey, entity, can_be_made)),
    };
    let is_made = !repair.statements.is_empty();
    findings.add(Code::EntityTableMissing, Object::table(entity.table_name().to_string()), message, repair);
    is_made
}

fn create_table(survey: &Survey<'_>, entity: &RegisteredEntity, can_be_made: bool) -> Repair {
    if !can_be_made {
        return Repair::decide("run the migration that makes it: it needs a table that is not there either");
    }
    let is_there = |schema: &str| survey.catalog.schemas.iter().any(|found| found.name == schema);
    let mut statements = match entity.schema() {
        Some(schema) if !is_there(schema) => {
            return Repair::decide(format!("run the migration that makes it: there is no schema `{schema}`"));
        }
        Some(_) => Vec::new(),
        // As queries find it, whoever runs this.
        None => match survey.catalog.search_path.iter().find(|schema| is_there(schema.as_str())) {
            Some(schema) => vec![format!("SET LOCAL search_path = {}", quote(schema))],
            None => return Repair::decide("run the migration that makes it: no schema of the search path is there"),
        },
    };
    match ScopedTables::new(survey.prefix()).create_entity(&entity.data, survey.audit.registry) {
        Ok(create) => statements.extend(create.statements()),
        Err(refused) => return Repair::decide(format!("run the migration that makes it: {refused}")),
    }
    Repair::from(statements).advise("better run the migration that makes it: checks and other indexes are in no entity")
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
fn add_column(survey: &Survey<'_>, entity: &RegisteredEntity, relation: &Relation, column: &str) -> Repair {
    let table = &relation.sql;
    let Some(definition) = contract::add_column(&entity.data, column) else {
        return Repair::decide("run the migration that adds it");
    };
    let is_scope = entity.scopes.iter().any(|declaration| declaration.rows.column() == Some(column));
    let is_empty = definition.contains(" NOT NULL") && !definition.contains(" DEFAULT ");
    if is_scope || is_empty || entity.fixed_columns().contains(&column) {
        return Repair::decide(format!(
            "run the migration that adds it, and says what it is in the rows that are there: ALTER TABLE {table} ADD COLUMN \
             {definition}"
        ));
    }
    let mut statements = vec![format!("ALTER TABLE {table} ADD COLUMN {definition}")];
    statements.extend(survey.prefix().protect_table(table, entity.scopes, entity.fixed_columns()));
    Repair::from(statements).advise("better run the migration that adds it: checks and keys are in no column")
}

fn without_entity(relation: &Relation, why: &str, findings: &mut Findings) {
    let repair =
        Repair::decide("write its entity, or accept the finding: `Registry::accept`; where nobody needs it, drop it");
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
            Repair::decide(format!("drop or rename it: {} {}", other.kind_name(), other.sql)),
        );
    }
}
