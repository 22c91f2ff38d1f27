//! The audit: whether the live database is as the code believes.
//!
//! [`Db::audit`](crate::Db::audit) looks as the login role; [`Audit`] as whoever holds a connection, such as the owner in
//! a migration program. Both read the catalog alone, in one statement, and change nothing.
//!
//! Each [`Finding`] has a [`Code`] that stays, how bad it is, what has it, what it means, and the [`Repair`]. An
//! acceptance stands beside the entity that it is for:
//!
//! ```ignore
//! #[tenant_scoped(accept("unique-without-scope", on = "coupon_code_key", reason = "a code is the same for everybody"))]
//! ```
//!
//! What can be checked so is in PostgreSQL's documentation of
//! [row security policies](https://www.postgresql.org/docs/current/ddl-rowsecurity.html), and what is not a matter of the
//! catalog, such as what a function does, is not checked.

mod acceptances;
mod access;
mod catalog;
mod check;
mod condition;
mod finding;
mod map;
mod origin;
#[cfg(feature = "report")]
mod render;
mod repair;
mod report;
mod rows;
mod survey;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, TransactionSession, TransactionTrait};
use tracing::Span;

pub use crate::code::{Code, Severity};
pub use finding::{Finding, Object, ObjectKind};
pub use repair::Repair;
pub use report::{
    AcceptedFinding, Access, AccessColumns, AuditReport, AuditedForeignKey, AuditedRole, AuditedScope, AuditedTable,
};

use self::{catalog::Catalog, survey::Survey};
use crate::{
    Db, Registry, Result, ScopeKind,
    context::transaction::{Bound, Transaction},
    contract::Contract,
    error::Kind,
    prefix::Prefix,
};

/// What the transaction of an audit is set to: PostgreSQL writes every name with its schema, and does not spend seconds
/// on compiling a statement that it runs once.
const SETTINGS: &str = "SET LOCAL search_path = pg_catalog; SET LOCAL jit = off";

/// An audit about to be made, with options: [`Db::audit`](crate::Db::audit) for whoever holds a connection.
///
/// ```
/// # use db::{Registry, audit::{Audit, Severity}, contract::Contract};
/// # async fn f(contract: &Contract, connection: sea_orm::DatabaseConnection) -> Result<(), sea_orm::DbErr> {
/// let registry = Registry::collect();
/// let report = Audit::new(&registry).contract(contract).run(&connection).await?;
/// assert!(report.is_clean(Severity::Warn), "{report}");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is looked at before `run`"]
pub struct Audit<'a> {
    registry: &'a Registry,
    prefix: Prefix,
    login: Option<String>,
    contract: Option<&'a Contract>,
    rows: bool,
}

impl<'a> Audit<'a> {
    /// An audit against the entities of a registry, with the prefix `app`, and the role that looks for the login role.
    pub fn new(registry: &'a Registry) -> Self {
        Self { registry, prefix: Prefix::default(), login: None, contract: None, rows: false }
    }

    /// Takes the prefix and the login role from the contract, and compares its functions with those in the database.
    pub fn contract(mut self, contract: &'a Contract) -> Self {
        self.prefix = contract.prefix_name().clone();
        self.login = Some(contract.login_role().to_owned());
        self.contract = Some(contract);
        self
    }

    /// Reads rows too, for foreign keys that are marked valid over rows that dangle. It takes a role that sees all
    /// rows, and as long as it takes to read the tables; otherwise the report says that this was not looked at.
    pub fn rows(mut self, rows: bool) -> Self {
        self.rows = rows;
        self
    }

    /// Looks, in a transaction of its own that is rolled back, or in a savepoint of the connection's.
    ///
    /// # Errors
    ///
    /// What the connection or PostgreSQL says. Findings are not errors.
    pub async fn run<C>(&self, connection: &C) -> Result<AuditReport, DbErr>
    where
        C: TransactionTrait,
        C::Transaction: ConnectionTrait + TransactionSession,
    {
        let transaction = connection.begin().await?;
        let looked = self.look(&transaction).await;
        transaction.rollback().await?;
        looked
    }

    async fn look<C: ConnectionTrait>(&self, connection: &C) -> Result<AuditReport, DbErr> {
        connection.execute_unprepared(SETTINGS).await?;
        let catalog = connection.query_one_raw(self.statement()).await?;
        let catalog = parse(catalog).map_err(DbErr::Custom)?;
        let survey = Survey::new(self, &catalog);
        let mut report = self.report(&survey);
        if self.rows && catalog.sees_rows {
            report.findings.extend(rows::dangling(&survey, connection).await?);
        }
        Ok(acceptances::apply(&survey, report))
    }

    /// Returns the statement that reads the catalog.
    fn statement(&self) -> Statement {
        let scopes = ScopeKind::ALL.map(|scope| self.prefix.role(scope));
        let sql = Catalog::sql(self.prefix.schema(), &scopes, self.login.as_deref());
        Statement::from_string(DbBackend::Postgres, sql)
    }

    /// Returns the name of the login role.
    fn login_role(&self, catalog: &Catalog) -> String {
        self.login.clone().unwrap_or_else(|| catalog.session_user.clone())
    }

    fn report(&self, survey: &Survey<'_>) -> AuditReport {
        let catalog = survey.catalog;
        AuditReport {
            database: catalog.database.clone(),
            server_version: catalog.version.split_whitespace().next().unwrap_or_default().to_owned(),
            looked_as: catalog.looked_as.clone(),
            findings: check::check(survey),
            accepted: Vec::new(),
            not_looked_at: self.not_looked_at(survey),
            roles: map::roles(survey),
            tables: map::tables(survey),
            foreign_keys: map::foreign_keys(survey),
        }
    }

    fn not_looked_at(&self, survey: &Survey<'_>) -> Vec<String> {
        let mut not = Vec::new();
        if !self.rows {
            not.push("whether rows dangle from foreign keys that are marked valid: it takes reading them".to_owned());
        } else if !survey.catalog.sees_rows {
            not.push(format!(
                "whether rows dangle from foreign keys that are marked valid: `{}` does not see all rows",
                survey.catalog.looked_as
            ));
        }
        if self.contract.is_none() {
            not.push(
                "whether the contract's functions are those of the program: it was not told its contract".to_owned(),
            );
        }
        if survey.requests.is_empty() {
            not.push("what the login and scope roles may do: there are none with this prefix".to_owned());
        }
        not
    }
}

/// Reads the one row of the statement.
fn parse(row: Option<QueryResult>) -> Result<Catalog, String> {
    let wrong = |why: String| format!("the catalog is not what an audit reads: {why}");
    let row = row.ok_or_else(|| wrong("there is no row".to_owned()))?;
    let document: String = row.try_get_by_index(0).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_str(&document).map_err(|error| wrong(error.to_string()))
}

impl Db {
    /// Audits the database as the login role: whether it is as the entities of the registry believe, and whether
    /// row-level security holds. See [`audit`](crate::audit).
    ///
    /// It takes a connection of the pool, and two round trips; 5,000 tables take it about two seconds. [`Audit`] sees
    /// more, with the contract and a connection of the owner's.
    ///
    /// # Errors
    ///
    /// `is_pool_timeout`, `is_unreachable`, and what PostgreSQL says. Findings are not errors.
    pub async fn audit(&self, registry: &Registry) -> Result<AuditReport> {
        let audit = Audit { prefix: self.prefix().clone(), ..Audit::new(registry) };
        let connection = self.acquire(Span::none()).await?;
        let transaction =
            Transaction::begin(connection, format!("BEGIN READ ONLY; {SETTINGS}"), false, false, false).await?;
        let row = transaction.fetch_all(Bound::Once(audit.statement())).await?.pop();
        let catalog = parse(row).map_err(Kind::Other)?;
        transaction.commit(true).await?;
        let survey = Survey::new(&audit, &catalog);
        Ok(acceptances::apply(&survey, audit.report(&survey)))
    }

    /// Fails if an audit finds an error.
    pub(crate) async fn require_clean_audit(&self, registry: &Registry) -> Result<()> {
        if registry.entities().next().is_none() {
            let none = "the audit's registry has no entity: name something of their crate, or the linker leaves it out";
            return Err(Kind::Configuration(none.into()).into());
        }
        let report = self.audit(registry).await?;
        let errors: Vec<_> = report.at_least(Severity::Error).collect();
        if errors.is_empty() {
            return Ok(());
        }
        let first = errors.iter().take(5).map(|finding| format!("{}: {}", finding.code, finding.object));
        let first = first.collect::<Vec<_>>().join("; ");
        Err(Kind::AuditFailed { errors: errors.len(), first }.into())
    }
}
