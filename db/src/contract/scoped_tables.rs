//! Making scoped tables in a migration, so that nothing of them is forgotten.

use super::{
    Contract, Prefix,
    create_table::{CreateTable, create_table},
};
use crate::{Facade, Registry, Result, scope::entity_table::EntityTable};

/// How a statement says that it makes a scoped table by the contract: a test of the migrations looks for it.
pub const SCOPED_TABLE: &str = "/* scoped table */";

/// Scoped tables about to be made, with their row-level security, policies, grants and triggers:
/// [`Contract::scoped_tables`].
///
/// All tables are made before the first is protected, as a policy may read another table.
///
/// ```
/// # use db::{Registry, contract::{Contract, Membership}};
/// # mod remark {
/// #     use db::{OrganizationId, tenant_scoped};
/// #     use sea_orm::entity::prelude::*;
/// #     #[tenant_scoped]
/// #     #[sea_orm::model]
/// #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
/// #     #[sea_orm(table_name = "remark")]
/// #     pub struct Model {
/// #         #[sea_orm(primary_key, auto_increment = false)]
/// #         pub id: Uuid,
/// #         pub organization_id: OrganizationId,
/// #         pub text: String,
/// #     }
/// #     impl ActiveModelBehavior for ActiveModel {}
/// # }
/// # use remark::Remark;
/// let contract = Contract::new(Membership::new("member", "organization_id", "user_id"));
/// let statements = contract.scoped_tables().create::<Remark>(&Registry::collect())?.statements();
/// assert!(statements[0].contains(r#"PRIMARY KEY ("organization_id", "id")"#));
/// assert!(statements.iter().any(|sql| sql.starts_with("CREATE POLICY tenant_boundary")));
/// # Ok::<_, db::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is made before the statements are run"]
pub struct ScopedTables {
    prefix: Prefix,
    create: Vec<String>,
    protect: Vec<String>,
}

impl Contract {
    /// Starts a list of scoped tables to be made.
    pub fn scoped_tables(&self) -> ScopedTables {
        ScopedTables::new(&self.prefix)
    }
}

impl ScopedTables {
    pub(crate) fn new(prefix: &Prefix) -> Self {
        Self { prefix: prefix.clone(), create: Vec::new(), protect: Vec::new() }
    }

    /// Adds the table of an entity, as the entity has it: see [`Contract::create_table`]. The registry has the entities
    /// that its foreign keys may point at.
    ///
    /// # Errors
    ///
    /// `is_configuration` where the entity asks for what such a table cannot have.
    pub fn create<F: Facade>(self, registry: &Registry) -> Result<Self> {
        self.create_entity(&EntityTable::of::<F>(), registry)
    }

    /// Adds the table of an entity.
    pub(crate) fn create_entity(mut self, entity: &EntityTable, registry: &Registry) -> Result<Self> {
        let CreateTable { before, table, after } = create_table(entity, registry)?;
        self.create.extend(before);
        self.create.push(format!("{SCOPED_TABLE} {table}"));
        self.create.extend(after);
        Ok(self.and_protect(entity))
    }

    /// Adds the table of an entity, as this statement makes it: `CREATE TABLE …`, for what an entity does not say, such
    /// as checks.
    pub fn create_as<F: Facade>(mut self, create_table: &str) -> Self {
        self.create.push(format!("{SCOPED_TABLE} {create_table}"));
        self.and_protect(&EntityTable::of::<F>())
    }

    fn and_protect(mut self, entity: &EntityTable) -> Self {
        self.protect.extend(self.prefix.protect_entity(entity));
        self
    }

    /// Returns the statements, to be run one after the other.
    #[must_use]
    pub fn statements(self) -> Vec<String> {
        [self.create, self.protect].concat()
    }
}
