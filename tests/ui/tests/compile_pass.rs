//! The twins of the cases in `fail` compile: each is a module here, which costs less than a program each.
#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    dead_code,
    unnameable_types,
    unreachable_pub,
    unused_imports,
    unused_qualifications,
    unused_variables,
    reason = "cases, not programs"
)]

#[path = "../pass/a_column_is_not_assigned_by_its_seaorm_name.rs"]
mod a_column_is_not_assigned_by_its_seaorm_name;
#[path = "../pass/a_column_that_a_scope_does_not_read_is_not_there.rs"]
mod a_column_that_a_scope_does_not_read_is_not_there;
#[path = "../pass/a_column_that_is_allowed_to_be_read_is_one_of_the_entity.rs"]
mod a_column_that_is_allowed_to_be_read_is_one_of_the_entity;
#[path = "../pass/a_column_that_is_allowed_to_be_updated_is_named_once.rs"]
mod a_column_that_is_allowed_to_be_updated_is_named_once;
#[path = "../pass/a_column_that_is_allowed_to_be_updated_is_one_of_the_entity.rs"]
mod a_column_that_is_allowed_to_be_updated_is_one_of_the_entity;
#[path = "../pass/a_context_begins_no_transaction.rs"]
mod a_context_begins_no_transaction;
#[path = "../pass/a_context_does_not_leave_its_closure.rs"]
mod a_context_does_not_leave_its_closure;
#[path = "../pass/a_context_does_not_move_to_a_task_of_its_own.rs"]
mod a_context_does_not_move_to_a_task_of_its_own;
#[path = "../pass/a_context_is_no_connection.rs"]
mod a_context_is_no_connection;
#[path = "../pass/a_context_is_not_built_by_hand.rs"]
mod a_context_is_not_built_by_hand;
#[path = "../pass/a_context_is_not_cloned.rs"]
mod a_context_is_not_cloned;
#[path = "../pass/a_context_is_not_committed_in_its_closure.rs"]
mod a_context_is_not_committed_in_its_closure;
#[path = "../pass/a_context_is_not_committed_while_a_stream_is_open.rs"]
mod a_context_is_not_committed_while_a_stream_is_open;
#[path = "../pass/a_context_is_not_kept_outside_of_its_closure.rs"]
mod a_context_is_not_kept_outside_of_its_closure;
#[path = "../pass/a_context_is_not_used_after_commit.rs"]
mod a_context_is_not_used_after_commit;
#[path = "../pass/a_context_runs_no_statement_of_ones_own.rs"]
mod a_context_runs_no_statement_of_ones_own;
#[path = "../pass/a_credential_is_not_set_by_hand.rs"]
mod a_credential_is_not_set_by_hand;
#[path = "../pass/a_db_begins_no_transaction.rs"]
mod a_db_begins_no_transaction;
#[path = "../pass/a_db_is_no_connection.rs"]
mod a_db_is_no_connection;
#[path = "../pass/a_draft_has_no_scope_column.rs"]
mod a_draft_has_no_scope_column;
#[path = "../pass/a_facade_is_named_where_its_table_gives_no_name.rs"]
mod a_facade_is_named_where_its_table_gives_no_name;
#[path = "../pass/a_facade_is_not_put_into_a_scope_by_hand.rs"]
mod a_facade_is_not_put_into_a_scope_by_hand;
#[path = "../pass/a_field_of_a_scoped_entity_has_no_cfg_attr.rs"]
mod a_field_of_a_scoped_entity_has_no_cfg_attr;
#[path = "../pass/a_has_one_is_saved_with_one_row.rs"]
mod a_has_one_is_saved_with_one_row;
#[path = "../pass/a_helper_that_writes_does_not_run_in_a_context_that_reads.rs"]
mod a_helper_that_writes_does_not_run_in_a_context_that_reads;
#[path = "../pass/a_hook_for_the_commit_is_not_registered_in_a_context_that_reads.rs"]
mod a_hook_for_the_commit_is_not_registered_in_a_context_that_reads;
#[path = "../pass/a_join_does_not_cross_scopes.rs"]
mod a_join_does_not_cross_scopes;
#[path = "../pass/a_key_of_a_scope_attribute_is_given_once.rs"]
mod a_key_of_a_scope_attribute_is_given_once;
#[path = "../pass/a_load_does_not_cross_scopes.rs"]
mod a_load_does_not_cross_scopes;
#[path = "../pass/a_mode_is_not_implemented_by_hand.rs"]
mod a_mode_is_not_implemented_by_hand;
#[path = "../pass/a_part_of_a_row_is_not_joined_in_another_scope.rs"]
mod a_part_of_a_row_is_not_joined_in_another_scope;
#[path = "../pass/a_part_of_the_columns_has_a_facade_of_its_own.rs"]
mod a_part_of_the_columns_has_a_facade_of_its_own;
#[path = "../pass/a_part_of_the_columns_has_the_key_among_them.rs"]
mod a_part_of_the_columns_has_the_key_among_them;
#[path = "../pass/a_person_does_not_write_around_the_roles_of_a_tenant.rs"]
mod a_person_does_not_write_around_the_roles_of_a_tenant;
#[path = "../pass/a_person_has_no_role_outside_of_an_organization.rs"]
mod a_person_has_no_role_outside_of_an_organization;
#[path = "../pass/a_query_by_itself_is_in_the_scope_that_it_is_run_in.rs"]
mod a_query_by_itself_is_in_the_scope_that_it_is_run_in;
#[path = "../pass/a_query_by_itself_writes_in_the_scope_that_it_is_run_in.rs"]
mod a_query_by_itself_writes_in_the_scope_that_it_is_run_in;
#[path = "../pass/a_query_by_itself_writes_nothing_where_it_only_reads.rs"]
mod a_query_by_itself_writes_nothing_where_it_only_reads;
#[path = "../pass/a_query_does_not_run_in_a_scope_that_its_entity_is_not_in.rs"]
mod a_query_does_not_run_in_a_scope_that_its_entity_is_not_in;
#[path = "../pass/a_reader_of_the_outer_context_is_not_kept_across_a_savepoint.rs"]
mod a_reader_of_the_outer_context_is_not_kept_across_a_savepoint;
#[path = "../pass/a_row_has_no_column_that_its_scope_does_not_read.rs"]
mod a_row_has_no_column_that_its_scope_does_not_read;
#[path = "../pass/a_row_is_not_inserted_in_a_context_that_reads.rs"]
mod a_row_is_not_inserted_in_a_context_that_reads;
#[path = "../pass/a_row_is_not_inserted_where_only_other_scopes_may.rs"]
mod a_row_is_not_inserted_where_only_other_scopes_may;
#[path = "../pass/a_row_is_not_inserted_where_the_scope_only_reads_the_table.rs"]
mod a_row_is_not_inserted_where_the_scope_only_reads_the_table;
#[path = "../pass/a_row_is_not_related_across_scopes.rs"]
mod a_row_is_not_related_across_scopes;
#[path = "../pass/a_row_is_not_saved_in_a_context_that_reads.rs"]
mod a_row_is_not_saved_in_a_context_that_reads;
#[path = "../pass/a_row_is_not_saved_with_the_one_that_it_points_at_in_a_has_one.rs"]
mod a_row_is_not_saved_with_the_one_that_it_points_at_in_a_has_one;
#[path = "../pass/a_row_is_not_saved_with_the_one_that_it_points_at_in_its_own_table.rs"]
mod a_row_is_not_saved_with_the_one_that_it_points_at_in_its_own_table;
#[path = "../pass/a_row_is_not_updated_in_a_scope_through_another_table.rs"]
mod a_row_is_not_updated_in_a_scope_through_another_table;
#[path = "../pass/a_row_is_related_to_what_its_entity_declares.rs"]
mod a_row_is_related_to_what_its_entity_declares;
#[path = "../pass/a_row_is_saved_with_those_that_point_at_it.rs"]
mod a_row_is_saved_with_those_that_point_at_it;
#[path = "../pass/a_row_needs_the_scope_columns_that_no_context_fills.rs"]
mod a_row_needs_the_scope_columns_that_no_context_fills;
#[path = "../pass/a_row_needs_the_scope_columns_that_this_context_does_not_fill.rs"]
mod a_row_needs_the_scope_columns_that_this_context_does_not_fill;
#[path = "../pass/a_savepoint_is_not_opened_while_a_stream_is_open.rs"]
mod a_savepoint_is_not_opened_while_a_stream_is_open;
#[path = "../pass/a_scope_attribute_does_not_stand_on_an_enum.rs"]
mod a_scope_attribute_does_not_stand_on_an_enum;
#[path = "../pass/a_scope_attribute_stands_above_that_of_seaorm.rs"]
mod a_scope_attribute_stands_above_that_of_seaorm;
#[path = "../pass/a_scope_attribute_stands_on_a_struct.rs"]
mod a_scope_attribute_stands_on_a_struct;
#[path = "../pass/a_scope_attribute_stands_on_an_entity.rs"]
mod a_scope_attribute_stands_on_an_entity;
#[path = "../pass/a_scope_attribute_takes_its_keys_in_brackets.rs"]
mod a_scope_attribute_takes_its_keys_in_brackets;
#[path = "../pass/a_scope_column_is_never_null.rs"]
mod a_scope_column_is_never_null;
#[path = "../pass/a_scope_column_is_not_of_the_type_of_the_key_of_another_scope.rs"]
mod a_scope_column_is_not_of_the_type_of_the_key_of_another_scope;
#[path = "../pass/a_scope_column_is_of_the_type_of_the_key_of_its_scope.rs"]
mod a_scope_column_is_of_the_type_of_the_key_of_its_scope;
#[path = "../pass/a_scope_column_that_is_named_is_one_of_the_entity.rs"]
mod a_scope_column_that_is_named_is_one_of_the_entity;
#[path = "../pass/a_scope_column_that_is_not_named_is_one_of_the_entity.rs"]
mod a_scope_column_that_is_not_named_is_one_of_the_entity;
#[path = "../pass/a_scope_goes_through_a_relation_of_the_model.rs"]
mod a_scope_goes_through_a_relation_of_the_model;
#[path = "../pass/a_scope_goes_through_a_table_that_has_its_column.rs"]
mod a_scope_goes_through_a_table_that_has_its_column;
#[path = "../pass/a_scope_is_not_implemented_by_hand.rs"]
mod a_scope_is_not_implemented_by_hand;
#[path = "../pass/a_scope_that_reads_a_part_only_reads.rs"]
mod a_scope_that_reads_a_part_only_reads;
#[path = "../pass/a_scope_that_writes_a_table_reads_it.rs"]
mod a_scope_that_writes_a_table_reads_it;
#[path = "../pass/a_scope_through_another_table_only_reads.rs"]
mod a_scope_through_another_table_only_reads;
#[path = "../pass/a_scoped_delete_does_not_hand_out_its_statement.rs"]
mod a_scoped_delete_does_not_hand_out_its_statement;
#[path = "../pass/a_scoped_insert_does_not_hand_out_its_statement.rs"]
mod a_scoped_insert_does_not_hand_out_its_statement;
#[path = "../pass/a_scoped_query_does_not_hand_out_its_statement.rs"]
mod a_scoped_query_does_not_hand_out_its_statement;
#[path = "../pass/a_scoped_query_does_not_lend_its_statement.rs"]
mod a_scoped_query_does_not_lend_its_statement;
#[path = "../pass/a_scoped_query_does_not_select_by_seaorms_trait.rs"]
mod a_scoped_query_does_not_select_by_seaorms_trait;
#[path = "../pass/a_scoped_query_is_not_built_by_hand.rs"]
mod a_scoped_query_is_not_built_by_hand;
#[path = "../pass/a_scoped_query_is_not_filtered_by_seaorms_trait.rs"]
mod a_scoped_query_is_not_filtered_by_seaorms_trait;
#[path = "../pass/a_scoped_query_is_not_made_by_its_own_constructor.rs"]
mod a_scoped_query_is_not_made_by_its_own_constructor;
#[path = "../pass/a_scoped_update_does_not_hand_out_its_statement.rs"]
mod a_scoped_update_does_not_hand_out_its_statement;
#[path = "../pass/a_secret_is_not_displayed.rs"]
mod a_secret_is_not_displayed;
#[path = "../pass/a_subquery_does_not_cross_scopes.rs"]
mod a_subquery_does_not_cross_scopes;
#[path = "../pass/a_subquery_is_a_scoped_query.rs"]
mod a_subquery_is_a_scoped_query;
#[path = "../pass/a_subquery_of_an_update_does_not_cross_scopes.rs"]
mod a_subquery_of_an_update_does_not_cross_scopes;
#[path = "../pass/a_tenant_query_does_not_run_at_sign_in.rs"]
mod a_tenant_query_does_not_run_at_sign_in;
#[path = "../pass/a_tenant_query_does_not_run_in_a_user_context.rs"]
mod a_tenant_query_does_not_run_in_a_user_context;
#[path = "../pass/a_tenant_query_does_not_run_on_the_raw_pool.rs"]
mod a_tenant_query_does_not_run_on_the_raw_pool;
#[path = "../pass/a_tenant_query_does_not_run_without_a_context.rs"]
mod a_tenant_query_does_not_run_without_a_context;
#[path = "../pass/a_token_is_not_looked_up_in_a_context_that_reads.rs"]
mod a_token_is_not_looked_up_in_a_context_that_reads;
#[path = "../pass/a_user_id_does_not_become_an_authenticated.rs"]
mod a_user_id_does_not_become_an_authenticated;
#[path = "../pass/a_user_id_is_no_authenticated.rs"]
mod a_user_id_is_no_authenticated;
#[path = "../pass/a_user_id_is_no_organization_id.rs"]
mod a_user_id_is_no_organization_id;
#[path = "../pass/a_user_query_does_not_run_in_a_tenant_context.rs"]
mod a_user_query_does_not_run_in_a_tenant_context;
#[path = "../pass/a_verb_is_given_once.rs"]
mod a_verb_is_given_once;
#[path = "../pass/a_verb_that_no_scope_allows_is_not_there.rs"]
mod a_verb_that_no_scope_allows_is_not_there;
#[path = "../pass/an_accepted_finding_has_its_reason.rs"]
mod an_accepted_finding_has_its_reason;
#[path = "../pass/an_accepted_finding_has_no_other_keys.rs"]
mod an_accepted_finding_has_no_other_keys;
#[path = "../pass/an_accepted_finding_is_something_that_an_audit_finds.rs"]
mod an_accepted_finding_is_something_that_an_audit_finds;
#[path = "../pass/an_authenticated_does_not_come_from_a_tenant_context.rs"]
mod an_authenticated_does_not_come_from_a_tenant_context;
#[path = "../pass/an_authenticated_does_not_come_from_a_user_context.rs"]
mod an_authenticated_does_not_come_from_a_user_context;
#[path = "../pass/an_authenticated_is_not_built_by_hand.rs"]
mod an_authenticated_is_not_built_by_hand;
#[path = "../pass/an_entity_has_one_facade.rs"]
mod an_entity_has_one_facade;
#[path = "../pass/an_entity_is_in_a_scope_once.rs"]
mod an_entity_is_in_a_scope_once;
#[path = "../pass/an_entity_with_an_error_still_has_its_facade.rs"]
mod an_entity_with_an_error_still_has_its_facade;
#[path = "../pass/an_organization_id_is_not_compared_with_a_user_id.rs"]
mod an_organization_id_is_not_compared_with_a_user_id;
#[path = "../pass/an_unknown_key_of_a_scope_attribute_is_refused.rs"]
mod an_unknown_key_of_a_scope_attribute_is_refused;
#[path = "../pass/an_unknown_verb_is_refused.rs"]
mod an_unknown_verb_is_refused;
#[path = "../pass/columns_are_not_named_by_a_rule.rs"]
mod columns_are_not_named_by_a_rule;
#[path = "../pass/columns_are_read_into_a_type.rs"]
mod columns_are_read_into_a_type;
#[path = "../pass/errors_of_scope_attributes_are_reported_together.rs"]
mod errors_of_scope_attributes_are_reported_together;
#[path = "../pass/raw_sql_is_not_built_at_run_time.rs"]
mod raw_sql_is_not_built_at_run_time;
#[path = "../pass/roles_decide_about_writes_in_the_scope_of_a_tenant_alone.rs"]
mod roles_decide_about_writes_in_the_scope_of_a_tenant_alone;
#[path = "../pass/rows_are_in_a_scope_by_one_thing.rs"]
mod rows_are_in_a_scope_by_one_thing;
#[path = "../pass/rows_are_not_deleted_in_a_context_that_reads.rs"]
mod rows_are_not_deleted_in_a_context_that_reads;
#[path = "../pass/rows_are_not_deleted_where_only_other_scopes_may.rs"]
mod rows_are_not_deleted_where_only_other_scopes_may;
#[path = "../pass/rows_are_not_deleted_where_the_scope_only_reads_the_table.rs"]
mod rows_are_not_deleted_where_the_scope_only_reads_the_table;
#[path = "../pass/rows_are_not_updated_in_a_context_that_reads.rs"]
mod rows_are_not_updated_in_a_context_that_reads;
#[path = "../pass/rows_are_not_updated_where_only_other_scopes_may.rs"]
mod rows_are_not_updated_where_only_other_scopes_may;
#[path = "../pass/rows_are_not_updated_where_the_scope_only_reads_the_table.rs"]
mod rows_are_not_updated_where_the_scope_only_reads_the_table;
#[path = "../pass/tables_are_joined_along_declared_relations.rs"]
mod tables_are_joined_along_declared_relations;
#[path = "../pass/the_active_model_of_a_scoped_table_is_not_exported.rs"]
mod the_active_model_of_a_scoped_table_is_not_exported;
#[path = "../pass/the_active_model_of_a_scoped_table_is_not_reached_through_its_module.rs"]
mod the_active_model_of_a_scoped_table_is_not_reached_through_its_module;
#[path = "../pass/the_column_that_writes_are_ranked_by_is_one_of_the_entity.rs"]
mod the_column_that_writes_are_ranked_by_is_one_of_the_entity;
#[path = "../pass/the_entity_of_a_scoped_table_is_not_exported.rs"]
mod the_entity_of_a_scoped_table_is_not_exported;
#[path = "../pass/the_entity_of_a_scoped_table_is_not_reached_through_its_module.rs"]
mod the_entity_of_a_scoped_table_is_not_reached_through_its_module;
#[path = "../pass/the_junction_of_a_relation_is_scoped.rs"]
mod the_junction_of_a_relation_is_scoped;
#[path = "../pass/the_key_is_not_allowed_to_be_updated.rs"]
mod the_key_is_not_allowed_to_be_updated;
#[path = "../pass/the_key_is_not_writable.rs"]
mod the_key_is_not_writable;
#[path = "../pass/the_name_of_a_facade_is_an_identifier.rs"]
mod the_name_of_a_facade_is_an_identifier;
#[path = "../pass/the_outer_context_is_not_used_while_a_savepoint_is_open.rs"]
mod the_outer_context_is_not_used_while_a_savepoint_is_open;
#[path = "../pass/the_pool_of_a_db_is_private.rs"]
mod the_pool_of_a_db_is_private;
#[path = "../pass/the_row_of_a_token_is_no_authenticated.rs"]
mod the_row_of_a_token_is_no_authenticated;
#[path = "../pass/the_scope_column_is_not_allowed_to_be_updated.rs"]
mod the_scope_column_is_not_allowed_to_be_updated;
#[path = "../pass/the_scope_column_is_not_updated_on_conflict.rs"]
mod the_scope_column_is_not_updated_on_conflict;
#[path = "../pass/the_scope_column_is_not_writable.rs"]
mod the_scope_column_is_not_writable;
#[path = "../pass/the_scope_of_sign_in_takes_no_column.rs"]
mod the_scope_of_sign_in_takes_no_column;
#[path = "../pass/the_transaction_of_a_context_is_private.rs"]
mod the_transaction_of_a_context_is_private;
#[path = "../pass/whole_rows_are_not_read_where_a_scope_reads_a_part.rs"]
mod whole_rows_are_not_read_where_a_scope_reads_a_part;
#[path = "../pass/writers_are_named.rs"]
mod writers_are_named;

/// A twin that is not listed above would not be compiled.
#[test]
fn each_twin_is_compiled() {
    let listed = include_str!("compile_pass.rs");
    let mut twins = 0;
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/pass")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(listed.contains(&format!("#[path = \"../pass/{name}\"]")), "{name} is not listed");
        twins += 1;
    }
    assert!(twins > 0);
}
