//! IAM: the one read that says how people call an account, by the names of the SDK's typed setters.

use aws_sdk_iam::Client;

use super::convert::operations;

operations! {
    Client;
    list_account_aliases { set_marker set_max_items }
}
