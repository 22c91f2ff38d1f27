//! What the user gives.

use std::{any::Any, fmt, str::FromStr};

use sea_orm::sqlx::postgres::PgConnectOptions;

use super::{Result, failure, tables::Table};
use crate::{DbOptions, Facade, Registry, TableName, contract::Contract};

/// The database that is tested, and how its tables are filled; what the function that is given to
/// [`isolation_tests!`](crate::isolation_tests) returns.
///
/// The database is migrated, and nobody is connected to it. It is not touched: everything happens in copies of it,
/// which are dropped at the end.
#[must_use = "nothing is tested before it is handed to `isolation_tests!` or to `isolation`"]
pub struct Isolation {
    pub(super) registry: Registry,
    pub(super) contract: Contract,
    owner: String,
    pub(super) login: DbOptions,
    pub(super) given: Given,
    /// Dropped at the end.
    kept: Vec<Box<dyn Any + Send>>,
}

/// The values that the user gives: the table, the column, and SQL.
#[derive(Debug, Default)]
pub(super) struct Given {
    values: Vec<(TableName, String, String)>,
}

impl Isolation {
    /// Takes the contract of the migrations, the URL of a superuser for the database, and the options by which the
    /// application's own pool connects.
    ///
    /// A superuser, since tables are filled under `FORCE ROW LEVEL SECURITY`, and databases made and dropped. The
    /// server has a database `postgres`, from where that is done.
    pub fn new(contract: &Contract, superuser_url: &str, login: DbOptions) -> Self {
        Self {
            registry: Registry::collect(),
            contract: contract.clone(),
            owner: superuser_url.to_owned(),
            login,
            given: Given::default(),
            kept: Vec::new(),
        }
    }

    /// Takes other entities than all that the program has.
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = registry;
        self
    }

    /// Gives SQL for a column of a table, where none is found that the table takes. `{serial}` in it is a number that
    /// differs for each row.
    ///
    /// ```
    /// # fn f(isolation: db::testing::Isolation) -> db::testing::Isolation {
    /// isolation.value("invoice", "iban", "'DE' || lpad('{serial}', 20, '0')")
    /// # }
    /// ```
    ///
    /// A table is named with its schema, or without where one alone has a table of that name.
    pub fn value(self, table: &str, column: &str, sql: &str) -> Self {
        self.given(table.into(), column, sql)
    }

    fn given(mut self, table: TableName, column: &str, sql: &str) -> Self {
        self.given.values.push((table, column.to_owned(), sql.to_owned()));
        self
    }

    /// Gives SQL for several columns of an entity's rows; see [`value`](Self::value).
    pub fn row<F: Facade>(self, values: impl IntoIterator<Item = (F::Writable, &'static str)>) -> Self {
        use sea_orm::{EntityTrait, IdenStatic};

        values.into_iter().fold(self, |isolation, (column, sql)| {
            let column: <F::Entity as EntityTrait>::Column = column.into();
            isolation.given(TableName::of::<F>(), column.as_str(), sql)
        })
    }

    /// Keeps a value until the tests are over, such as what drops the database.
    pub fn keep(mut self, guard: impl Any + Send) -> Self {
        self.kept.push(Box::new(guard));
        self
    }

    pub(super) fn owner(&self) -> Result<PgConnectOptions> {
        use sea_orm::sqlx::ConnectOptions;

        let options = PgConnectOptions::from_str(&self.owner);
        // The error would quote the URL, and with it the password.
        Ok(options.map_err(|_| failure("the superuser's URL is malformed".to_owned()))?.disable_statement_logging())
    }
}

impl Given {
    /// Returns the columns of a table that values are given for.
    pub(super) fn of(&self, table: &Table) -> impl Iterator<Item = (&str, &str)> {
        let of_table = self.values.iter().filter(move |(of, ..)| table.is(of));
        of_table.map(|(_, column, sql)| (column.as_str(), sql.as_str()))
    }
}

/// Leaves the superuser's URL out, which has a password.
impl fmt::Debug for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Isolation").field("login", &self.login).field("given", &self.given).finish_non_exhaustive()
    }
}
