//! Reads.

use db::{
    AssertSqlSafe, RawSelect, Result, ScopedTo, Select, Tenant,
    prelude::*,
    query::{Beside, Shape},
};
use sea_orm::{EntityTrait, sea_query::ValueTuple};

use super::{
    Place, relation,
    rows::{Beheld, Celled, Cells, Tested},
    table,
};
use crate::{
    filter::Test,
    model::Joined,
    op::{Among, Cursor, Grouped, How, Op, Pages, Reading, Relation, With},
    stage::Policies,
    tables::{
        profile::{self, Profile},
        project::{self, Project},
        tag::{self, Tag},
        task::{self, Task},
        task_tag::{self, TaskTag},
    },
    values::{Cell, Column, Kind, Row, Table},
};

impl Place<'_> {
    pub(super) async fn select(&self, op: &Op) -> Result<String> {
        match op {
            Op::FindById(table, key) => table!(table, F => {
                let row = F::find_by_id(self.key::<F>(*key)).one(self.cx).await?;
                Ok(format!("{:?}", row.map(Beheld::joined)))
            }),
            Op::Find(table, reading) => table!(table, F => self.read(F::find(), &[*table], reading).await),
            Op::FindWith(relation, with, reading) => self.find_with(*relation, *with, reading).await,
            Op::Join(relation, kind, reverse, reading) => {
                let kind = JoinType::from(*kind);
                let (from, to) = (relation.from(), relation.to());
                relation!(relation, F, G => match reverse {
                    false => self.ids(F::find().join(kind, G::default()), [from, to], reading).await,
                    true => self.ids(G::find().join_rev(kind, F::default()), [to, from], reading).await,
                })
            }
            Op::Chain(reading) => {
                let find = Project::find()
                    .find_also_related(Task)
                    .find_also(Task, TaskTag)
                    .find_also(TaskTag, Tag)
                    .find_also_related(Profile);
                let tables = [Table::Project, Table::Task, Table::TaskTag, Table::Tag, Table::Profile];
                self.read(find, &tables, reading).await
            }
            Op::Has(relation, has, of, reading) => {
                let of = of.condition(self.made);
                relation!(relation, F, G => {
                    let find = if *has {
                        F::find().has_related(G::default(), of)
                    } else {
                        F::find().has_no_related(G::default(), of)
                    };
                    self.read(find, &[relation.from()], reading).await
                })
            }
            Op::Among(among, is_in, of, reading) => self.among(*among, *is_in, of, reading).await,
            Op::Group(grouped, filter, most) => self.group(*grouped, filter, *most).await,
            Op::Distinct(column, filter, count) => self.distinct(*column, filter, *count).await,
            Op::Cursor(cursor) => self.cursor(cursor).await,
            Op::Raw(table) => self.raw(*table).await,
            load => self.load(load).await,
        }
    }

    /// Completes a select, and runs it.
    pub(super) async fn read<F, J, R>(
        &self,
        select: Select<F, J, R>,
        tables: &[Table],
        reading: &Reading,
    ) -> Result<String>
    where
        F: ScopedTo<Tenant>,
        J: Beside<F, Tenant>,
        R: Shape<Row: Beheld> + Send,
    {
        let cx = self.cx;
        let select = self.completed(select, tables, reading);
        let joined = |rows: Vec<R::Row>| rows.into_iter().map(Beheld::joined).collect::<Vec<_>>();
        Ok(match reading.how {
            How::All => format!("{:?}", joined(select.all(cx).await?)),
            How::One => format!("{:?}", select.one(cx).await?.map(Beheld::joined)),
            How::RequireOne => format!("{:?}", select.require_one(cx).await?.joined()),
            How::Count => format!("{:?}", select.count(cx).await?),
            How::Exists => format!("{:?}", select.exists(cx).await?),
            How::Stream => format!("{:?}", joined(select.stream(cx).await?.try_collect().await?)),
            How::Pages(size) => {
                let pages = select.paginate(cx, size.into());
                let numbers = pages.num_items_and_pages().await?;
                let rows: Vec<_> = pages.into_stream().map_ok(joined).try_collect().await?;
                format!("{:?}", (numbers.number_of_items, numbers.number_of_pages, rows))
            }
            How::Page(page, size) => {
                format!("{:?}", joined(select.paginate(cx, size.into()).fetch_page(page.into()).await?))
            }
        })
    }

    pub(super) fn completed<F: db::Facade, J, R>(
        &self,
        select: Select<F, J, R>,
        tables: &[Table],
        reading: &Reading,
    ) -> Select<F, J, R> {
        let mut select = select.filter(reading.filter.condition(self.made));
        for by in &reading.order {
            let order = if by.descending { Order::Desc } else { Order::Asc };
            select = match by.nulls_first {
                None => select.order_by(by.column.expr(), order),
                Some(true) => select.order_by_with_nulls(by.column.expr(), order, NullOrdering::First),
                Some(false) => select.order_by_with_nulls(by.column.expr(), order, NullOrdering::Last),
            };
        }
        for table in tables {
            for place in 0..table.key() {
                select = select.order_by_asc(Column(*table, place).expr());
            }
        }
        select.limit(reading.limit.map(u64::from)).offset(reading.offset.map(u64::from))
    }

    async fn find_with(&self, relation: Relation, with: With, reading: &Reading) -> Result<String> {
        let tables = [relation.from(), relation.to()];
        relation!(relation, F, G => match with {
            With::Also => self.read(F::find().find_also_related(G::default()), &tables, reading).await,
            With::Both => self.read(F::find().find_both_related(G::default()), &tables, reading).await,
            With::Many => {
                // The key that `find_with_related` orders by comes after the orders given before it.
                let find = self.completed(F::find(), &[], reading).find_with_related(G::default());
                let none = Reading { filter: Test::All(Vec::new()), order: Vec::new(), ..reading.clone() };
                let find = self.completed(find, &tables, &none);
                if let How::Count = reading.how {
                    return Ok(format!("{:?}", find.count(self.cx).await?));
                }
                let rows = find.all(self.cx).await?.into_iter();
                let rows = rows.map(|(row, more)| (row.cells(), more.into_iter().map(Cells::cells).collect::<Vec<_>>()));
                Ok(format!("{:?}", rows.collect::<Vec<_>>()))
            }
        })
    }

    /// Reads the first key columns of two tables.
    async fn ids<F, J, R>(&self, select: Select<F, J, R>, tables: [Table; 2], reading: &Reading) -> Result<String>
    where
        F: ScopedTo<Tenant>,
        J: Beside<F, Tenant>,
    {
        let select = self.completed(select, &tables, reading);
        if let How::Count = reading.how {
            return Ok(format!("{:?}", select.count(self.cx).await?));
        }
        let [one, other] = tables.map(|table| Column(table, 0).expr());
        let ids = select.select_only().expr_as(one, "one").expr_as(other, "other");
        let ids = ids.into_tuple::<(Option<Uuid>, Option<Uuid>)>().all(self.cx).await?.into_iter();
        let ids = ids.map(|(one, other)| vec![Some(vec![one.cell()]), Some(vec![other.cell()])]);
        Ok(format!("{:?}", ids.collect::<Vec<Joined>>()))
    }

    async fn among(&self, among: Among, is_in: bool, of: &Test, reading: &Reading) -> Result<String> {
        macro_rules! among {
            ($outside:ident $column:expr, $inside:ident $other:expr) => {{
                let values = $inside::find().filter(of.condition(self.made)).select_only().column($other);
                let find = if is_in {
                    $outside::find().in_subquery($column, values)
                } else {
                    $outside::find().not_in_subquery($column, values)
                };
                self.read(find, &[among.columns().0.0], reading).await
            }};
        }
        match among {
            Among::ProjectOfTasks => among!(Project project::Column::Id, Task task::Column::ProjectId),
            Among::TaskOfProjects => among!(Task task::Column::ProjectId, Project project::Column::Id),
            Among::TaskOfLinks => among!(Task task::Column::Id, TaskTag task_tag::Column::TaskId),
            Among::TagOfLinks => among!(Tag tag::Column::Id, TaskTag task_tag::Column::TagId),
            Among::ProfileOfTasks => among!(Profile profile::Column::ProjectId, Task task::Column::ProjectId),
        }
    }

    async fn group(&self, grouped: Grouped, filter: &Test, most: i8) -> Result<String> {
        type Group<T> = (Option<T>, i64, Option<i64>, Option<i32>, Option<i32>);

        fn cells<T: Celled>(groups: Vec<Group<T>>) -> String {
            format!(
                "{:?}",
                groups.into_iter().map(|(by, n, sum, min, max)| (by.cell(), n, sum, min, max)).collect::<Vec<_>>()
            )
        }

        macro_rules! grouped {
            ($select:expr, $column:expr, $type:ty) => {{
                let groups = $select
                    .filter(filter.condition(self.made))
                    .select_only()
                    .column_as($column, "by")
                    .column_as(task::Column::Id.count(), "tasks")
                    .column_as(task::Column::Points.sum(), "sum")
                    .expr_as(Func::min(Expr::col(task::Column::Points)), "min")
                    .expr_as(task::Column::Points.max(), "max")
                    .group_by($column)
                    .apply_if((most > 0).then_some(most), |find, most| {
                        find.having(task::Column::Id.count().gt(i64::from(most)))
                    })
                    .order_by_asc($column);
                Ok(cells(groups.into_tuple::<Group<$type>>().all(self.cx).await?))
            }};
        }
        match grouped {
            Grouped::ByTitle => grouped!(Task::find(), task::Column::Title, String),
            Grouped::ByProject => grouped!(Task::find(), task::Column::ProjectId, Uuid),
            Grouped::PerProject => grouped!(Project::find().left_join(Task), project::Column::Id, Uuid),
        }
    }

    async fn distinct(&self, column: Column, filter: &Test, count: bool) -> Result<String> {
        table!(column.0, F => {
            let column_of = <F as Tested>::column(column.1);
            let find = F::find().filter(filter.condition(self.made)).select_only().column(column_of).distinct();
            if count {
                return Ok(format!("{:?}", find.count(self.cx).await?));
            }
            let find = find.order_by_asc(column_of);
            let cells: Vec<Cell> = match column.kind() {
                Kind::Id | Kind::NullableId => {
                    find.into_tuple::<Option<Uuid>>().all(self.cx).await?.into_iter().map(Celled::cell).collect()
                }
                Kind::Text => find.into_tuple::<String>().all(self.cx).await?.into_iter().map(Celled::cell).collect(),
                Kind::Int => find.into_tuple::<i32>().all(self.cx).await?.into_iter().map(Celled::cell).collect(),
            };
            Ok(format!("{cells:?}"))
        })
    }

    async fn cursor(&self, cursor: &Cursor) -> Result<String> {
        let (table, columns) = cursor.by.columns();
        let values = |bound: &[crate::values::Literal]| {
            let values = columns.iter().zip(bound);
            ValueTuple::Many(values.map(|(&c, v)| v.cell(self.made).value(table.columns()[c].1)).collect())
        };
        macro_rules! page {
            ($facade:ident, $by:expr) => {{
                let mut page = $facade::find().filter(cursor.filter.condition(self.made)).cursor_by($by);
                if let Some(after) = &cursor.after {
                    page = page.after(values(after));
                }
                if let Some(before) = &cursor.before {
                    page = page.before(values(before));
                }
                if let Some(first) = cursor.first {
                    page = page.first(first.into());
                }
                if let Some(last) = cursor.last {
                    page = page.last(last.into());
                }
                let page = if cursor.descending { page.desc() } else { page.asc() };
                let rows = page.all(self.cx).await?.into_iter().map(Beheld::joined);
                Ok(format!("{:?}", rows.collect::<Vec<_>>()))
            }};
        }
        match cursor.by {
            Pages::TagById => page!(Tag, tag::Column::Id),
            Pages::TaskByPoints => page!(Task, (task::Column::Points, task::Column::Id)),
            Pages::TaskByTitle => page!(Task, (task::Column::Title, task::Column::Id)),
            Pages::ProjectByRank => page!(Project, (project::Column::Rank, project::Column::Id)),
            Pages::LinkByBoth => page!(TaskTag, (task_tag::Column::TaskId, task_tag::Column::TagId)),
        }
    }

    /// Every row that SQL of one's own sees, which no predicate is put into.
    async fn raw(&self, table: Table) -> Result<String> {
        let name = table.name();
        // Where row-level security is switched off, there is only what one writes oneself.
        let own = format!("SELECT * FROM {name} WHERE organization_id = $1");
        let (sql, values) = if self.policies == Policies::Off {
            (own, vec![self.cx.organization_id().into()])
        } else {
            (format!("SELECT * FROM {name}"), Vec::new())
        };
        table!(table, F => {
            type Model = <<F as db::Facade>::Entity as EntityTrait>::Model;
            let rows = RawSelect::<Model>::from_sql_and_values(AssertSqlSafe(sql), values).all(self.cx).await?;
            let mut rows: Vec<Row> = rows.into_iter().map(Cells::cells).collect();
            rows.sort();
            Ok(format!("{rows:?}"))
        })
    }
}
