//! CloudFormation: the operations and their input members, by the names of the SDK's typed setters.

use aws_sdk_cloudformation::{Client, types};

use super::convert::{operations, shapes, words};

operations! {
    Client;
    create_change_set {
        set_stack_name set_template_body set_template_url set_use_previous_template set_parameters set_capabilities
        set_resource_types set_role_arn set_rollback_configuration set_notification_arns set_tags set_change_set_name
        set_client_token set_description set_change_set_type set_resources_to_import set_include_nested_stacks
        set_on_stack_failure set_import_existing_resources set_deployment_mode
    }
    create_stack {
        set_stack_name set_template_body set_template_url set_parameters set_disable_rollback
        set_rollback_configuration set_timeout_in_minutes set_notification_arns set_capabilities set_resource_types
        set_role_arn set_on_failure set_stack_policy_body set_stack_policy_url set_tags set_client_request_token
        set_enable_termination_protection set_retain_except_on_create
    }
    delete_change_set { set_change_set_name set_stack_name }
    delete_stack { set_stack_name set_retain_resources set_role_arn set_client_request_token set_deletion_mode }
    describe_change_set { set_change_set_name set_stack_name set_next_token set_include_property_values }
    describe_stack_events { set_stack_name set_next_token }
    describe_stack_resource { set_stack_name set_logical_resource_id }
    describe_stack_resources { set_stack_name set_logical_resource_id set_physical_resource_id }
    describe_stacks { set_stack_name set_next_token }
    execute_change_set {
        set_change_set_name set_stack_name set_client_request_token set_disable_rollback set_retain_except_on_create
    }
    get_template { set_stack_name set_change_set_name set_template_stage }
    get_template_summary {
        set_template_body set_template_url set_stack_name set_stack_set_name set_call_as set_template_summary_config
    }
    list_change_sets { set_stack_name set_next_token }
    list_exports { set_next_token }
    list_stack_resources { set_stack_name set_next_token }
    list_stacks { set_next_token set_stack_status_filter }
    update_stack {
        set_stack_name set_template_body set_template_url set_use_previous_template
        set_stack_policy_during_update_body set_stack_policy_during_update_url set_parameters set_capabilities
        set_resource_types set_role_arn set_rollback_configuration set_stack_policy_body set_stack_policy_url
        set_notification_arns set_tags set_disable_rollback set_client_request_token set_retain_except_on_create
    }
    update_termination_protection { set_enable_termination_protection set_stack_name }
    validate_template { set_template_body set_template_url }
}

shapes! {
    Parameter { set_parameter_key set_parameter_value set_use_previous_value set_resolved_value }
    ResourceToImport { set_resource_type set_logical_resource_id set_resource_identifier }
    RollbackConfiguration { set_rollback_triggers set_monitoring_time_in_minutes }
    RollbackTrigger { set_arn set_type }
    Tag { set_key set_value }
    TemplateSummaryConfig { set_treat_unrecognized_resource_types_as_warnings }
}

words! {
    CallAs Capability ChangeSetType DeletionMode DeploymentMode OnFailure OnStackFailure StackStatus TemplateStage
}
