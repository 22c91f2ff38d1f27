//! The scoped entities of a program.

use std::any::type_name;

use sea_orm::{EntityTrait, IdenStatic, Iterable};

use crate::{
    Facade, Result, ScopeDeclaration, TableName,
    audit::Code,
    contract::{self, DeclaredForeignKey, Prefix, ScopedTables},
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
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RegisteredEntity {
    /// The scopes that it declares.
    pub scopes: &'static [ScopeDeclaration],
    /// The acceptances that are declared beside it.
    pub acceptances: &'static [Acceptance],
    table: fn() -> &'static str,
    name: fn() -> TableName,
    facade: fn() -> &'static str,
    columns: fn() -> Vec<&'static str>,
    fixed: fn() -> Vec<&'static str>,
    #[cfg(feature = "testing")]
    pub(crate) typed: crate::testing::Typed,
    create_table: fn(&Prefix) -> Result<Vec<String>>,
    foreign_keys: fn() -> Vec<DeclaredForeignKey>,
    add_column: fn(&str) -> Option<String>,
}

/// A finding that is accepted, with the reason.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Acceptance {
    /// What is found.
    pub code: Code,
    /// The name of the object that has it; any of the entity's where it is `None`.
    pub object: Option<&'static str>,
    /// Why it is acceptable.
    pub reason: &'static str,
}

inventory::collect!(RegisteredEntity);

impl Registry {
    /// Finds all entities of the program, in the order of their tables' names.
    pub fn collect() -> Self {
        let entities = inventory::iter::<RegisteredEntity>.into_iter().copied();
        entities.fold(Self::default(), Self::and)
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
        let table = entity.table_name();
        self.acceptances.extend(entity.acceptances.iter().map(|&acceptance| (Some(table.clone()), acceptance)));
        let at = self.entities.partition_point(|other| other.table_name() <= table);
        self.entities.insert(at, entity);
        self
    }
}

impl RegisteredEntity {
    /// For generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn of<F: Facade>() -> Self {
        Self {
            scopes: F::SCOPES,
            acceptances: F::ACCEPTANCES,
            table: crate::facade::table_name::<F>,
            name: TableName::of::<F>,
            facade: type_name::<F>,
            columns: || <F::Entity as EntityTrait>::Column::iter().map(|column| column.as_str()).collect(),
            fixed: crate::facade::fixed_columns::<F>,
            #[cfg(feature = "testing")]
            typed: crate::testing::Typed::of::<F>(),
            create_table: |prefix| Ok(ScopedTables::new(prefix).create::<F>()?.statements()),
            add_column: contract::add_column::<F>,
            foreign_keys: contract::declared_foreign_keys::<F>,
        }
    }

    /// Returns the name of the table, without its schema.
    #[must_use]
    pub fn table(&self) -> &'static str {
        (self.table)()
    }

    /// Returns the name of the table, with the schema that the entity names for it.
    #[must_use]
    pub fn table_name(&self) -> TableName {
        (self.name)()
    }

    /// Returns the schema that the entity names for its table; `None` where it is the connection's to find.
    #[must_use]
    pub fn schema(&self) -> Option<String> {
        self.table_name().schema().map(str::to_owned)
    }

    /// Returns the name of the facade.
    #[must_use]
    pub fn facade(&self) -> &'static str {
        let path = (self.facade)();
        path.rsplit("::").next().unwrap_or(path)
    }

    /// Returns the names of the columns.
    #[must_use]
    pub fn columns(&self) -> Vec<&'static str> {
        (self.columns)()
    }

    /// Returns the names of the columns that no assignment may name: those of the scopes and of the key.
    #[must_use]
    pub fn fixed_columns(&self) -> Vec<&'static str> {
        (self.fixed)()
    }
}

impl RegisteredEntity {
    /// Returns the statements that make its table.
    pub(crate) fn create_table(&self, prefix: &Prefix) -> Result<Vec<String>> {
        (self.create_table)(prefix)
    }

    /// Returns the foreign keys that its relations ask for.
    pub(crate) fn foreign_keys(&self) -> Vec<DeclaredForeignKey> {
        (self.foreign_keys)()
    }

    /// Returns the definition of a column.
    pub(crate) fn column_definition(&self, name: &str) -> Option<String> {
        (self.add_column)(name)
    }
}

impl Acceptance {
    /// For generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(code: Code, object: Option<&'static str>, reason: &'static str) -> Self {
        Self { code, object, reason }
    }
}
