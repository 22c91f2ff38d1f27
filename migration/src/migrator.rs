//! The migrator: which contract the migrations build on.

use db::contract::{Contract, Membership, Tokens};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTraitSelf, SchemaManager, async_trait, sea_orm::DbErr};

/// The role that the pool logs in as, unless `APP_DATABASE_ROLE` names another: a database that was migrated before goes on
/// with the one that it has.
pub const LOGIN: &str = "trovella-app";

/// Brings a database to the application's schema; for `run_cli` and for tests.
#[derive(Clone)]
pub struct Migrator {
    contract: Contract,
    password: Option<String>,
}

impl Migrator {
    /// Takes the names from the application's own contract, and the login role, its password and the roles that go on as before
    /// from the environment variables `APP_DATABASE_ROLE`, `APP_DATABASE_PASSWORD` and `APP_DATABASE_KEEP`.
    ///
    /// # Errors
    ///
    /// `is_configuration` if PostgreSQL takes no role of that name.
    pub fn from_env() -> db::Result<Self> {
        let login = std::env::var("APP_DATABASE_ROLE");
        let mut migrator =
            Self::new("app", login.as_deref().unwrap_or(LOGIN), std::env::var("APP_DATABASE_PASSWORD").ok())?;
        let kept = std::env::var("APP_DATABASE_KEEP").unwrap_or_default();
        let kept: Vec<_> = kept.split(',').map(str::trim).filter(|role| !role.is_empty()).collect();
        migrator.contract = migrator.contract.keep_for(&kept);
        Ok(migrator)
    }

    /// Takes another prefix and login role, such as a test's own.
    ///
    /// # Errors
    ///
    /// `is_configuration` if the prefix is no lower-case SQL identifier of at most 40 characters, or PostgreSQL takes no role
    /// of that name.
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

impl MigratorTraitSelf for Migrator {
    fn migrations(&self) -> Vec<Box<dyn MigrationTrait>> {
        let run = |migration| Box::new(Run { migration, by: self.clone() }) as Box<dyn MigrationTrait>;
        crate::migrations().into_iter().map(run).collect()
    }
}

tokio::task_local! {
    /// The migrator that runs the migration of this task.
    static MIGRATOR: Migrator;
}

/// Returns the contract of the migrator that runs this migration.
///
/// A migration is a unit struct, since `sea-orm-cli migrate generate` knows no other: it cannot hold the contract.
///
/// # Errors
///
/// Where no migrator runs it, or the migration asks from a task of its own.
pub(crate) fn contract() -> Result<Contract, DbErr> {
    by(|migrator| migrator.contract.clone())
}

/// Returns the password for the login role, where the migrator has one.
///
/// # Errors
///
/// Those of [`contract`].
pub(crate) fn password() -> Result<Option<String>, DbErr> {
    by(|migrator| migrator.password.clone())
}

fn by<T>(ask: impl FnOnce(&Migrator) -> T) -> Result<T, DbErr> {
    let no_migrator = |_| DbErr::Migration("a migration asks for the contract where no `Migrator` runs it".to_owned());
    MIGRATOR.try_with(ask).map_err(no_migrator)
}

/// A migration that can ask who runs it, for as long as it runs.
struct Run {
    migration: Box<dyn MigrationTrait>,
    by: Migrator,
}

impl MigrationName for Run {
    fn name(&self) -> &str {
        self.migration.name()
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Run {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        MIGRATOR.scope(self.by.clone(), self.migration.up(manager)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        MIGRATOR.scope(self.by.clone(), self.migration.down(manager)).await
    }

    fn use_transaction(&self) -> Option<bool> {
        self.migration.use_transaction()
    }
}
