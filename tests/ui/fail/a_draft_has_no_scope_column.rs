//! A draft has no scope column: the context gives it.

use db::prelude::*;
use entity::research_plan;

fn draft(organization: OrganizationId) -> research_plan::Draft {
    research_plan::Draft { organization_id: Set(organization), title: Set("x".into()), ..Default::default() }
}

fn main() {}
