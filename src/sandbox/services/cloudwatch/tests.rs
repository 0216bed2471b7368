#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use std::time::Duration;

use serde_json::{Value, json};

use super::record;
use crate::sandbox::{Call, World};

fn call(world: &mut World) -> Call<'_> {
    Call::new(world, "111122223333", "eu-west-1")
}

#[test]
fn values_are_grouped_by_period_and_the_newest_comes_first() {
    let mut world = World::new(1);
    let start = world.now;
    for value in [100.0, 300.0] {
        record(&mut call(&mut world), "AWS/DynamoDB", "ReplicationLatency", &[("TableName", "t")], value);
    }
    world.advance(start.plus(Duration::from_secs(90)));
    record(&mut call(&mut world), "AWS/DynamoDB", "ReplicationLatency", &[("TableName", "t")], 500.0);
    let query = |period: u64| {
        json!({
            "StartTime": start.epoch_seconds(), "EndTime": start.epoch_seconds() + 600.0,
            "MetricDataQueries": [{ "Id": "lag", "MetricStat": { "Stat": "Average", "Period": period, "Metric": {
                "Namespace": "AWS/DynamoDB", "MetricName": "ReplicationLatency",
                "Dimensions": [{ "Name": "TableName", "Value": "t" }] } } }],
        })
    };
    let answer = call(&mut world).invoke("cloudwatch", "GetMetricData", &query(60)).unwrap();
    assert_eq!(answer["MetricDataResults"][0]["Values"], json!([500.0, 200.0]));
    let answer = call(&mut world).invoke("cloudwatch", "GetMetricData", &query(300)).unwrap();
    assert_eq!(answer["MetricDataResults"][0]["Values"], json!([300.0]));
}

#[test]
fn a_metric_that_nobody_wrote_has_no_datapoints_and_its_alarm_has_insufficient_data() {
    let mut world = World::new(1);
    let metric = json!({ "Namespace": "AWS/DynamoDB", "MetricName": "ReplicationLatency" });
    let mut input = metric.clone();
    let more = json!({ "AlarmName": "lag", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1000.0, "Statistic": "Maximum",
        "ComparisonOperator": "GreaterThanThreshold" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    call(&mut world).invoke("cloudwatch", "PutMetricAlarm", &input).unwrap();
    let state = |world: &mut World| -> Value {
        call(world).invoke("cloudwatch", "DescribeAlarms", &json!({})).unwrap()["MetricAlarms"][0]["StateValue"].clone()
    };
    assert_eq!(state(&mut world), "INSUFFICIENT_DATA");
    record(&mut call(&mut world), "AWS/DynamoDB", "ReplicationLatency", &[], 2500.0);
    let later = world.now.plus(Duration::from_secs(30));
    world.advance(later);
    assert_eq!(state(&mut world), "ALARM");
    let both = json!({ "AlarmNames": ["never", "lag"] });
    call(&mut world).invoke("cloudwatch", "DeleteAlarms", &both).unwrap();
    let left = call(&mut world).invoke("cloudwatch", "DescribeAlarms", &json!({})).unwrap();
    assert_eq!(left["MetricAlarms"], json!([]));
}

#[test]
fn an_end_before_the_start_is_refused_by_each_operation_in_its_own_way() {
    let mut world = World::new(1);
    let start = world.now.epoch_seconds();
    let times = json!({ "StartTime": start, "EndTime": start - 60.0, "MetricDataQueries": [], "Namespace": "AWS/RDS",
        "MetricName": "CPUUtilization", "Period": 60, "Statistics": ["Average"] });
    for (operation, code) in [("GetMetricData", "ValidationError"), ("GetMetricStatistics", "InvalidParameterValue")] {
        assert_eq!(call(&mut world).invoke("cloudwatch", operation, &times).unwrap_err().code, code, "{operation}");
    }
}
