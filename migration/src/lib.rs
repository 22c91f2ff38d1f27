//! The schema of the application: tables, roles, policies and grants.
//!
//! ```text
//! sea-orm-cli migrate up            # or: cargo run -p migration -- up
//! sea-orm-cli migrate generate create_report
//! cargo run -p migration --bin seed
//! ```
//!
//! | variable | meaning |
//! |---|---|
//! | `MIGRATION_DATABASE_URL` | the owner's connection; else `DATABASE_URL` |
//! | `APP_DATABASE_ROLE` | the login role; else [`LOGIN`] |
//! | `APP_DATABASE_PASSWORD` | the password of the login role, set when the migration creates it |
//! | `APP_DATABASE_KEEP` | roles that keep what PUBLIC loses, with commas between |

// `sea-orm-cli migrate generate` edits this file as text. It adds to the modules, and writes all from the first list to the
// last line that ends with a bracket anew: a unit struct of each module. So the list stays the last thing here.

use sea_orm_migration::MigrationTrait;
pub use sea_orm_migration::MigratorTraitSelf;

mod m20261122_000001_create_contract;
mod m20261122_000002_create_identity;
mod m20261122_000003_create_research;
mod m20261122_000004_create_personal_access_token;
mod m20261124_000005_authenticate_token;
mod m20261124_000006_manage_members;
mod m20261124_000007_seal_contexts;
mod m20261130_000008_close_side_channels;
mod m20261130_000009_ask_what_was_sealed;
mod m20261130_000010_invite_into_the_future;
mod m20261130_000011_name_the_context;
mod migrator;
mod scoped_table;
pub mod seed;
mod statements;

pub use crate::{
    migrator::{LOGIN, Migrator},
    scoped_table::CreateScopedTable,
};
use crate::{
    migrator::{contract, password},
    statements::run,
};

/// Returns every migration, the oldest first.
fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(m20261122_000001_create_contract::Migration),
        Box::new(m20261122_000002_create_identity::Migration),
        Box::new(m20261122_000003_create_research::Migration),
        Box::new(m20261122_000004_create_personal_access_token::Migration),
        Box::new(m20261124_000005_authenticate_token::Migration),
        Box::new(m20261124_000006_manage_members::Migration),
        Box::new(m20261124_000007_seal_contexts::Migration),
        Box::new(m20261130_000008_close_side_channels::Migration),
        Box::new(m20261130_000009_ask_what_was_sealed::Migration),
        Box::new(m20261130_000010_invite_into_the_future::Migration),
        Box::new(m20261130_000011_name_the_context::Migration),
    ]
}
