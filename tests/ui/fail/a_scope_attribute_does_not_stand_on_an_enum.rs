//! A scope attribute stands on an entity, so not on one of its enums.

use db::tenant_scoped;
use sea_orm::entity::prelude::*;

#[tenant_scoped]
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Status {
    Open,
    Closed,
}

fn main() {}
