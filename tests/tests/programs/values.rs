//! What a program is about: tables, columns, values, and tests of them.

use std::fmt;

use db::prelude::*;
use sea_orm::Value;

/// A table of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Tag,
    Project,
    Task,
    Profile,
    TaskTag,
}

pub(crate) const TABLES: [Table; 5] = [Table::Tag, Table::Project, Table::Task, Table::Profile, Table::TaskTag];

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Id,
    NullableId,
    Text,
    Int,
}

impl Table {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Project => "project",
            Self::Task => "task",
            Self::Profile => "profile",
            Self::TaskTag => "task_tag",
        }
    }

    /// The columns, those of the key first. The scope column is none of them; it is the last cell of a row.
    pub(crate) fn columns(self) -> &'static [(&'static str, Kind)] {
        match self {
            Self::Tag => &[("id", Kind::Id), ("name", Kind::Text)],
            Self::Project => &[("id", Kind::Id), ("name", Kind::Text), ("rank", Kind::Int)],
            Self::Task => {
                &[("id", Kind::Id), ("project_id", Kind::NullableId), ("title", Kind::Text), ("points", Kind::Int)]
            }
            Self::Profile => &[("id", Kind::Id), ("project_id", Kind::Id), ("text", Kind::Text)],
            Self::TaskTag => &[("task_id", Kind::Id), ("tag_id", Kind::Id)],
        }
    }

    /// How many columns the key has.
    pub(crate) fn key(self) -> usize {
        if self == Self::TaskTag { 2 } else { 1 }
    }

    /// The columns of each unique key, the primary one first.
    pub(crate) fn unique(self) -> &'static [&'static [usize]] {
        match self {
            Self::TaskTag => &[&[0, 1]],
            Self::Profile => &[&[0], &[1]],
            _ => &[&[0]],
        }
    }
}

/// A column of a table, by its place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column(pub(crate) Table, pub(crate) usize);

impl Column {
    pub(crate) fn name(self) -> &'static str {
        self.0.columns()[self.1].0
    }

    pub(crate) fn kind(self) -> Kind {
        self.0.columns()[self.1].1
    }

    pub(crate) fn expr(self) -> Expr {
        Expr::col((self.0.name(), self.name()))
    }
}

impl fmt::Debug for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0.name(), self.name())
    }
}

/// The columns of some tables.
pub(crate) fn columns_of(tables: &[Table]) -> Vec<Column> {
    tables.iter().flat_map(|&table| (0..table.columns().len()).map(move |column| Column(table, column))).collect()
}

/// A value in a row.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cell {
    Null,
    Id(Uuid),
    Text(String),
    Int(i64),
}

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Id(id) if id.as_u128() < 100 => write!(f, "#{}", id.as_u128()),
            Self::Id(id) => write!(f, "{id}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Int(int) => write!(f, "{int}"),
        }
    }
}

impl Cell {
    /// The value, to be bound where a column of the kind is wanted.
    pub(crate) fn value(&self, kind: Kind) -> Value {
        match (self, kind) {
            (Self::Id(id), _) => (*id).into(),
            (Self::Text(text), _) => text.clone().into(),
            (Self::Int(int), _) => i32::try_from(*int).unwrap().into(),
            (Self::Null, Kind::Id | Kind::NullableId) => None::<Uuid>.into(),
            (Self::Null, Kind::Text) => None::<String>.into(),
            (Self::Null, Kind::Int) => None::<i32>.into(),
        }
    }

    pub(crate) fn id(&self) -> Uuid {
        match self {
            Self::Id(id) => *id,
            other => panic!("no id: {other:?}"),
        }
    }
}

/// The values of a row in the order of the columns, and then that of the scope column.
pub(crate) type Row = Vec<Cell>;

/// An id in a program: one of few, which every tenant uses, or one that a statement of some tenant's made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Id {
    Pool(u8),
    Made(u8),
}

impl Id {
    pub(crate) fn uuid(self, made: &[Uuid]) -> Uuid {
        match self {
            Self::Made(at) if !made.is_empty() => made[usize::from(at) % made.len()],
            Self::Pool(id) | Self::Made(id) => Uuid::from_u128(id.into()),
        }
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pool(id) => write!(f, "#{id}"),
            Self::Made(at) => write!(f, "made #{at}"),
        }
    }
}

/// A value in a program.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Literal {
    Null,
    Id(Id),
    Text(char),
    Int(i8),
}

impl Literal {
    pub(crate) fn cell(self, made: &[Uuid]) -> Cell {
        match self {
            Self::Null => Cell::Null,
            Self::Id(id) => Cell::Id(id.uuid(made)),
            Self::Text(text) => Cell::Text(text.into()),
            Self::Int(int) => Cell::Int(int.into()),
        }
    }
}

impl fmt::Debug for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Id(id) => id.fmt(f),
            Self::Text(text) => text.fmt(f),
            Self::Int(int) => int.fmt(f),
        }
    }
}
