//! What the contract's own roles need: without it contexts do not open, or what a context asks fails.

use super::{Findings, database::roles, list};
use crate::{
    ScopeKind, TableName,
    audit::{
        Object, ObjectKind, Repair,
        catalog::{Oid, PUBLIC, Relation, Role},
        survey::Survey,
    },
    code::Code,
    contract::{Contract, Need, SET_CONFIG},
    sql::quote,
};

/// Returns whether a role, or everybody, has a privilege.
fn has<'a>(acl: impl IntoIterator<Item = &'a (Oid, String)>, role: Oid, privilege: &str) -> bool {
    acl.into_iter().any(|(grantee, has)| (*grantee == role || *grantee == PUBLIC) && has == privilege)
}

pub(super) fn check(survey: &Survey<'_>, findings: &mut Findings) {
    connect(survey, findings);
    table_schemas(survey, findings);
    let Some(gate) = survey.catalog.roles.iter().find(|role| role.name == survey.prefix().gate()) else { return };
    if gate.superuser {
        return;
    }
    set_config(survey, gate, findings);
    schema(survey, gate, survey.prefix().schema(), findings);
    for need in survey.audit.contract.into_iter().flat_map(Contract::needs) {
        schema(survey, gate, need.table.schema().unwrap_or("public"), findings);
        columns(survey, gate, &need, findings);
    }
}

/// The login role connects.
fn connect(survey: &Survey<'_>, findings: &mut Findings) {
    let Some(login) = survey.login() else { return };
    let owns = survey.catalog.looked_as == login.role.name;
    if owns || has(&survey.catalog.database_acl, login.role.oid, "CONNECT") {
        return;
    }
    let (database, login) = (&survey.catalog.database, &login.role.name);
    findings.add(
        Code::ContractMissing,
        Object::new(ObjectKind::Database, database),
        format!("`{login}` may not connect to it, and no context can be opened"),
        vec![format!("GRANT CONNECT ON DATABASE {} TO {}", quote(database), quote(login))],
    );
}

/// What opens a context makes settings, as the definer role.
fn set_config(survey: &Survey<'_>, gate: &Role, findings: &mut Findings) {
    let mut functions = survey.catalog.functions.iter();
    let function = functions.find(|function| function.name == "set_config" && function.schema == "pg_catalog");
    if function.is_none_or(|function| has(&function.acl, gate.oid, "EXECUTE")) {
        return;
    }
    findings.add(
        Code::ContractMissing,
        Object::new(ObjectKind::Function, "set_config"),
        format!("`{}` may not execute it, and no context can be opened", gate.name),
        Repair::from(format!("GRANT EXECUTE ON FUNCTION {SET_CONFIG} TO {}", quote(&gate.name)))
            .advise("a superuser has to run it"),
    );
}

/// The definer role uses the schema of what it reads.
fn schema(survey: &Survey<'_>, gate: &Role, name: &str, findings: &mut Findings) {
    let Some(schema) = survey.catalog.schemas.iter().find(|schema| schema.name == name) else { return };
    if has(&schema.acl, gate.oid, "USAGE") || is_said(findings, name) {
        return;
    }
    findings.add(
        Code::ContractMissing,
        Object::new(ObjectKind::Schema, name),
        format!("`{}` may not use it, and contexts cannot be opened", gate.name),
        vec![format!("GRANT USAGE ON SCHEMA {} TO {}", schema.sql, quote(&gate.name))],
    );
}

fn is_said(findings: &Findings, schema: &str) -> bool {
    findings.0.iter().any(|finding| {
        finding.code == Code::ContractMissing
            && finding.object.kind == ObjectKind::Schema
            && finding.object.name == schema
            && finding.message.contains("contexts cannot be opened")
    })
}

/// The scope roles use the schemas of the tables that are in their scopes.
fn table_schemas(survey: &Survey<'_>, findings: &mut Findings) {
    for schema in &survey.catalog.schemas {
        let scoped = survey.scoped.iter().filter(|scoped| scoped.relation.schema == schema.name);
        let of_entities = scoped.filter(|scoped| scoped.entity.is_some());
        let declared: Vec<ScopeKind> =
            of_entities.flat_map(|scoped| &scoped.scopes).map(|declaration| declaration.scope).collect();
        let needing = ScopeKind::ALL
            .iter()
            .filter(|scope| declared.contains(scope))
            .filter_map(|scope| survey.scope_role(*scope));
        let lacking = needing.filter(|role| !has(&schema.acl, role.oid, "USAGE"));
        let lacking: Vec<_> = lacking.map(|role| role.name.as_str()).collect();
        if !lacking.is_empty() {
            findings.add(
                Code::ContractMissing,
                Object::new(ObjectKind::Schema, &schema.name),
                format!("{} may not use it, and no query on a table in it works", super::who(&lacking)),
                vec![format!("GRANT USAGE ON SCHEMA {} TO {}", schema.sql, roles(&lacking))],
            );
        }
    }
}

/// The definer role reads memberships, and what else its functions ask.
fn columns(survey: &Survey<'_>, gate: &Role, need: &Need, findings: &mut Findings) {
    let Need { table, privilege, columns } = need;
    let is_it = |relation: &&Relation| is(relation, table);
    // A table that is not there is missed by its entity.
    let Some(relation) = survey.catalog.relations.iter().find(is_it) else { return };
    if has(&relation.acl, gate.oid, privilege) {
        return;
    }
    let may = |name: &String| relation.column(name).is_none_or(|column| has(&column.acl, gate.oid, privilege));
    let lacking: Vec<_> = columns.iter().filter(|column| !may(column)).collect();
    if lacking.is_empty() {
        return;
    }
    let names: Vec<_> = lacking.iter().map(|name| name.as_str()).collect();
    let quoted: Vec<_> = names.iter().map(|name| quote(name)).collect();
    findings.add(
        Code::ContractMissing,
        Object::table(relation.full_name()),
        format!("`{}` has no {privilege} on {} of it, and what asks for that fails", gate.name, list(&names)),
        vec![format!("GRANT {privilege} ({}) ON {} TO {}", quoted.join(", "), relation.sql, quote(&gate.name))],
    );
}

fn is(relation: &Relation, table: &TableName) -> bool {
    relation.name == table.name() && Some(relation.schema.as_str()) == table.schema()
}
