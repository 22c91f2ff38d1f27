//! A table in a query.

use sea_orm::{
    Condition, EntityName,
    sea_query::{DynIden, IntoIden, SelectStatement, TableRef},
};

use super::{
    expression::{Refusal, check_entity},
    predicate::Within,
};
use crate::{
    Facade, Result,
    scope::{ScopeDeclaration, facade::table_name},
};

/// The name in a query of the table whose rows the related ones are loaded for.
pub(crate) const PARENT: &str = "the_parent_of_this";

/// A table in a query, under the name that it has there.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) table: &'static str,
    pub(crate) alias: DynIden,
    pub(crate) reference: TableRef,
    pub(crate) scopes: &'static [ScopeDeclaration],
    refused: Option<Refusal>,
}

impl Source {
    pub(crate) fn of<F: Facade>(alias: Option<DynIden>) -> Self {
        let (table, reference) = (table_name::<F>(), F::Entity::default().table_ref());
        let refused = check_entity::<F::Entity>().err();
        match alias {
            Some(alias) => Self { table, reference: reference.alias(alias.clone()), alias, scopes: F::SCOPES, refused },
            None => Self { table, reference, alias: table.into_iden(), scopes: F::SCOPES, refused },
        }
    }

    /// The table of a facade that is joined, under the name that is given, that of the relation, or its own.
    pub(crate) fn joined<F: Facade>(name: Option<DynIden>) -> Self {
        Self::of::<F>(name.or_else(|| F::NAME.map(IntoIden::into_iden)))
    }

    /// The same table under another name.
    pub(crate) fn under(self, alias: DynIden) -> Self {
        Self { reference: self.reference.alias(alias.clone()), alias, ..self }
    }

    /// Returns the condition that a row is of the scope.
    pub(crate) fn predicate(&self, within: &Within) -> Result<Condition> {
        if let Some(refused) = self.refused {
            return Err(refused.into());
        }
        within.predicate(self.table, &self.alias, self.scopes)
    }

    /// `(SELECT … FROM … WHERE …)`: the rows of the scope alone, and where it may not read all columns, those alone.
    pub(crate) fn filtered(self, predicate: Condition, columns: Option<&[&'static str]>) -> SelectStatement {
        use sea_orm::sea_query::{Asterisk, Query};
        let mut select = Query::select();
        match columns {
            Some(columns) => select.columns(columns.iter().copied()),
            None => select.column(Asterisk),
        };
        select.from(self.reference).cond_where(predicate).to_owned()
    }
}
