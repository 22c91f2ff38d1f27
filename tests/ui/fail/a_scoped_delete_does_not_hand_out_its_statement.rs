//! A scoped delete does not hand out the statement that its predicate goes into.

use db::DeleteMany;
use entity::ResearchPlan;
use sea_orm::{QueryTrait, sea_query::DeleteStatement};

fn statement(plans: DeleteMany<ResearchPlan>) -> DeleteStatement {
    plans.into_query()
}

fn main() {}
