//! The second ring: the predicate that every table of every query carries.

use sea_orm::{
    Condition, Value,
    sea_query::{DynIden, Expr, ExprTrait, IntoIden},
};

use crate::{
    Context, Facade, ReadOnly, Result, Scope, ScopeDeclaration, ScopeKind, error::Kind, expression::check_entity,
    facade::table_name,
};

/// What a context holds its queries within: its scope, and the key that the scope column of each row has.
#[derive(Clone, Debug)]
pub(crate) struct Within {
    scope: ScopeKind,
    key: Option<Value>,
}

impl Within {
    pub(crate) fn of<S: Scope>(cx: &Context<S, ReadOnly>) -> Self {
        Self { scope: S::KIND, key: cx.key() }
    }

    /// Returns the condition that a row of the table is of the scope; where the scope has no key, every row is.
    pub(crate) fn predicate(
        &self,
        table: &'static str,
        alias: &DynIden,
        scopes: &[ScopeDeclaration],
    ) -> Result<Condition> {
        let declared = scopes.iter().find(|declaration| declaration.scope == self.scope);
        match (declared.map(|declaration| declaration.column), &self.key) {
            (Some(Some(column)), Some(key)) => {
                Ok(Condition::all().add(Expr::col((alias.clone(), column)).eq(key.clone())))
            }
            (Some(None), None) => Ok(Condition::all()),
            // Not made by the macros, then.
            _ => Err(Kind::ForeignScope { table }.into()),
        }
    }
}

/// Returns the condition that a row of the facade's own table is of the context's scope.
pub(crate) fn predicate<F: Facade, S: Scope>(cx: &Context<S, ReadOnly>) -> Result<Condition> {
    check_entity::<F::Entity>()?;
    let table = table_name::<F>();
    Within::of(cx).predicate(table, &table.into_iden(), F::SCOPES)
}
