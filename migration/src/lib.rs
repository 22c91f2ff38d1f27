//! The schema of the application: tables, roles, policies and grants.
//!
//! ```text
//! sea-orm-cli migrate up            # or: cargo run -p migration -- up
//! cargo run -p migration --bin seed
//! ```
//!
//! | variable | meaning |
//! |---|---|
//! | `MIGRATION_DATABASE_URL` | the owner's connection; else `DATABASE_URL` |
//! | `APP_DATABASE_PASSWORD` | the password of the login role, set when the migration creates it |

use db::contract::{Contract, Membership, Tokens};
pub use sea_orm_migration::MigratorTraitSelf;
use sea_orm_migration::{
    MigrationTrait, SchemaManager, async_trait,
    sea_orm::{ConnectionTrait, DbErr},
};

mod m20261122_000001_create_contract;
mod m20261122_000002_create_identity;
mod m20261122_000003_create_research;
mod m20261122_000004_create_personal_access_token;
mod m20261124_000005_authenticate_token;
mod m20261124_000006_manage_members;
mod m20261124_000007_seal_contexts;
mod scoped_table;
pub mod seed;

pub use scoped_table::CreateScopedTable;

/// The role that the pool logs in as, unless told otherwise.
pub const LOGIN: &str = "trovella_app";

/// Brings a database to the application's schema; for `run_cli` and for tests.
#[derive(Clone)]
pub struct Migrator {
    contract: Contract,
    password: Option<String>,
}

impl Migrator {
    /// Takes the names from the application's own contract, and the login's password from the environment
    /// variable `APP_DATABASE_PASSWORD`.
    ///
    /// # Errors
    ///
    /// `is_configuration`; not with the names that are used here.
    pub fn from_env() -> db::Result<Self> {
        Self::new("app", LOGIN, std::env::var("APP_DATABASE_PASSWORD").ok())
    }

    /// Takes another prefix and login role, such as a test's own.
    ///
    /// # Errors
    ///
    /// `is_configuration` if one is no lower-case SQL identifier of at most 40 characters.
    pub fn new(prefix: &str, login: &str, password: Option<String>) -> db::Result<Self> {
        let membership = Membership::new("member", "organization_id", "user_id")
            .role("role", &["owner", "admin", "member"])
            .organizations("organization", "id");
        let tokens = Tokens::new("personal_access_token");
        Ok(Self { contract: Contract::new(membership).tokens(tokens).prefix(prefix)?.login(login)?, password })
    }

    /// Returns the contract that the schema is built on.
    pub fn contract(&self) -> &Contract {
        &self.contract
    }
}

/// Leaves the password out.
impl std::fmt::Debug for Migrator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Migrator").field("contract", &self.contract).finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl MigratorTraitSelf for Migrator {
    fn migrations(&self) -> Vec<Box<dyn MigrationTrait>> {
        let contract = || self.contract.clone();
        vec![
            Box::new(m20261122_000001_create_contract::Migration {
                contract: contract(),
                password: self.password.clone(),
            }),
            Box::new(m20261122_000002_create_identity::Migration { contract: contract() }),
            Box::new(m20261122_000003_create_research::Migration { contract: contract() }),
            Box::new(m20261122_000004_create_personal_access_token::Migration { contract: contract() }),
            Box::new(m20261124_000005_authenticate_token::Migration { contract: contract() }),
            Box::new(m20261124_000006_manage_members::Migration { contract: contract() }),
            Box::new(m20261124_000007_seal_contexts::Migration { contract: contract() }),
        ]
    }
}

/// Runs statements, one after the other.
async fn run(manager: &SchemaManager<'_>, statements: impl IntoIterator<Item = impl AsRef<str>>) -> Result<(), DbErr> {
    for statement in statements {
        manager.get_connection().execute_unprepared(statement.as_ref()).await?;
    }
    Ok(())
}

/// Puts the table of a facade under its entity's policies.
async fn protect<F: db::Facade>(manager: &SchemaManager<'_>, contract: &Contract) -> Result<(), DbErr> {
    run(manager, contract.protect::<F>()).await?;
    run(manager, [contract.keep_updated_at::<F>()]).await
}
