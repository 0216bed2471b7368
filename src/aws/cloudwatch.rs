//! CloudWatch: the operations and their input members, by the names of the SDK's typed setters.

use aws_sdk_cloudwatch::{Client, types};

use super::convert::{operations, shapes, words};

operations! {
    Client;
    delete_alarms { set_alarm_names }
    delete_dashboards { set_dashboard_names }
    describe_alarms {
        set_alarm_names set_alarm_name_prefix set_alarm_types set_children_of_alarm_name set_parents_of_alarm_name
        set_state_value set_action_prefix set_max_records set_next_token
    }
    get_dashboard { set_dashboard_name }
    get_metric_data {
        set_metric_data_queries set_start_time set_end_time set_next_token set_scan_by set_max_datapoints
        set_label_options
    }
    get_metric_statistics {
        set_namespace set_metric_name set_dimensions set_start_time set_end_time set_period set_statistics
        set_extended_statistics set_unit
    }
    list_dashboards { set_dashboard_name_prefix set_next_token }
    list_metrics {
        set_namespace set_metric_name set_dimensions set_next_token set_recently_active set_include_linked_accounts
        set_owning_account
    }
    put_dashboard { set_dashboard_name set_dashboard_body set_tags }
    put_metric_alarm {
        set_alarm_name set_alarm_description set_actions_enabled set_ok_actions set_alarm_actions
        set_insufficient_data_actions set_metric_name set_namespace set_statistic set_extended_statistic
        set_dimensions set_period set_unit set_evaluation_periods set_datapoints_to_alarm set_threshold
        set_comparison_operator set_treat_missing_data set_evaluate_low_sample_count_percentile set_metrics set_tags
        set_threshold_metric_id set_evaluation_interval
    }
}

shapes! {
    Dimension { set_name set_value }
    DimensionFilter { set_name set_value }
    LabelOptions { set_timezone }
    Metric { set_namespace set_metric_name set_dimensions }
    MetricDataQuery { set_id set_metric_stat set_expression set_label set_return_data set_period set_account_id }
    MetricStat { set_metric set_period set_stat set_unit }
    Tag { set_key set_value }
}

words! {
    AlarmType ComparisonOperator RecentlyActive ScanBy StandardUnit StateValue Statistic
}
