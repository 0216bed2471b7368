//! EventBridge Scheduler: the operations and their input members, by the names of the SDK's typed setters.

use aws_sdk_scheduler::{Client, types};

use super::convert::{operations, shapes, words};

operations! {
    Client;
    create_schedule {
        set_name set_group_name set_schedule_expression set_schedule_expression_timezone set_description set_state
        set_target set_flexible_time_window set_action_after_completion set_client_token
    }
    delete_schedule { set_name set_group_name set_client_token }
    list_schedules { set_group_name set_name_prefix set_state set_next_token set_max_results }
}

shapes! {
    FlexibleTimeWindow { set_mode set_maximum_window_in_minutes }
    RetryPolicy { set_maximum_event_age_in_seconds set_maximum_retry_attempts }
    Target { set_arn set_role_arn set_input set_retry_policy }
}

words! { ActionAfterCompletion FlexibleTimeWindowMode ScheduleState }
