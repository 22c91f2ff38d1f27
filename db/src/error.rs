//! The one error of this crate.

use std::{borrow::Cow, time::Duration};

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{
        self,
        postgres::{PgDatabaseError, PgSeverity},
    },
};

/// What went wrong with a database, a context or a query.
///
/// Opaque: ask it with the predicates. No message, and no `Debug` of it, has a row's values, a password or
/// another tenant's id: what PostgreSQL says is passed on only where it speaks of names alone.
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
    #[error("the draft for `{table}` sets its key to another row's; on an update leave it unset")]
    KeyChanged { table: &'static str },
    #[error("the draft for `{table}` does not set the key of its row; set it, or name it: `update_by_id`")]
    KeyNotSet { table: &'static str },
    #[error("the cursor is by {columns} columns, and was given {values} values")]
    WrongCursor { columns: usize, values: usize },
    #[error("a row of `{table}` was given another scope's key than the context's")]
    ForeignScope { table: &'static str },
    #[error("column `{column}` of `{table}` cannot be updated in the scope {scope}")]
    ColumnNotUpdatable { table: &'static str, column: &'static str, scope: &'static str },
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

fn after(waited: Option<Duration>) -> String {
    waited.map(|waited| format!(" (waited {} ms)", waited.as_millis())).unwrap_or_default()
}

/// An error that PostgreSQL raised, without what it says of values.
#[derive(Debug)]
pub(crate) struct DatabaseError {
    sqlstate: String,
    table: Option<String>,
    constraint: Option<String>,
    column: Option<String>,
    message: Option<String>,
    /// Whether a policy denied a row, and not a missing grant.
    by_policy: bool,
    /// Whether the session ended with it.
    fatal: bool,
}

impl std::fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.sqlstate.as_str() {
            "23505" => "the row's unique key is taken",
            "23503" => "the row points at, or is pointed at by, a row that is not there",
            "23502" => "a required column is unset",
            "23514" => "a value is outside of what the column allows",
            "23001" => "the row has to stay",
            "23P01" => "the row excludes another",
            "40001" => "the transaction could not be serialized with another; run it again",
            "40P01" => "the transaction deadlocked with another; run it again",
            "42501" => "permission denied",
            "57014" => "the statement timed out or was cancelled",
            "25006" => "a write in a read-only context",
            "25P03" | "25P04" => "the context took too long, and the server closed it",
            "57P01" | "57P02" | "57P03" => "the server is shutting down or closed the connection",
            "53300" => "the server has no connection left",
            _ if self.fatal => "the session was ended",
            _ => "the database refused the statement",
        })?;
        if let Some(table) = &self.table {
            write!(f, ", table `{table}`")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column `{column}`")?;
        }
        if let Some(constraint) = &self.constraint {
            write!(f, ", constraint `{constraint}`")?;
        }
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        write!(f, " (SQLSTATE {})", self.sqlstate)
    }
}

/// The constraint name by which `enter_tenant` says that the user is no member.
pub(crate) const NOT_A_MEMBER: &str = "not_a_member";

/// The constraint name by which a policy says that a member's role is too low.
pub(crate) const MEMBER_ROLE: &str = "member_role";

/// The constraint name by which the trigger on memberships says that an organization would have no owner.
pub(crate) const LAST_OWNER: &str = "last_owner";

impl Error {
    /// Whether an audit found errors, where the options ask for a clean one.
    #[must_use]
    pub fn is_audit_failed(&self) -> bool {
        matches!(*self.0, Kind::AuditFailed { .. })
    }

    /// Whether the user is no member of the organization, or there is no such organization. The two are not
    /// told apart: that would say which organizations exist.
    #[must_use]
    pub fn is_not_a_member(&self) -> bool {
        matches!(*self.0, Kind::NotAMember)
    }

    /// Says that a credential does not prove who is asking; for code that checks one. Whether it is unknown, malformed,
    /// expired or revoked is not told apart: that would help whoever guesses.
    #[must_use]
    pub fn not_authenticated() -> Self {
        Kind::NotAuthenticated.into()
    }

    /// Whether a credential does not prove who is asking: see [`not_authenticated`](Self::not_authenticated).
    #[must_use]
    pub fn is_not_authenticated(&self) -> bool {
        matches!(*self.0, Kind::NotAuthenticated)
    }

    /// Whether an update or delete by id touched no row: none has the id in this scope.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(*self.0, Kind::NotFound { .. })
    }

    /// Whether a unique key is taken (SQLSTATE 23505).
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        self.sqlstate() == Some("23505")
    }

    /// Whether a row points at one that is not there, or is still pointed at (SQLSTATE 23503; from PostgreSQL 18 on 23001
    /// for a key that is `RESTRICT`).
    #[must_use]
    pub fn is_foreign_key_violation(&self) -> bool {
        self.sqlstate() == Some("23503") || (self.sqlstate() == Some("23001") && !self.is_last_owner())
    }

    /// Whether a required column is unset (SQLSTATE 23502).
    #[must_use]
    pub fn is_not_null_violation(&self) -> bool {
        self.sqlstate() == Some("23502")
    }

    /// Whether a value is outside of what a CHECK allows (SQLSTATE 23514).
    #[must_use]
    pub fn is_check_violation(&self) -> bool {
        self.sqlstate() == Some("23514")
    }

    /// Whether the database denied a permission, row-level security included (SQLSTATE 42501).
    #[must_use]
    pub fn is_permission_denied(&self) -> bool {
        self.sqlstate() == Some("42501")
    }

    /// Whether an organization would be left without a member of the highest role, such as an owner.
    #[must_use]
    pub fn is_last_owner(&self) -> bool {
        self.constraint() == Some(LAST_OWNER)
    }

    /// Whether a policy denied it: a row of another scope, or a member's role that is too low. A missing grant, which is a
    /// mistake of the schema's, is [`is_permission_denied`](Self::is_permission_denied) and not this.
    #[must_use]
    pub fn is_denied_by_policy(&self) -> bool {
        let by_policy = matches!(&*self.0, Kind::Database(error) if error.by_policy);
        self.is_permission_denied() && (by_policy || self.constraint() == Some(MEMBER_ROLE))
    }

    /// Whether running the transaction again may succeed: it could not be serialized with another, or
    /// deadlocked with one (SQLSTATE 40001, 40P01).
    #[must_use]
    pub fn is_serialization_failure(&self) -> bool {
        matches!(self.sqlstate(), Some("40001" | "40P01"))
    }

    /// Whether a statement ran into its timeout (SQLSTATE 57014).
    #[must_use]
    pub fn is_statement_timeout(&self) -> bool {
        self.sqlstate() == Some("57014")
    }

    /// Whether a scoped query was given raw text, a subquery or another expression that it refuses.
    #[must_use]
    pub fn is_raw_text(&self) -> bool {
        matches!(*self.0, Kind::RawText { .. })
    }

    /// Whether the text of a `RawSelect` is no single `SELECT`, or calls a function that it may not.
    #[cfg(feature = "raw")]
    #[must_use]
    pub fn is_raw_sql_refused(&self) -> bool {
        matches!(*self.0, Kind::RawSql(_))
    }

    /// Whether a row or an assignment names another scope than the context's, or a column that the scope
    /// may not update.
    #[must_use]
    pub fn is_foreign_scope(&self) -> bool {
        matches!(*self.0, Kind::ForeignScope { .. } | Kind::ColumnNotUpdatable { .. })
    }

    /// Whether a draft given to an update sets the key to another row's.
    #[must_use]
    pub fn is_key_changed(&self) -> bool {
        matches!(*self.0, Kind::KeyChanged { .. })
    }

    /// Whether a draft given to an update by row does not say which row: its key is not set.
    #[must_use]
    pub fn is_key_not_set(&self) -> bool {
        matches!(*self.0, Kind::KeyNotSet { .. })
    }

    /// Whether a cursor was given another number of values than it has columns.
    #[must_use]
    pub fn is_wrong_cursor(&self) -> bool {
        matches!(*self.0, Kind::WrongCursor { .. })
    }

    /// Whether no connection was to be had for as long as the acquire timeout: every one of the pool was in use, or the server
    /// was too busy to open another.
    #[must_use]
    pub fn is_pool_timeout(&self) -> bool {
        matches!(*self.0, Kind::PoolTimeout { .. } | Kind::ServerBusy { .. })
    }

    /// Whether the connection is to be encrypted, and cannot be: the server has no TLS, or its certificate is not trusted or
    /// another host's.
    #[must_use]
    pub fn is_not_encrypted(&self) -> bool {
        matches!(*self.0, Kind::NotEncrypted { .. })
    }

    /// Whether no PostgreSQL server answered: nobody listens there, the name is unknown, or something else answers.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        matches!(*self.0, Kind::Unreachable { .. })
    }

    /// Whether the connection was lost within a context: the server's shutdown included, and whatever else ends a session,
    /// such as a pooler that has lost its server.
    #[must_use]
    pub fn is_connection_lost(&self) -> bool {
        match &*self.0 {
            Kind::ConnectionLost(_) => true,
            Kind::Database(error) => {
                error.fatal || matches!(error.sqlstate.as_str(), "57P01" | "57P02" | "25P03" | "25P04")
            }
            _ => false,
        }
    }

    /// Whether a commit was cancelled or lost its connection, so that it may or may not have taken place.
    #[must_use]
    pub fn is_outcome_unknown(&self) -> bool {
        matches!(*self.0, Kind::OutcomeUnknown)
    }

    /// Whether the transaction was rolled back because an earlier statement in it had failed.
    #[must_use]
    pub fn is_rolled_back(&self) -> bool {
        matches!(*self.0, Kind::RolledBack) || self.sqlstate() == Some("25P02")
    }

    /// Whether a statement binds more values than PostgreSQL takes.
    #[must_use]
    pub fn is_too_many_values(&self) -> bool {
        matches!(*self.0, Kind::TooManyValues { .. })
    }

    /// Whether the context was closed because a statement in it was cancelled, or the future of a statement or of a savepoint
    /// was leaked.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        matches!(*self.0, Kind::Interrupted)
    }

    /// Whether a context was opened inside another on the same task.
    #[must_use]
    pub fn is_nested(&self) -> bool {
        matches!(*self.0, Kind::Nested)
    }

    /// Whether an option or an environment variable is missing or malformed.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        matches!(*self.0, Kind::Configuration(_))
    }

    /// Whether the server refused the login: an unknown role, a wrong password, no such database.
    #[must_use]
    pub fn is_login_refused(&self) -> bool {
        matches!(*self.0, Kind::LoginRefused { .. })
    }

    /// Whether the login role may do more than a login role should, so that the database would not hold it.
    #[must_use]
    pub fn is_privileged_login(&self) -> bool {
        matches!(*self.0, Kind::PrivilegedLogin { .. })
    }

    /// Whether the migration has not run on the database, or a role of the contract or a right that contexts need is missing.
    #[must_use]
    pub fn is_not_migrated(&self) -> bool {
        matches!(*self.0, Kind::NotMigrated(_) | Kind::RightMissing(_))
    }

    /// Returns PostgreSQL's five-character error code where it raised the error
    /// ([Appendix A](https://www.postgresql.org/docs/current/errcodes-appendix.html)).
    #[must_use]
    pub fn sqlstate(&self) -> Option<&str> {
        match &*self.0 {
            Kind::Database(error) => Some(&error.sqlstate),
            Kind::LoginRefused { sqlstate, .. } => Some(sqlstate),
            _ => None,
        }
    }

    /// Returns the name of the constraint that was violated.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        match &*self.0 {
            Kind::Database(error) => error.constraint.as_deref(),
            _ => None,
        }
    }
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
                Some(error) => from_postgres(error),
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

fn from_postgres(error: &PgDatabaseError) -> Error {
    if error.constraint() == Some(NOT_A_MEMBER) && error.code() == "42501" {
        return Kind::NotAMember.into();
    }
    // Of what PostgreSQL says, this is names: permission denied, and what the parser did not find or could not match,
    // which it points at. Raised while the statement runs, the same codes may quote a value: `'…'::regclass` says that
    // relation "…" does not exist.
    let of_names = matches!(
        error.code(),
        "42702" | "42703" | "42704" | "42725" | "42803" | "42804" | "42883" | "42P01" | "42P02" | "42P10" | "42P18"
    );
    let names_only = error.code() == "42501" || (of_names && error.position().is_some());
    Kind::Database(DatabaseError {
        sqlstate: error.code().to_owned(),
        table: error.table().map(str::to_owned),
        constraint: error.constraint().map(str::to_owned),
        column: error.column().map(str::to_owned),
        message: names_only.then(|| error.message().to_owned()),
        // The function of the server's that raised it; the text may be in another language.
        by_policy: error.routine() == Some("ExecWithCheckOptions"),
        fatal: is_fatal(error),
    })
    .into()
}

/// Whether PostgreSQL, or a pooler, ends the session with the error: it is not told by the SQLSTATE alone.
pub(crate) fn is_fatal(error: &PgDatabaseError) -> bool {
    matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic)
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
