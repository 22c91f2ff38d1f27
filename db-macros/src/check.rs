//! Validation: what holds across attributes and columns. One rule is one function.

use heck::ToUpperCamelCase;
use proc_macro2::Span;
use syn::{Ident, LitStr};

use crate::{
    attribute::{Allow, Attribute, Scope},
    entity::{Column, Entity},
    errors::Errors,
};

/// An entity whose scopes are in order.
pub(crate) struct Scoped<'a> {
    pub(crate) entity: &'a Entity,
    pub(crate) facade: Ident,
    pub(crate) scopes: Vec<Declared<'a>>,
}

/// One scope of it.
pub(crate) struct Declared<'a> {
    pub(crate) scope: Scope,
    /// `None` for a scope that has no column.
    pub(crate) column: Option<&'a Column>,
    pub(crate) insert: bool,
    pub(crate) update: Update<'a>,
    pub(crate) delete: bool,
}

pub(crate) enum Update<'a> {
    None,
    Writable,
    Only(Vec<&'a Column>),
}

impl Scoped<'_> {
    /// The distinct scope columns, in the order of the model's fields.
    pub(crate) fn scope_columns(&self) -> Vec<&Column> {
        self.entity.columns.iter().filter(|column| self.is_scope_column(column)).collect()
    }

    pub(crate) fn is_scope_column(&self, column: &Column) -> bool {
        self.scopes.iter().filter_map(|declared| declared.column).any(|scope| scope.field == column.field)
    }

    /// Whether an assignment may name the column.
    fn is_writable(&self, column: &Column) -> bool {
        !column.primary_key && !self.is_scope_column(column)
    }

    /// The columns that an assignment may name.
    pub(crate) fn writable(&self) -> impl Iterator<Item = &Column> {
        self.entity.columns.iter().filter(|column| self.is_writable(column))
    }

    /// Whether a context of the scope can fill every scope column of a row by itself.
    pub(crate) fn fills_scope_columns(&self, declared: &Declared<'_>) -> bool {
        self.scope_columns().iter().all(|column| declared.column.is_some_and(|own| own.field == column.field))
    }
}

/// Returns the name of the facade; `None` where it is no identifier.
fn facade_name(entity: &Entity) -> Option<Ident> {
    match entity.attributes.iter().find_map(|attribute| attribute.name.as_ref()) {
        Some(name) => name.parse().ok(),
        None => syn::parse_str(&entity.table.value().to_upper_camel_case()).ok(),
    }
}

/// Checks an entity. Where it has errors, what is returned is enough to go on with, so that they are the only ones.
pub(crate) fn check<'a>(entity: &'a Entity, errors: &mut Errors) -> Scoped<'a> {
    let attributes = each_scope_once(entity, errors);
    one_name_at_most(entity, errors);
    let facade = facade_name(entity).unwrap_or_else(|| no_name(entity, errors));
    let declarations = attributes.into_iter().map(|attribute| declared(entity, attribute, errors)).collect();
    let scoped = Scoped { entity, facade, scopes: declarations };
    updates_are_writable(&scoped, errors);
    scoped
}

/// An entity is in a scope once.
fn each_scope_once<'a>(entity: &'a Entity, errors: &mut Errors) -> Vec<&'a Attribute> {
    let mut found: Vec<&Attribute> = Vec::new();
    for attribute in &entity.attributes {
        if found.iter().any(|earlier| earlier.scope == attribute.scope) {
            let attribute_name = attribute.scope.attribute();
            errors.at_span(attribute.span, format!("`#[{attribute_name}]` is given twice; remove one"));
        } else {
            found.push(attribute);
        }
    }
    found
}

/// An entity has one facade, however many scopes.
fn one_name_at_most(entity: &Entity, errors: &mut Errors) {
    for name in entity.attributes.iter().filter_map(|attribute| attribute.name.as_ref()).skip(1) {
        errors.at(name, "the facade is named already, by another scope attribute; remove one `name`");
    }
}

/// The name of a facade is an identifier.
fn no_name(entity: &Entity, errors: &mut Errors) -> Ident {
    if let Some(name) = entity.attributes.iter().find_map(|attribute| attribute.name.as_ref()) {
        errors.at(name, "this is no name of a struct; write an identifier, such as `name = \"ResearchPlan\"`");
    } else {
        let (table, first) = (entity.table.value(), &entity.attributes[0]);
        let attribute = first.scope.attribute();
        errors.at_span(
            first.span,
            format!("table `{table}` gives its facade no name of a struct; name it: `#[{attribute}(name = \"…\")]`"),
        );
    }
    Ident::new("Facade", Span::call_site())
}

fn declared<'a>(entity: &'a Entity, attribute: &Attribute, errors: &mut Errors) -> Declared<'a> {
    let column = scope_column(entity, attribute, errors);
    let (insert, update, delete) = match &attribute.allow {
        None => (true, Update::Writable, true),
        Some(allow) => (allow.insert, update(entity, allow, errors), allow.delete),
    };
    Declared { scope: attribute.scope, column, insert, update, delete }
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
            Some(column) => {
                errors.at(column, format!("table `{table}` has no column `{wanted}`; its columns are {columns}"));
            }
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
    let Some(columns) = &allow.update else { return Update::None };
    if columns.is_empty() {
        return Update::Writable;
    }
    let mut found = Vec::new();
    for name in columns {
        match find(entity, &name.to_string()) {
            Some(column) if found.iter().any(|earlier: &&Column| earlier.field == column.field) => {
                errors.at(name, format!("`{name}` is given twice; remove one"));
            }
            Some(column) => found.push(column),
            None => errors.at(
                name,
                format!("table `{}` has no column `{name}`; its columns are {}", entity.table.value(), names(entity)),
            ),
        }
    }
    Update::Only(found)
}

/// A scope column or a part of the key is never updated.
fn updates_are_writable(scoped: &Scoped<'_>, errors: &mut Errors) {
    let allows = scoped.entity.attributes.iter().filter_map(|attribute| attribute.allow.as_ref());
    for name in allows.filter_map(|allow| allow.update.as_ref()).flatten() {
        if find(scoped.entity, &name.to_string()).is_some_and(|column| !scoped.is_writable(column)) {
            errors.at(name, format!("column `{name}` is a scope or key column, which is never updated; remove it"));
        }
    }
}

fn find<'a>(entity: &'a Entity, name: &str) -> Option<&'a Column> {
    entity.columns.iter().find(|column| column.name == name)
}

fn names(entity: &Entity) -> String {
    entity.columns.iter().map(|column| format!("`{}`", column.name)).collect::<Vec<_>>().join(", ")
}
