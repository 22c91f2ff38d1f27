//! The function by which a context runs a statement is private.

use db::TenantContext;
use sea_orm::{DbBackend, Statement};

async fn turn(cx: &TenantContext) -> db::Result<u64> {
    cx.execute(Statement::from_string(DbBackend::Postgres, "RESET ROLE")).await
}

fn main() {}
