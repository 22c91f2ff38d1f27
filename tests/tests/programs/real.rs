//! The operations as an application would write them.

#[path = "real/read.rs"]
mod read;
#[path = "real/write.rs"]
mod write;

use db::{Facade, Result, TenantContext, TenantReader, prelude::*};
use sea_orm::EntityTrait;

use crate::{
    program::{Key, Op},
    tables::{
        profile::{self, Profile},
        project::{self, Project},
        tag::{self, Tag},
        task::{self, Task},
        task_tag::{self, TaskTag},
    },
    values::{Cell, Row, TABLES, Table},
    world::{Policies, Stored},
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

/// A facade of the tests, its rows as cells.
pub(crate) trait Tested: Facade<Entity: EntityTrait<Model: Cells>> {
    type Key: Keyed;

    /// A model made up by hand.
    fn model(row: &Row) -> <Self::Entity as EntityTrait>::Model;

    /// A draft that sets the cells that there are.
    fn draft(cells: &[Option<Cell>]) -> Self::Draft;

    /// A draft made from a model, with some columns set.
    fn changed(row: <Self::Entity as EntityTrait>::Model, changes: &[(usize, Cell)]) -> Self::Draft;

    fn column(place: usize) -> <Self::Entity as EntityTrait>::Column;

    fn writable(place: usize) -> Self::Writable;
}

/// A model as a row of cells.
pub(crate) trait Cells {
    fn cells(self) -> Row;
}

/// A key as cells.
pub(crate) trait Keyed {
    fn of(cells: &[Cell]) -> Self;
    fn cells(self) -> Row;
}

impl Keyed for Uuid {
    fn of(cells: &[Cell]) -> Self {
        cells[0].id()
    }

    fn cells(self) -> Row {
        vec![Cell::Id(self)]
    }
}

impl Keyed for (Uuid, Uuid) {
    fn of(cells: &[Cell]) -> Self {
        (cells[0].id(), cells[1].id())
    }

    fn cells(self) -> Row {
        vec![Cell::Id(self.0), Cell::Id(self.1)]
    }
}

/// A value of a column's type as a cell.
trait Celled {
    fn of(cell: &Cell) -> Self;
    fn cell(self) -> Cell;
}

impl Celled for Uuid {
    fn of(cell: &Cell) -> Self {
        cell.id()
    }

    fn cell(self) -> Cell {
        Cell::Id(self)
    }
}

impl Celled for String {
    fn of(cell: &Cell) -> Self {
        match cell {
            Cell::Text(text) => text.clone(),
            other => panic!("no text: {other:?}"),
        }
    }

    fn cell(self) -> Cell {
        Cell::Text(self)
    }
}

impl Celled for i32 {
    fn of(cell: &Cell) -> Self {
        match cell {
            Cell::Int(int) => i32::try_from(*int).unwrap(),
            other => panic!("no number: {other:?}"),
        }
    }

    fn cell(self) -> Cell {
        Cell::Int(self.into())
    }
}

impl<T: Celled> Celled for Option<T> {
    fn of(cell: &Cell) -> Self {
        (*cell != Cell::Null).then(|| T::of(cell))
    }

    fn cell(self) -> Cell {
        self.map_or(Cell::Null, T::cell)
    }
}

macro_rules! tested {
    ($module:ident, $facade:ident, $key:ty; $($place:literal $field:ident $column:ident $type:ty),+; $($writable:literal $name:ident),*) => {
        impl Cells for $module::Model {
            fn cells(self) -> Row {
                vec![$(self.$field.cell(),)+ Cell::Id(self.organization_id.0)]
            }
        }

        impl Cells for $module::ModelEx {
            fn cells(self) -> Row {
                $module::Model::from(self).cells()
            }
        }

        impl Tested for $facade {
            type Key = $key;

            fn model(row: &Row) -> $module::Model {
                let organization_id = row[row.len() - 1].id().into();
                $module::Model { $($field: Celled::of(&row[$place]),)+ organization_id }
            }

            fn draft(cells: &[Option<Cell>]) -> $module::Draft {
                $module::Draft { $($field: cells[$place].as_ref().map_or(NotSet, |cell| Set(Celled::of(cell))),)+ }
            }

            fn changed(row: $module::Model, changes: &[(usize, Cell)]) -> $module::Draft {
                let mut draft = $module::Draft::from(row);
                for (place, cell) in changes {
                    match place {
                        $($place => draft.$field = Set(Celled::of(cell)),)+
                        other => panic!("no column {other}"),
                    }
                }
                draft
            }

            fn column(place: usize) -> $module::Column {
                match place {
                    $($place => $module::Column::$column,)+
                    other => panic!("no column {other}"),
                }
            }

            fn writable(place: usize) -> $module::Writable {
                match place {
                    $($writable => $module::Writable::$name,)*
                    other => panic!("column {other} is not writable"),
                }
            }
        }
    };
}

tested!(tag, Tag, Uuid; 0 id Id Uuid, 1 name Name String; 1 Name);
tested!(project, Project, Uuid; 0 id Id Uuid, 1 name Name String, 2 rank Rank i32; 1 Name, 2 Rank);
tested!(task, Task, Uuid;
    0 id Id Uuid, 1 project_id ProjectId Option<Uuid>, 2 title Title String, 3 points Points i32;
    1 ProjectId, 2 Title, 3 Points);
tested!(profile, Profile, Uuid;
    0 id Id Uuid, 1 project_id ProjectId Uuid, 2 text Text String; 1 ProjectId, 2 Text);
tested!(task_tag, TaskTag, (Uuid, Uuid); 0 task_id TaskId Uuid, 1 tag_id TagId Uuid;);

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
use table;

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

/// All rows that a tenant sees.
pub(crate) async fn all(cx: &TenantReader) -> Result<Stored> {
    let mut all = Stored::new();
    for table in TABLES {
        let rows = table!(table, F => F::find().all(cx).await?.into_iter().map(Cells::cells).collect());
        all.push(rows);
    }
    Ok(all)
}
