//! Parsing: what a scope attribute says.

use proc_macro2::{Span, TokenStream};
use syn::{
    Ident, LitStr, Token,
    ext::IdentExt,
    parenthesized,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
};

use crate::errors::Errors;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Tenant,
    User,
    Identity,
}

impl Scope {
    pub(crate) const ALL: [Self; 3] = [Self::Tenant, Self::User, Self::Identity];

    pub(crate) fn attribute(self) -> &'static str {
        match self {
            Self::Tenant => "tenant_scoped",
            Self::User => "user_scoped",
            Self::Identity => "identity_scoped",
        }
    }

    /// The name of the scope's marker in `db`.
    pub(crate) fn marker(self) -> Ident {
        let name = match self {
            Self::Tenant => "Tenant",
            Self::User => "User",
            Self::Identity => "Identity",
        };
        Ident::new(name, Span::call_site())
    }

    pub(crate) fn default_column(self) -> Option<&'static str> {
        match self {
            Self::Tenant => Some("organization_id"),
            Self::User => Some("user_id"),
            Self::Identity => None,
        }
    }

    fn keys(self) -> &'static str {
        match self {
            Self::Tenant => {
                "`column = \"…\"`, `via = \"…\"`, `name = \"…\"`, `allow(…)`, `writers(…)`, `ranked = \"…\"` and `accept(…)`"
            }
            Self::User => "`column = \"…\"`, `via = \"…\"`, `name = \"…\"`, `allow(…)` and `accept(…)`",
            Self::Identity => "`name = \"…\"`, `allow(…)` and `accept(…)`",
        }
    }
}

/// One scope attribute, as written.
pub(crate) struct Attribute {
    pub(crate) scope: Scope,
    /// Where the attribute stands.
    pub(crate) span: Span,
    pub(crate) column: Option<LitStr>,
    /// The relation by which the rows are in the scope.
    pub(crate) via: Option<LitStr>,
    pub(crate) name: Option<LitStr>,
    pub(crate) allow: Option<Allow>,
    /// The roles of a member who may write.
    pub(crate) writers: Option<Vec<LitStr>>,
    /// The column with a member's role.
    pub(crate) ranked: Option<LitStr>,
    /// The findings that are accepted.
    pub(crate) acceptances: Vec<Acceptance>,
}

/// `accept(…)`, as written.
pub(crate) struct Acceptance {
    pub(crate) code: LitStr,
    /// The constraint, policy or column that has it.
    pub(crate) on: Option<LitStr>,
    pub(crate) reason: LitStr,
}

/// `allow(…)`, as written.
#[derive(Clone)]
pub(crate) struct Allow {
    /// The columns; all, where none is named.
    pub(crate) select: Option<Vec<Ident>>,
    pub(crate) insert: bool,
    pub(crate) update: Option<Vec<Ident>>,
    pub(crate) delete: bool,
}

impl Attribute {
    /// The columns that the scope reads, where it does not read them all.
    pub(crate) fn part(&self) -> Option<&[Ident]> {
        self.allow.as_ref()?.select.as_deref().filter(|columns| !columns.is_empty())
    }
}

impl Attribute {
    /// Parses what stands between the brackets of the attribute. Keys are strict.
    pub(crate) fn parse(scope: Scope, span: Span, arguments: TokenStream, errors: &mut Errors) -> Self {
        let mut attribute = Self {
            scope,
            span,
            column: None,
            via: None,
            name: None,
            allow: None,
            writers: None,
            ranked: None,
            acceptances: Vec::new(),
        };
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                attribute.parse_key(input, errors)?;
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        if let Err(error) = parser.parse2(arguments) {
            errors.push(error);
        }
        attribute
    }

    fn parse_key(&mut self, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
        let scope = self.scope;
        let key: Ident = input.call(Ident::parse_any)?;
        let repeated = match key.to_string().as_str() {
            "column" | "via" if scope == Scope::Identity => {
                input.parse::<Token![=]>()?;
                input.parse::<LitStr>()?;
                let message =
                    format!("`identity_scoped` takes no `{key}`: sign-in sees every row of the table; remove it");
                errors.at(&key, message);
                false
            }
            "column" => {
                input.parse::<Token![=]>()?;
                fill(&mut self.column, input.parse()?)
            }
            "via" => {
                input.parse::<Token![=]>()?;
                fill(&mut self.via, input.parse()?)
            }
            "ranked" if scope == Scope::Tenant => {
                input.parse::<Token![=]>()?;
                fill(&mut self.ranked, input.parse()?)
            }
            "writers" if scope == Scope::Tenant => {
                let content;
                parenthesized!(content in input);
                let writers = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
                if writers.is_empty() {
                    errors.at(&key, "`writers()` names no role; name the roles that may write, or remove it");
                }
                fill(&mut self.writers, writers.into_iter().collect())
            }
            "name" => {
                input.parse::<Token![=]>()?;
                fill(&mut self.name, input.parse()?)
            }
            "allow" => {
                let content;
                parenthesized!(content in input);
                fill(&mut self.allow, parse_allow(key.span(), &content, errors)?)
            }
            "accept" => {
                let content;
                parenthesized!(content in input);
                self.acceptances.extend(Acceptance::parse(&key, &content, errors)?);
                false
            }
            unknown => {
                return Err(syn::Error::new(
                    key.span(),
                    format!("unknown key `{unknown}`; `{}` takes {}", scope.attribute(), scope.keys()),
                ));
            }
        };
        if repeated {
            errors.at(&key, format!("`{key}` is given twice; remove one"));
        }
        Ok(())
    }
}

impl Acceptance {
    /// Parses `"code", on = "…", reason = "…"`; `None` where the reason is missing, which is reported.
    fn parse(accept: &Ident, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Option<Self>> {
        let code = input.parse()?;
        let (mut on, mut reason) = (None::<LitStr>, None::<LitStr>);
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let key: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            let repeated = match key.to_string().as_str() {
                "on" => fill(&mut on, input.parse()?),
                "reason" => fill(&mut reason, input.parse()?),
                unknown => {
                    let message = format!(
                        "unknown key `{unknown}`; `accept` takes a finding's code, `on = \"…\"` and `reason = \"…\"`"
                    );
                    return Err(syn::Error::new(key.span(), message));
                }
            };
            if repeated {
                errors.at(&key, format!("`{key}` is given twice; remove one"));
            }
        }
        if reason.as_ref().is_none_or(|reason| reason.value().trim().is_empty()) {
            errors.at(accept, "`accept` gives no reason; say why it is acceptable: `reason = \"…\"`");
        }
        Ok(reason.map(|reason| Self { code, on, reason }))
    }
}

/// Puts a value where there is none yet, and returns whether there was one.
fn fill<T>(place: &mut Option<T>, value: T) -> bool {
    let repeated = place.is_some();
    place.get_or_insert(value);
    repeated
}

fn parse_allow(span: Span, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Allow> {
    let mut allow = Allow { select: None, insert: false, update: None, delete: false };
    while !input.is_empty() {
        let verb: Ident = input.call(Ident::parse_any)?;
        let repeated = match verb.to_string().as_str() {
            "select" => fill(&mut allow.select, parse_columns(&verb, input, errors)?),
            "insert" => std::mem::replace(&mut allow.insert, true),
            "delete" => std::mem::replace(&mut allow.delete, true),
            "update" => fill(&mut allow.update, parse_columns(&verb, input, errors)?),
            unknown => {
                return Err(syn::Error::new(
                    verb.span(),
                    format!(
                        "unknown verb `{unknown}`; `allow` takes `select`, `select(column, …)`, `insert`, `update`, \
                         `update(column, …)` and `delete`"
                    ),
                ));
            }
        };
        if repeated {
            errors.at(&verb, format!("`{verb}` is given twice; remove one"));
        }
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    if allow.select.is_none() {
        errors.at_span(span, "`allow` has no `select`: every other verb reads the rows it touches; add `select`");
    }
    Ok(allow)
}

/// Parses the columns after a verb, if there are any.
fn parse_columns(verb: &Ident, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Vec<Ident>> {
    if !input.peek(syn::token::Paren) {
        return Ok(Vec::new());
    }
    let content;
    parenthesized!(content in input);
    let columns = Punctuated::<Ident, Token![,]>::parse_terminated_with(&content, Ident::parse_any)?;
    if columns.is_empty() {
        errors.at(verb, format!("`{verb}()` names no column; write `{verb}`, or name the columns"));
    }
    Ok(columns.into_iter().collect())
}
