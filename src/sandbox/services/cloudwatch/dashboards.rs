//! Dashboards: kept as they were put, once their body is one that CloudWatch would draw. They are the account's, not a
//! Region's. Source: AWS CloudFormation User Guide, AWS::CloudWatch::Dashboard.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::super::Record;
use crate::domain::{GLOBAL_REGION, SimTime};
use crate::sandbox::call::{self, AwsError, Call, required, text};

/// The longest name. Source: Amazon CloudWatch API Reference, PutDashboard.
const LONGEST_NAME: usize = 255;
/// Widgets of one dashboard at most. Source: "Dashboard Body Structure and Syntax".
const MOST_WIDGETS: usize = 500;
/// Kinds of widgets. Source: likewise, "Widgets Array Structure".
const KINDS: [&str; 7] = ["alarm", "chart", "custom", "explorer", "log", "metric", "text"];
/// Where a widget may begin, and how large it may be. Source: likewise.
const NUMBERS: [(&str, i64, i64); 4] = [("x", 0, 23), ("y", 0, i64::MAX), ("width", 1, 24), ("height", 1, 1000)];

/// A dashboard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Dashboard {
    body: String,
    modified: SimTime,
    tags: Vec<(String, String)>,
}

fn arn(account: &str, name: &str) -> String {
    format!("arn:aws:cloudwatch::{account}:dashboard/{name}")
}

fn refused(message: impl Into<String>) -> AwsError {
    AwsError::client("InvalidParameterInput", message)
}

fn missing(name: &str) -> AwsError {
    AwsError::not_found("ResourceNotFound", format!("Dashboard {name} does not exist"))
}

/// `PutDashboard`
pub(super) fn put(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, body) = (required(input, "DashboardName")?.to_owned(), required(input, "DashboardBody")?);
    if name.is_empty()
        || name.len() > LONGEST_NAME
        || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    {
        return Err(refused(
            "The value for field DashboardName contains invalid characters. It can only contain alphanumerics, dash (-) and underscore (_).",
        ));
    }
    let Ok(Value::Object(parsed)) = serde_json::from_str(body) else {
        return Err(refused("The field DashboardBody must be a valid JSON object"));
    };
    let found = faults(&parsed);
    if !found.is_empty() {
        let list: Vec<Value> =
            found.iter().map(|(path, message)| json!({ "DataPath": path, "Message": message })).collect();
        let spoken: Vec<Value> =
            found.iter().map(|(path, message)| json!({ "dataPath": path, "message": message })).collect();
        let spoken = serde_json::to_string_pretty(&spoken).unwrap_or_default();
        let message = format!("The dashboard body is invalid, there are {} validation errors: {spoken}", found.len());
        return Err(AwsError { fields: json!({ "dashboardValidationMessages": list }), ..refused(message) });
    }
    let modified = call.now();
    let dashboards = &mut call.regional_in(GLOBAL_REGION).cloudwatch.dashboards;
    // Tags of a dashboard that is there already stay as they are. Source: PutDashboard, Tags.
    let kept = dashboards.get(&name).map(|known| known.tags.clone());
    let tags = kept.unwrap_or_else(|| call::tags(input.get("Tags")));
    dashboards.insert(name, Dashboard { body: body.to_owned(), modified, tags });
    Ok(json!({ "DashboardValidationMessages": [] }))
}

/// What CloudWatch would refuse of a body: path and message of each.
fn faults(body: &Map<String, Value>) -> Vec<(String, String)> {
    let Some(Value::Array(widgets)) = body.get("widgets") else {
        return vec![(String::new(), "Should have required property 'widgets'".to_owned())];
    };
    let mut found = Vec::new();
    if widgets.len() > MOST_WIDGETS {
        found.push(("/widgets".to_owned(), format!("Should NOT have more than {MOST_WIDGETS} items")));
    }
    for (number, widget) in widgets.iter().enumerate() {
        let path = format!("/widgets/{number}");
        let mut say = |below: &str, message: String| found.push((format!("{path}{below}"), message));
        let Some(kind) = text(widget, "type") else {
            say("", "Should have required property 'type'".to_owned());
            continue;
        };
        if !KINDS.contains(&kind) {
            say("/type", "Should be equal to one of the allowed values".to_owned());
            continue;
        }
        for (member, least, most) in NUMBERS {
            match widget.get(member) {
                None => {}
                Some(value) if value.as_i64().is_some_and(|value| (least..=most).contains(&value)) => {}
                Some(value) if value.as_i64().is_some_and(|value| value < least) => {
                    say(&format!("/{member}"), format!("Should be >= {least}"));
                }
                Some(value) if value.is_i64() => say(&format!("/{member}"), format!("Should be <= {most}")),
                Some(_) => say(&format!("/{member}"), "Should be integer".to_owned()),
            }
        }
        let Some(properties) = widget.get("properties").filter(|properties| properties.is_object()) else {
            say("", "Should have required property 'properties'".to_owned());
            continue;
        };
        let mut needs = |members: &[&str]| {
            if !members.iter().any(|member| properties.get(*member).is_some()) {
                let first = members.first().copied().unwrap_or_default();
                say("/properties", format!("Should have required property '{first}'"));
            }
        };
        match kind {
            "metric" => {
                needs(&["region"]);
                needs(&["metrics", "annotations"]);
            }
            "log" => {
                needs(&["region"]);
                needs(&["query"]);
            }
            "text" => needs(&["markdown"]),
            "alarm" => needs(&["alarms"]),
            _ => {}
        }
    }
    found
}

/// `GetDashboard`
pub(super) fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, account) = (required(input, "DashboardName")?, call.account.clone());
    let found = call.regional_in(GLOBAL_REGION).cloudwatch.dashboards.get(name).ok_or_else(|| missing(name))?;
    Ok(json!({ "DashboardArn": arn(&account, name), "DashboardBody": found.body, "DashboardName": name }))
}

/// `ListDashboards`
pub(super) fn list(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (prefix, account) = (text(input, "DashboardNamePrefix").unwrap_or_default(), call.account.clone());
    let all = call.regional_in(GLOBAL_REGION).cloudwatch.dashboards.iter();
    let entries: Vec<Value> = all
        .filter(|(name, _)| name.starts_with(prefix))
        .map(|(name, one)| {
            json!({
                "DashboardName": name, "DashboardArn": arn(&account, name), "Size": one.body.len(),
                "LastModified": one.modified.epoch_seconds(),
            })
        })
        .collect();
    Ok(json!({ "DashboardEntries": entries }))
}

/// `DeleteDashboards`: all of them, or none. Source: Amazon CloudWatch API Reference.
pub(super) fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let names = input.get("DashboardNames").and_then(Value::as_array).into_iter().flatten();
    let names: Vec<&str> = names.filter_map(Value::as_str).collect();
    let dashboards = &mut call.regional_in(GLOBAL_REGION).cloudwatch.dashboards;
    if let Some(name) = names.iter().find(|name| !dashboards.contains_key(**name)) {
        return Err(missing(name));
    }
    dashboards.retain(|name, _| !names.contains(&name.as_str()));
    Ok(json!({}))
}

/// The dashboards of the call's account, in us-east-1.
pub(super) fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let account = call.account.clone();
    let all = call.regional().cloudwatch.dashboards.iter();
    let record = |(name, one): (&String, &Dashboard)| Record {
        type_name: "AWS::CloudWatch::Dashboard",
        id: name.clone(),
        arn: arn(&account, name),
        tags: one.tags.clone(),
        properties: json!({ "DashboardName": name, "DashboardBody": one.body }),
        built_in: false,
    };
    all.map(record).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::sandbox::World;

    fn ask(world: &mut World, region: &str, operation: &str, input: &Value) -> Result<Value, AwsError> {
        Call::new(world, "111122223333", region).invoke("cloudwatch", operation, input)
    }

    #[test]
    fn a_dashboard_is_the_accounts_and_goes_from_any_region() {
        let mut world = World::new(1);
        let text = json!({ "widgets": [{ "type": "text", "properties": { "markdown": "hello" } }] }).to_string();
        for name in ["shop-r1", "shop-r2", "blog"] {
            let put = json!({ "DashboardName": name, "DashboardBody": text });
            ask(&mut world, "eu-west-1", "PutDashboard", &put).unwrap();
        }
        let shop = json!({ "DashboardNamePrefix": "shop" });
        let listed = ask(&mut world, "ap-southeast-1", "ListDashboards", &shop).unwrap();
        assert_eq!(listed["DashboardEntries"].as_array().unwrap().len(), 2);
        let one = ask(&mut world, "us-east-1", "GetDashboard", &json!({ "DashboardName": "blog" })).unwrap();
        assert_eq!(one["DashboardArn"], "arn:aws:cloudwatch::111122223333:dashboard/blog");
        assert_eq!(one["DashboardBody"], text.as_str());
        let both = json!({ "DashboardNames": ["blog", "never"] });
        let error = ask(&mut world, "us-east-1", "DeleteDashboards", &both).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (404, "ResourceNotFound"));
        let error = ask(&mut world, "us-east-1", "GetDashboard", &json!({ "DashboardName": "never" })).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (404, "ResourceNotFound"));
        assert_eq!(inventory(&mut Call::new(&mut world, "111122223333", "us-east-1")).len(), 3, "all, or none");
        ask(&mut world, "us-east-1", "DeleteDashboards", &json!({ "DashboardNames": ["blog", "shop-r1"] })).unwrap();
        assert_eq!(inventory(&mut Call::new(&mut world, "111122223333", "us-east-1")).len(), 1);
    }

    #[test]
    fn what_cannot_be_drawn_is_refused_with_the_place() {
        let mut world = World::new(1);
        let mut said = |name: &str, body: &str| {
            let input = json!({ "DashboardName": name, "DashboardBody": body });
            let error = ask(&mut world, "eu-west-1", "PutDashboard", &input).unwrap_err();
            assert_eq!((error.status, error.code.as_str()), (400, "InvalidParameterInput"));
            error
        };
        assert!(said("a b", "{}").message.starts_with("The value for field DashboardName contains invalid"));
        assert_eq!(said("a", "[]").message, "The field DashboardBody must be a valid JSON object");
        let wrong = json!({ "widgets": [
            { "type": "metric", "x": 24, "width": 0, "properties": { "metrics": [] } }, { "type": "graph" }, {},
            { "type": "text" },
        ] });
        let error = said("a", &wrong.to_string());
        let places: Vec<&str> = error.fields["dashboardValidationMessages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["DataPath"].as_str().unwrap())
            .collect();
        let expected = [
            "/widgets/0/x",
            "/widgets/0/width",
            "/widgets/0/properties",
            "/widgets/1/type",
            "/widgets/2",
            "/widgets/3",
        ];
        assert_eq!(places, expected);
        assert!(error.message.contains("Should have required property 'region'"), "{error}");
        assert!(said("a", "{}").message.contains("Should have required property 'widgets'"));
    }
}
