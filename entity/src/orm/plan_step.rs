//! A step of a research plan.

use db::{OrganizationId, tenant_scoped};
use sea_orm::entity::prelude::*;

/// A step of a research plan.
#[tenant_scoped]
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plan_step")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: OrganizationId,
    pub plan_id: Uuid,
    /// Where it stands in its plan, from 1; no two steps stand in one place.
    pub position: i32,
    pub title: String,
    pub status: StepStatus,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "(organization_id, plan_id)", to = "(organization_id, id)")]
    pub plan: BelongsTo<super::research_plan::Entity>,
}

/// How far a step has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum StepStatus {
    /// It has not begun.
    Pending,
    /// It is under way.
    Running,
    /// It is done.
    Completed,
    /// It came to nothing.
    Failed,
    /// It turned out not to be needed.
    Skipped,
}

impl ActiveModelBehavior for ActiveModel {}
