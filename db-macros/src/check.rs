//! Validation: what holds across attributes and columns. One rule is one function.

use heck::ToUpperCamelCase;
use proc_macro2::Span;
use syn::{Ident, LitStr};

use crate::{
    attribute::{Allow, Attribute, Scope},
    entity::{Column, Entity, Relation},
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

fn declared<'a>(entity: &'a Entity, attribute: &'a Attribute, errors: &mut Errors) -> Declared<'a> {
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
