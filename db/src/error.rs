//! The one error of this crate.

mod database;
mod predicates;

use std::{borrow::Cow, fmt, time::Duration};

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, postgres::PgDatabaseError},
};

use self::database::DatabaseError;
pub(crate) use self::database::{LAST_OWNER, MEMBER_ROLE, NOT_A_MEMBER, is_fatal};

/// What went wrong with a database, a context or a query.
///
/// Opaque: ask it with the predicates. No message, and no `Debug` of it, has a row's values, a password or
/// another tenant's id: what PostgreSQL says is passed on only where it speaks of names alone. What a hook of the
/// application's own says is its [`source`](std::error::Error::source), and nowhere else.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(pub(crate) Box<Kind>);

/// The result of everything in this crate that may fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Kind {
    #[error("configuration: {0}")]
    Configuration(Cow<'static, str>),
    #[error("the login role `{login}` {why}; {repair}, or say `DbOptions::allow_privileged_login()`", repair = PRIVILEGED_REPAIR)]
    PrivilegedLogin { login: String, why: String },
    #[error("the database is not migrated: {0}; run the migrations")]
    NotMigrated(String),
    #[error("contexts of the database fail: {0}; an audit names the right that is missing, and what gives it")]
    RightMissing(String),
    #[error("the audit of the database found {errors} errors: {first}; the report says how to repair them")]
    AuditFailed { errors: usize, first: String },
    #[error("no PostgreSQL server answers at {server}{}{}", why.as_ref().map(|why| format!(": {why}")).unwrap_or_default(), after(*waited))]
    Unreachable { server: String, why: Option<String>, waited: Option<Duration> },
    #[error(
        "the server at {server} takes connections, and opened none within {} ms: it is too busy, or no PostgreSQL",
        waited.as_millis()
    )]
    ServerBusy { server: String, waited: Duration },
    #[error("the server at {server} takes no session: {why} (SQLSTATE {sqlstate}){}", after(Some(*waited)))]
    NoSession { server: String, why: &'static str, sqlstate: String, waited: Duration },
    #[error(
        "no encrypted connection to the server at {server}: {why}; what is asked of it is `sslmode` in the database URL, or \
         `DbOptions::tls`"
    )]
    NotEncrypted { server: String, why: String },
    #[error("the server at {server} refuses the login as `{login}`: {why} (SQLSTATE {sqlstate})")]
    LoginRefused { server: String, login: String, why: &'static str, sqlstate: String },
    #[error("all {max} connections of the pool are in use; waited {} ms for one", waited.as_millis())]
    PoolTimeout { max: u32, waited: Duration },
    #[error("the pool is closed")]
    PoolClosed,
    #[error(
        "a context is open already on this task; a second one would take a second connection and could \
         deadlock the pool: pass the open context on, or open a savepoint in it"
    )]
    Nested,
    #[error("the user is not a member of the organization")]
    NotAMember,
    #[error("the member's role is none of `{0}`")]
    UnknownRole(String),
    #[error(
        "not authenticated: the credential is unknown, malformed, expired or revoked; sign in again, or use another token"
    )]
    NotAuthenticated,
    #[error("no such row in `{table}`")]
    NotFound { table: &'static str },
    #[error("{place} has {what}, which a scoped query refuses: it could leave its scope{RAW_SQL}")]
    RawText { place: &'static str, what: &'static str },
    #[cfg(feature = "raw")]
    #[error("`RawSelect` takes one SELECT that writes nothing; this text is refused: {0}")]
    RawSql(Cow<'static, str>),
    #[error("the draft for `{table}`, or a hook of it, sets its key to another row's; on an update leave it unset")]
    KeyChanged { table: &'static str },
    #[error("the draft for `{table}` does not set the key of its row; set it, or name it: `update_by_id`")]
    KeyNotSet { table: &'static str },
    #[error("the cursor is by {columns} columns, and was given {values} values")]
    WrongCursor { columns: usize, values: usize },
    #[error("a row of `{table}` was given another scope's key than the context's, by its draft or by a hook")]
    ForeignScope { table: &'static str },
    #[error("column `{column}` of `{table}` cannot be updated in the scope {scope}")]
    ColumnNotUpdatable { table: &'static str, column: &'static str, scope: &'static str },
    #[error("column `{column}` of `{table}` was given a value of another type")]
    Unfit { table: &'static str, column: &'static str },
    #[error("rows cannot point at a row of `{table}` whose column `{column}` is NULL; set it first")]
    NoParentKey { table: &'static str, column: &'static str },
    #[error("`{field}` of `{table}` is a `has_one`, and was given several rows to save; give it one")]
    SeveralForOne { table: &'static str, field: &'static str },
    #[error("`{hook}` of `{table}` returned an error")]
    Hook { table: &'static str, hook: &'static str, source: HookError },
    #[error("`{hook}` of `{table}` was about to send a statement, `{verb}`: {NO_CONNECTION}")]
    StatementInHook { table: &'static str, hook: &'static str, verb: String },
    #[error(
        "a statement or a savepoint of this context was cut off before it ended; the context is closed, open a new one"
    )]
    Interrupted,
    #[error("the statement binds {values} values, and PostgreSQL takes at most 65535; send it in parts")]
    TooManyValues { values: usize },
    #[error(
        "an earlier statement failed, so PostgreSQL rolled the transaction back; \
         run a statement that may fail in a savepoint"
    )]
    RolledBack,
    #[error("the commit was cut off; whether it took place is unknown")]
    OutcomeUnknown,
    #[error("the connection was lost{}", match .0 { Some(why) => format!(": {why}"), None => String::new() })]
    ConnectionLost(Option<String>),
    #[error("{}", .0)]
    Database(DatabaseError),
    #[error("a row of `{table}` does not fit its model{}", column.as_ref().map(|c| format!(", at column `{c}`")).unwrap_or_default())]
    Row { table: &'static str, column: Option<String> },
    #[error("{0}")]
    Other(String),
}

const PRIVILEGED_REPAIR: &str = "connect as the login role that the migration made";
const RAW_SQL: &str = "; raw SQL has an escape hatch, `db::RawSelect` (feature `raw`)";

/// Why a statement of a hook's was refused, and what to do.
pub(crate) const NO_CONNECTION: &str = "a hook has no connection here, since a statement of its own would have no scope; run it on the context, beside the verb";

/// What a hook of the application's own returned. It may speak of values, so that it is shown by no `Debug`.
#[derive(thiserror::Error)]
#[error(transparent)]
pub(crate) struct HookError(pub(crate) DbErr);

impl fmt::Debug for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HookError(..)")
    }
}

fn after(waited: Option<Duration>) -> String {
    waited.map(|waited| format!(" (waited {} ms)", waited.as_millis())).unwrap_or_default()
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self(Box::new(kind))
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
                Some(error) => database::from_postgres(error),
                None => Kind::Other("a database other than PostgreSQL answered".to_owned()).into(),
            },
            // The text of these is that of the operating system or of the protocol, never of a row.
            sqlx::Error::Io(error) => Kind::ConnectionLost(Some(error.to_string())).into(),
            sqlx::Error::Tls(error) => Kind::ConnectionLost(Some(error.to_string())).into(),
            sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => Kind::ConnectionLost(None).into(),
            sqlx::Error::PoolClosed => Kind::PoolClosed.into(),
            // The source of these may quote a value; the variant's name does not.
            sqlx::Error::ColumnDecode { index, .. } => {
                Kind::Other(format!("column {index} of a row could not be decoded")).into()
            }
            sqlx::Error::Encode(_) => Kind::Other("a value could not be encoded".to_owned()).into(),
            _ => Kind::Other("the statement could not be sent".to_owned()).into(),
        }
    }
}

/// Explains why a row could not be read into a model, without its values: SeaORM's text may quote them.
pub(crate) fn from_row(table: &'static str, error: DbErr) -> Error {
    let column = match error {
        DbErr::Query(RuntimeErr::SqlxError(error)) => match &*error {
            sqlx::Error::ColumnDecode { index, .. } => Some(index.clone()),
            sqlx::Error::ColumnNotFound(column) => Some(column.clone()),
            _ => None,
        },
        _ => None,
    };
    Kind::Row { table, column }.into()
}
