//! People, how they sign in, and the organizations they are members of.
//!
//! An `IdentityContext` reads these tables by id, so `id` alone is the key: with a composite one a hostile
//! tenant could plant a row with a known id.

use entity::{Account, Invitation, Member, Organization, Session, User, Verification};
use sea_orm_migration::prelude::*;

use crate::{CreateScopedTable, contract, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const USER: &str = r#"CREATE TABLE "user" (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL UNIQUE,
    email_verified boolean NOT NULL DEFAULT false,
    image text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
)"#;

const ORGANIZATION: &str = "CREATE TABLE organization (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    slug text NOT NULL UNIQUE,
    logo text,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
)";

const SESSION: &str = r#"CREATE TABLE session (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
    token_digest bytea NOT NULL UNIQUE CHECK (length(token_digest) = 32),
    expires_at timestamptz NOT NULL,
    ip_address text,
    user_agent text,
    active_organization_id uuid REFERENCES organization (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
)"#;

const ACCOUNT: &str = r#"CREATE TABLE account (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
    account_id text NOT NULL,
    provider_id text NOT NULL,
    access_token text,
    refresh_token text,
    id_token text,
    access_token_expires_at timestamptz,
    refresh_token_expires_at timestamptz,
    scope text,
    password text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (provider_id, account_id)
)"#;

const VERIFICATION: &str = "CREATE TABLE verification (
    id uuid PRIMARY KEY,
    identifier text NOT NULL,
    value text NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
)";

const MEMBER: &str = r#"CREATE TABLE member (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
    role text NOT NULL DEFAULT 'member' CHECK (role IN ('owner', 'admin', 'member')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, id),
    UNIQUE (organization_id, user_id)
)"#;

const INVITATION: &str = "CREATE TABLE invitation (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    email text NOT NULL,
    role text NOT NULL DEFAULT 'member' CHECK (role IN ('owner', 'admin', 'member')),
    status text NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'accepted', 'declined', 'withdrawn')),
    expires_at timestamptz NOT NULL,
    inviter_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, inviter_id) REFERENCES member (organization_id, user_id)
        ON DELETE SET NULL (inviter_id)
)";

const INDEXES: [&str; 4] = [
    "CREATE INDEX session_by_user ON session (user_id, id)",
    "CREATE INDEX account_by_user ON account (user_id, id)",
    "CREATE INDEX verification_by_identifier ON verification (identifier)",
    "CREATE INDEX member_by_user ON member (user_id, organization_id)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let contract = contract()?;
        let tables = contract.scoped_tables();
        manager
            .create_scoped_tables(
                tables
                    .create_as::<User>(USER)
                    .create_as::<Organization>(ORGANIZATION)
                    .create_as::<Session>(SESSION)
                    .create_as::<Account>(ACCOUNT)
                    .create_as::<Verification>(VERIFICATION)
                    .create_as::<Member>(MEMBER)
                    .create_as::<Invitation>(INVITATION),
            )
            .await?;
        run(manager, INDEXES).await?;
        run(manager, contract.protect_membership()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, [r#"DROP TABLE invitation, member, verification, account, session, organization, "user""#]).await
    }
}
