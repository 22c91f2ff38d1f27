//! Functions of PostgreSQL's own that do more than compute a value.

/// How the names of whole families start.
const STARTS: [&str; 14] = [
    "pg_",
    "lo_",
    "txid_",
    "binary_upgrade_",
    "brin_",
    "crosstab",
    "currtid",
    "dblink",
    "fmgr_",
    "gin_",
    "has_",
    "inet_client_",
    "inet_server_",
    "plpgsql_",
];

/// How they end.
const ENDS: [&str; 3] = ["_to_xml", "_to_xmlschema", "_to_xml_and_xmlschema"];

const NAMES: [&str; 48] = [
    "aclexplode",
    "amvalidate",
    "col_description",
    "connectby",
    "current_database",
    "current_query",
    "current_schema",
    "current_schemas",
    "current_setting",
    "current_user",
    "currval",
    "format_type",
    "get_current_ts_config",
    "getdatabaseencoding",
    "getpgusername",
    "isn_weak",
    "lastval",
    "loread",
    "lowrite",
    "mxid_age",
    "nextval",
    "obj_description",
    "oidvectortypes",
    "row_security_active",
    "session_user",
    "set_config",
    "set_limit",
    "setseed",
    "setval",
    "shobj_description",
    "system_user",
    "to_regclass",
    "to_regcollation",
    "to_regnamespace",
    "to_regoper",
    "to_regoperator",
    "to_regproc",
    "to_regprocedure",
    "to_regrole",
    "to_regtype",
    "to_regtypemod",
    "ts_debug",
    "ts_parse",
    "ts_rewrite",
    "ts_stat",
    "ts_token_type",
    "version",
    "xpath_table",
];

/// Returns whether the function does more than compute a value from a row: it runs SQL that it is given as text, tells
/// of the whole table, the catalog or a session, or leaves something behind (a lock, a setting, a seed, a sequence's
/// next value). Row-level security stops few of these. They are PostgreSQL's own and those of its `contrib`; what the
/// application's own functions do is not known here.
pub(crate) fn reaches_out(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    STARTS.iter().any(|start| name.starts_with(start))
        || ENDS.iter().any(|end| name.ends_with(end))
        || NAMES.contains(&name.as_str())
}
