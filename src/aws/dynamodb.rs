//! DynamoDB: the operations and their input members, by the names of the SDK's typed setters.

use aws_sdk_dynamodb::{Client, types};

use super::convert::{operations, shapes, words};

operations! {
    Client;
    batch_get_item { set_request_items set_return_consumed_capacity }
    batch_write_item { set_request_items set_return_consumed_capacity set_return_item_collection_metrics }
    create_table {
        set_attribute_definitions set_table_name set_key_schema set_local_secondary_indexes
        set_global_secondary_indexes set_billing_mode set_provisioned_throughput set_stream_specification
        set_sse_specification set_tags set_table_class set_deletion_protection_enabled set_warm_throughput
        set_resource_policy set_on_demand_throughput set_global_table_source_arn
        set_global_table_settings_replication_mode
    }
    delete_item {
        set_table_name set_key set_expected set_conditional_operator set_return_values set_return_consumed_capacity
        set_return_item_collection_metrics set_condition_expression set_expression_attribute_names
        set_expression_attribute_values set_return_values_on_condition_check_failure
    }
    delete_table { set_table_name }
    describe_continuous_backups { set_table_name }
    describe_limits {}
    describe_table { set_table_name }
    describe_time_to_live { set_table_name }
    get_item {
        set_table_name set_key set_attributes_to_get set_consistent_read set_return_consumed_capacity
        set_projection_expression set_expression_attribute_names
    }
    list_tables { set_exclusive_start_table_name set_limit }
    list_tags_of_resource { set_resource_arn set_next_token }
    put_item {
        set_table_name set_item set_expected set_return_values set_return_consumed_capacity
        set_return_item_collection_metrics set_conditional_operator set_condition_expression
        set_expression_attribute_names set_expression_attribute_values set_return_values_on_condition_check_failure
    }
    query {
        set_table_name set_index_name set_select set_attributes_to_get set_limit set_consistent_read
        set_key_conditions set_query_filter set_conditional_operator set_scan_index_forward set_exclusive_start_key
        set_return_consumed_capacity set_projection_expression set_filter_expression set_key_condition_expression
        set_expression_attribute_names set_expression_attribute_values
    }
    scan {
        set_table_name set_index_name set_attributes_to_get set_limit set_select set_scan_filter
        set_conditional_operator set_exclusive_start_key set_return_consumed_capacity set_total_segments set_segment
        set_projection_expression set_filter_expression set_expression_attribute_names set_expression_attribute_values
        set_consistent_read
    }
    tag_resource { set_resource_arn set_tags }
    transact_write_items {
        set_transact_items set_return_consumed_capacity set_return_item_collection_metrics set_client_request_token
    }
    untag_resource { set_resource_arn set_tag_keys }
    update_item {
        set_table_name set_key set_attribute_updates set_expected set_conditional_operator set_return_values
        set_return_consumed_capacity set_return_item_collection_metrics set_update_expression set_condition_expression
        set_expression_attribute_names set_expression_attribute_values set_return_values_on_condition_check_failure
    }
    update_table {
        set_attribute_definitions set_table_name set_billing_mode set_provisioned_throughput
        set_global_secondary_index_updates set_stream_specification set_sse_specification set_replica_updates
        set_table_class set_deletion_protection_enabled set_multi_region_consistency set_global_table_witness_updates
        set_on_demand_throughput set_warm_throughput set_global_table_settings_replication_mode
    }
    update_time_to_live { set_table_name set_time_to_live_specification }
}

shapes! {
    AttributeDefinition { set_attribute_name set_attribute_type }
    AttributeValueUpdate { set_value set_action }
    Condition { set_attribute_value_list set_comparison_operator }
    ConditionCheck {
        set_key set_table_name set_condition_expression set_expression_attribute_names set_expression_attribute_values
        set_return_values_on_condition_check_failure
    }
    CreateGlobalSecondaryIndexAction {
        set_index_name set_key_schema set_projection set_provisioned_throughput set_on_demand_throughput
        set_warm_throughput
    }
    CreateGlobalTableWitnessGroupMemberAction { set_region_name }
    CreateReplicationGroupMemberAction {
        set_region_name set_kms_master_key_id set_provisioned_throughput_override set_on_demand_throughput_override
        set_global_secondary_indexes set_table_class_override
    }
    Delete {
        set_key set_table_name set_condition_expression set_expression_attribute_names set_expression_attribute_values
        set_return_values_on_condition_check_failure
    }
    DeleteGlobalSecondaryIndexAction { set_index_name }
    DeleteGlobalTableWitnessGroupMemberAction { set_region_name }
    DeleteReplicationGroupMemberAction { set_region_name }
    DeleteRequest { set_key }
    ExpectedAttributeValue { set_value set_exists set_comparison_operator set_attribute_value_list }
    GlobalSecondaryIndex {
        set_index_name set_key_schema set_projection set_provisioned_throughput set_on_demand_throughput
        set_warm_throughput
    }
    GlobalSecondaryIndexUpdate { set_update set_create set_delete }
    GlobalTableWitnessGroupUpdate { set_create set_delete }
    KeySchemaElement { set_attribute_name set_key_type }
    KeysAndAttributes {
        set_keys set_attributes_to_get set_consistent_read set_projection_expression set_expression_attribute_names
    }
    LocalSecondaryIndex { set_index_name set_key_schema set_projection }
    OnDemandThroughput { set_max_read_request_units set_max_write_request_units }
    OnDemandThroughputOverride { set_max_read_request_units }
    Projection { set_projection_type set_non_key_attributes }
    ProvisionedThroughput { set_read_capacity_units set_write_capacity_units }
    ProvisionedThroughputOverride { set_read_capacity_units }
    Put {
        set_item set_table_name set_condition_expression set_expression_attribute_names
        set_expression_attribute_values set_return_values_on_condition_check_failure
    }
    PutRequest { set_item }
    ReplicaGlobalSecondaryIndex {
        set_index_name set_provisioned_throughput_override set_on_demand_throughput_override
    }
    ReplicationGroupUpdate { set_create set_update set_delete }
    SseSpecification { set_enabled set_sse_type set_kms_master_key_id }
    StreamSpecification { set_stream_enabled set_stream_view_type }
    Tag { set_key set_value }
    TimeToLiveSpecification { set_enabled set_attribute_name }
    TransactWriteItem { set_condition_check set_put set_delete set_update }
    Update {
        set_key set_update_expression set_table_name set_condition_expression set_expression_attribute_names
        set_expression_attribute_values set_return_values_on_condition_check_failure
    }
    UpdateGlobalSecondaryIndexAction {
        set_index_name set_provisioned_throughput set_on_demand_throughput set_warm_throughput
    }
    UpdateReplicationGroupMemberAction {
        set_region_name set_kms_master_key_id set_provisioned_throughput_override set_on_demand_throughput_override
        set_global_secondary_indexes set_table_class_override
    }
    WarmThroughput { set_read_units_per_second set_write_units_per_second }
    WriteRequest { set_put_request set_delete_request }
}

words! {
    AttributeAction BillingMode ComparisonOperator ConditionalOperator GlobalTableSettingsReplicationMode KeyType
    MultiRegionConsistency ProjectionType ReturnConsumedCapacity ReturnItemCollectionMetrics ReturnValue
    ReturnValuesOnConditionCheckFailure ScalarAttributeType Select SseType StreamViewType TableClass
}
