//! What PostgreSQL raises, by its SQLSTATE
//! ([Appendix A](https://www.postgresql.org/docs/current/errcodes-appendix.html)).

use std::fmt;

use sea_orm::sqlx::postgres::{PgDatabaseError, PgSeverity};

use super::{Error, Kind};

/// The constraint name by which `enter_tenant` says that the user is no member.
pub(crate) const NOT_A_MEMBER: &str = "not_a_member";

/// The constraint name by which a policy says that a member's role is too low.
pub(crate) const MEMBER_ROLE: &str = "member_role";

/// The constraint name by which the trigger on memberships says that an organization would have no owner.
pub(crate) const LAST_OWNER: &str = "last_owner";

/// An error that PostgreSQL raised, without what it says of values.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about one error")]
pub(crate) struct DatabaseError {
    sqlstate: String,
    table: Option<String>,
    pub(super) constraint: Option<String>,
    column: Option<String>,
    message: Option<String>,
    /// Whether a policy denied a row, and not a missing grant.
    pub(super) by_policy: bool,
    /// Whether the session ended with it.
    pub(super) fatal: bool,
    /// Whether it is about the plan of a statement that was prepared before.
    of_cached_plan: bool,
    /// Whether the context may write.
    may_write: bool,
}

impl DatabaseError {
    pub(crate) fn sqlstate(&self) -> &str {
        &self.sqlstate
    }

    /// Says that the context in which it was raised may write.
    pub(crate) fn of_writing_context(&mut self) {
        self.may_write = true;
    }

    /// Returns whether a write was refused as one in a read-only transaction, and if so whether it is the server that
    /// is read-only.
    pub(super) fn is_read_only(&self) -> Option<bool> {
        (self.sqlstate == "25006").then_some(self.may_write)
    }

    pub(super) fn is_stale_statement(&self) -> bool {
        // 26000 and 42P05: a name that the connection has no statement of, or another one.
        self.of_cached_plan || matches!(self.sqlstate.as_str(), "26000" | "42P05")
    }

    pub(super) fn is_invalid_statement(&self) -> bool {
        let code = self.sqlstate.as_str();
        let invalid = code == "428C9" || code == "0A000" || (code.starts_with("42") && code != "42501");
        invalid && !self.is_stale_statement()
    }

    /// Says what went wrong, and what to do.
    fn explanation(&self) -> &'static str {
        match self.sqlstate.as_str() {
            "0A000" if self.of_cached_plan => STALE,
            "25006" if self.may_write => {
                "the server takes no writes: it is a standby, or `default_transaction_read_only` is on; connect to the \
                 primary"
            }
            code => of_code(code).or_else(|| of_class(code)).unwrap_or(if self.fatal {
                "the session was ended"
            } else {
                "the database refused the statement"
            }),
        }
    }
}

const STALE: &str =
    "a prepared statement was out of date, as after a migration; the connection is replaced, run the transaction again";

/// Of the codes that a program meets, what each says. Where the program or the schema is wrong, and not a value, it
/// says what to put right.
fn of_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "0A000" => {
            "PostgreSQL does not do this, such as to lock the rows of a query with DISTINCT, GROUP BY or an outer join"
        }
        "21000" => {
            "two rows of one upsert have the same key, or a subquery gave several rows for one; give each key once"
        }
        "25006" => "a write or a lock in a read-only context",
        "25P02" => "an earlier statement failed, so the transaction takes no more; run what may fail in a savepoint",
        "25P03" | "25P04" => "the context took too long, and the server closed it",
        "26000" | "42P05" => STALE,
        "40001" => "the transaction could not be serialized with another; run it again",
        "40P01" => "the transaction deadlocked with another; run it again",
        "42501" => "permission denied",
        "42601" => "the statement is no SQL",
        "42701" | "42712" => "a name is given twice; name one of the two otherwise",
        "42702" | "42725" => {
            "a name could mean several things; say which table it is of, or cast what is given to a function"
        }
        "42703" => "a column is not there; run the migrations, and compare the entity with the table",
        "42704" => "a type, or something else that is named, is not there; run the migrations",
        "42803" => "a column is neither in GROUP BY nor within an aggregate",
        "42804" | "42846" | "42883" => {
            "there is no such function or operator for values of these types; compare the entity with the table, or cast"
        }
        "428C9" => "a column that the database generates was given a value; leave it unset in the draft",
        "42P01" => "a table is not there; run the migrations, and compare the entity with the table",
        "42P10" => {
            "no unique key has the columns that `on_conflict` names, with the scope column, or `distinct` and `order_by` do not \
             go together; name the columns of a unique key, or order by what is distinct"
        }
        "42P08" | "42P18" => "the type of a value is unknown; cast it",
        "44000" => "the row would not be in the view that it is written through",
        "53100" => "the server's disk is full",
        "53200" => "the server is out of memory",
        "53300" => "the server has no connection left",
        "54000" => "a value is larger than an index takes",
        "54001" => "the statement is nested too deeply",
        "55P03" => "a lock was not to be had in time; run the transaction again",
        "57014" => "the statement timed out or was cancelled",
        "57P01" | "57P02" | "57P03" => "the server is shutting down or closed the connection",
        "57P04" => "the database was dropped",
        "57P05" => "the session was idle for too long, and the server closed it",
        "P0001" => {
            "a trigger or a function of the database's raised it; give its RAISE an ERRCODE, to tell it from others"
        }
        code => return of_value(code),
    })
}

/// What the codes say that a value brings about, or the rows that are there.
fn of_value(code: &str) -> Option<&'static str> {
    Some(match code {
        "22001" => "a text is longer than its column takes",
        "22003" => "a number is out of the range of its type",
        "22007" | "22008" => "a date or a time is none, or out of range",
        "22012" => "a division by zero",
        "22021" | "22P05" => "a text has a character that the database does not take, such as NUL",
        "22P02" => "a text is no value of the type that is asked for, such as a number, a UUID or an enum's",
        "22025" | "2201B" => "a pattern is none",
        "23502" => "a required column is unset",
        "23503" => "the row points at, or is pointed at by, a row that is not there",
        "23505" => "the row's unique key is taken",
        "23514" => "a value is outside of what the column allows",
        "23001" => "the row has to stay",
        "23P01" => "the row and another one exclude each other",
        _ => return None,
    })
}

/// What the codes of a class say that have nothing of their own.
fn of_class(code: &str) -> Option<&'static str> {
    Some(match code.get(..2)? {
        "08" => "the connection is broken",
        "22" => "a value is none that is taken here",
        "23" => "a constraint does not hold",
        "25" => "the transaction is in no state for this",
        "40" => "the transaction was rolled back; run it again",
        "42" => "the statement does not fit the database; compare the entity with the table",
        "53" => "the server has run out of something",
        "54" => "the statement is larger than PostgreSQL takes",
        "55" => "what the statement is about is not in the state for it",
        "57" => "the server intervened",
        "38" | "39" | "P0" => "a function of the database's failed",
        "58" | "F0" | "XX" => "the server itself failed; its log says more",
        _ => return None,
    })
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.explanation())?;
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

pub(super) fn from_postgres(error: &PgDatabaseError) -> Error {
    if error.constraint() == Some(NOT_A_MEMBER) && error.code() == "42501" {
        return Kind::NotAMember.into();
    }
    // The function of the server's that raised it; the text may be in another language.
    let raised_by = |routine| error.routine() == Some(routine);
    // Of what PostgreSQL says, this is names: permission denied, what the parser did not find or could not match, which it
    // points at, and the column that is generated. Raised while the statement runs, the same codes may quote a value:
    // `'…'::regclass` says that relation "…" does not exist.
    let of_names = matches!(
        error.code(),
        "42702" | "42703" | "42704" | "42725" | "42803" | "42804" | "42883" | "42P01" | "42P02" | "42P10" | "42P18"
    );
    let names_only = error.code() == "42501"
        || (of_names && error.position().is_some())
        || (error.code() == "428C9" && raised_by("rewriteTargetListIU"));
    Kind::Database(DatabaseError {
        sqlstate: error.code().to_owned(),
        table: error.table().map(str::to_owned),
        constraint: error.constraint().map(str::to_owned),
        column: error.column().map(str::to_owned),
        message: names_only.then(|| error.message().to_owned()),
        by_policy: raised_by("ExecWithCheckOptions"),
        fatal: is_fatal(error),
        of_cached_plan: error.code() == "0A000" && raised_by("RevalidateCachedQuery"),
        may_write: false,
    })
    .into()
}

/// Returns whether PostgreSQL, or a pooler, ends the session with the error: it is not told by the SQLSTATE alone.
pub(crate) fn is_fatal(error: &PgDatabaseError) -> bool {
    matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic)
}
