//! What the report shows beside the findings: roles, tables, who may do what, and foreign keys.

use super::{
    Access, AuditedForeignKey, AuditedRole, AuditedScope, AuditedTable,
    access::Granted,
    catalog::Relation,
    check::strays,
    origin::Origins,
    survey::{Scoped, Survey},
};
use crate::ScopeKind;

pub(super) fn roles(survey: &Survey<'_>) -> Vec<AuditedRole> {
    let requests = survey.requests.iter();
    requests.map(|request| AuditedRole { name: request.role.name.clone(), scope: request.scope }).collect()
}

pub(super) fn tables(survey: &Survey<'_>) -> Vec<AuditedTable> {
    let relations = survey.catalog.relations.iter().filter(|relation| relation.kind != "S");
    let mut tables: Vec<_> = relations
        .filter(|relation| {
            survey.scoped_table(relation.oid).is_some_and(|scoped| scoped.entity.is_some()) || survey.reaches(relation)
        })
        .map(|relation| table(survey, relation))
        .collect();
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    tables
}

fn table(survey: &Survey<'_>, relation: &Relation) -> AuditedTable {
    let scoped = survey.scoped_table(relation.oid);
    let declared = scoped.map_or(&[][..], |scoped| &scoped.scopes).iter();
    AuditedTable {
        name: relation.full_name(),
        kind: relation.kind_name(),
        entity: scoped.and_then(|scoped| scoped.entity).map(|entity| entity.facade().to_owned()),
        scopes: declared
            .map(|declaration| AuditedScope { scope: declaration.scope, rows: Scoped::rows_in_words(declaration) })
            .collect(),
        row_security: relation.row_security,
        forced: relation.forced,
        columns: relation.columns.len(),
        access: survey
            .requests
            .iter()
            .map(|request| access(scoped, relation, request.role.oid, request.scope))
            .collect(),
    }
}

fn access(scoped: Option<&Scoped<'_>>, relation: &Relation, role: i64, scope: Option<ScopeKind>) -> Access {
    let granted = Granted::to(role, relation);
    let rows = if granted.is_none() {
        None
    } else if !relation.row_security {
        Some("all rows: row-level security is off".to_owned())
    } else {
        let declaration = scope.and_then(|scope| scoped?.declaration(scope));
        Some(declaration.map_or_else(|| "what the policies let through".to_owned(), Scoped::rows_in_words))
    };
    granted.into_access(rows)
}

pub(super) fn foreign_keys(survey: &Survey<'_>) -> Vec<AuditedForeignKey> {
    let origins = Origins::new(survey);
    let keys = survey.catalog.foreign_keys.iter().filter_map(|key| {
        let (child, parent) = (survey.scoped_table(key.relation)?, survey.scoped_table(key.referenced)?);
        Some(AuditedForeignKey {
            name: key.name.clone(),
            table: child.relation.full_name(),
            columns: key.columns.clone(),
            references: parent.relation.full_name(),
            referenced_columns: key.referenced_columns.clone(),
            carries_scope: strays(survey, &origins, child, key).is_none(),
        })
    });
    let mut keys: Vec<_> = keys.collect();
    keys.sort_by(|a, b| (&a.table, &a.name).cmp(&(&b.table, &b.name)));
    keys
}
