//! IAM: two reads, of how people call an account and of what somebody may do, by the names of the SDK's typed setters.

use aws_sdk_iam::{Client, types};

use super::convert::{operations, shapes, words};

operations! {
    Client;
    list_account_aliases { set_marker set_max_items }
    simulate_principal_policy {
        set_policy_source_arn set_policy_input_list set_permissions_boundary_policy_input_list set_action_names
        set_resource_arns set_resource_policy set_resource_owner set_caller_arn set_context_entries
        set_resource_handling_option set_max_items set_marker
    }
}

shapes! {
    ContextEntry { set_context_key_name set_context_key_values set_context_key_type }
}

words! {
    ContextKeyTypeEnum
}
