//! Numbers, times, addresses and lists.

use db::{OrganizationId, tenant_scoped};
use sea_orm::entity::prelude::*;

/// A row of it.
#[tenant_scoped]
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "measure")]
#[expect(clippy::exhaustive_structs, reason = "a model")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// Of `rust_decimal`.
    #[sea_orm(column_type = "Decimal(None)")]
    pub price: Decimal,
    /// Of `bigdecimal`.
    #[sea_orm(column_type = "Decimal(None)")]
    pub weight: BigDecimal,
    /// Of `time`.
    pub taken_on: TimeDate,
    /// Of `time`.
    pub taken_at: TimeDateTimeWithTimeZone,
    /// Of `ipnetwork`.
    #[sea_orm(column_type = "Inet")]
    pub address: IpNetwork,
    /// An array.
    pub counts: Vec<i32>,
    /// An array of a type that has a feature.
    pub prices: Vec<Decimal>,
    /// One that may be missing.
    pub discount: Option<Decimal>,
}

impl ActiveModelBehavior for ActiveModel {}
