//! What an error is asked.

use super::{Error, Kind, LAST_OWNER, MEMBER_ROLE};

impl Error {
    /// Returns whether an audit found errors, where the options ask for a clean one.
    #[must_use]
    pub fn is_audit_failed(&self) -> bool {
        matches!(*self.0, Kind::AuditFailed { .. })
    }

    /// Returns whether the user is no member of the organization, or there is no such organization. The two are not
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

    /// Returns whether a credential does not prove who is asking: see [`not_authenticated`](Self::not_authenticated).
    #[must_use]
    pub fn is_not_authenticated(&self) -> bool {
        matches!(*self.0, Kind::NotAuthenticated)
    }

    /// Returns whether a hook of the entity's, such as `before_save`, returned an error: that is its
    /// [`source`](std::error::Error::source).
    #[must_use]
    pub fn is_refused_by_hook(&self) -> bool {
        matches!(*self.0, Kind::Hook { .. })
    }

    /// Returns whether a hook of the entity's failed since it was to send a statement: it has no connection.
    #[must_use]
    pub fn is_statement_in_hook(&self) -> bool {
        matches!(*self.0, Kind::StatementInHook { .. })
    }

    /// Returns whether a save was given several rows for one `has_one`.
    #[must_use]
    pub fn is_several_for_one(&self) -> bool {
        matches!(*self.0, Kind::SeveralForOne { .. })
    }

    /// Returns whether a save was given rows that point at one by a column which is NULL in it.
    #[must_use]
    pub fn is_no_parent_key(&self) -> bool {
        matches!(*self.0, Kind::NoParentKey { .. })
    }

    /// Returns whether an update or delete by id touched no row: none has the id in this scope.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(*self.0, Kind::NotFound { .. })
    }

    /// Returns whether a unique key is taken (SQLSTATE 23505).
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        self.sqlstate() == Some("23505")
    }

    /// Returns whether a row points at one that is not there, or is still pointed at (SQLSTATE 23503; from PostgreSQL
    /// 18 on 23001 for a key that is `RESTRICT`).
    #[must_use]
    pub fn is_foreign_key_violation(&self) -> bool {
        self.sqlstate() == Some("23503") || (self.sqlstate() == Some("23001") && !self.is_last_owner())
    }

    /// Returns whether a required column is unset (SQLSTATE 23502).
    #[must_use]
    pub fn is_not_null_violation(&self) -> bool {
        self.sqlstate() == Some("23502")
    }

    /// Returns whether a value is outside of what a CHECK allows (SQLSTATE 23514).
    #[must_use]
    pub fn is_check_violation(&self) -> bool {
        self.sqlstate() == Some("23514")
    }

    /// Returns whether a row excludes another by an `EXCLUDE` constraint (SQLSTATE 23P01).
    #[must_use]
    pub fn is_exclusion_violation(&self) -> bool {
        self.sqlstate() == Some("23P01")
    }

    /// Returns whether an upsert was given two rows with the same key, of which it writes one once; or a subquery gave
    /// several rows where one is taken (SQLSTATE 21000).
    #[must_use]
    pub fn is_cardinality_violation(&self) -> bool {
        self.sqlstate() == Some("21000")
    }

    /// Returns whether a value is none that PostgreSQL, or the column's type, takes: a text that is too long or has a
    /// NUL, a number or a time out of range, a text that is no number, an unknown enum value, a pattern that is none
    /// (SQLSTATE class 22), or more than an index takes (54000).
    #[must_use]
    pub fn is_data_exception(&self) -> bool {
        self.sqlstate().is_some_and(|code| code.starts_with("22") || code == "54000")
    }

    /// Returns whether the database denied a permission, row-level security included (SQLSTATE 42501).
    #[must_use]
    pub fn is_permission_denied(&self) -> bool {
        self.sqlstate() == Some("42501")
    }

    /// Returns whether an organization would be left without a member of the highest role, such as an owner.
    #[must_use]
    pub fn is_last_owner(&self) -> bool {
        self.constraint() == Some(LAST_OWNER)
    }

    /// Returns whether a policy denied it: a row of another scope, or a member's role that is too low. A missing grant,
    /// which is a mistake of the schema's, is [`is_permission_denied`](Self::is_permission_denied) and not this.
    #[must_use]
    pub fn is_denied_by_policy(&self) -> bool {
        let by_policy = matches!(&*self.0, Kind::Database(error) if error.by_policy);
        self.is_permission_denied() && (by_policy || self.constraint() == Some(MEMBER_ROLE))
    }

    /// Returns whether running the transaction again may succeed: it could not be serialized with another, or
    /// deadlocked with one (SQLSTATE 40001, 40P01).
    #[must_use]
    pub fn is_serialization_failure(&self) -> bool {
        matches!(self.sqlstate(), Some("40001" | "40P01"))
    }

    /// Returns whether a transaction that failed by it, run again from its beginning, may well succeed.
    pub(crate) fn is_worth_another_attempt(&self) -> bool {
        self.is_serialization_failure() || self.is_stale_statement()
    }

    /// Returns whether a statement ran into its timeout (SQLSTATE 57014).
    #[must_use]
    pub fn is_statement_timeout(&self) -> bool {
        self.sqlstate() == Some("57014")
    }

    /// Returns whether a lock was not to be had: `NOWAIT`, or `lock_timeout` (SQLSTATE 55P03).
    #[must_use]
    pub fn is_lock_not_available(&self) -> bool {
        self.sqlstate() == Some("55P03")
    }

    /// Returns whether the server has run out of something: memory, disk, connections, what a setting allows (SQLSTATE
    /// class 53).
    #[must_use]
    pub fn is_out_of_resources(&self) -> bool {
        self.sqlstate().is_some_and(|code| code.starts_with("53"))
    }

    /// Returns whether a context that only reads was to write, or to lock a row (SQLSTATE 25006).
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        matches!(&*self.0, Kind::Database(error) if error.is_read_only() == Some(false))
    }

    /// Returns whether the server takes no writes, in a context that may write: it is a standby, as after a failover,
    /// or
    /// `default_transaction_read_only` is on (SQLSTATE 25006). The pool's connections are replaced.
    #[must_use]
    pub fn is_server_read_only(&self) -> bool {
        matches!(&*self.0, Kind::Database(error) if error.is_read_only() == Some(true))
    }

    /// Returns whether a prepared statement of the connection was out of date, as it is once after a migration has
    /// changed what it returns ("cached plan must not change result type"), or was not there any more. Nothing was
    /// done; the pool's connections are replaced, so that the same transaction, run again, succeeds.
    /// [`Open::retry`](crate::Open::retry) does that.
    #[must_use]
    pub fn is_stale_statement(&self) -> bool {
        matches!(&*self.0, Kind::Database(error) if error.is_stale_statement())
    }

    /// Returns whether the statement is none that this database takes, whatever the values are: a table, a column, a
    /// function or a unique key that it names is not there, a column that is generated was given a value, or PostgreSQL
    /// does not do what it asks (SQLSTATE class 42 but for 42501, 428C9, and 0A000 but for a stale statement). The
    /// program is wrong, or a migration has not run.
    #[must_use]
    pub fn is_invalid_statement(&self) -> bool {
        matches!(&*self.0, Kind::Database(error) if error.is_invalid_statement())
    }

    /// Returns whether a scoped query was given raw text, a subquery or another expression that it refuses.
    #[must_use]
    pub fn is_raw_text(&self) -> bool {
        matches!(*self.0, Kind::RawText { .. })
    }

    /// Returns whether the text of a `RawSelect` is no single `SELECT`, or calls a function that it may not.
    #[cfg(feature = "raw")]
    #[must_use]
    pub fn is_raw_sql_refused(&self) -> bool {
        matches!(*self.0, Kind::RawSql(_))
    }

    /// Returns whether a row or an assignment names another scope than the context's, or a column that the scope
    /// may not update.
    #[must_use]
    pub fn is_foreign_scope(&self) -> bool {
        matches!(*self.0, Kind::ForeignScope { .. } | Kind::ColumnNotUpdatable { .. })
    }

    /// Returns whether a draft given to an update sets the key to another row's.
    #[must_use]
    pub fn is_key_changed(&self) -> bool {
        matches!(*self.0, Kind::KeyChanged { .. })
    }

    /// Returns whether a draft given to an update by row does not say which row: its key is not set.
    #[must_use]
    pub fn is_key_not_set(&self) -> bool {
        matches!(*self.0, Kind::KeyNotSet { .. })
    }

    /// Returns whether a cursor was given another number of values than it has columns.
    #[must_use]
    pub fn is_wrong_cursor(&self) -> bool {
        matches!(*self.0, Kind::WrongCursor { .. })
    }

    /// Returns whether no connection was to be had for as long as the acquire timeout: every one of the pool was in
    /// use, or the server was too busy to open another.
    #[must_use]
    pub fn is_pool_timeout(&self) -> bool {
        matches!(*self.0, Kind::PoolTimeout { .. } | Kind::ServerBusy { .. })
    }

    /// Returns whether the connection is to be encrypted, and cannot be: the server has no TLS, or its certificate is
    /// not trusted or another host's.
    #[must_use]
    pub fn is_not_encrypted(&self) -> bool {
        matches!(*self.0, Kind::NotEncrypted { .. })
    }

    /// Returns whether no PostgreSQL server takes a connection: nobody listens there, the name is unknown, something
    /// else answers; or for as long as the acquire timeout it was starting up, or had no connection left.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        matches!(*self.0, Kind::Unreachable { .. } | Kind::NoSession { .. })
    }

    /// Returns whether the connection was lost within a context: the server's shutdown included, and whatever else ends
    /// a session, such as a pooler that has lost its server.
    #[must_use]
    pub fn is_connection_lost(&self) -> bool {
        match &*self.0 {
            Kind::ConnectionLost(_) => true,
            Kind::Database(error) => {
                error.fatal || matches!(error.sqlstate(), "57P01" | "57P02" | "57P04" | "57P05" | "25P03" | "25P04")
            }
            _ => false,
        }
    }

    /// Returns whether a commit was cancelled or lost its connection, so that it may or may not have taken place.
    #[must_use]
    pub fn is_outcome_unknown(&self) -> bool {
        matches!(*self.0, Kind::OutcomeUnknown)
    }

    /// Returns whether the transaction was rolled back because an earlier statement in it had failed.
    #[must_use]
    pub fn is_rolled_back(&self) -> bool {
        matches!(*self.0, Kind::RolledBack) || self.sqlstate() == Some("25P02")
    }

    /// Returns whether a statement binds more values than PostgreSQL takes.
    #[must_use]
    pub fn is_too_many_values(&self) -> bool {
        matches!(*self.0, Kind::TooManyValues { .. })
    }

    /// Returns whether the context was closed because a statement in it was cancelled, or the future of a statement or
    /// of a savepoint was leaked.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        matches!(*self.0, Kind::Interrupted)
    }

    /// Returns whether a context was opened inside another on the same task.
    #[must_use]
    pub fn is_nested(&self) -> bool {
        matches!(*self.0, Kind::Nested)
    }

    /// Returns whether an option or an environment variable is missing or malformed.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        matches!(*self.0, Kind::Configuration(_))
    }

    /// Returns whether the server refused the login: an unknown role, a wrong password, no such database.
    #[must_use]
    pub fn is_login_refused(&self) -> bool {
        matches!(*self.0, Kind::LoginRefused { .. })
    }

    /// Returns whether the login role may do more than a login role should, so that the database would not hold it.
    #[must_use]
    pub fn is_privileged_login(&self) -> bool {
        matches!(*self.0, Kind::PrivilegedLogin { .. })
    }

    /// Returns whether the migration has not run on the database, or a role of the contract or a right that contexts
    /// need is missing.
    #[must_use]
    pub fn is_not_migrated(&self) -> bool {
        matches!(*self.0, Kind::NotMigrated(_) | Kind::RightMissing(_))
    }

    /// Returns PostgreSQL's five-character error code where it raised the error
    /// ([Appendix A](https://www.postgresql.org/docs/current/errcodes-appendix.html)).
    #[must_use]
    pub fn sqlstate(&self) -> Option<&str> {
        match &*self.0 {
            Kind::Database(error) => Some(error.sqlstate()),
            Kind::LoginRefused { sqlstate, .. } | Kind::NoSession { sqlstate, .. } => Some(sqlstate),
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
