//! Cloud Control API: the operations and their input members, by the names of the SDK's typed setters.

use aws_sdk_cloudcontrol::Client;

use super::convert::operations;

operations! {
    Client;
    delete_resource { set_type_name set_type_version_id set_role_arn set_client_token set_identifier }
    get_resource { set_type_name set_type_version_id set_role_arn set_identifier }
    get_resource_request_status { set_request_token }
    list_resources {
        set_type_name set_type_version_id set_role_arn set_next_token set_max_results set_resource_model
    }
}
