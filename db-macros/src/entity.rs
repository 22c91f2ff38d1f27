//! Parsing: the SeaORM entity below the attribute.

use heck::ToUpperCamelCase;
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
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) taken_off: TakenOff,
}

/// The paths of the attributes that were taken off an item, whose imports would be unused without a mention.
pub(crate) type TakenOff = Vec<syn::Path>;

/// A field of the model that is a column.
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
    if model.below {
        errors.at_span(
            attributes[0].span,
            format!(
                "`#[{attribute}]` stands below `#[sea_orm::model]`, which would run it twice; put it above: \
                 `#[{attribute}] #[sea_orm::model]`"
            ),
        );
    }
    let Some(table) = model.table.filter(|_| item.ident == "Model" && derives(item, "DeriveEntityModel")) else {
        errors.at(&item.ident, not_an_entity(attribute));
        return Below::Other(taken_off);
    };
    let columns = item.fields.iter().filter_map(Column::of).collect();
    Below::Entity(Entity { vis: item.vis.clone(), table, columns, attributes, taken_off })
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
    /// `#[sea_orm::model]` has run already.
    below: bool,
    primary_key: bool,
    ignore: bool,
    column_name: Option<LitStr>,
    enum_name: Option<LitStr>,
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
                } else {
                    found.below |= meta.path.is_ident("model_ex");
                    found.primary_key |= meta.path.is_ident("primary_key");
                    found.ignore |= meta.path.is_ident("ignore");
                    skip(&meta)?;
                }
                Ok(())
            })
            .ok();
        }
        found
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
        if sea_orm.ignore || is_relation(&field.ty) {
            return None;
        }
        let plain = ident.to_string().trim_start_matches("r#").to_owned();
        let variant = sea_orm.enum_name.as_ref().map_or_else(|| plain.to_upper_camel_case(), LitStr::value);
        Some(Self {
            field: ident.clone(),
            ty: field.ty.clone(),
            name: sea_orm.column_name.map_or(plain, |name| name.value()),
            variant: Ident::new(&variant, Span::call_site()),
            primary_key: sea_orm.primary_key,
        })
    }
}

fn is_relation(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path
        .segments
        .last()
        .is_some_and(|segment| ["BelongsTo", "HasOne", "HasMany"].iter().any(|relation| segment.ident == relation))
}
