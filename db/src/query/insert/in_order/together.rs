//! Rows with keys that are UUIDs, which tell afterwards which is which.

use std::collections::{HashMap, HashSet};

use sea_orm::{ActiveModelTrait, ModelTrait};

use crate::{
    Context, Facade, Result, Scope,
    error::Kind,
    query::{insert::statements::Statements, returning::returning_row, select::model},
    scope::facade::{ActiveModel, Model, table_name},
};

/// Inserts rows with keys that are UUIDs by one `INSERT`, or by several where there are more than go into one.
pub(super) async fn together<F: Facade, S: Scope>(rows: Vec<ActiveModel<F>>, cx: &Context<S>) -> Result<Vec<Model<F>>> {
    let keys: Vec<_> = rows.iter().map(ActiveModelTrait::get_primary_key_value).collect();
    let mut inserted = Vec::with_capacity(keys.len());
    let mut statements = Statements::<F, S>::new(rows, cx).returning(returning_row::<F>());
    while let Some(insert) = statements.next() {
        for row in cx.fetch_all(insert).await? {
            inserted.push(model::<F>(&row)?);
        }
    }
    statements.end();
    if inserted.len() != keys.len() {
        // A trigger has left one out.
        return Err(Kind::NotFound { table: table_name::<F>() }.into());
    }
    let found: HashMap<_, _> =
        inserted.iter().enumerate().map(|(at, row)| (Some(row.get_primary_key_value()), at)).collect();
    let order: Option<Vec<usize>> = keys.iter().map(|key| found.get(key).copied()).collect();
    let each_once = |order: &Vec<usize>| order.iter().collect::<HashSet<_>>().len() == order.len();
    Ok(match order.filter(each_once) {
        Some(order) => {
            let mut rows: Vec<_> = inserted.into_iter().map(Some).collect();
            order.into_iter().filter_map(|at| rows[at].take()).collect()
        }
        // A trigger gives each row another key. That leaves the order in which PostgreSQL returns what is inserted in one.
        None => inserted,
    })
}
