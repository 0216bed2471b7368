//! Systems Manager: the Parameter Store.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handler, Record, kms};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, tag_list, tags, text};
use crate::sandbox::chance;

/// Bytes of a standard parameter's value. Source: AWS Systems Manager User Guide, "Managing parameter tiers".
const LONGEST_VALUE: usize = 4096;
/// Parameters of one page. Source: AWS Systems Manager API Reference, GetParametersByPath.
const PAGE: usize = 10;
/// Names of one request. Source: AWS Systems Manager API Reference, GetParameters and DeleteParameters.
const MOST_NAMES: usize = 10;

/// What this service holds: parameters by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    parameters: BTreeMap<String, Parameter>,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Parameter {
    arn: String,
    kind: String,
    key: Option<String>,
    description: Option<String>,
    /// Values in the order of their versions, with the time of each.
    values: Vec<(String, SimTime)>,
    tags: Vec<(String, String)>,
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "PutParameter" => put,
        "GetParameter" => get,
        "GetParameters" => get_many,
        "GetParametersByPath" => by_path,
        "GetParameterHistory" => history,
        "DescribeParameters" => describe,
        "DeleteParameter" => delete,
        "DeleteParameters" => delete_many,
        "AddTagsToResource" => add_tags,
        "ListTagsForResource" => list_tags,
        _ => return None,
    })
}

/// This one is not told by its message: AWS sends none.
fn missing() -> AwsError {
    AwsError::client("ParameterNotFound", "")
}

fn invalid(why: impl Into<String>) -> AwsError {
    AwsError::client("ValidationException", why)
}

fn put(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, value) = (required(input, "Name")?.to_owned(), required(input, "Value")?.to_owned());
    for member in ["Policies", "AllowedPattern"] {
        if input.get(member).is_some() {
            let why = format!("The sandbox does not simulate ssm PutParameter {member}.");
            return Err(AwsError::client("SandboxUnsupportedParameter", why));
        }
    }
    let bare = name.trim_start_matches('/').to_ascii_lowercase();
    if bare.starts_with("aws") || bare.starts_with("ssm") {
        return Err(invalid("Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive)."));
    }
    if name.contains('/') && !name.starts_with('/') {
        return Err(invalid("Parameter name must be a fully qualified name."));
    }
    if value.len() > LONGEST_VALUE {
        return Err(invalid(
            "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier.",
        ));
    }
    let known = call.regional().ssm.parameters.get(&name).cloned();
    let overwrite = input.get("Overwrite") == Some(&Value::Bool(true));
    if known.is_some() && !overwrite {
        let why =
            "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.";
        return Err(AwsError::client("ParameterAlreadyExists", why));
    }
    if overwrite && input.get("Tags").is_some() {
        return Err(invalid("Invalid request: tags and overwrite can't be used together."));
    }
    let kind = match (text(input, "Type"), &known) {
        (Some(kind), _) => kind.to_owned(),
        (None, Some(known)) => known.kind.clone(),
        (None, None) => return Err(invalid("A parameter type is required when you create a parameter.")),
    };
    let key = (kind == "SecureString").then(|| text(input, "KeyId").unwrap_or("alias/aws/ssm").to_owned());
    if let Some(key) = key.as_ref().filter(|key| !kms::usable(call, key)) {
        return Err(AwsError::client("InvalidKeyId", format!("Invalid keyId {key}")));
    }
    let now = call.now();
    let arn = call.arn("ssm", &format!("parameter/{}", name.trim_start_matches('/')));
    let mut parameter = known.unwrap_or(Parameter {
        arn,
        kind: String::new(),
        key: None,
        description: None,
        values: Vec::new(),
        tags: tags(input.get("Tags")),
    });
    parameter.kind = kind;
    parameter.key = key;
    if let Some(description) = text(input, "Description") {
        parameter.description = Some(description.to_owned());
    }
    parameter.values.push((value, now));
    let version = parameter.values.len();
    call.regional().ssm.parameters.insert(name, parameter);
    Ok(json!({ "Version": version, "Tier": "Standard" }))
}

/// One version of a parameter; without decryption a secure string shows what it is stored as.
fn show(name: &str, parameter: &Parameter, version: usize, decrypted: bool) -> Option<Value> {
    let (value, at) = parameter.values.get(version.checked_sub(1)?)?;
    let value = if parameter.kind == "SecureString" && !decrypted {
        let bits = |part| chance::bits(part, "ssm", value, 0).to_be_bytes();
        STANDARD.encode([bits(0), bits(1), bits(2)].concat())
    } else {
        value.clone()
    };
    Some(json!({
        "Name": name, "Type": parameter.kind, "Value": value, "Version": version,
        "LastModifiedDate": at.epoch_seconds(), "ARN": parameter.arn, "DataType": "text",
    }))
}

fn decrypted(input: &Value) -> bool {
    input.get("WithDecryption") == Some(&Value::Bool(true))
}

/// The parameter of a name, an ARN or `name:version`.
fn find(call: &mut Call<'_>, asked: &str, decrypted: bool) -> Option<Value> {
    let name = asked.split_once(":parameter").map_or(asked, |(_, name)| name);
    let state = &call.regional().ssm.parameters;
    let (name, version) = match name.rsplit_once(':') {
        Some((bare, version)) => (bare, Some(version.parse::<usize>().ok()?)),
        None => (name, None),
    };
    let known = [name, name.trim_start_matches('/')].into_iter().find(|name| state.contains_key(*name))?;
    let parameter = state.get(known)?;
    show(known, parameter, version.unwrap_or(parameter.values.len()), decrypted)
}

fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let found = find(call, required(input, "Name")?, decrypted(input)).ok_or_else(missing)?;
    Ok(json!({ "Parameter": found }))
}

fn names(input: &Value) -> Result<Vec<&str>, AwsError> {
    let list: Vec<&str> =
        input.get("Names").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    if list.is_empty() || list.len() > MOST_NAMES {
        let why = format!(
            "1 validation error detected: Value '{list:?}' at 'names' failed to satisfy constraint: Member must have length less than or equal to {MOST_NAMES}"
        );
        return Err(invalid(why));
    }
    Ok(list)
}

fn get_many(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for name in names(input)? {
        match find(call, name, decrypted(input)) {
            Some(parameter) => found.push(parameter),
            None => wrong.push(name),
        }
    }
    Ok(json!({ "Parameters": found, "InvalidParameters": wrong }))
}

/// A page of a list: `NextToken` is how many came before.
fn page(list: &[Value], input: &Value, member: &str, most: usize) -> Value {
    let from = text(input, "NextToken").and_then(|token| token.parse().ok()).unwrap_or(0_usize);
    let asked = input.get("MaxResults").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let take = asked.unwrap_or(most).min(most);
    let shown: Vec<&Value> = list.iter().skip(from).take(take).collect();
    let next = from + shown.len();
    let mut answer = json!({ member: shown });
    if let (true, Some(map)) = (next < list.len(), answer.as_object_mut()) {
        map.insert("NextToken".to_owned(), json!(next.to_string()));
    }
    answer
}

fn by_path(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let path = required(input, "Path")?;
    if !path.starts_with('/') {
        return Err(invalid(
            "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash \"/\".",
        ));
    }
    if input.get("ParameterFilters").is_some() {
        let why = "The sandbox does not simulate ssm GetParametersByPath ParameterFilters.";
        return Err(AwsError::client("SandboxUnsupportedParameter", why));
    }
    let prefix = format!("{}/", path.trim_end_matches('/'));
    let deep = input.get("Recursive") == Some(&Value::Bool(true));
    let plain = decrypted(input);
    let parameters = call.regional().ssm.parameters.iter();
    let found: Vec<Value> = parameters
        .filter(|(name, _)| name.strip_prefix(&prefix).is_some_and(|rest| deep || !rest.contains('/')))
        .filter_map(|(name, parameter)| show(name, parameter, parameter.values.len(), plain))
        .collect();
    Ok(page(&found, input, "Parameters", PAGE))
}

fn history(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "Name")?;
    let plain = decrypted(input);
    let parameter = call.regional().ssm.parameters.get(name).ok_or_else(missing)?;
    let versions: Vec<Value> =
        (1..=parameter.values.len()).filter_map(|version| show(name, parameter, version, plain)).collect();
    Ok(page(&versions, input, "Parameters", 50))
}

fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    for member in ["Filters", "ParameterFilters", "Shared"] {
        if input.get(member).is_some() {
            let why = format!("The sandbox does not simulate ssm DescribeParameters {member}.");
            return Err(AwsError::client("SandboxUnsupportedParameter", why));
        }
    }
    let parameters = call.regional().ssm.parameters.iter();
    let shown: Vec<Value> = parameters
        .map(|(name, one)| {
            json!({
                "Name": name, "ARN": one.arn, "Type": one.kind, "KeyId": one.key, "Description": one.description,
                "Version": one.values.len(), "Tier": "Standard", "DataType": "text",
                "LastModifiedDate": one.values.last().map(|(_, at)| at.epoch_seconds()),
            })
        })
        .collect();
    Ok(page(&shown, input, "Parameters", 50))
}

fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "Name")?;
    call.regional().ssm.parameters.remove(name).map(|_| json!({})).ok_or_else(missing)
}

fn delete_many(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let state = &mut call.regional().ssm.parameters;
    let (gone, wrong): (Vec<&str>, Vec<&str>) =
        names(input)?.into_iter().partition(|name| state.remove(*name).is_some());
    Ok(json!({ "DeletedParameters": gone, "InvalidParameters": wrong }))
}

fn tagged<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<&'c mut Parameter, AwsError> {
    if text(input, "ResourceType") != Some("Parameter") {
        return Err(AwsError::client("InvalidResourceType", "The sandbox has resources of the type Parameter only."));
    }
    let id = required(input, "ResourceId")?;
    let missing = AwsError::client("InvalidResourceId", "");
    call.regional().ssm.parameters.get_mut(id).ok_or(missing)
}

fn add_tags(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let new = tags(input.get("Tags"));
    let parameter = tagged(call, input)?;
    parameter.tags.retain(|(key, _)| !new.iter().any(|(other, _)| other == key));
    parameter.tags.extend(new);
    Ok(json!({}))
}

fn list_tags(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    Ok(json!({ "TagList": tag_list(&tagged(call, input)?.tags) }))
}

/// What exists of this service in the call's account and Region.
pub fn inventory(call: &mut Call<'_>) -> Vec<Record> {
    let parameters = call.regional().ssm.parameters.iter();
    let record = |(name, one): (&String, &Parameter)| Record {
        type_name: "AWS::SSM::Parameter",
        id: name.clone(),
        arn: one.arn.clone(),
        tags: one.tags.clone(),
        properties: json!({ "Name": name, "Type": one.kind, "Tags": tag_list(&one.tags) }),
        built_in: false,
    };
    parameters.map(record).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::sandbox::World;

    fn ask(world: &mut World, operation: &str, input: &Value) -> Result<Value, AwsError> {
        Call::new(world, "111122223333", "eu-west-1").invoke("ssm", operation, input)
    }

    #[test]
    fn a_parameter_has_versions_and_is_overwritten_only_on_request() {
        let mut world = World::new(1);
        let put = |value: &str, overwrite: bool| json!({ "Name": "/shop/url", "Value": value, "Type": "String", "Overwrite": overwrite });
        ask(&mut world, "PutParameter", &put("a", false)).unwrap();
        assert_eq!(ask(&mut world, "PutParameter", &put("b", false)).unwrap_err().code, "ParameterAlreadyExists");
        assert_eq!(ask(&mut world, "PutParameter", &put("b", true)).unwrap()["Version"], 2);
        let value = |world: &mut World, name: &str| {
            ask(world, "GetParameter", &json!({ "Name": name })).unwrap()["Parameter"]["Value"].clone()
        };
        assert_eq!(value(&mut world, "/shop/url"), "b");
        assert_eq!(value(&mut world, "/shop/url:1"), "a");
        ask(&mut world, "DeleteParameter", &json!({ "Name": "/shop/url" })).unwrap();
        assert_eq!(
            ask(&mut world, "GetParameter", &json!({ "Name": "/shop/url" })).unwrap_err().code,
            "ParameterNotFound"
        );
    }

    #[test]
    fn a_secure_string_is_read_with_decryption_only() {
        let mut world = World::new(1);
        let put =
            |key: Option<&str>| json!({ "Name": "secret", "Value": "word", "Type": "SecureString", "KeyId": key });
        assert_eq!(ask(&mut world, "PutParameter", &put(Some("alias/none"))).unwrap_err().code, "InvalidKeyId");
        ask(&mut world, "PutParameter", &put(None)).unwrap();
        let value = |world: &mut World, decrypt: bool| {
            ask(world, "GetParameter", &json!({ "Name": "secret", "WithDecryption": decrypt })).unwrap()["Parameter"]["Value"].clone()
        };
        assert_ne!(value(&mut world, false), "word");
        assert_eq!(value(&mut world, true), "word");
    }

    #[test]
    fn a_path_is_read_in_pages_and_one_level_unless_recursive() {
        let mut world = World::new(1);
        for number in 0..12 {
            let put = json!({ "Name": format!("/a/{number:02}"), "Value": "v", "Type": "String" });
            ask(&mut world, "PutParameter", &put).unwrap();
        }
        ask(&mut world, "PutParameter", &json!({ "Name": "/a/b/c", "Value": "v", "Type": "String" })).unwrap();
        let mut read = |recursive: bool, token: Option<&str>| {
            ask(&mut world, "GetParametersByPath", &json!({ "Path": "/a", "Recursive": recursive, "NextToken": token }))
                .unwrap()
        };
        let first = read(false, None);
        assert_eq!(first["Parameters"].as_array().unwrap().len(), 10);
        let second = read(false, first["NextToken"].as_str());
        assert_eq!((second["Parameters"].as_array().unwrap().len(), second.get("NextToken")), (2, None));
        assert_eq!(read(true, Some("10"))["Parameters"].as_array().unwrap().len(), 3);
    }
}
