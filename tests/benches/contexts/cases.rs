//! What is measured.

mod joins;
mod many;
mod pages;
mod reads;
mod tenants;
mod writes;

use entity::{organization, plan_step, research_plan};
use sea_orm::ModelTrait;

use crate::case::Case;

/// SeaORM's own entity of a table; a program that is written by hand has nothing else.
pub(crate) type Organization = <organization::Model as ModelTrait>::Entity;
pub(crate) type Plan = <research_plan::Model as ModelTrait>::Entity;
pub(crate) type Step = <plan_step::Model as ModelTrait>::Entity;

/// What takes longest.
pub(crate) const LONGEST: &str = "insert_many of 100,000 rows";

/// What is measured as time that passes.
pub(crate) fn timed() -> Vec<Case> {
    vec![
        reads::read(),
        reads::read_and_commit(),
        writes::update(),
        writes::update_by_role(),
        writes::savepoint(),
        pages::load(),
        pages::page(),
        pages::stream(),
        many::insert::<10>("insert_many of 10 rows"),
        many::insert::<1_000>("insert_many of 1,000 rows").long(9),
        many::insert::<100_000>(LONGEST).long(3),
        tenants::for_each().long(3),
    ]
}

/// What many tasks do at once: one that reads, one that writes.
pub(crate) fn at_once() -> Vec<Case> {
    vec![reads::read(), writes::update()]
}

/// What is measured as the server's own time.
pub(crate) fn of_the_server() -> Vec<Case> {
    vec![reads::nothing(), reads::read(), joins::two(), joins::three(), writes::update(), writes::update_by_role()]
}

/// What is measured as a database grows.
pub(crate) fn growing() -> Vec<Case> {
    vec![reads::read(), writes::update()]
}
