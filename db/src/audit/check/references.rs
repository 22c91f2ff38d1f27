//! Foreign keys: whether a row can be made to point at one that its scope does not see.

use super::Findings;
use crate::{
    ScopeKind,
    audit::{
        Object, Repair,
        access::Granted,
        catalog::{ForeignKey, Relation},
        origin::Origins,
        survey::{Scoped, Survey},
    },
    code::Code,
    scope::{Rows, ScopeDeclaration, Via},
    sql::quote,
};

/// Why a row can point at one that a scope does not see.
pub(in crate::audit) enum Strays {
    /// Both tables have the scope's column, here and there, and the key lacks it.
    Column(&'static str, &'static str),
    /// What it points at is in the scope by a column, which this table lacks.
    NoColumn(ScopeKind),
    /// What it points at is in the scope by rows of another table.
    Via(ScopeKind, Via),
    /// What it points at is not in the scope.
    Hidden(ScopeKind),
    /// What it points at is a table that no entity declares, and that has rows of scopes.
    Undeclared(String),
}

/// Returns why a row of a scoped table can point by a foreign key at one that its scope does not see; nothing where it
/// cannot.
pub(in crate::audit) fn strays(
    survey: &Survey<'_>,
    origins: &Origins<'_>,
    child: &Scoped<'_>,
    key: &ForeignKey,
) -> Option<Strays> {
    // That a role writes its columns is asked last: it takes longest.
    let writes = |scope: ScopeKind| {
        survey.scope_role(scope).is_some_and(|role| {
            let granted = Granted::to(role.oid, child.relation);
            granted.writes_any(key.columns.iter())
        })
    };
    let Some(parent) = survey.scoped_table(key.referenced) else {
        let why = survey.relation(key.referenced).and_then(|parent| origins.of(parent))?;
        return child.scopes.iter().any(|declaration| writes(declaration.scope)).then_some(Strays::Undeclared(why));
    };
    // Whoever writes it: the organization where both have one.
    if let Some((own, theirs)) = missing_column(child, parent, key) {
        return Some(Strays::Column(own, theirs));
    }
    child.scopes.iter().find_map(|declaration| {
        of_scope(origins, child, parent, key, declaration).filter(|_| writes(declaration.scope))
    })
}

/// Returns the columns of the scope that two tables share, and that a foreign key between them lacks.
pub(in crate::audit) fn missing_column(
    child: &Scoped<'_>,
    parent: &Scoped<'_>,
    key: &ForeignKey,
) -> Option<(&'static str, &'static str)> {
    shared(child, parent).filter(|(own, theirs)| !carries(key, own, theirs))
}

/// Returns the scope that two tables share by a column, with it in each: the organization where both have one.
pub(super) fn shared(child: &Scoped<'_>, parent: &Scoped<'_>) -> Option<(&'static str, &'static str)> {
    [ScopeKind::Tenant, ScopeKind::User]
        .into_iter()
        .find_map(|scope| Some((child.column(scope)?, parent.column(scope)?)))
}

fn carries(key: &ForeignKey, own: &str, theirs: &str) -> bool {
    key.columns.iter().zip(&key.referenced_columns).any(|(from, to)| from == own && to == theirs)
}

fn of_scope(
    origins: &Origins<'_>,
    child: &Scoped<'_>,
    parent: &Scoped<'_>,
    key: &ForeignKey,
    declaration: &ScopeDeclaration,
) -> Option<Strays> {
    let scope = declaration.scope;
    // A row that is in the scope by the row that it points at points at one that is.
    if let Rows::Via(via) = declaration.rows
        && is_link(&via(), parent.relation, key)
    {
        return None;
    }
    let Some(theirs) = parent.declaration(scope) else { return Some(Strays::Hidden(scope)) };
    match theirs.rows {
        Rows::All => None,
        Rows::Column(theirs) => match child.column(scope) {
            Some(own) if carries(key, own, theirs) => None,
            Some(own) => Some(Strays::Column(own, theirs)),
            None => Some(Strays::NoColumn(scope)),
        },
        Rows::Via(via) => {
            let via = via();
            let is_held = child.column(scope).is_some_and(|own| held_by_another(origins, child, key, own, &via));
            (!is_held).then_some(Strays::Via(scope, via))
        }
    }
}

fn is_of(via: &Via, relation: &Relation) -> bool {
    via.table.name() == relation.name && via.table.schema().is_none_or(|schema| schema == relation.schema)
}

/// Returns whether a foreign key is the relation by which its table is in a scope.
fn is_link(via: &Via, parent: &Relation, key: &ForeignKey) -> bool {
    let pairs = || key.columns.iter().zip(&key.referenced_columns);
    is_of(via, parent) && via.columns.iter().all(|(own, theirs)| pairs().any(|(from, to)| from == own && to == theirs))
}

/// Returns whether a further foreign key has the same columns point, with the scope's, at the table by which the rows
/// are in the scope: who is a member here is a person of this tenant's.
fn held_by_another(origins: &Origins<'_>, child: &Scoped<'_>, key: &ForeignKey, own: &str, via: &Via) -> bool {
    origins.keys_of(child.relation).any(|(other, referenced)| {
        let links = |from: &String, to: &String| {
            via.columns.iter().any(|(theirs, link)| theirs == to && carries(other, from, link))
        };
        is_of(via, referenced)
            && carries(other, own, via.key)
            && key.columns.iter().zip(&key.referenced_columns).all(|(from, to)| links(from, to))
    })
}

/// Says what is wrong where no statement mends it: which key is meant is for people to say.
pub(super) fn find(
    child: &Scoped<'_>,
    parent: &str,
    key: &ForeignKey,
    strays: &Strays,
    object: Object,
    findings: &mut Findings,
) {
    let (message, repair) = match strays {
        // `constraints` has the statements that mend it.
        Strays::Column(..) => return,
        Strays::NoColumn(scope) => (
            format!(
                "its table has no column of the scope {}: a row can point at another's row of {parent}",
                scope.as_str()
            ),
            format!("give {} the column, and have the key carry it", child.relation.sql),
        ),
        Strays::Via(scope, via) => {
            let columns = |first: &str, rest: Vec<&str>| {
                std::iter::once(first).chain(rest).map(quote).collect::<Vec<_>>().join(", ")
            };
            let links = key
                .referenced_columns
                .iter()
                .filter_map(|to| via.columns.iter().find(|(theirs, _)| theirs == to).map(|(_, link)| link.as_str()));
            let own = child.column(*scope).unwrap_or(via.key);
            let from = columns(own, key.columns.iter().map(String::as_str).collect());
            (
                format!(
                    "its rows of {parent} are in the scope {} by {}, which it does not point at: a row can point at another's",
                    scope.as_str(),
                    via.table,
                ),
                format!(
                    "have the same columns point there too, with the scope: ALTER TABLE {} ADD FOREIGN KEY ({from}) REFERENCES {} ({})",
                    child.relation.sql,
                    via.table.sql(),
                    columns(via.key, links.collect()),
                ),
            )
        }
        Strays::Hidden(scope) => (
            format!("the scope {} does not see {parent}: a row can point at anybody's", scope.as_str()),
            format!("point at a table that is in the scope {}, or take the key away", scope.as_str()),
        ),
        Strays::Undeclared(why) => (
            format!("no entity declares {parent}, and {why}: a row can point at another's"),
            format!("write the entity of {parent}, and have the key carry its scope"),
        ),
    };
    findings.add(Code::ForeignKeyWithoutScope, object, message, Repair::decide(repair));
}
