//! Random programs. What comes first among several is what a failing program is shrunk to.

#[path = "draw/filter.rs"]
mod filter;

use proptest::{collection::vec, option, prelude::*, sample::select, strategy::Union};

use self::filter::test;
use crate::{
    list::List,
    op::{
        AMONG, Among, Answered, Assigned, Changes, Conflict, Cursor, Grouped, How, JoinKind, Key, Loaded, Op, Pages,
        RELATIONS, Reading, Relation, Save, Saved, Sorted, With,
    },
    program::{Action, NewRow, Program, Step},
    values::{Column, Id, Kind, Literal, TABLES, Table, columns_of},
};

/// Programs of 20 to 40 steps.
pub(crate) fn program() -> impl Strategy<Value = Program> {
    #[derive(Debug)]
    enum Part {
        Row(usize, NewRow),
        Step(Step),
    }

    let row = (0..3_usize, each(TABLES, |table| new_row(table, false)));
    let row = row.prop_map(|(tenant, row)| Part::Row(tenant, row)).boxed();
    let step = step().prop_map(Part::Step).boxed();
    List(vec![(30..=60, row), (20..=40, step)]).prop_map(|parts| {
        let mut program = Program { rows: [const { Vec::new() }; 3], steps: Vec::new() };
        for part in parts {
            match part {
                Part::Row(tenant, row) => program.rows[tenant].push(row),
                Part::Step(step) => program.steps.push(step),
            }
        }
        program
    })
}

fn step() -> impl Strategy<Value = Step> {
    let action = prop_oneof![
        20 => op().prop_map(Action::Do),
        8 => op().prop_map(Action::Try),
        3 => Just(Action::Savepoint),
        4 => Just(Action::Keep),
        2 => Just(Action::TakeBack),
    ];
    (0..3_usize, action).prop_map(|(tenant, action)| Step { tenant, action })
}

/// One of several strategies, each made from one of the items.
fn each<T, V, S>(items: impl IntoIterator<Item = T>, f: impl Fn(T) -> S) -> Union<BoxedStrategy<V>>
where
    V: std::fmt::Debug,
    S: Strategy<Value = V> + 'static,
{
    Union::new(items.into_iter().map(|item| f(item).boxed()))
}

fn id() -> impl Strategy<Value = Id> {
    prop_oneof![6 => (1..=4_u8).prop_map(Id::Pool), 1 => (0..8_u8).prop_map(Id::Made)]
}

fn key() -> impl Strategy<Value = Key> {
    (id(), id())
}

fn literal(kind: Kind) -> BoxedStrategy<Literal> {
    match kind {
        Kind::Id => id().prop_map(Literal::Id).boxed(),
        Kind::NullableId => prop_oneof![4 => id().prop_map(Literal::Id), 1 => Just(Literal::Null)].boxed(),
        Kind::Text => select(vec!['a', 'b', 'c', 'd']).prop_map(Literal::Text).boxed(),
        Kind::Int => (0..6_i8).prop_map(Literal::Int).boxed(),
    }
}

/// A row; its key may be made, unless all has to be given, and the rank left to its default.
fn new_row(table: Table, may_be_unset: bool) -> impl Strategy<Value = NewRow> {
    let unset = if may_be_unset { 2 } else { 0 };
    let values: Vec<_> = (table.columns().iter().enumerate())
        .map(|(place, &(name, kind))| {
            let may_be_unset = table != Table::TaskTag && (place == 0 || name == "rank");
            let value = literal(kind).prop_map(Some);
            if may_be_unset && unset > 0 { prop_oneof![3 => value, unset => Just(None)].boxed() } else { value.boxed() }
        })
        .collect();
    values.prop_map(move |values| NewRow { table, values })
}

/// What is assigned to a row: no column twice, and not the key.
fn changes(table: Table) -> impl Strategy<Value = Changes> {
    let columns = table.columns().iter().enumerate().skip(table.key());
    let values: Vec<_> =
        columns.map(|(place, &(_, kind))| option::of(literal(kind).prop_map(move |v| (place, v)))).collect();
    values.prop_map(|values| values.into_iter().flatten().collect())
}

fn how() -> impl Strategy<Value = How> {
    prop_oneof![
        8 => Just(How::All),
        2 => Just(How::Count),
        2 => Just(How::One),
        1 => Just(How::Exists),
        1 => Just(How::RequireOne),
        1 => Just(How::Stream),
        1 => (1..4_u8).prop_map(How::Pages),
        1 => (0..3_u8, 1..4_u8).prop_map(|(page, size)| How::Page(page, size)),
    ]
}

fn reading(tables: &[Table]) -> impl Strategy<Value = Reading> + use<> {
    let sorted = (select(columns_of(tables)), any::<bool>(), option::of(any::<bool>()))
        .prop_map(|(column, descending, nulls_first)| Sorted { column, descending, nulls_first });
    (test(tables), vec(sorted, 0..3), few(), few(), how()).prop_map(|(filter, order, limit, offset, how)| Reading {
        filter,
        order,
        limit,
        offset,
        how,
    })
}

fn few() -> impl Strategy<Value = Option<u8>> {
    prop_oneof![3 => Just(None), 1 => (0..4_u8).prop_map(Some)]
}

fn conflict(table: Table) -> impl Strategy<Value = Conflict> {
    let writable: Vec<usize> = (table.key()..table.columns().len()).collect();
    let unique = 0..table.unique().len();
    let update = (unique.clone(), vec(any::<bool>(), writable.len())).prop_map(move |(key, chosen)| {
        // The columns of the key that is in conflict are the same in both rows.
        let columns = writable.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(column, _)| *column);
        Conflict::Update(key, columns.collect())
    });
    prop_oneof![3 => Just(Conflict::Fail), 3 => unique.prop_map(Conflict::Nothing), 3 => update]
}

fn answered() -> impl Strategy<Value = Answered> {
    select(vec![Answered::Rows, Answered::Number, Answered::Keys])
}

fn saved(table: Table) -> impl Strategy<Value = Saved> {
    prop_oneof![
        3 => new_row(table, true).prop_map(Saved::New),
        1 => (id(), changes(table)).prop_map(|(id, changes)| Saved::There(id, changes)),
    ]
}

fn save() -> impl Strategy<Value = Save> {
    let tasks = vec((saved(Table::Task), vec(id(), 0..3)), 0..4);
    (saved(Table::Project), option::weighted(0.3, saved(Table::Profile)), tasks)
        .prop_map(|(project, profile, tasks)| Save { project, profile, tasks })
}

fn cursor() -> impl Strategy<Value = Cursor> {
    use Pages::{LinkByBoth, ProjectByRank, TagById, TaskByPoints, TaskByTitle};
    each([TagById, TaskByPoints, TaskByTitle, ProjectByRank, LinkByBoth], |by| {
        let (table, columns) = by.columns();
        let bound = || option::of(columns.iter().map(|&c| literal(table.columns()[c].1)).collect::<Vec<_>>());
        let limit = prop_oneof![
            Just((None, None)),
            (0..4_u8).prop_map(|rows| (Some(rows), None)),
            (0..4_u8).prop_map(|rows| (None, Some(rows))),
        ];
        (test(&[table]), bound(), bound(), limit, any::<bool>()).prop_map(
            move |(filter, after, before, (first, last), descending)| Cursor {
                by,
                filter,
                after,
                before,
                first,
                last,
                descending,
            },
        )
    })
}

fn writes() -> impl Strategy<Value = Op> {
    let written = || TABLES.into_iter().filter(|table| *table != Table::TaskTag);
    prop_oneof![
        3 => each(TABLES, |table| {
            (new_row(table, true), conflict(table), answered()).prop_map(|(row, on, a)| Op::InsertOne(row, on, a))
        }),
        3 => each(TABLES, |table| {
            (vec(new_row(table, true), 0..5), conflict(table), answered())
                .prop_map(move |(rows, on, a)| Op::InsertMany(table, rows, on, a))
        }),
        2 => each(TABLES, |t| (key(), changes(t)).prop_map(move |(key, changes)| Op::UpdateById(t, key, changes))),
        2 => each(TABLES, |t| (key(), changes(t)).prop_map(move |(key, changes)| Op::Update(t, key, changes))),
        2 => each(written(), |t| {
            (test(&[t]), changes(t), answered())
                .prop_map(move |(filter, changes, a)| Op::UpdateMany(t, filter, Assigned::Values(changes), a))
        }),
        2 => each([Column(Table::Project, 2), Column(Table::Task, 3)], |Column(t, column)| {
            (test(&[t]), -2..3_i8, answered())
                .prop_map(move |(filter, plus, a)| Op::UpdateMany(t, filter, Assigned::Plus(column, plus), a))
        }),
        1 => each(TABLES, |t| (key(), answered()).prop_map(move |(key, a)| Op::DeleteById(t, key, a))),
        1 => each(TABLES, |t| key().prop_map(move |key| Op::DeleteRow(t, key))),
        1 => each(TABLES, |t| (test(&[t]), answered()).prop_map(move |(filter, a)| Op::DeleteMany(t, filter, a))),
        1 => each(TABLES, |t| vec(key(), 0..3).prop_map(move |keys| Op::DeleteIds(t, keys))),
        1 => (any::<bool>(), test(&[Table::Project]), option::of(-2..3_i8))
            .prop_map(|(is_in, of, plus)| Op::WriteAmong { is_in, of, plus }),
        3 => save().prop_map(Op::Save),
    ]
}

fn joins() -> impl Strategy<Value = Op> {
    let both = |relation: Relation| [relation.from(), relation.to()];
    let chain = [Table::Project, Table::Task, Table::TaskTag, Table::Tag, Table::Profile];
    prop_oneof![
        3 => each(RELATIONS, move |relation| {
            (select(vec![With::Also, With::Both, With::Many]), reading(&both(relation)))
                .prop_map(move |(with, reading)| Op::FindWith(relation, with, reading))
        }),
        3 => each(RELATIONS, move |relation| {
            let kinds = vec![JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Full];
            (select(kinds), any::<bool>(), reading(&both(relation)))
                .prop_map(move |(kind, reverse, reading)| Op::Join(relation, kind, reverse, reading))
        }),
        1 => reading(&chain).prop_map(Op::Chain),
        2 => each(RELATIONS, |relation| {
            (any::<bool>(), test(&[relation.to()]), reading(&[relation.from()]))
                .prop_map(move |(has, of, reading)| Op::Has(relation, has, of, reading))
        }),
        2 => each(AMONG, |among: Among| {
            let (outside, inside) = among.columns();
            (any::<bool>(), test(&[inside.0]), reading(&[outside.0]))
                .prop_map(move |(is_in, of, reading)| Op::Among(among, is_in, of, reading))
        }),
    ]
}

fn loads() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => each([Loaded::Tuple, Loaded::Filtered, Loaded::Task], |loaded| {
            let table = if matches!(loaded, Loaded::Task) { Table::Task } else { Table::Project };
            (test(&[table]), test(&[Table::Task])).prop_map(move |(filter, of)| Op::Load(loaded, filter, of))
        }),
        1 => each(RELATIONS, |relation| {
            (test(&[relation.from()]), test(&[relation.to()]))
                .prop_map(move |(filter, of)| Op::LoadMany(relation, filter, of))
        }),
        1 => each(RELATIONS, |relation| {
            (test(&[relation.from()]), test(&[relation.to()]))
                .prop_map(move |(filter, of)| Op::LoadOne(relation, filter, of))
        }),
        1 => each(RELATIONS, |relation| {
            (key(), reading(&[relation.to()])).prop_map(move |(key, reading)| Op::FindRelated(relation, key, reading))
        }),
    ]
}

fn op() -> BoxedStrategy<Op> {
    let grouped = select(vec![Grouped::ByTitle, Grouped::ByProject, Grouped::PerProject]);
    prop_oneof![
        1 => each(TABLES, |table| key().prop_map(move |key| Op::FindById(table, key))),
        2 => each(TABLES, |table| reading(&[table]).prop_map(move |reading| Op::Find(table, reading))),
        10 => writes(),
        4 => joins(),
        2 => loads(),
        1 => (grouped, test(&[Table::Task]), 0..3_i8).prop_map(|(by, filter, most)| Op::Group(by, filter, most)),
        1 => each(columns_of(&TABLES), |column| {
            (test(&[column.0]), any::<bool>()).prop_map(move |(filter, count)| Op::Distinct(column, filter, count))
        }),
        1 => cursor().prop_map(Op::Cursor),
        1 => select(TABLES.to_vec()).prop_map(Op::Raw),
    ]
    .boxed()
}
