//! Validation: what holds across attributes and columns. One rule is one function.

mod declared;

use heck::ToUpperCamelCase;
use proc_macro2::Span;
use syn::{Ident, LitStr};

use self::declared::{declared, find};
use crate::{
    attribute::{Attribute, Scope},
    entity::{Column, Entity, Relation},
    errors::Errors,
};

/// An entity whose scopes are in order.
pub(crate) struct Scoped<'a> {
    pub(crate) entity: &'a Entity,
    pub(crate) facade: Ident,
    pub(crate) scopes: Vec<Declared<'a>>,
    /// Whether it is a part of another entity, which is only read.
    pub(crate) is_part: bool,
}

/// One scope of it.
pub(crate) struct Declared<'a> {
    pub(crate) scope: Scope,
    pub(crate) rows: Rows<'a>,
    /// What it reads, where that is not whole rows.
    pub(crate) part: Option<Part<'a>>,
    pub(crate) insert: bool,
    pub(crate) update: Update<'a>,
    pub(crate) delete: bool,
    /// The roles of a member who may write; empty where all may.
    pub(crate) writers: &'a [LitStr],
    pub(crate) ranked: Option<&'a Column>,
}

impl Declared<'_> {
    /// The column of the table itself that has the scope's key.
    pub(crate) fn column(&self) -> Option<&Column> {
        match self.rows {
            Rows::Column(column) => Some(column),
            Rows::All | Rows::Via(_) => None,
        }
    }
}

/// Which rows are in a scope.
#[derive(Clone, Copy)]
pub(crate) enum Rows<'a> {
    /// Every row; also where an error says why it is not known.
    All,
    Column(&'a Column),
    Via(&'a Relation),
}

/// Some columns of the rows, which have a facade of their own.
pub(crate) struct Part<'a> {
    pub(crate) facade: Ident,
    pub(crate) columns: Vec<&'a Column>,
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
        self.scopes.iter().filter_map(Declared::column).any(|scope| scope.field == column.field)
    }

    /// Returns whether an assignment may name the column.
    fn is_writable(&self, column: &Column) -> bool {
        !column.primary_key && !self.is_scope_column(column)
    }

    /// The columns that an assignment may name.
    pub(crate) fn writable(&self) -> impl Iterator<Item = &Column> {
        self.entity.columns.iter().filter(|column| self.is_writable(column))
    }

    /// Returns whether a context of the scope can fill every scope column of a row by itself.
    pub(crate) fn fills_scope_columns(&self, declared: &Declared<'_>) -> bool {
        self.scope_columns().iter().all(|column| declared.column().is_some_and(|own| own.field == column.field))
    }

    /// The scopes that read whole rows, and so are of the entity's own facade.
    pub(crate) fn whole(&self) -> impl Iterator<Item = &Declared<'_>> {
        self.scopes.iter().filter(|declared| declared.part.is_none())
    }
}

/// The names that are given to the entity's own facade: not those of scopes that read a part of the columns.
fn names_of_facade(entity: &Entity) -> impl Iterator<Item = &LitStr> {
    let whole = entity.attributes.iter().filter(|attribute| attribute.part().is_none());
    whole.filter_map(|attribute| attribute.name.as_ref())
}

/// Returns the name of the facade; `None` where it is no identifier.
fn facade_name(entity: &Entity) -> Option<Ident> {
    match names_of_facade(entity).next() {
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
    let scoped = Scoped { entity, facade, scopes: declarations, is_part: false };
    updates_are_writable(&scoped, errors);
    no_way_around_writers(&scoped, errors);
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
    for name in names_of_facade(entity).skip(1) {
        errors.at(name, "the facade is named already, by another scope attribute; remove one `name`");
    }
}

/// The name of a facade is an identifier.
fn no_name(entity: &Entity, errors: &mut Errors) -> Ident {
    if let Some(name) = names_of_facade(entity).next() {
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

/// Where roles decide who writes, a person's own context, in which there are no roles, says what it may do.
fn no_way_around_writers(scoped: &Scoped<'_>, errors: &mut Errors) {
    if scoped.scopes.iter().all(|declared| declared.writers.is_empty() && declared.ranked.is_none()) {
        return;
    }
    let of_person = scoped.entity.attributes.iter().filter(|attribute| attribute.scope == Scope::User);
    for attribute in of_person.filter(|attribute| attribute.allow.is_none() && attribute.via.is_none()) {
        errors.at_span(
            attribute.span,
            "a member without the role could write here, where there are no roles; say what a person may do: \
             `allow(select)`",
        );
    }
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
