//! Personal access tokens.

use entity::PersonalAccessToken;
use sea_orm_migration::prelude::*;

use crate::{CreateScopedTable, contract, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = r#"CREATE TABLE personal_access_token (
    user_id uuid NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    token_digest bytea NOT NULL CHECK (length(token_digest) = 32),
    last_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, id),
    UNIQUE (user_id, name)
)"#;

// Not unique: that would tell one person which digests another has.
const INDEX: &str = "CREATE INDEX personal_access_token_by_digest ON personal_access_token (token_digest)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let contract = contract()?;
        let tables = contract.scoped_tables().create_as::<PersonalAccessToken>(TABLE);
        manager.create_scoped_tables(tables).await?;
        run(manager, [INDEX]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, ["DROP TABLE personal_access_token"]).await
    }
}
