//! Validation of one scope of an entity, as its attribute declares it.

use proc_macro2::Span;
use syn::{Ident, LitStr};

use super::{Declared, Part, Rows, Update};
use crate::{
    attribute::{Allow, Attribute},
    entity::{Column, Entity, Relation},
    errors::Errors,
};

pub(super) fn declared<'a>(entity: &'a Entity, attribute: &'a Attribute, errors: &mut Errors) -> Declared<'a> {
    let rows = rows(entity, attribute, errors);
    let (insert, update, delete) = match &attribute.allow {
        None if attribute.via.is_some() => (false, Update::None, false),
        None => (true, Update::Writable, true),
        Some(allow) => (allow.insert, update(entity, allow, errors), allow.delete),
    };
    let part = part(entity, attribute, rows, errors);
    let ranked = attribute.ranked.as_ref().and_then(|name| named(entity, name, errors));
    let declared = Declared {
        scope: attribute.scope,
        rows,
        part,
        insert,
        update,
        delete,
        writers: attribute.writers.as_deref().unwrap_or_default(),
        ranked,
    };
    reads_alone(&declared, attribute, errors);
    declared
}

/// Rows are in a scope by one thing.
fn rows<'a>(entity: &'a Entity, attribute: &Attribute, errors: &mut Errors) -> Rows<'a> {
    if let (Some(_), Some(via)) = (&attribute.column, &attribute.via) {
        errors.at(via, "the rows are in the scope by a column already; remove `column` or `via`");
    }
    match &attribute.via {
        Some(via) => relation(entity, via, errors).map_or(Rows::All, Rows::Via),
        None => scope_column(entity, attribute, errors).map_or(Rows::All, Rows::Column),
    }
}

/// A scope goes through a relation that the model declares, which has no junction.
fn relation<'a>(entity: &'a Entity, via: &LitStr, errors: &mut Errors) -> Option<&'a Relation> {
    let value = via.value();
    let direct = |relation: &&Relation| relation.via.is_none() && (relation.related || relation.name.is_some());
    let relations: Vec<_> = entity.relations.iter().filter(direct).collect();
    let found = relations.iter().copied().find(|relation| relation.field == value);
    if found.is_none() {
        let relations: Vec<_> = relations.iter().map(|relation| format!("`{}`", relation.field)).collect();
        errors.at(
            via,
            format!(
                "`{value}` is no field of the model with a relation that goes straight to another table; those are: {}",
                if relations.is_empty() { "none".to_owned() } else { relations.join(", ") }
            ),
        );
    }
    found
}

/// A part of the columns has a facade of its own, and the columns that make it one row of one scope.
fn part<'a>(entity: &'a Entity, attribute: &Attribute, rows: Rows<'a>, errors: &mut Errors) -> Option<Part<'a>> {
    let names = attribute.part()?;
    let mut columns = named_once(entity, names, errors);
    let scope = match rows {
        Rows::Column(column) => Some(column),
        Rows::All | Rows::Via(_) => None,
    };
    let needed = entity.columns.iter().filter(|column| column.primary_key).chain(scope);
    for column in needed {
        if !columns.iter().any(|listed| listed.field == column.field) {
            let message =
                format!("`select` leaves out `{}`, a scope or key column, which is always read; add it", column.name);
            errors.at(&names[0], message);
            // Or SeaORM would have more to say.
            columns.push(column);
        }
    }
    for column in &columns {
        if let syn::Type::Path(ty) = &column.ty
            && ty.path.segments.first().is_some_and(|first| first.ident == "super" || first.ident == "self")
        {
            errors.at(ty, "the columns of a part are in a module of their own; import this type, and name it alone");
        }
    }
    let facade = attribute.name.as_ref().and_then(|name| name.parse().ok()).unwrap_or_else(|| {
        let message = "a scope that reads some columns alone has a facade of its own; name it: `name = \"…\"`";
        match &attribute.name {
            Some(name) => errors.at(name, message),
            None => errors.at_span(attribute.span, message),
        }
        Ident::new("Part", Span::call_site())
    });
    Some(Part { facade, columns })
}

/// A scope does nothing but read where its rows are another table's to say, or where it does not see all of a row.
fn reads_alone(declared: &Declared<'_>, attribute: &Attribute, errors: &mut Errors) {
    let why = match (&declared.rows, &declared.part) {
        (Rows::Via(_), _) => "a scope through another table",
        (_, Some(_)) => "a scope that reads some columns alone",
        _ => return,
    };
    if declared.insert || declared.delete || !matches!(declared.update, Update::None) {
        errors.at_span(attribute.span, format!("{why} only reads; leave `select` alone in `allow`"));
    }
}

/// The scope's column is one of the entity's.
fn scope_column<'a>(entity: &'a Entity, attribute: &Attribute, errors: &mut Errors) -> Option<&'a Column> {
    let default = attribute.scope.default_column()?;
    let wanted = attribute.column.as_ref().map_or_else(|| default.to_owned(), LitStr::value);
    let found = find(entity, &wanted);
    if found.is_none() {
        let table = entity.table.value();
        let columns = names(entity);
        match &attribute.column {
            Some(column) => errors.at(column, no_such_column(entity, &wanted)),
            None => errors.at_span(
                attribute.span,
                format!(
                    "table `{table}` has no column `{wanted}`; add it, or name the scope's column: \
                     `#[{}(column = \"…\")]`, one of {columns}",
                    attribute.scope.attribute()
                ),
            ),
        }
    }
    found
}

fn update<'a>(entity: &'a Entity, allow: &Allow, errors: &mut Errors) -> Update<'a> {
    match &allow.update {
        None => Update::None,
        Some(columns) if columns.is_empty() => Update::Writable,
        Some(columns) => Update::Only(named_once(entity, columns, errors)),
    }
}

/// Columns that are named are the entity's, each once.
fn named_once<'a>(entity: &'a Entity, names: &[Ident], errors: &mut Errors) -> Vec<&'a Column> {
    let mut found: Vec<&Column> = Vec::new();
    for name in names {
        match find(entity, &name.to_string()) {
            Some(column) if found.iter().any(|earlier| earlier.field == column.field) => {
                errors.at(name, format!("`{name}` is given twice; remove one"));
            }
            Some(column) => found.push(column),
            None => errors.at(name, no_such_column(entity, &name.to_string())),
        }
    }
    found
}

/// A column that is named is the entity's.
fn named<'a>(entity: &'a Entity, name: &LitStr, errors: &mut Errors) -> Option<&'a Column> {
    let found = find(entity, &name.value());
    if found.is_none() {
        errors.at(name, no_such_column(entity, &name.value()));
    }
    found
}

fn no_such_column(entity: &Entity, name: &str) -> String {
    format!("table `{}` has no column `{name}`; its columns are {}", entity.table.value(), names(entity))
}

pub(super) fn find<'a>(entity: &'a Entity, name: &str) -> Option<&'a Column> {
    entity.columns.iter().find(|column| column.name == name)
}

fn names(entity: &Entity) -> String {
    entity.columns.iter().map(|column| format!("`{}`", column.name)).collect::<Vec<_>>().join(", ")
}
