//! Rows with those that they are related to, a statement for each relation.

use db::{Result, prelude::*};

use super::{Place, relation, rows::Cells};
use crate::{
    filter::Test,
    op::{How, Loaded, Op, Reading, Relation},
    tables::{profile::Profile, project::Project, tag::Tag, task::Task, task_tag::TaskTag},
    values::Row,
};

impl Place<'_> {
    pub(super) async fn load(&self, op: &Op) -> Result<String> {
        let all =
            || Reading { filter: Test::All(Vec::new()), order: Vec::new(), limit: None, offset: None, how: How::All };
        match op {
            Op::Load(Loaded::Task, filter, _) => self.load_tasks(filter).await,
            Op::Load(loaded, filter, of) => self.load_projects(*loaded, filter, of).await,
            Op::LoadMany(relation, filter, of) => relation!(relation, F, G => {
                let rows = self.completed(F::find().filter(filter.condition(self.made)), &[relation.from()], &all());
                let select = self.completed(G::find().filter(of.condition(self.made)), &[relation.to()], &all());
                let related = rows.all(self.cx).await?.load_many(select, self.cx).await?;
                let related = related.into_iter().map(|rows| rows.into_iter().map(Cells::cells).collect::<Vec<_>>());
                Ok(format!("{:?}", related.collect::<Vec<_>>()))
            }),
            Op::LoadOne(relation, filter, of) => relation!(relation, F, G => {
                let rows = self.completed(F::find().filter(filter.condition(self.made)), &[relation.from()], &all());
                let select = self.completed(G::find().filter(of.condition(self.made)), &[relation.to()], &all());
                let related = rows.all(self.cx).await?.load_one(select, self.cx).await?;
                Ok(format!("{:?}", related.into_iter().map(|row| row.map(Cells::cells)).collect::<Vec<_>>()))
            }),
            // Of a row that is made up, and that a tenant has or has not.
            Op::FindRelated(relation, key, reading) => relation!(relation, F, G => {
                let row = self.made_up::<F>(relation.from(), *key);
                self.read(row.find_related(G::default()), &[relation.to()], reading).await
            }),
            other => unreachable!("no read: {other:?}"),
        }
    }

    async fn load_projects(&self, loaded: Loaded, filter: &Test, of: &Test) -> Result<String> {
        let load = Project::load().filter(filter.condition(self.made)).order_by_id_asc().with(Profile);
        let projects = if matches!(loaded, Loaded::Tuple) {
            load.with((Task, Tag)).all(self.cx).await?
        } else {
            load.with(Task::load().filter(of.condition(self.made)).with(Tag)).all(self.cx).await?
        };
        let projects = projects.into_iter().map(|project| {
            let tasks = project.tasks.clone().into_iter().map(|task| {
                let mut tags: Vec<Row> = task.tags.clone().into_iter().map(Cells::cells).collect();
                tags.sort();
                (task.cells(), tags)
            });
            let mut tasks: Vec<_> = tasks.collect();
            tasks.sort();
            let profile = project.profile.clone().into_option().map(Cells::cells);
            (project.cells(), tasks, profile)
        });
        Ok(format!("{:?}", projects.collect::<Vec<_>>()))
    }

    async fn load_tasks(&self, filter: &Test) -> Result<String> {
        let load = Task::load().filter(filter.condition(self.made)).order_by_id_asc();
        let tasks = load.with(Project).with((TaskTag, Tag)).all(self.cx).await?.into_iter().map(|task| {
            let links = task.task_tags.clone().into_iter().map(|link| {
                let tag = link.tag.clone().into_option().map(Cells::cells);
                (link.cells(), tag)
            });
            let mut links: Vec<_> = links.collect();
            links.sort();
            let project = task.project.clone().into_option().map(Cells::cells);
            (task.cells(), project, links)
        });
        Ok(format!("{:?}", tasks.collect::<Vec<_>>()))
    }
}
