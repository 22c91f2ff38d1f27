//! The scoped entities of a program.

use std::sync::Arc;

use crate::{
    code::Code,
    scope::{Acceptance, Facade, ScopeDeclaration, TableName, entity_table::EntityTable},
};

/// Every scoped entity of a program, with its scopes, and the acceptances that are declared to what an audit finds.
///
/// [`collect`](Self::collect) finds the entities by itself: each scope attribute leaves one there as the program is
/// linked. A crate of entities that a program depends on and never names is left out by the linker, and its entities
/// with it; an audit then says of their tables that no entity knows them.
///
/// ```
/// # use db::{Registry, audit::Code};
/// let registry = Registry::collect()
///     .accept(Code::SetConfigExecutable, "set_config", "the provider gives nobody a superuser");
/// # drop(registry);
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a registry does nothing until an audit is given it"]
pub struct Registry {
    entities: Vec<RegisteredEntity>,
    acceptances: Vec<(Option<TableName>, Acceptance)>,
}

/// A scoped entity.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RegisteredEntity {
    /// The scopes that it declares.
    pub scopes: &'static [ScopeDeclaration],
    /// The acceptances that are declared beside it.
    pub acceptances: &'static [Acceptance],
    pub(crate) data: Arc<EntityTable>,
    #[cfg(feature = "testing")]
    pub(crate) typed: crate::query::Typed,
}

/// What a scope attribute leaves for [`Registry::collect`]; for generated code.
#[derive(Clone, Copy, Debug)]
pub struct Registration(fn() -> RegisteredEntity);

impl Registration {
    /// The entity of a facade.
    #[must_use]
    pub const fn of<F: Facade>() -> Self {
        Self(RegisteredEntity::of::<F>)
    }
}

inventory::collect!(Registration);

impl Registry {
    /// Finds all entities of the program, in the order of their tables' names.
    pub fn collect() -> Self {
        inventory::iter::<Registration>.into_iter().map(|entity| entity.0()).fold(Self::default(), Self::and)
    }

    /// A registry of no entities.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Adds an entity.
    pub fn with<F: Facade>(self) -> Self {
        self.and(RegisteredEntity::of::<F>())
    }

    /// Declares an acceptance for what is beside no entity: a role, a function, a table that every tenant reads.
    ///
    /// `object` is its whole name, as it is in the report after the kind of object, letter for letter: `set_config`,
    /// `public.country`, `country_code_key of public.country`. It is for that one object and that one code; an audit finds
    /// it once nothing answers to it any more.
    ///
    /// ```
    /// # use db::{Registry, audit::Code};
    /// let registry = Registry::collect().accept(Code::TableShared, "public.country", "countries are the same for
    /// all");
    /// # drop(registry);
    /// ```
    pub fn accept(mut self, code: Code, object: &'static str, reason: &'static str) -> Self {
        self.acceptances.push((None, Acceptance { code, object: Some(object), reason }));
        self
    }

    /// Returns the entities.
    pub fn entities(&self) -> impl Iterator<Item = &RegisteredEntity> {
        self.entities.iter()
    }

    /// Returns the acceptances, each with the table of the entity that it is declared beside.
    pub(crate) fn acceptances(&self) -> impl Iterator<Item = (Option<&TableName>, Acceptance)> {
        self.acceptances.iter().map(|(table, acceptance)| (table.as_ref(), *acceptance))
    }

    fn and(mut self, entity: RegisteredEntity) -> Self {
        let table = entity.table_name().clone();
        self.acceptances.extend(entity.acceptances.iter().map(|&acceptance| (Some(table.clone()), acceptance)));
        let at = self.entities.partition_point(|other| *other.table_name() <= table);
        self.entities.insert(at, entity);
        self
    }
}

impl RegisteredEntity {
    fn of<F: Facade>() -> Self {
        Self {
            scopes: F::SCOPES,
            acceptances: F::ACCEPTANCES,
            data: Arc::new(EntityTable::of::<F>()),
            #[cfg(feature = "testing")]
            typed: crate::query::Typed::of::<F>(),
        }
    }

    /// Returns the name of the table, without its schema.
    #[must_use]
    pub fn table(&self) -> &str {
        self.data.name.name()
    }

    /// Returns the name of the table, with the schema that the entity names for it.
    #[must_use]
    pub fn table_name(&self) -> &TableName {
        &self.data.name
    }

    /// Returns the schema that the entity names for its table; `None` where it is the connection's to find.
    #[must_use]
    pub fn schema(&self) -> Option<&str> {
        self.data.name.schema()
    }

    /// Returns the name of the facade.
    #[must_use]
    pub fn facade(&self) -> &'static str {
        self.data.facade
    }

    /// Returns the names of the columns.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.data.columns.iter().map(|column| column.name)
    }

    /// Returns the names of the columns that no assignment may name: those of the scopes and of the key.
    #[must_use]
    pub fn fixed_columns(&self) -> &[&'static str] {
        &self.data.fixed
    }
}
