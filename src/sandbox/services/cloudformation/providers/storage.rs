//! Buckets, tables and log groups.

use serde_json::{Map, Value, json};

use super::{Api, By, Existing, Id, Request, Settled, Style, Tags, unsupported};
use crate::domain::GLOBAL_REGION;
use crate::sandbox::call::{AwsError, Call, tag_list};

/// The rows.
pub const TYPES: &[Api] = &[
    Api {
        type_name: "AWS::S3::Bucket",
        service: "s3",
        create: "CreateBucket",
        id: Id::In("Bucket"),
        name: Some(("BucketName", 63)),
        lower: true,
        renamed: &[("BucketName", "Bucket")],
        dropped: &[
            "BucketEncryption",
            "OwnershipControls",
            "PublicAccessBlockConfiguration",
            "ReplicationConfiguration",
            "VersioningConfiguration",
        ],
        refused: &[
            "AccelerateConfiguration",
            "AccessControl",
            "AnalyticsConfigurations",
            "CorsConfiguration",
            "IntelligentTieringConfigurations",
            "InventoryConfigurations",
            "LifecycleConfiguration",
            "LoggingConfiguration",
            "MetadataConfiguration",
            "MetadataTableConfiguration",
            "MetricsConfigurations",
            "NotificationConfiguration",
            "ObjectLockConfiguration",
            "ObjectLockEnabled",
            "WebsiteConfiguration",
        ],
        attribute: Some(bucket_attribute),
        shape: Some(|call, _, input| {
            if call.region != GLOBAL_REGION {
                input.insert("CreateBucketConfiguration".into(), json!({ "LocationConstraint": call.region }));
            }
            Ok(())
        }),
        after: Some(bucket_settings),
        update: Some(bucket_settings),
        delete: ("DeleteBucket", &[("Bucket", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::S3::BucketPolicy",
        service: "s3",
        create: "PutBucketPolicy",
        id: Id::In("Bucket"),
        renamed: &[("PolicyDocument", "Policy")],
        shape: Some(|_, _, input| {
            if let Some(document) = input.get("Policy").map(Value::to_string) {
                input.insert("Policy".into(), document.into());
            }
            Ok(())
        }),
        update: Some(|call, existing, request| {
            let document = request.properties.get("PolicyDocument").map(Value::to_string);
            let input = json!({ "Bucket": existing.physical, "Policy": document });
            call.invoke("s3", "PutBucketPolicy", &input).map(drop)
        }),
        delete: ("DeleteBucketPolicy", &[("Bucket", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::DynamoDB::Table",
        service: "dynamodb",
        create: "CreateTable",
        id: Id::Out("/TableDescription/TableName"),
        name: Some(("TableName", 255)),
        dropped: &["TimeToLiveSpecification"],
        refused: &[
            "ContributorInsightsSpecification",
            "ImportSourceSpecification",
            "KinesisStreamSpecification",
            "PointInTimeRecoverySpecification",
        ],
        tags: Tags::List("Tags"),
        read: ("DescribeTable", &[("TableName", By::Id)], "/Table"),
        settled: Some(Settled { at: "/TableStatus", ready: &["ACTIVE"], failed: &[] }),
        attributes: &[("Arn", "/TableArn"), ("StreamArn", "/LatestStreamArn")],
        shape: Some(table_input),
        after: Some(|call, existing, request| match request.properties.get("TimeToLiveSpecification") {
            Some(setting) => {
                let input = json!({ "TableName": existing.physical, "TimeToLiveSpecification": setting });
                call.invoke("dynamodb", "UpdateTimeToLive", &input).map(drop)
            }
            None => Ok(()),
        }),
        update: Some(update_table),
        delete: ("DeleteTable", &[("TableName", By::Id)]),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::Logs::LogGroup",
        service: "logs",
        create: "CreateLogGroup",
        id: Id::In("logGroupName"),
        name: Some(("LogGroupName", 512)),
        dropped: &["RetentionInDays"],
        style: Style::Camel,
        tags: Tags::Map("tags"),
        // A group's own name is the first of those that begin with it.
        read: ("DescribeLogGroups", &[("logGroupNamePrefix", By::Id)], "/logGroups/0"),
        attributes: &[("Arn", "/arn")],
        after: Some(retention),
        update: Some(retention),
        delete: ("DeleteLogGroup", &[("logGroupName", By::Id)]),
        ..Api::NEW
    },
];

fn retention(call: &mut Call<'_>, existing: &Existing<'_>, request: &Request<'_>) -> Result<(), AwsError> {
    match request.properties.get("RetentionInDays") {
        Some(days) => {
            let input = json!({ "logGroupName": existing.physical, "retentionInDays": days });
            call.invoke("logs", "PutRetentionPolicy", &input).map(drop)
        }
        None => Ok(()),
    }
}

fn bucket_attribute(call: &mut Call<'_>, existing: &Existing<'_>, name: &str) -> Option<Value> {
    let bucket = existing.physical;
    Some(match name {
        "Arn" => json!(format!("arn:aws:s3:::{bucket}")),
        "DomainName" => json!(format!("{bucket}.s3.amazonaws.com")),
        "RegionalDomainName" => json!(format!("{bucket}.s3.{}.amazonaws.com", call.region)),
        "DualStackDomainName" => json!(format!("{bucket}.s3.dualstack.{}.amazonaws.com", call.region)),
        _ => return None,
    })
}

fn bucket_settings(call: &mut Call<'_>, existing: &Existing<'_>, request: &Request<'_>) -> Result<(), AwsError> {
    let bucket = existing.physical;
    let property = |name: &str| request.properties.get(name).cloned();
    let mut settings = vec![("PutBucketTagging", "Tagging", json!({ "TagSet": tag_list(&request.tags) }))];
    if let Some(value) = property("VersioningConfiguration") {
        settings.push(("PutBucketVersioning", "VersioningConfiguration", value));
    }
    if let Some(value) = property("OwnershipControls") {
        settings.push(("PutBucketOwnershipControls", "OwnershipControls", value));
    }
    if let Some(value) = property("PublicAccessBlockConfiguration") {
        settings.push(("PutPublicAccessBlock", "PublicAccessBlockConfiguration", value));
    }
    if let Some(value) = property("BucketEncryption") {
        let rules: Value = value
            .get("ServerSideEncryptionConfiguration")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|rule| renamed(rule, "ServerSideEncryptionByDefault", "ApplyServerSideEncryptionByDefault"))
            .collect();
        settings.push(("PutBucketEncryption", "ServerSideEncryptionConfiguration", json!({ "Rules": rules })));
    }
    if let Some(mut value) = property("ReplicationConfiguration") {
        if let Some(rules) = value.get_mut("Rules").and_then(Value::as_array_mut) {
            for rule in rules {
                *rule = renamed(rule, "Id", "ID");
            }
        }
        settings.push(("PutBucketReplication", "ReplicationConfiguration", value));
    }
    for (operation, member, value) in settings {
        call.invoke("s3", operation, &json!({ "Bucket": bucket, member: value }))?;
    }
    Ok(())
}

fn renamed(value: &Value, from: &str, to: &str) -> Value {
    let members = value.as_object().into_iter().flatten();
    members
        .map(|(name, one)| (if name == from { to.to_owned() } else { name.clone() }, one.clone()))
        .collect::<Map<_, _>>()
        .into()
}

/// CloudFormation switches streams and encryption on by naming them.
fn table_input(_: &mut Call<'_>, _: &Request<'_>, input: &mut Map<String, Value>) -> Result<(), AwsError> {
    if let Some(stream) = input.get_mut("StreamSpecification").and_then(Value::as_object_mut) {
        stream.insert("StreamEnabled".into(), true.into());
        if stream.contains_key("ResourcePolicy") {
            return Err(unsupported("ResourcePolicy of a stream of AWS::DynamoDB::Table"));
        }
    }
    if let Some(encryption) = input.get("SSESpecification") {
        let encryption = renamed(encryption, "SSEEnabled", "Enabled");
        input.insert("SSESpecification".into(), encryption);
    }
    Ok(())
}

fn update_table(call: &mut Call<'_>, existing: &Existing<'_>, request: &Request<'_>) -> Result<(), AwsError> {
    let mut input = Map::from_iter([("TableName".to_owned(), json!(existing.physical))]);
    for name in ["BillingMode", "ProvisionedThroughput", "StreamSpecification", "DeletionProtectionEnabled"] {
        let (old, new) = (existing.properties.get(name), request.properties.get(name));
        if let Some(new) = new.filter(|new| old != Some(new)) {
            input.insert(name.to_owned(), new.clone());
        }
    }
    for name in ["GlobalSecondaryIndexes", "AttributeDefinitions", "KeySchema", "LocalSecondaryIndexes"] {
        if existing.properties.get(name) != request.properties.get(name) {
            return Err(unsupported(&format!("changing {name} of AWS::DynamoDB::Table")));
        }
    }
    table_input(call, request, &mut input)?;
    if input.len() > 1 {
        call.invoke("dynamodb", "UpdateTable", &Value::Object(input))?;
    }
    let arn = call.arn("dynamodb", &format!("table/{}", existing.physical));
    let tagging = json!({ "ResourceArn": arn, "Tags": tag_list(&request.tags) });
    call.invoke("dynamodb", "TagResource", &tagging).map(drop)
}
