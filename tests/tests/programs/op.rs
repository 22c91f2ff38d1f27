//! The operations, and what they are made of.

use db::prelude::*;

use crate::{
    filter::Test,
    program::NewRow,
    values::{Column, Id, Literal, Table},
};

/// The columns that are assigned.
pub(crate) type Changes = Vec<(usize, Literal)>;

/// The key of a row; a table with a key of one column takes the first.
pub(crate) type Key = (Id, Id);

/// How the rows of a select are had.
#[derive(Clone, Copy, Debug)]
pub(crate) enum How {
    All,
    One,
    RequireOne,
    Count,
    Exists,
    Stream,
    Pages(u8),
    Page(u8, u8),
}

/// What every select has, beside what it is of. The keys of its tables are the last in its order.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) filter: Test,
    pub(crate) order: Vec<Sorted>,
    pub(crate) limit: Option<u8>,
    pub(crate) offset: Option<u8>,
    pub(crate) how: How,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Sorted {
    pub(crate) column: Column,
    pub(crate) descending: bool,
    pub(crate) nulls_first: Option<bool>,
}

/// A declared relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    ProjectTask,
    ProjectProfile,
    TaskProject,
    ProfileProject,
    TaskTaskTag,
    TaskTagTask,
    TaskTagTag,
    TaskTag,
    TagTask,
}

pub(crate) const RELATIONS: [Relation; 9] = [
    Relation::ProjectTask,
    Relation::ProjectProfile,
    Relation::TaskProject,
    Relation::ProfileProject,
    Relation::TaskTaskTag,
    Relation::TaskTagTask,
    Relation::TaskTagTag,
    Relation::TaskTag,
    Relation::TagTask,
];

/// From a column of the last table to a column of the next.
pub(crate) type Hop = (usize, Table, usize);

impl Relation {
    /// The table that the relation is of, and the way from it.
    pub(crate) fn path(self) -> (Table, &'static [Hop]) {
        match self {
            Self::ProjectTask => (Table::Project, &[(0, Table::Task, 1)]),
            Self::ProjectProfile => (Table::Project, &[(0, Table::Profile, 1)]),
            Self::TaskProject => (Table::Task, &[(1, Table::Project, 0)]),
            Self::ProfileProject => (Table::Profile, &[(1, Table::Project, 0)]),
            Self::TaskTaskTag => (Table::Task, &[(0, Table::TaskTag, 0)]),
            Self::TaskTagTask => (Table::TaskTag, &[(0, Table::Task, 0)]),
            Self::TaskTagTag => (Table::TaskTag, &[(1, Table::Tag, 0)]),
            Self::TaskTag => (Table::Task, &[(0, Table::TaskTag, 0), (1, Table::Tag, 0)]),
            Self::TagTask => (Table::Tag, &[(0, Table::TaskTag, 1), (0, Table::Task, 0)]),
        }
    }

    pub(crate) fn from(self) -> Table {
        self.path().0
    }

    pub(crate) fn to(self) -> Table {
        let (from, hops) = self.path();
        hops.last().map_or(from, |hop| hop.1)
    }
}

/// Which related rows are read with a row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum With {
    Also,
    Both,
    Many,
}

/// A column of one table among those of another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Among {
    ProjectOfTasks,
    TaskOfProjects,
    TaskOfLinks,
    TagOfLinks,
    ProfileOfTasks,
}

pub(crate) const AMONG: [Among; 5] =
    [Among::ProjectOfTasks, Among::TaskOfProjects, Among::TaskOfLinks, Among::TagOfLinks, Among::ProfileOfTasks];

impl Among {
    /// The column outside, and the column inside.
    pub(crate) fn columns(self) -> (Column, Column) {
        match self {
            Self::ProjectOfTasks => (Column(Table::Project, 0), Column(Table::Task, 1)),
            Self::TaskOfProjects => (Column(Table::Task, 1), Column(Table::Project, 0)),
            Self::TaskOfLinks => (Column(Table::Task, 0), Column(Table::TaskTag, 0)),
            Self::TagOfLinks => (Column(Table::Tag, 0), Column(Table::TaskTag, 1)),
            Self::ProfileOfTasks => (Column(Table::Profile, 1), Column(Table::Task, 1)),
        }
    }
}

/// What tasks are grouped by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Grouped {
    ByTitle,
    ByProject,
    /// Projects, each with the tasks that it has or has not.
    PerProject,
}

/// What is loaded.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Loaded {
    /// `Project::load().with((Task, Tag)).with(Profile)`
    Tuple,
    /// `Project::load().with(Task::load().filter(…).with(Tag)).with(Profile)`
    Filtered,
    /// `Task::load().with(Project).with((TaskTag, Tag))`
    Task,
}

/// The columns that pages are by; together they are unique.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pages {
    TagById,
    TaskByPoints,
    TaskByTitle,
    ProjectByRank,
    LinkByBoth,
}

impl Pages {
    pub(crate) fn columns(self) -> (Table, &'static [usize]) {
        match self {
            Self::TagById => (Table::Tag, &[0]),
            Self::TaskByPoints => (Table::Task, &[3, 0]),
            Self::TaskByTitle => (Table::Task, &[2, 0]),
            Self::ProjectByRank => (Table::Project, &[2, 0]),
            Self::LinkByBoth => (Table::TaskTag, &[0, 1]),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Cursor {
    pub(crate) by: Pages,
    pub(crate) filter: Test,
    pub(crate) after: Option<Vec<Literal>>,
    pub(crate) before: Option<Vec<Literal>>,
    pub(crate) first: Option<u8>,
    pub(crate) last: Option<u8>,
    pub(crate) descending: bool,
}

/// What an insert does where a unique key is taken.
#[derive(Clone, Debug)]
pub(crate) enum Conflict {
    Fail,
    /// By the unique key with that number.
    Nothing(usize),
    /// By the unique key with that number, these columns.
    Update(usize, Vec<usize>),
}

/// What a write answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answered {
    Number,
    Keys,
    Rows,
}

/// What rows are assigned.
#[derive(Clone, Debug)]
pub(crate) enum Assigned {
    Values(Changes),
    /// The column, and what is added to it.
    Plus(usize, i8),
}

/// A row to be saved: a new one, or one that is there, as a draft made from a model says.
#[derive(Clone, Debug)]
pub(crate) enum Saved {
    New(NewRow),
    There(Id, Changes),
}

#[derive(Clone, Debug)]
pub(crate) struct Save {
    pub(crate) project: Saved,
    pub(crate) profile: Option<Saved>,
    /// Each with the tags that it is linked with.
    pub(crate) tasks: Vec<(Saved, Vec<Id>)>,
}

/// An operation.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    FindById(Table, Key),
    Find(Table, Reading),
    InsertOne(NewRow, Conflict, Answered),
    InsertMany(Table, Vec<NewRow>, Conflict, Answered),
    UpdateById(Table, Key, Changes),
    /// With a draft from the model that is found, or from one that is made up.
    Update(Table, Key, Changes),
    UpdateMany(Table, Test, Assigned, Answered),
    DeleteById(Table, Key, Answered),
    DeleteRow(Table, Key),
    DeleteMany(Table, Test, Answered),
    DeleteIds(Table, Vec<Key>),
    /// Tasks by their projects: assigned, or deleted.
    WriteAmong {
        is_in: bool,
        of: Test,
        plus: Option<i8>,
    },
    FindWith(Relation, With, Reading),
    /// In reverse, the table that the relation is to comes first.
    Join(Relation, JoinKind, bool, Reading),
    Chain(Reading),
    Has(Relation, bool, Test, Reading),
    Among(Among, bool, Test, Reading),
    Group(Grouped, Test, i8),
    Distinct(Column, Test, bool),
    Load(Loaded, Test, Test),
    LoadMany(Relation, Test, Test),
    LoadOne(Relation, Test, Test),
    FindRelated(Relation, Key, Reading),
    Cursor(Cursor),
    Raw(Table),
    Save(Save),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
}

impl From<JoinKind> for JoinType {
    fn from(kind: JoinKind) -> Self {
        match kind {
            JoinKind::Inner => Self::InnerJoin,
            JoinKind::Left => Self::LeftJoin,
            JoinKind::Right => Self::RightJoin,
            JoinKind::Full => Self::FullOuterJoin,
        }
    }
}
