//! What tells of other tenants' rows by counting them is closed, and tokens are looked up by a digest of their digest.
//!
//! An index that does not start with the scope's column answers a comparison before the policy is asked, so what it holds
//! can be learned by whoever can count. It then had better hold nothing of use.

use sea_orm_migration::prelude::*;

use crate::{contract, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The planner's statistics of a column are of all rows, and `EXPLAIN` tells of them.
const UP: [&str; 3] = [
    "DROP INDEX personal_access_token_by_digest",
    "CREATE INDEX personal_access_token_by_digest ON personal_access_token (sha256(token_digest))",
    "ALTER TABLE personal_access_token ALTER token_digest SET STATISTICS 0",
];

const DOWN: [&str; 3] = [
    "ALTER TABLE personal_access_token ALTER token_digest SET STATISTICS -1",
    "DROP INDEX personal_access_token_by_digest",
    "CREATE INDEX personal_access_token_by_digest ON personal_access_token (token_digest)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let contract = contract()?;
        // In a database that is new they are closed already: the contract is today's.
        run(manager, contract.close_functions()).await?;
        run(manager, UP).await?;
        run(manager, contract.protect_tokens()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, DOWN).await
    }
}
