//! What PostgreSQL counts and shows of all tenants, open to the login role or a scope role.

use db::audit::Code;

use super::Case;

/// One of each kind that is closed, open to everybody.
fn to_everybody() -> Vec<Case> {
    [
        ("counts of rows", "function pg_stat_get_*", "pg_stat_get_xact_tuples_fetched(oid)"),
        ("sizes", "function pg_relation_size", "pg_table_size(regclass)"),
        ("sessions", "function pg_lock_status", "pg_lock_status()"),
        ("what is written", "function pg_current_wal_*", "pg_current_wal_insert_lsn()"),
        ("transactions", "function pg_xact_commit_timestamp*", "pg_last_committed_xact()"),
        ("rows by their place", "function currtid2", "currtid2(text, tid)"),
    ]
    .into_iter()
    .map(|(cause, object, function)| {
        Case::new(Code::SharedStateOpen, cause, object, &[&format!("GRANT EXECUTE ON FUNCTION {function} TO PUBLIC")])
    })
    .collect()
}

fn to_some() -> [Case; 3] {
    let case = |cause, object, fault: &[&str]| Case::new(Code::SharedStateGranted, cause, object, fault);
    [
        case(
            "to a scope role",
            "function pg_stat_get_*",
            &["GRANT EXECUTE ON FUNCTION pg_stat_get_activity, pg_stat_get_live_tuples TO $p_user"],
        ),
        case(
            "to a role that the login role can become",
            "function pg_relation_size",
            &[
                "CREATE ROLE $p_ops",
                "GRANT $p_ops TO $p_login",
                "GRANT EXECUTE ON FUNCTION pg_relation_size(regclass) TO $p_ops",
            ],
        ),
        case(
            "an aggregate, which calls as its owner",
            "function public.counted(oid)",
            &["CREATE AGGREGATE counted(oid)
               (SFUNC = oidlarger, STYPE = oid, FINALFUNC = pg_stat_get_xact_tuples_fetched)"],
        ),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    to_everybody().into_iter().chain(to_some()).collect()
}
