//! A join takes a facade: the tables of a relation of SeaORM's have no scope.

use db::prelude::*;
use entity::ResearchPlan;
use sea_orm::RelationDef;

fn plans(relation: RelationDef) {
    let _select = ResearchPlan::find().join(JoinType::LeftJoin, relation);
}

fn main() {}
