//! The second layer: the predicate that every table of every query carries.

use sea_orm::{
    Condition, Value,
    sea_query::{DynIden, Expr, ExprTrait, IntoIden, Query},
};

use crate::{
    Context, Facade, ReadOnly, Result, Scope, ScopeKind,
    error::Kind,
    query::expression::check_entity,
    scope::{Rows, ScopeDeclaration, SelectColumns, Via, facade::table_name},
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
        match (self.declared(scopes).map(|declared| declared.rows), &self.key) {
            (Some(Rows::Column(column)), Some(key)) => {
                Ok(Condition::all().add(Expr::col((alias.clone(), column)).eq(key.clone())))
            }
            (Some(Rows::Via(via)), Some(key)) => Ok(Condition::all().add(related(alias, &via(), key))),
            (Some(Rows::All), None) => Ok(Condition::all()),
            // Not made by the macros, then.
            _ => Err(Kind::ForeignScope { table }.into()),
        }
    }

    /// Returns the columns of a table that the scope may read, where they are not all.
    pub(crate) fn columns(&self, scopes: &[ScopeDeclaration]) -> Option<&'static [&'static str]> {
        match self.declared(scopes)?.verbs.select {
            SelectColumns::All => None,
            SelectColumns::Only(columns) => Some(columns),
        }
    }

    fn declared(&self, scopes: &[ScopeDeclaration]) -> Option<ScopeDeclaration> {
        scopes.iter().find(|declaration| declaration.scope == self.scope).copied()
    }
}

/// Returns the condition that a row is related to one of another table which has the key.
fn related(alias: &DynIden, via: &Via, key: &Value) -> Expr {
    let (own, theirs): (Vec<_>, Vec<_>) = via.columns.iter().cloned().unzip();
    let own = Expr::tuple(own.into_iter().map(|column| Expr::col((alias.clone(), column))));
    let name = "via".into_iden();
    let rows = Query::select()
        .columns(theirs.into_iter().map(|column| (name.clone(), column)))
        .from(via.table.reference().alias(name.clone()))
        .and_where(Expr::col((name, via.key)).eq(key.clone()))
        .to_owned();
    own.in_subquery(rows)
}

/// Returns the condition that a row of the facade's own table is of the context's scope.
pub(crate) fn predicate<F: Facade, S: Scope>(cx: &Context<S, ReadOnly>) -> Result<Condition> {
    check_entity::<F::Entity>()?;
    let table = table_name::<F>();
    Within::of(cx).predicate(table, &table.into_iden(), F::SCOPES)
}
