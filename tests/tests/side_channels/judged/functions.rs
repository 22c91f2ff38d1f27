//! The functions of `pg_catalog` that everybody may execute and that have been judged to tell nothing of another tenant's
//! rows and sessions, by their names, of PostgreSQL 15 to 18.

/// Functions that are judged alike, and why.
pub(crate) struct Judged {
    pub(crate) why: &'static str,
    pub(crate) names: &'static str,
}

pub(crate) const FUNCTIONS: &[Judged] = &[
    Judged {
        why: "they say who has which right on what",
        names: "aclexplode has_any_column_privilege has_column_privilege has_database_privilege \
            has_foreign_data_wrapper_privilege has_function_privilege has_language_privilege \
            has_largeobject_privilege has_parameter_privilege has_schema_privilege has_sequence_privilege \
            has_server_privilege has_table_privilege has_tablespace_privilege has_type_privilege pg_get_acl \
            pg_has_role row_security_active",
    },
    Judged {
        why: "they take a right that no scope role has: to own it, MAINTAIN, REPLICATION, to be a superuser or the session's own login, or a server that is being upgraded",
        names: "binary_upgrade_add_sub_rel_state binary_upgrade_create_empty_extension \
            binary_upgrade_logical_slot_has_caught_up binary_upgrade_replorigin_advance \
            binary_upgrade_set_missing_value binary_upgrade_set_next_array_pg_type_oid \
            binary_upgrade_set_next_heap_pg_class_oid binary_upgrade_set_next_heap_relfilenode \
            binary_upgrade_set_next_index_pg_class_oid binary_upgrade_set_next_index_relfilenode \
            binary_upgrade_set_next_multirange_array_pg_type_oid binary_upgrade_set_next_multirange_pg_type_oid \
            binary_upgrade_set_next_pg_authid_oid binary_upgrade_set_next_pg_enum_oid \
            binary_upgrade_set_next_pg_tablespace_oid binary_upgrade_set_next_pg_type_oid \
            binary_upgrade_set_next_toast_pg_class_oid binary_upgrade_set_next_toast_relfilenode \
            binary_upgrade_set_record_init_privs brin_desummarize_range brin_summarize_new_values \
            brin_summarize_range gin_clean_pending_list pg_cancel_backend pg_clear_attribute_stats \
            pg_clear_relation_stats pg_copy_logical_replication_slot pg_copy_physical_replication_slot \
            pg_create_logical_replication_slot pg_create_physical_replication_slot pg_drop_replication_slot \
            pg_event_trigger_ddl_commands pg_event_trigger_dropped_objects pg_event_trigger_table_rewrite_oid \
            pg_event_trigger_table_rewrite_reason pg_extension_config_dump pg_get_wal_replay_pause_state \
            pg_import_system_collations pg_is_wal_replay_paused pg_logical_slot_get_binary_changes \
            pg_logical_slot_get_changes pg_logical_slot_peek_binary_changes pg_logical_slot_peek_changes pg_nextoid \
            pg_read_file_old pg_replication_slot_advance pg_restore_attribute_stats pg_restore_relation_stats \
            pg_rotate_logfile_old pg_stop_making_pinned_objects pg_sync_replication_slots pg_terminate_backend",
    },
    Judged {
        why: "they run a text as SQL, or a table's name, as who asks: it does what that one may do, by a plain SELECT",
        names: "cursor_to_xml cursor_to_xmlschema database_to_xml database_to_xml_and_xmlschema database_to_xmlschema \
            query_to_xml query_to_xml_and_xmlschema query_to_xmlschema schema_to_xml schema_to_xml_and_xmlschema \
            schema_to_xmlschema table_to_xml table_to_xml_and_xmlschema table_to_xmlschema ts_rewrite ts_stat",
    },
    Judged {
        why: "they take a right on the sequence, whose numbers all tenants share anyway",
        names: "currval lastval nextval pg_get_sequence_data pg_sequence_last_value pg_sequence_parameters setval",
    },
    Judged {
        why: "they take a large object, which nobody may make",
        names: "lo_close lo_get lo_lseek lo_lseek64 lo_open lo_put lo_tell lo_tell64 lo_truncate lo_truncate64 lo_unlink \
            loread lowrite",
    },
    Judged {
        why: "they meet other sessions, as statements do that cannot be closed (`LOCK TABLE`, `NOTIFY`)",
        names: "pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_all \
            pg_advisory_unlock_shared pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_notify \
            pg_try_advisory_lock pg_try_advisory_lock_shared pg_try_advisory_xact_lock \
            pg_try_advisory_xact_lock_shared",
    },
    Judged {
        why: "it lends a snapshot, and whoever takes it sees no other rows than before",
        names: "pg_export_snapshot",
    },
    Judged {
        why: "they number transactions, as `xmin` of a row of one's own does; or say of one by its number whether it committed",
        names: "age mxid_age pg_current_snapshot pg_current_xact_id pg_current_xact_id_if_assigned \
            pg_snapshot_xip pg_snapshot_xmax pg_snapshot_xmin pg_visible_in_snapshot pg_xact_status txid_current \
            txid_current_if_assigned txid_current_snapshot txid_snapshot_xip txid_snapshot_xmax txid_snapshot_xmin \
            txid_status txid_visible_in_snapshot",
    },
    Judged {
        why: "they tell of one's own session, or change it: nothing of it is of another tenant's rows",
        names: "array_sample array_shuffle current_database current_query current_schema current_schemas current_setting \
            current_user gen_random_uuid get_current_ts_config getdatabaseencoding getpgusername inet_client_addr \
            inet_client_port inet_server_addr inet_server_port pg_backend_pid pg_client_encoding pg_cursor \
            pg_is_other_temp_schema pg_jit_available pg_listening_channels pg_my_temp_schema pg_settings_get_flags \
            pg_show_all_settings pg_sleep pg_sleep_for pg_sleep_until pg_stat_clear_snapshot \
            pg_stat_force_next_flush pg_trigger_depth random random_normal session_user setseed system_user uuidv4 \
            uuidv7",
    },
    Judged {
        why: "they tell of the server as such, and of no tenant",
        names: "pg_available_extension_versions pg_available_extensions pg_char_to_encoding pg_collation_actual_version \
            pg_conf_load_time pg_database_collation_actual_version pg_encoding_max_length pg_encoding_to_char \
            pg_extension_update_paths pg_get_catalog_foreign_keys pg_get_keywords pg_get_loaded_modules \
            pg_get_wait_events pg_get_wal_resource_managers pg_is_in_recovery pg_numa_available \
            pg_postmaster_start_time pg_tablespace_databases pg_tablespace_location pg_timezone_abbrevs \
            pg_timezone_abbrevs_abbrevs pg_timezone_abbrevs_zone pg_timezone_names version",
    },
    Judged {
        why: "they say how objects are called, made and stored: the catalog shows it to everybody",
        names: "amvalidate col_description enum_first enum_in enum_last enum_out enum_range enum_send fmgr_c_validator \
            fmgr_internal_validator fmgr_sql_validator format_type obj_description oidvectortypes pg_basetype \
            pg_collation_for pg_collation_is_visible pg_column_is_updatable pg_conversion_is_visible \
            pg_describe_object pg_filenode_relation pg_function_is_visible pg_get_constraintdef pg_get_expr \
            pg_get_function_arg_default pg_get_function_arguments pg_get_function_identity_arguments \
            pg_get_function_result pg_get_function_sqlbody pg_get_functiondef pg_get_indexdef pg_get_object_address \
            pg_get_partition_constraintdef pg_get_partkeydef pg_get_publication_tables pg_get_replica_identity_index \
            pg_get_ruledef pg_get_serial_sequence pg_get_statisticsobjdef pg_get_statisticsobjdef_columns \
            pg_get_statisticsobjdef_expressions pg_get_triggerdef pg_get_userbyid pg_get_viewdef pg_identify_object \
            pg_identify_object_as_address pg_index_column_has_property pg_index_has_property pg_indexam_has_property \
            pg_indexam_progress_phasename pg_mcv_list_items pg_opclass_is_visible pg_operator_is_visible \
            pg_opfamily_is_visible pg_options_to_table pg_partition_ancestors pg_partition_root pg_partition_tree \
            pg_relation_filenode pg_relation_filepath pg_relation_is_publishable pg_relation_is_updatable \
            pg_statistics_obj_is_visible pg_table_is_visible pg_ts_config_is_visible pg_ts_dict_is_visible \
            pg_ts_parser_is_visible pg_ts_template_is_visible pg_type_is_visible pg_typeof plpgsql_validator \
            shobj_description to_regclass to_regcollation to_regnamespace to_regoper to_regoperator to_regproc \
            to_regprocedure to_regrole to_regtype to_regtypemod",
    },
    Judged {
        why: "they work on the values that they are given, and on the clock",
        names: "array_to_json array_to_string clock_timestamp concat concat_ws convert convert_from convert_to date_add \
            date_part date_subtract date_trunc extract format generate_series json_build_array json_build_object \
            json_populate_record json_populate_recordset json_to_record json_to_recordset json_to_tsvector \
            jsonb_build_array jsonb_build_object jsonb_path_exists_tz jsonb_path_match_tz jsonb_path_query_array_tz \
            jsonb_path_query_first_tz jsonb_path_query_tz jsonb_populate_record jsonb_populate_record_valid \
            jsonb_populate_recordset jsonb_to_record jsonb_to_recordset jsonb_to_tsvector length make_timestamptz \
            now overlaps pg_column_compression pg_column_size pg_column_toast_chunk_id pg_input_error_info \
            pg_input_is_valid pg_lsn pg_lsn_larger pg_lsn_smaller pg_size_bytes pg_size_pretty pg_split_walfile_name \
            pg_wal_lsn_diff pg_walfile_name pg_walfile_name_offset phraseto_tsquery plainto_tsquery quote_literal \
            quote_nullable row_to_json statement_timestamp timeofday timestamptz timezone to_char to_date to_json \
            to_jsonb to_number to_timestamp to_tsquery to_tsvector transaction_timestamp ts_debug ts_headline \
            ts_parse ts_token_type websearch_to_tsquery xml_is_well_formed",
    },
];
