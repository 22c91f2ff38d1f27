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

    /// The columns that an assignment may name.
    pub(crate) fn writable(&self) -> impl Iterator<Item = &Column> {
        self.entity.columns.iter().filter(|column| !column.primary_key && !self.is_scope_column(column))
    }

    /// Whether a context of the scope can fill every scope column of a row by itself.
    pub(crate) fn fills_scope_columns(&self, declared: &Declared<'_>) -> bool {
        self.scope_columns().iter().all(|column| declared.column.is_some_and(|own| own.field == column.field))
    }
}

/// Returns the name that the facade has, as far as it is known.
pub(crate) fn facade_name(entity: &Entity) -> Ident {
    match entity.attributes.iter().find_map(|attribute| attribute.name.as_ref()) {
        Some(name) => name.parse().unwrap_or_else(|_| camel(&entity.table)),
        None => camel(&entity.table),
    }
}

fn camel(table: &LitStr) -> Ident {
    let name = table.value().to_upper_camel_case();
    syn::parse_str(&name).unwrap_or_else(|_| Ident::new("Facade", Span::call_site()))
}

pub(crate) fn check<'a>(entity: &'a Entity, errors: &mut Errors) -> Scoped<'a> {
    no_scope_twice(entity, errors);
    one_name_at_most(entity, errors);
    let scopes = entity.attributes.iter().map(|attribute| declared(entity, attribute, errors)).collect();
    let scoped = Scoped { entity, facade: facade_name(entity), scopes };
    updates_are_writable(&scoped, errors);
    scoped
}

/// An entity is in a scope once.
fn no_scope_twice(entity: &Entity, errors: &mut Errors) {
    for (i, attribute) in entity.attributes.iter().enumerate() {
        if entity.attributes[..i].iter().any(|earlier| earlier.scope == attribute.scope) {
            let attribute_name = attribute.scope.attribute();
            errors.at_span(attribute.span, format!("`#[{attribute_name}]` is given twice; remove one"));
        }
    }
}

/// An entity has one facade, however many scopes; its name is an identifier.
fn one_name_at_most(entity: &Entity, errors: &mut Errors) {
    let mut names = entity.attributes.iter().filter_map(|attribute| attribute.name.as_ref());
    if let Some(name) = names.next()
        && name.parse::<Ident>().is_err()
    {
        errors.at(name, "this is no name of a struct; write an identifier, such as `name = \"ResearchPlan\"`");
    }
    for name in names {
        errors.at(name, "the facade is named already, by another scope attribute; remove one `name`");
    }
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
    for (declared, attribute) in scoped.scopes.iter().zip(&scoped.entity.attributes) {
        let Update::Only(columns) = &declared.update else { continue };
        for column in columns {
            if !scoped.writable().any(|writable| writable.field == column.field) {
                let span = attribute.allow.as_ref().map_or(attribute.span, |allow| allow.span);
                errors.at_span(
                    span,
                    format!("column `{}` is a scope or key column, which is never updated; remove it", column.name),
                );
            }
        }
    }
}

fn find<'a>(entity: &'a Entity, name: &str) -> Option<&'a Column> {
    entity.columns.iter().find(|column| column.name == name)
}

fn names(entity: &Entity) -> String {
    entity.columns.iter().map(|column| format!("`{}`", column.name)).collect::<Vec<_>>().join(", ")
}
