//! Resource Groups Tagging API: the operations and their input members, by the names of the SDK's typed setters.

use aws_sdk_resourcegroupstagging::{Client, types};

use super::convert::{operations, shapes};

operations! {
    Client;
    get_resources {
        set_pagination_token set_tag_filters set_resources_per_page set_tags_per_page set_resource_type_filters
        set_include_compliance_details set_exclude_compliant_resources set_resource_arn_list
    }
}

shapes! {
    TagFilter { set_key set_values }
}
