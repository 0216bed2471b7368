//! Deployments and stages.

use serde_json::{Value, json};

use super::apis::{Deployment, Stage, find};
use super::{bad_request, conflict, not_found, tag_map};
use crate::sandbox::call::{AwsError, Call, required, tags, text};

impl Deployment {
    fn to_json(&self) -> Value {
        let mut value = json!({ "id": self.id, "createdDate": self.created.epoch_seconds() });
        if let (Some(description), Some(map)) = (&self.description, value.as_object_mut()) {
            map.insert("description".into(), json!(description));
        }
        value
    }
}

impl Stage {
    fn to_json(&self) -> Value {
        json!({
            "deploymentId": self.deployment,
            "stageName": self.name,
            "cacheClusterEnabled": false,
            "cacheClusterStatus": "NOT_AVAILABLE",
            "methodSettings": {},
            "tracingEnabled": false,
            "tags": tag_map(&self.tags),
            "createdDate": self.created.epoch_seconds(),
            "lastUpdatedDate": self.updated.epoch_seconds(),
        })
    }
}

/// `CreateDeployment`; with `stageName` it also makes that stage, or moves it.
pub fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (id, now) = (call.hex_id(6), call.now());
    let api = find(call, input)?;
    let snapshot: std::collections::BTreeMap<_, _> = api
        .resources
        .values()
        .filter(|resource| !resource.methods.is_empty())
        .map(|resource| (resource.path.clone(), resource.methods.clone()))
        .collect();
    if snapshot.is_empty() {
        return Err(bad_request("The REST API doesn't contain any methods"));
    }
    if snapshot.values().flat_map(|methods| methods.values()).any(|method| method.get("methodIntegration").is_none()) {
        return Err(bad_request("No integration defined for method"));
    }
    let deployment = Deployment {
        id: id.clone(),
        created: now,
        description: text(input, "description").map(str::to_owned),
        snapshot,
        responses: api.responses.clone(),
    };
    let shown = deployment.to_json();
    api.deployments.insert(id.clone(), deployment);
    if let Some(stage) = text(input, "stageName").filter(|name| !name.is_empty()) {
        let stage = api.stages.entry(stage.to_owned()).or_insert_with(|| Stage {
            name: stage.to_owned(),
            deployment: String::new(),
            created: now,
            updated: now,
            tags: Vec::new(),
        });
        stage.deployment = id;
        stage.updated = now;
    }
    Ok(shown)
}

/// `GetDeployment`
pub fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = required(input, "deploymentId")?;
    find(call, input)?.deployments.get(id).map(Deployment::to_json).ok_or_else(|| not_found("Deployment"))
}

/// `GetDeployments`
pub fn list(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let items: Vec<Value> = find(call, input)?.deployments.values().map(Deployment::to_json).collect();
    Ok(json!({ "items": items }))
}

/// `DeleteDeployment`
pub fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = required(input, "deploymentId")?;
    let api = find(call, input)?;
    if !api.deployments.contains_key(id) {
        return Err(not_found("Deployment"));
    }
    if api.stages.values().any(|stage| stage.deployment == id) {
        return Err(bad_request("Active stages pointing to this deployment must be moved or deleted"));
    }
    api.deployments.remove(id);
    Ok(json!({}))
}

/// `CreateStage`
pub fn create_stage(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, deployment) = (required(input, "stageName")?.to_owned(), required(input, "deploymentId")?.to_owned());
    let now = call.now();
    let api = find(call, input)?;
    if !api.deployments.contains_key(&deployment) {
        return Err(not_found("Deployment"));
    }
    if api.stages.contains_key(&name) {
        return Err(conflict("Stage already exists"));
    }
    let stage = Stage { name: name.clone(), deployment, created: now, updated: now, tags: tags(input.get("tags")) };
    let shown = stage.to_json();
    api.stages.insert(name, stage);
    Ok(shown)
}

fn find_stage<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<&'c mut Stage, AwsError> {
    let name = required(input, "stageName")?;
    find(call, input)?.stages.get_mut(name).ok_or_else(|| not_found("stage"))
}

/// `GetStage`
pub fn get_stage(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    Ok(find_stage(call, input)?.to_json())
}

/// `GetStages`
pub fn list_stages(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let wanted = text(input, "deploymentId").map(str::to_owned);
    let stages = find(call, input)?.stages.values();
    let items: Vec<Value> =
        stages.filter(|stage| wanted.as_ref().is_none_or(|id| stage.deployment == *id)).map(Stage::to_json).collect();
    Ok(json!({ "item": items }))
}

/// `UpdateStage`: moves a stage to another deployment.
pub fn update_stage(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let now = call.now();
    for patch in input.get("patchOperations").and_then(Value::as_array).into_iter().flatten() {
        if (text(patch, "op"), text(patch, "path")) != (Some("replace"), Some("/deploymentId")) {
            return Err(bad_request(format!("Invalid patch path {}", text(patch, "path").unwrap_or_default())));
        }
        let id = text(patch, "value").unwrap_or_default().to_owned();
        if !find(call, input)?.deployments.contains_key(&id) {
            return Err(not_found("Deployment"));
        }
        let stage = find_stage(call, input)?;
        stage.deployment = id;
        stage.updated = now;
    }
    get_stage(call, input)
}

/// `DeleteStage`
pub fn delete_stage(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = find_stage(call, input)?.name.clone();
    find(call, input)?.stages.remove(&name);
    call.log(format!("stage {name} deleted"));
    Ok(json!({}))
}
