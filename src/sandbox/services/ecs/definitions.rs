//! Task definitions.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{bare, tag_list, texts};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, tags, text};

/// A revision of a task definition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskDefinition {
    /// Its ARN.
    pub arn: String,
    /// Its family.
    pub family: String,
    /// Its number within the family.
    pub revision: u64,
    /// `ACTIVE` or `INACTIVE`.
    pub status: String,
    registered: SimTime,
    /// Containers, as they were given.
    pub containers: Vec<Value>,
    /// The role that starts the containers.
    pub execution_role: Option<String>,
    settings: Map<String, Value>,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

const SETTINGS: &[&str] =
    &["taskRoleArn", "executionRoleArn", "networkMode", "cpu", "memory", "requiresCompatibilities", "runtimePlatform"];

impl TaskDefinition {
    /// An environment variable of any container.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.containers.iter().find_map(|container| {
            let variables = container.get("environment")?.as_array()?;
            variables.iter().find(|one| text(one, "name") == Some(name)).and_then(|one| text(one, "value"))
        })
    }

    /// The ARNs of the secrets that its containers need, without the member's name at the end.
    pub fn secrets(&self) -> Vec<String> {
        let secrets = self.containers.iter().filter_map(|c| c.get("secrets")?.as_array()).flatten();
        secrets
            .filter_map(|secret| text(secret, "valueFrom"))
            .map(|arn| arn.split(':').take(7).collect::<Vec<_>>().join(":"))
            .collect()
    }

    fn to_json(&self) -> Value {
        let mut map = self.settings.clone();
        map.insert("taskDefinitionArn".into(), json!(self.arn));
        map.insert("containerDefinitions".into(), json!(self.containers));
        map.insert("family".into(), json!(self.family));
        map.insert("revision".into(), json!(self.revision));
        map.insert("status".into(), json!(self.status));
        map.insert("volumes".into(), json!([]));
        map.insert("placementConstraints".into(), json!([]));
        map.insert("compatibilities".into(), json!(["EC2", "FARGATE"]));
        map.insert("registeredAt".into(), json!(self.registered.epoch_seconds()));
        Value::Object(map)
    }
}

/// The key of the revision that a name means: `family` is its newest active one, `family:3` and an ARN are exact.
pub fn key(call: &mut Call<'_>, name: &str) -> Option<String> {
    let name = bare(name);
    let definitions = &call.regional().ecs.definitions;
    if name.contains(':') {
        return definitions.contains_key(name).then(|| name.to_owned());
    }
    let family = definitions.iter().filter(|(_, one)| one.family == name && one.status == "ACTIVE");
    family.max_by_key(|(_, one)| one.revision).map(|(key, _)| key.clone())
}

fn missing() -> AwsError {
    AwsError::client("ClientException", "Unable to describe task definition.")
}

/// `RegisterTaskDefinition`
pub fn register(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let family = required(input, "family")?.to_owned();
    let containers = input.get("containerDefinitions").and_then(Value::as_array).cloned().unwrap_or_default();
    if containers.is_empty() {
        return Err(AwsError::client("ClientException", "Container list cannot be empty."));
    }
    let definitions = &call.regional().ecs.definitions;
    let revision =
        1 + definitions.values().filter(|one| one.family == family).map(|one| one.revision).max().unwrap_or(0);
    let key = format!("{family}:{revision}");
    let definition = TaskDefinition {
        arn: call.arn("ecs", &format!("task-definition/{key}")),
        family,
        revision,
        status: "ACTIVE".to_owned(),
        registered: call.now(),
        containers,
        execution_role: text(input, "executionRoleArn").map(str::to_owned),
        settings: SETTINGS
            .iter()
            .filter_map(|member| Some(((*member).to_owned(), input.get(*member).filter(|v| !v.is_null())?.clone())))
            .collect(),
        tags: tags(input.get("tags")),
    };
    let output = json!({ "taskDefinition": definition.to_json(), "tags": tag_list(&definition.tags) });
    call.regional().ecs.definitions.insert(key, definition);
    Ok(output)
}

/// `DescribeTaskDefinition`
pub fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let key = key(call, required(input, "taskDefinition")?).ok_or_else(missing)?;
    let definition = call.regional().ecs.definitions.get(&key).ok_or_else(missing)?;
    let mut output = json!({ "taskDefinition": definition.to_json() });
    let with_tags = texts(input, "include").iter().any(|what| what == "TAGS");
    if let (true, Some(map)) = (with_tags, output.as_object_mut()) {
        map.insert("tags".into(), tag_list(&definition.tags));
    }
    Ok(output)
}

/// `ListTaskDefinitions`
pub fn list(call: &mut Call<'_>, _input: &Value) -> Result<Value, AwsError> {
    let definitions = call.regional().ecs.definitions.values();
    let arns: Vec<&str> = definitions.filter(|one| one.status == "ACTIVE").map(|one| one.arn.as_str()).collect();
    Ok(json!({ "taskDefinitionArns": arns }))
}

/// `DeregisterTaskDefinition`
pub fn deregister(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let key = key(call, required(input, "taskDefinition")?).ok_or_else(missing)?;
    let definition = call.regional().ecs.definitions.get_mut(&key).ok_or_else(missing)?;
    "INACTIVE".clone_into(&mut definition.status);
    Ok(json!({ "taskDefinition": definition.to_json() }))
}

/// `DeleteTaskDefinitions`: only those that are inactive.
pub fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (mut gone, mut failures) = (Vec::new(), Vec::new());
    for name in texts(input, "taskDefinitions") {
        let key = bare(&name).to_owned();
        let definitions = &mut call.regional().ecs.definitions;
        match definitions.get(&key) {
            Some(one) if one.status == "INACTIVE" => {
                gone.push(one.to_json());
                definitions.remove(&key);
            }
            Some(_) => failures.push(json!({
                "arn": name,
                "reason": "The specified task definition is still in ACTIVE status. Please deregister the target and try again.",
            })),
            None => failures.push(json!({ "arn": name, "reason": "MISSING" })),
        }
    }
    Ok(json!({ "taskDefinitions": gone, "failures": failures }))
}
