//! The operations as an application would write them.

#[path = "real/load.rs"]
mod load;
#[path = "real/read.rs"]
mod read;
#[path = "real/rows.rs"]
mod rows;
#[path = "real/write.rs"]
mod write;

use db::{Result, TenantContext, TenantReader, prelude::*};
use sea_orm::EntityTrait;

use self::rows::{Cells, Keyed, Tested};
use crate::{
    model::Failure,
    op::{Key, Op},
    stage::{Policies, Stored},
    values::{Cell, Row, TABLES, Table},
};

/// What an operation has answered, and the keys of the rows that it has written.
pub(crate) struct Done {
    pub(crate) answer: String,
    pub(crate) keys: Vec<Uuid>,
}

impl Done {
    fn with(answer: &impl std::fmt::Debug) -> Self {
        Self { answer: format!("{answer:?}"), keys: Vec::new() }
    }
}

/// Where an operation is performed.
pub(crate) struct Place<'a> {
    pub(crate) cx: &'a TenantContext,
    /// The ids that were made.
    pub(crate) made: &'a [Uuid],
    pub(crate) policies: Policies,
}

/// Performs an operation.
pub(crate) async fn perform(op: &Op, place: Place<'_>) -> Result<Done> {
    match op {
        Op::InsertOne(..)
        | Op::InsertMany(..)
        | Op::UpdateById(..)
        | Op::Update(..)
        | Op::UpdateMany(..)
        | Op::DeleteById(..)
        | Op::DeleteRow(..)
        | Op::DeleteMany(..)
        | Op::DeleteIds(..)
        | Op::WriteAmong { .. }
        | Op::Save(_) => Box::pin(place.write(op)).await,
        _ => Box::pin(place.select(op)).await.map(|answer| Done { answer, keys: Vec::new() }),
    }
}

/// Runs a block for the facade of a table.
macro_rules! table {
    ($table:expr, $facade:ident => $block:expr) => {
        match $table {
            Table::Tag => {
                type $facade = crate::tables::tag::Tag;
                $block
            }
            Table::Project => {
                type $facade = crate::tables::project::Project;
                $block
            }
            Table::Task => {
                type $facade = crate::tables::task::Task;
                $block
            }
            Table::Profile => {
                type $facade = crate::tables::profile::Profile;
                $block
            }
            Table::TaskTag => {
                type $facade = crate::tables::task_tag::TaskTag;
                $block
            }
        }
    };
}
/// Runs a block for the facades of a relation: that which it is of, and that which it is to.
macro_rules! relation {
    ($relation:expr, $from:ident, $to:ident => $block:expr) => {
        match $relation {
            Relation::ProjectTask => relation!(@ Project, Task, $from, $to => $block),
            Relation::ProjectProfile => relation!(@ Project, Profile, $from, $to => $block),
            Relation::TaskProject => relation!(@ Task, Project, $from, $to => $block),
            Relation::ProfileProject => relation!(@ Profile, Project, $from, $to => $block),
            Relation::TaskTaskTag => relation!(@ Task, TaskTag, $from, $to => $block),
            Relation::TaskTagTask => relation!(@ TaskTag, Task, $from, $to => $block),
            Relation::TaskTagTag => relation!(@ TaskTag, Tag, $from, $to => $block),
            Relation::TaskTag => relation!(@ Task, Tag, $from, $to => $block),
            Relation::TagTask => relation!(@ Tag, Task, $from, $to => $block),
        }
    };
    (@ $one:ident, $other:ident, $from:ident, $to:ident => $block:expr) => {{
        type $from = $one;
        type $to = $other;
        $block
    }};
}
use {relation, table};

impl Place<'_> {
    fn key<F: Tested>(&self, key: Key) -> F::Key {
        F::Key::of(&[Cell::Id(key.0.uuid(self.made)), Cell::Id(key.1.uuid(self.made))])
    }

    /// A model with the key that is made up: nobody has such a row.
    fn made_up<F: Tested>(&self, table: Table, key: Key) -> <F::Entity as EntityTrait>::Model {
        use crate::values::Kind;

        let mut row: Row = (table.columns().iter())
            .map(|(_, kind)| match kind {
                Kind::Id | Kind::NullableId => Cell::Id(key.0.uuid(self.made)),
                Kind::Text => Cell::Text("made up".to_owned()),
                Kind::Int => Cell::Int(-1),
            })
            .chain([Cell::Id(Uuid::nil())])
            .collect();
        if table.key() == 2 {
            row[1] = Cell::Id(key.1.uuid(self.made));
        }
        F::model(&row)
    }
}

/// What an operation has failed with, as the model says it.
pub(crate) fn failure(error: &db::Error) -> Failure {
    match error {
        error if error.is_not_found() => Failure::NotFound,
        error if error.is_unique_violation() => Failure::UniqueViolation,
        error if error.is_not_null_violation() => Failure::NotNullViolation,
        error if error.is_rolled_back() => Failure::RolledBack,
        error if error.sqlstate() == Some("21000") => Failure::WrittenTwice,
        error => Failure::Other(format!("{error:?}")),
    }
}

/// All rows that a tenant sees.
pub(crate) async fn all(cx: &TenantReader) -> Result<Stored> {
    let mut all = Stored::new();
    for table in TABLES {
        let rows = table!(table, F => F::find().all(cx).await?.into_iter().map(Cells::cells).collect());
        all.push(rows);
    }
    Ok(all)
}
