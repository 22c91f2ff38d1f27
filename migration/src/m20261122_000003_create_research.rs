//! Research plans and their steps.
//!
//! Every key starts with the organization: with `id` alone, a row could point at another tenant's parent, which
//! it cannot see, and that tenant's delete would cascade into it.

use entity::{PlanStep, ResearchPlan};
use sea_orm_migration::prelude::*;

use crate::{CreateScopedTable, contract, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

// `created_by` points at the member, not at the user: that would tell which users exist.
const RESEARCH_PLAN: &str = "CREATE TABLE research_plan (
    organization_id uuid NOT NULL REFERENCES organization (id) ON DELETE RESTRICT,
    id uuid NOT NULL,
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    question text NOT NULL,
    status text NOT NULL DEFAULT 'planning'
        CHECK (status IN ('planning', 'executing', 'awaiting_review', 'stalled', 'completed', 'failed')),
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, created_by) REFERENCES member (organization_id, user_id)
        ON DELETE SET NULL (created_by)
)";

// Deferrable, so that steps can change places in one transaction.
const PLAN_STEP: &str = "CREATE TABLE plan_step (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    plan_id uuid NOT NULL,
    position integer NOT NULL CHECK (position > 0),
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    status text NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'running', 'completed', 'failed', 'skipped')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, plan_id, position) DEFERRABLE INITIALLY IMMEDIATE,
    FOREIGN KEY (organization_id, plan_id) REFERENCES research_plan (organization_id, id) ON DELETE CASCADE
)";

const INDEX: &str = "CREATE INDEX research_plan_by_created_at ON research_plan (organization_id, created_at)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let contract = contract()?;
        let tables = contract.scoped_tables();
        let tables = tables.create_as::<ResearchPlan>(RESEARCH_PLAN).create_as::<PlanStep>(PLAN_STEP);
        manager.create_scoped_tables(tables).await?;
        run(manager, [INDEX]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, ["DROP TABLE plan_step, research_plan"]).await
    }
}
