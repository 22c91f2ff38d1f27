//! What PUBLIC may not execute, as data: which functions, what they tell or do, and who keeps them.
//!
//! PostgreSQL lets everybody execute nearly all of its own functions, and has no way to deny one to a role alone. So
//! these are taken from PUBLIC. What of the rest has been judged, function by function, is in
//! `tests/tests/side_channels/judged`: a server that brings a new one fails a test until somebody has looked at it.
//!
//! PostgreSQL's own views, such as `pg_stat_activity` and `pg_locks`, are closed by the functions that they call: a
//! view's functions are executed as who asks.

use super::{Contract, block};
use crate::sql::literal;

/// Functions of PostgreSQL's own, or of an extension, that are closed for one reason.
#[derive(Debug)]
pub(crate) struct Closed {
    /// The names; one that ends in `*` is for all that start so.
    pub(crate) names: &'static [&'static str],
    /// What they do, to follow "they".
    pub(crate) why: &'static str,
    /// Whether `pg_read_all_stats`, and `pg_monitor` with it, keeps them.
    pub(crate) monitoring: bool,
}

/// The first of them are older than the rest: an audit has codes of their own for them.
pub(crate) const SETTINGS: Closed =
    Closed { names: &["set_config"], why: "turn the context to another tenant within a query", monitoring: false };
pub(crate) const LARGE_OBJECTS: Closed = Closed {
    names: &["lo_creat", "lo_create", "lo_from_bytea"],
    why: "write large objects, which know no tenant",
    monitoring: false,
};

/// What tells of other tenants' rows and sessions, or reaches beyond the rows.
pub(crate) const SHARED: [Closed; 7] = [
    // With a comparison that an index answers before the policy, other tenants' values, bit by bit.
    Closed {
        names: &["pg_stat_get_*"],
        why: "count the rows of all tenants, and show the sessions of all",
        monitoring: true,
    },
    Closed {
        names: &[
            "pg_relation_size",
            "pg_table_size",
            "pg_indexes_size",
            "pg_total_relation_size",
            "pg_database_size",
            "pg_tablespace_size",
        ],
        why: "tell how large a table or an index is over all tenants",
        monitoring: true,
    },
    Closed {
        names: &[
            "pg_lock_status",
            "pg_blocking_pids",
            "pg_safe_snapshot_blocking_pids",
            "pg_isolation_test_session_is_blocked",
            "pg_prepared_xact",
            "pg_prepared_statement",
            "pg_notification_queue_usage",
        ],
        why: "show what other sessions lock, prepare and wait for, and what this one ran in earlier contexts",
        monitoring: true,
    },
    Closed {
        names: &[
            "pg_current_wal_*",
            "pg_last_wal_*",
            "pg_last_xact_replay_timestamp",
            "pg_control_*",
            "pg_get_replication_slots",
            "pg_available_wal_summaries",
            "pg_wal_summary_contents",
            "pg_get_wal_summarizer_state",
        ],
        why: "tell how much is written, to the byte, and on newer servers which blocks of which table",
        monitoring: true,
    },
    Closed {
        names: &["pg_xact_commit_timestamp*", "pg_last_committed_xact", "pg_get_multixact_members"],
        why: "tell when the transactions of all tenants committed, and which of them lock a row",
        monitoring: true,
    },
    Closed {
        names: &["currtid2", "pg_logical_emit_message"],
        why: "follow a row that no policy lets through, and write into what replication reads",
        monitoring: false,
    },
    // Of extensions: what a role has run they show to that role, and all tenants' statements are a scope role's.
    Closed {
        names: &[
            "pg_stat_statements*",
            "pg_stat_monitor*",
            "pg_stat_kcache*",
            "pg_qualstats*",
            "pg_wait_sampling*",
            "pg_store_plans*",
        ],
        why: "show the statements of all tenants, and count their rows",
        monitoring: true,
    },
];

impl Closed {
    /// All that is closed.
    pub(crate) fn all() -> impl Iterator<Item = &'static Self> {
        [&SETTINGS, &LARGE_OBJECTS].into_iter().chain(&SHARED)
    }

    /// Returns the regular expression, as a literal, that the name of one of these functions matches.
    pub(crate) fn pattern(&self) -> String {
        pattern([self].into_iter())
    }

    /// Returns the statement that takes them from PUBLIC, as a superuser.
    pub(crate) fn close(&'static self) -> String {
        close(&[self])
    }
}

fn pattern<'a>(kinds: impl Iterator<Item = &'a Closed>) -> String {
    let names: Vec<_> = kinds.flat_map(|closed| closed.names).map(|name| name.replace('*', ".*")).collect();
    literal(&format!("^({})$", names.join("|")))
}

/// Loops over the functions that PUBLIC may execute as PostgreSQL, or their extension, comes: those that it may execute
/// now, or those that it may not. `f.name` is one, and `f.monitoring` whether `pg_read_all_stats` keeps it.
fn for_each(kinds: &[&'static Closed], open: bool, body: &str) -> String {
    let is_open = "EXISTS (
        SELECT FROM pg_catalog.aclexplode(COALESCE(p.proacl, pg_catalog.acldefault('f', p.proowner))) a WHERE a.grantee = 0
      )";
    format!(
        "FOR f IN
           SELECT pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) AS name,
             p.proname ~ {monitoring} AS monitoring
           FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
           WHERE p.prokind = 'f' AND p.proname ~ {all}
             AND (n.nspname = 'pg_catalog' OR EXISTS (
               SELECT FROM pg_catalog.pg_depend d
               WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e'
             ))
             AND NOT EXISTS (
               SELECT FROM pg_catalog.pg_init_privs i
               WHERE i.objoid = p.oid AND i.classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass
             )
             AND {not} {is_open}
           ORDER BY 1
         LOOP
           {body}
         END LOOP;",
        monitoring = pattern(kinds.iter().copied().filter(|closed| closed.monitoring)),
        all = pattern(kinds.iter().copied()),
        not = if open { "" } else { "NOT" },
    )
}

/// Returns the statement that takes functions from PUBLIC; managed PostgreSQL has no superuser to do it, and is told
/// so.
fn close(kinds: &[&'static Closed]) -> String {
    let close = for_each(
        kinds,
        true,
        "IF is_superuser THEN
           EXECUTE 'REVOKE EXECUTE ON FUNCTION ' || f.name || ' FROM PUBLIC';
           IF f.monitoring THEN
             EXECUTE 'GRANT EXECUTE ON FUNCTION ' || f.name || ' TO pg_read_all_stats';
           END IF;
         ELSE
           open := open || f.name;
         END IF;",
    );
    with_superuser(
        "open text[] := '{}';",
        &format!(
            "{close}
             IF open <> '{{}}' THEN
               RAISE WARNING 'EXECUTE could not be revoked from PUBLIC, a superuser has to, on: %', pg_catalog.array_to_string(open, ', ')
                 USING HINT = 'they tell SQL in a context of other tenants, or let it reach beyond the rows';
             END IF;"
        ),
    )
}

/// Returns the statement that gives them back.
fn open(kinds: &[&'static Closed]) -> String {
    let open = for_each(
        kinds,
        false,
        "EXECUTE 'GRANT EXECUTE ON FUNCTION ' || f.name || ' TO PUBLIC';
         IF f.monitoring THEN
           EXECUTE 'REVOKE EXECUTE ON FUNCTION ' || f.name || ' FROM pg_read_all_stats';
         END IF;",
    );
    with_superuser("", &format!("IF is_superuser THEN {open} END IF;"))
}

/// A block with a record `f`, and with `is_superuser`.
fn with_superuser(declarations: &str, body: &str) -> String {
    block(&format!(
        "DECLARE
           f record;
           is_superuser boolean := (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user);
           {declarations}
         BEGIN
           {body}
         END;"
    ))
}

impl Contract {
    /// Returns the statements that take from PUBLIC what tells of other tenants' rows and sessions, or reaches them.
    /// They are a part of [`install`](Self::install), and may be run again: after `pg_upgrade`, or by a superuser where
    /// the one who migrates is none. Roles that are in `pg_read_all_stats` or `pg_monitor` keep what monitoring needs.
    #[must_use]
    pub fn close_functions(&self) -> Vec<String> {
        // A superuser who has closed the function beforehand gives whoever migrates the grant option on it.
        let let_the_gate = block(&format!(
            "IF pg_catalog.has_function_privilege('{SET_CONFIG}', 'EXECUTE WITH GRANT OPTION') THEN
               GRANT EXECUTE ON FUNCTION {SET_CONFIG} TO {gate};
             END IF;",
            gate = self.prefix.gate(),
        ));
        vec![close(&Closed::all().collect::<Vec<_>>()), let_the_gate]
    }

    /// Returns the statements that give back to PUBLIC what [`close_functions`](Self::close_functions) took. They are a
    /// part of [`uninstall`](Self::uninstall). To be run before `pg_upgrade` too, which else stops at a function that
    /// the next version has no more.
    #[must_use]
    pub fn open_functions(&self) -> Vec<String> {
        let keep_the_gate = block(&format!(
            "IF pg_catalog.has_function_privilege('{SET_CONFIG}', 'EXECUTE WITH GRANT OPTION') THEN
               REVOKE EXECUTE ON FUNCTION {SET_CONFIG} FROM {gate};
             END IF;",
            gate = self.prefix.gate(),
        ));
        vec![keep_the_gate, open(&Closed::all().collect::<Vec<_>>())]
    }
}

/// The definer role executes it.
const SET_CONFIG: &str = "pg_catalog.set_config(text, text, boolean)";
