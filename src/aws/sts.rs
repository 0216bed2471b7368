//! STS: the operations and their input members, by the names of the SDK's typed setters.

use aws_sdk_sts::{Client, types};

use super::convert::{operations, shapes};

operations! {
    Client;
    assume_role {
        set_role_arn set_role_session_name set_policy_arns set_policy set_duration_seconds set_tags
        set_transitive_tag_keys set_external_id set_serial_number set_token_code set_source_identity
        set_provided_contexts
    }
    get_caller_identity {}
}

shapes! {
    PolicyDescriptorType { set_arn }
    ProvidedContext { set_provider_arn set_context_assertion }
    Tag { set_key set_value }
}
