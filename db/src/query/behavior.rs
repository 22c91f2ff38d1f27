//! An entity's `ActiveModelBehavior`, run where one row is written.
//!
//! It runs before the scope is checked, so that it can do nothing that a draft could not: neither the scope nor, of a row
//! that is there, the key is a hook's to change. What it is given as a connection sends nothing.

use std::sync::OnceLock;

use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExecResult, IdenStatic,
    Iterable, QueryResult, Statement, prelude::async_trait::async_trait, sea_query::Value,
};

use crate::{
    Context, Error, Facade, Result, Scope,
    error::{HookError, Kind},
    scope::facade::{ActiveModel, Column, Model, is_scope_column, key_columns, table_name},
};

/// Sets what the draft of a new row leaves unset to what `ActiveModelBehavior::new` says.
pub(crate) fn fill_from_new<F: Facade>(row: &mut ActiveModel<F>) -> Result<()> {
    let new = <ActiveModel<F> as ActiveModelBehavior>::new();
    for column in <F::Entity as EntityTrait>::Column::iter().filter(|column| !is_scope_column::<F>(column)) {
        if let Some(value) = new.get(column).into_value()
            && row.is_not_set(column)
        {
            set::<F>(row, column, value)?;
        }
    }
    Ok(())
}

/// Sets a column to a value from elsewhere; SeaORM's `set` panics where it is of another type.
pub(crate) fn set<F: Facade>(row: &mut ActiveModel<F>, column: Column<F>, value: Value) -> Result<()> {
    let unfit = |_| Kind::Unfit { table: table_name::<F>(), column: column.as_str() };
    Ok(row.try_set(column, value).map_err(unfit)?)
}

/// Runs `before_save` of a row that is about to be inserted, or updated.
pub(crate) async fn before_save<F: Facade>(row: ActiveModel<F>, insert: bool) -> Result<ActiveModel<F>> {
    let (kept, connection) = (Kept::<F>::of(&row, !insert), NoConnection::default());
    let row = ActiveModelBehavior::before_save(row, &connection, insert).await;
    kept.check(row.map_err(|error| connection.explain::<F>("before_save", error))?)
}

/// Runs `after_save` of a row that was written. Where it fails or is dropped, the transaction or the savepoint cannot
/// be kept: the row is not to stay without what was to be done for it.
pub(crate) async fn after_save<F: Facade, S: Scope>(row: Model<F>, insert: bool, cx: &Context<S>) -> Result<Model<F>> {
    let (all_or_nothing, connection) = (cx.all_or_nothing(), NoConnection::default());
    let row = <ActiveModel<F> as ActiveModelBehavior>::after_save(row, &connection, insert).await;
    let row = row.map_err(|error| connection.explain::<F>("after_save", error))?;
    all_or_nothing.keep();
    Ok(row)
}

/// Runs `before_delete` of a row that is about to be deleted.
pub(crate) async fn before_delete<F: Facade>(row: ActiveModel<F>) -> Result<ActiveModel<F>> {
    let (kept, connection) = (Kept::<F>::of(&row, true), NoConnection::default());
    let row = ActiveModelBehavior::before_delete(row, &connection).await;
    kept.check(row.map_err(|error| connection.explain::<F>("before_delete", error))?)
}

/// Runs `after_delete` of a row that was deleted; a failure is that of [`after_save`].
pub(crate) async fn after_delete<F: Facade, S: Scope>(row: ActiveModel<F>, cx: &Context<S>) -> Result<()> {
    let (all_or_nothing, connection) = (cx.all_or_nothing(), NoConnection::default());
    let row = ActiveModelBehavior::after_delete(row, &connection).await;
    row.map_err(|error| connection.explain::<F>("after_delete", error))?;
    all_or_nothing.keep();
    Ok(())
}

/// The columns that a hook may read and not change, as they were before it ran.
struct Kept<F: Facade>(Vec<(Column<F>, Option<Value>)>);

impl<F: Facade> Kept<F> {
    fn of(row: &ActiveModel<F>, with_key: bool) -> Self {
        let scope = <F::Entity as EntityTrait>::Column::iter().filter(is_scope_column::<F>);
        let key = key_columns::<F>().filter(|column| with_key && !is_scope_column::<F>(column));
        Self(scope.chain(key).map(|column| (column, row.get(column).into_value())).collect())
    }

    fn check(self, mut row: ActiveModel<F>) -> Result<ActiveModel<F>> {
        let table = table_name::<F>();
        for (column, before) in self.0 {
            match (row.get(column).into_value(), before) {
                (after, before) if after == before => {}
                // Unset, as by a hook that makes a row of its own: put back.
                (None, Some(before)) => set::<F>(&mut row, column, before)?,
                _ if is_scope_column::<F>(&column) => return Err(Kind::ForeignScope { table }.into()),
                _ => return Err(Kind::KeyChanged { table }.into()),
            }
        }
        Ok(row)
    }
}

/// What a hook is given as a connection: it refuses every statement.
#[derive(Debug, Default)]
struct NoConnection {
    /// What the first one that it was asked for begins with.
    refused: OnceLock<String>,
}

impl NoConnection {
    fn refuse<T>(&self, sql: &str) -> Result<T, DbErr> {
        // The verb alone: what follows may have values in it.
        let verb: String = sql.trim_start().chars().take_while(char::is_ascii_alphabetic).take(10).collect();
        let verb = self.refused.get_or_init(|| verb.to_ascii_uppercase());
        Err(DbErr::Custom(format!("`{verb}` was refused: {}", crate::error::NO_CONNECTION)))
    }

    fn explain<F: Facade>(&self, hook: &'static str, error: DbErr) -> Error {
        let table = table_name::<F>();
        match self.refused.get() {
            Some(verb) => Kind::StatementInHook { table, hook, verb: verb.clone() }.into(),
            None => Kind::Hook { table, hook, source: HookError(error) }.into(),
        }
    }
}

#[async_trait]
impl ConnectionTrait for NoConnection {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.refuse(&statement.sql)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.refuse(sql)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.refuse(&statement.sql)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.refuse(&statement.sql)
    }
}
