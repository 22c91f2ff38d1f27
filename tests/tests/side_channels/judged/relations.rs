//! The relations of `pg_catalog` that everybody may read, and that have been judged likewise.

use super::functions::Judged;

pub(crate) const RELATIONS: &[Judged] = &[
    Judged {
        why: "they say how objects are called, defined and granted, and hold no row of a tenant",
        names: "pg_aggregate pg_am pg_amop pg_amproc pg_attrdef pg_attribute pg_auth_members \
            pg_available_extension_versions pg_available_extensions pg_cast pg_collation pg_constraint pg_conversion \
            pg_database pg_db_role_setting pg_default_acl pg_depend pg_description pg_enum pg_event_trigger \
            pg_extension pg_foreign_data_wrapper pg_foreign_server pg_foreign_table pg_group pg_index pg_indexes \
            pg_inherits pg_init_privs pg_language pg_largeobject_metadata pg_matviews pg_namespace pg_opclass \
            pg_operator pg_opfamily pg_parameter_acl pg_partitioned_table pg_policies pg_policy pg_proc \
            pg_publication pg_publication_namespace pg_publication_rel pg_publication_tables pg_range \
            pg_replication_origin pg_rewrite pg_roles pg_rules pg_seclabel pg_seclabels pg_sequence pg_shdepend \
            pg_shdescription pg_shseclabel pg_statistic_ext pg_subscription pg_subscription_rel pg_tables \
            pg_tablespace pg_transform pg_trigger pg_ts_config pg_ts_config_map pg_ts_dict pg_ts_parser \
            pg_ts_template pg_type pg_user pg_user_mappings pg_views",
    },
    Judged {
        why: "it has how large each table was when it was last vacuumed or analyzed (`reltuples`, `relpages`), over all tenants: `EXPLAIN` says the same",
        names: "pg_class",
    },
    Judged {
        why: "they show statistics of no table whose row-level security restricts who asks",
        names: "pg_stats pg_stats_ext pg_stats_ext_exprs",
    },
    Judged { why: "they tell of the session itself", names: "pg_cursors pg_settings" },
    Judged {
        why: "it has the number that a sequence has come to, for who may use it: `nextval` says the same",
        names: "pg_sequences",
    },
    Judged { why: "they tell of the server as such", names: "pg_timezone_abbrevs pg_timezone_names pg_wait_events" },
];
