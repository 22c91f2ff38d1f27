//! A question that an organization researches.

use db::{OrganizationId, UserId, tenant_scoped};
use sea_orm::entity::prelude::*;

/// A question that an organization researches, in steps.
#[tenant_scoped]
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "research_plan")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: OrganizationId,
    pub title: String,
    pub question: String,
    pub status: PlanStatus,
    /// The member who made it; unset once they have left, or where a job made it.
    pub created_by: Option<UserId>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "organization_id", to = "id")]
    pub organization: BelongsTo<super::organization::Entity>,
    #[sea_orm(has_many)]
    pub steps: HasMany<super::plan_step::Entity>,
}

/// How far a research plan has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum PlanStatus {
    /// Its steps are being made.
    Planning,
    /// Its steps are under way.
    Executing,
    /// Its result waits for somebody to look at it.
    AwaitingReview,
    /// It waits for something else.
    Stalled,
    /// It is done.
    Completed,
    /// It came to nothing.
    Failed,
}

impl ActiveModelBehavior for ActiveModel {}
