//! Parsing: the SeaORM entity below the attribute.

use heck::{ToSnakeCase, ToUpperCamelCase};
use proc_macro2::{Span, TokenStream};
use syn::{Ident, ItemStruct, LitStr, Type, Visibility, spanned::Spanned};

use crate::{
    attribute::{Attribute, Scope},
    errors::Errors,
};

/// A SeaORM entity and its scope attributes.
pub(crate) struct Entity {
    pub(crate) vis: Visibility,
    pub(crate) table: LitStr,
    pub(crate) columns: Vec<Column>,
    pub(crate) relations: Vec<Relation>,
    /// Whether SeaORM makes a `ModelEx` of it: it stands under `#[sea_orm::model]`.
    pub(crate) has_model_ex: bool,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) taken_off: TakenOff,
}

/// The paths of the attributes that were taken off an item, whose imports would be unused without a mention.
pub(crate) type TakenOff = Vec<syn::Path>;

/// A field of the model that is a column.
#[derive(Clone)]
pub(crate) struct Column {
    /// The field.
    pub(crate) field: Ident,
    pub(crate) ty: Type,
    /// The column's name in the database.
    pub(crate) name: String,
    /// The variant of SeaORM's `Column`.
    pub(crate) variant: Ident,
    pub(crate) primary_key: bool,
}

/// A field of the model that is a relation.
pub(crate) struct Relation {
    pub(crate) field: Ident,
    /// The entity at its other end.
    pub(crate) entity: Type,
    pub(crate) kind: Kind,
    /// Whether rows of this table point at those of the other: `belongs_to`.
    pub(crate) points: bool,
    /// The module of the junction.
    pub(crate) via: Option<Ident>,
    /// Whether SeaORM makes a `Related` of it: it is the only one to its entity, and that is another one.
    pub(crate) related: bool,
    /// The variant of SeaORM's `Relation`, where it is named and there is no junction.
    pub(crate) name: Option<Ident>,
}

/// The type of a relation's field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    BelongsTo,
    HasOne,
    HasMany,
}

/// What an attribute stands on.
pub(crate) enum Below {
    /// A whole entity.
    Entity(Entity),
    /// The second struct that `#[sea_orm::model]` makes of one: the first has had its error.
    ModelEx,
    /// Something else.
    Other(TakenOff),
}

/// Takes the other scope attributes off the item, and reads the entity.
pub(crate) fn parse(item: &mut ItemStruct, first: Attribute, errors: &mut Errors) -> Below {
    if derives(item, "DeriveModelEx") {
        return Below::ModelEx;
    }
    let mut attributes = vec![first];
    let mut taken_off = Vec::new();
    item.attrs.retain(|attr| match scope_of(attr) {
        Some(scope) => {
            let arguments = match &attr.meta {
                syn::Meta::List(list) => list.tokens.clone(),
                syn::Meta::Path(_) => TokenStream::new(),
                syn::Meta::NameValue(_) => {
                    let attribute = scope.attribute();
                    errors.at(attr, format!("`{attribute}` takes its keys in brackets: `#[{attribute}(…)]`"));
                    TokenStream::new()
                }
            };
            attributes.push(Attribute::parse(scope, attr.path().span(), arguments, errors));
            taken_off.push(attr.path().clone());
            false
        }
        None => true,
    });
    let attribute = attributes[0].scope.attribute();
    let model = SeaOrm::of(&item.attrs);
    if model.has("model_ex") {
        errors.at_span(
            attributes[0].span,
            format!(
                "`#[{attribute}]` stands below `#[sea_orm::model]`, which would run it twice; put it above: \
                 `#[{attribute}] #[sea_orm::model]`"
            ),
        );
    }
    not_named_by_rule(item, &model, errors);
    let Some(table) = model.table.filter(|_| item.ident == "Model" && derives(item, "DeriveEntityModel")) else {
        errors.at(&item.ident, not_an_entity(attribute));
        return Below::Other(taken_off);
    };
    let columns = item.fields.iter().filter_map(Column::of).collect();
    let has_model_ex = item.attrs.iter().any(|attr| {
        attr.path().segments.last().is_some_and(|last| last.ident == "model" || last.ident == "compact_model")
    });
    let relations = only_ones(item.fields.iter().filter_map(Relation::of).collect());
    Below::Entity(Entity { vis: item.vis.clone(), table, columns, relations, has_model_ex, attributes, taken_off })
}

/// The names of columns are read from the fields, one by one, and so a rule for all of them would be missed; and so
/// would what `cfg_attr` says of a field.
fn not_named_by_rule(item: &ItemStruct, model: &SeaOrm, errors: &mut Errors) {
    if let Some(rule) = model.key("rename_all") {
        errors.at(rule, "`rename_all` is not read by the scope attributes; name the columns one by one: `column_name`");
    }
    for attr in item.fields.iter().flat_map(|field| &field.attrs).filter(|attr| attr.path().is_ident("cfg_attr")) {
        errors.at(attr, "`cfg_attr` is not inspected by the scope attributes; write the attribute as it is");
    }
}

/// What is said where an attribute is not on an entity.
pub(crate) fn not_an_entity(attribute: &str) -> String {
    format!(
        "`#[{attribute}]` stands on something that is no SeaORM entity; put it on a `struct Model` with \
         `#[derive(DeriveEntityModel)]` and `#[sea_orm(table_name = \"…\")]`"
    )
}

fn scope_of(attr: &syn::Attribute) -> Option<Scope> {
    let name = &attr.path().segments.last()?.ident;
    Scope::ALL.into_iter().find(|scope| name == scope.attribute())
}

fn derives(item: &ItemStruct, derive: &str) -> bool {
    let mut found = false;
    for attr in item.attrs.iter().filter(|attr| attr.path().is_ident("derive")) {
        // What cannot be parsed is for the compiler to report.
        attr.parse_nested_meta(|meta| {
            found |= meta.path.segments.last().is_some_and(|segment| segment.ident == derive);
            Ok(())
        })
        .ok();
    }
    found
}

/// What `#[sea_orm(…)]` says, as far as it matters here.
#[derive(Default)]
struct SeaOrm {
    table: Option<LitStr>,
    column_name: Option<LitStr>,
    enum_name: Option<LitStr>,
    via: Option<LitStr>,
    relation_enum: Option<LitStr>,
    /// The keys whose values do not matter.
    keys: Vec<syn::Path>,
}

impl SeaOrm {
    fn of(attrs: &[syn::Attribute]) -> Self {
        let mut found = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("sea_orm")) {
            // SeaORM reports what is wrong with its own attribute.
            attr.parse_nested_meta(|meta| {
                if meta.path.is_ident("table_name") {
                    found.table = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("column_name") {
                    found.column_name = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("enum_name") {
                    found.enum_name = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("via") {
                    found.via = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("relation_enum") {
                    found.relation_enum = Some(meta.value()?.parse()?);
                } else {
                    found.keys.push(meta.path.clone());
                    skip(&meta)?;
                }
                Ok(())
            })
            .ok();
        }
        found
    }

    /// Returns the key as it is written, if it is there.
    fn key(&self, name: &str) -> Option<&syn::Path> {
        self.keys.iter().find(|key| key.is_ident(name))
    }

    fn has(&self, name: &str) -> bool {
        self.key(name).is_some()
    }
}

/// Skips the value of a key that does not matter here: `key`, `key = …` or `key(…)`.
fn skip(meta: &syn::meta::ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(syn::Token![=]) {
        meta.value()?.parse::<syn::Expr>()?;
    } else if meta.input.peek(syn::token::Paren) {
        let content;
        syn::parenthesized!(content in meta.input);
        content.parse::<TokenStream>()?;
    }
    Ok(())
}

impl Column {
    /// Reads a field; `None` for a relation, or one that SeaORM ignores.
    fn of(field: &syn::Field) -> Option<Self> {
        let ident = field.ident.as_ref()?;
        let sea_orm = SeaOrm::of(&field.attrs);
        if sea_orm.has("ignore") || related(&field.ty).is_some() {
            return None;
        }
        let plain = ident.to_string().trim_start_matches("r#").to_owned();
        let variant = sea_orm.enum_name.as_ref().map_or_else(|| plain.to_upper_camel_case(), LitStr::value);
        Some(Self {
            field: ident.clone(),
            ty: field.ty.clone(),
            name: sea_orm.column_name.as_ref().map_or_else(|| column_name(&plain, &variant), LitStr::value),
            variant: Ident::new(&variant, Span::call_site()),
            primary_key: sea_orm.has("primary_key"),
        })
    }
}

/// The name that SeaORM gives a column by itself.
fn column_name(field: &str, variant: &str) -> String {
    let is_snake_case = field == field.to_upper_camel_case().to_snake_case();
    if is_snake_case { variant.to_snake_case() } else { field.to_snake_case() }
}

/// The keys that declare a relation.
const RELATIONS: [&str; 3] = ["has_one", "has_many", "belongs_to"];

impl Relation {
    /// Reads a field; `None` for a column, and for a field that no relation is declared by.
    fn of(field: &syn::Field) -> Option<Self> {
        let (kind, entity) = related(&field.ty)?;
        let sea_orm = SeaOrm::of(&field.attrs);
        let to_itself = sea_orm.has("self_ref");
        if !RELATIONS.iter().any(|key| sea_orm.has(key)) && !to_itself {
            return None;
        }
        // Of many rows of the table itself, SeaORM knows the relation by its reverse alone.
        let known = !(to_itself && kind == Kind::HasMany) || sea_orm.has("relation_reverse");
        let name = sea_orm.relation_enum.as_ref().filter(|_| known && sea_orm.via.is_none());
        let name = name.and_then(|name| syn::parse_str(&name.value().to_upper_camel_case()).ok());
        // As SeaORM reads it, whatever the field's type: it takes `HasOne` for a `belongs_to` too.
        let points = kind == Kind::BelongsTo
            || sea_orm.has("belongs_to")
            || (to_itself && sea_orm.via.is_none() && sea_orm.has("from") && sea_orm.has("to"));
        // `via = "module"` or `via = "module::Relation"`.
        let via = sea_orm.via.and_then(|via| {
            let value = via.value();
            let module = value.split("::").next()?;
            syn::parse_str(module).ok()
        });
        Some(Self { field: field.ident.clone()?, entity, kind, points, via, related: !to_itself, name })
    }
}

/// SeaORM makes a `Related` for an entity that one field alone is of.
fn only_ones(mut relations: Vec<Relation>) -> Vec<Relation> {
    let entities: Vec<_> = relations.iter().map(|relation| relation.entity.clone()).collect();
    for relation in &mut relations {
        relation.related &= entities.iter().filter(|entity| **entity == relation.entity).count() == 1;
    }
    relations
}

/// Returns what a relation's field is, and the entity at its other end.
fn related(ty: &Type) -> Option<(Kind, Type)> {
    let (name, argument) = generic(ty)?;
    let kind = match name.as_str() {
        "BelongsTo" => Kind::BelongsTo,
        "HasOne" => Kind::HasOne,
        "HasMany" => Kind::HasMany,
        _ => return None,
    };
    match generic(&argument) {
        Some((name, entity)) if name == "Option" => Some((kind, entity)),
        _ => Some((kind, argument)),
    }
}

/// Returns the name and the argument of a type that has one.
fn generic(ty: &Type) -> Option<(String, Type)> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        syn::GenericArgument::Type(argument) => Some((last.ident.to_string(), argument.clone())),
        _ => None,
    }
}
