//! Organizations: the reads that a roster is made from, by the names of the SDK's typed setters.

use aws_sdk_organizations::Client;

use super::convert::operations;

operations! {
    Client;
    describe_account { set_account_id }
    describe_organization {}
    list_accounts { set_next_token set_max_results }
    list_accounts_for_parent { set_parent_id set_next_token set_max_results }
    list_organizational_units_for_parent { set_parent_id set_next_token set_max_results }
    list_parents { set_child_id set_next_token set_max_results }
    list_roots { set_next_token set_max_results }
}
