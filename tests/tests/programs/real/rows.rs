//! Models and keys as rows of cells, which the model has too.

use db::{Facade, prelude::*};
use sea_orm::EntityTrait;

use crate::{
    model::Joined,
    tables::{
        profile::{self, Profile},
        project::{self, Project},
        tag::{self, Tag},
        task::{self, Task},
        task_tag::{self, TaskTag},
    },
    values::{Cell, Row},
};

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
pub(crate) trait Celled {
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

/// A row of a select's.
pub(crate) trait Beheld {
    fn joined(self) -> Joined;
}

impl<M: Cells> Beheld for M {
    fn joined(self) -> Joined {
        vec![Some(self.cells())]
    }
}

impl<A: Cells, B: Cells> Beheld for (A, Option<B>) {
    fn joined(self) -> Joined {
        vec![Some(self.0.cells()), self.1.map(Cells::cells)]
    }
}

impl<A: Cells, B: Cells> Beheld for (A, B) {
    fn joined(self) -> Joined {
        vec![Some(self.0.cells()), Some(self.1.cells())]
    }
}

impl<A: Cells, B: Cells, C: Cells, D: Cells, E: Cells> Beheld for (A, Option<B>, Option<C>, Option<D>, Option<E>) {
    fn joined(self) -> Joined {
        vec![
            Some(self.0.cells()),
            self.1.map(Cells::cells),
            self.2.map(Cells::cells),
            self.3.map(Cells::cells),
            self.4.map(Cells::cells),
        ]
    }
}
