//! REST APIs and their resources.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::responses::Responses;
use super::{bad_request, conflict, not_found, tag_map};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, tags, text};

/// Methods of one path as `PutMethod` and `PutIntegration` left them: by verb, in AWS's shape `Method`. A deployment shares
/// those that nobody changed since.
pub type Methods = BTreeMap<String, Arc<Value>>;

/// A REST API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RestApi {
    /// Ten characters.
    pub id: String,
    /// Its name; names need not be unique.
    pub name: String,
    description: Option<String>,
    created: SimTime,
    types: Vec<String>,
    /// Whether the `execute-api` host answers.
    pub default_endpoint: bool,
    /// The id of the root resource.
    pub root: String,
    /// Resources by id.
    pub resources: BTreeMap<String, Resource>,
    /// What it adds to answers that API Gateway makes itself.
    #[serde(default)]
    pub responses: Responses,
    /// Deployments by id.
    pub deployments: BTreeMap<String, Deployment>,
    /// Stages by name.
    pub stages: BTreeMap<String, Stage>,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

/// A path of an API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Six characters.
    pub id: String,
    /// The resource above; none for the root.
    pub parent: Option<String>,
    /// Its own segment.
    part: String,
    /// Its whole path.
    pub path: String,
    /// Its methods.
    pub methods: Methods,
}

/// A photograph of all methods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// Six characters.
    pub id: String,
    /// When it was taken.
    pub created: SimTime,
    /// The caller's words.
    pub description: Option<String>,
    /// Methods by path.
    pub snapshot: BTreeMap<String, Methods>,
    /// The gateway responses of that moment. Source: Amazon API Gateway Developer Guide, "Set up a gateway response":
    /// they come with a deployment, too.
    #[serde(default)]
    pub responses: Responses,
}

/// A name under which a deployment answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Its name, the first segment of the path on the `execute-api` host.
    pub name: String,
    /// The deployment that answers.
    pub deployment: String,
    /// When it was made.
    pub created: SimTime,
    /// When it was changed.
    pub updated: SimTime,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

impl RestApi {
    fn to_json(&self) -> Value {
        let mut value = json!({
            "id": self.id,
            "name": self.name,
            "createdDate": self.created.epoch_seconds(),
            "apiKeySource": "HEADER",
            "endpointConfiguration": { "types": self.types, "ipAddressType": "ipv4" },
            "tags": tag_map(&self.tags),
            "disableExecuteApiEndpoint": !self.default_endpoint,
            "rootResourceId": self.root,
        });
        if let (Some(description), Some(map)) = (&self.description, value.as_object_mut()) {
            map.insert("description".into(), json!(description));
        }
        value
    }
}

impl Resource {
    fn to_json(&self, with_methods: bool) -> Value {
        let mut map = Map::new();
        map.insert("id".into(), json!(self.id));
        if let Some(parent) = &self.parent {
            map.insert("parentId".into(), json!(parent));
            map.insert("pathPart".into(), json!(self.part));
        }
        map.insert("path".into(), json!(self.path));
        if !self.methods.is_empty() {
            let methods: Map<String, Value> = self
                .methods
                .iter()
                .map(|(verb, method)| (verb.clone(), if with_methods { Value::clone(method) } else { json!({}) }))
                .collect();
            map.insert("resourceMethods".into(), Value::Object(methods));
        }
        Value::Object(map)
    }
}

/// The API that the input names.
pub fn find<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<&'c mut RestApi, AwsError> {
    let id = required(input, "restApiId")?;
    let error =
        AwsError::not_found("NotFoundException", format!("Invalid API identifier specified {}:{id}", call.account));
    call.regional().apigateway.apis.get_mut(id).ok_or(error)
}

/// The resource that the input names.
pub fn find_resource<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<&'c mut Resource, AwsError> {
    let id = required(input, "resourceId")?;
    find(call, input)?.resources.get_mut(id).ok_or_else(|| not_found("Resource"))
}

/// `CreateRestApi`
pub fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "name")?.to_owned();
    for unsupported in ["cloneFrom", "policy", "body"] {
        if input.get(unsupported).is_some_and(|value| !value.is_null()) {
            return Err(AwsError::with_status(
                501,
                "SandboxUnsupportedOperation",
                format!("The sandbox does not simulate {unsupported} of a REST API."),
            ));
        }
    }
    let types: Vec<String> = input.pointer("/endpointConfiguration/types").and_then(Value::as_array).map_or_else(
        || vec!["EDGE".to_owned()],
        |list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
    );
    let (id, root) = (call.hex_id(10), call.hex_id(10));
    let api = RestApi {
        id: id.clone(),
        name: name.clone(),
        description: text(input, "description").map(str::to_owned),
        created: call.now(),
        types,
        default_endpoint: input.get("disableExecuteApiEndpoint").and_then(Value::as_bool) != Some(true),
        root: root.clone(),
        resources: BTreeMap::from([(
            root.clone(),
            Resource { id: root, parent: None, part: String::new(), path: "/".to_owned(), methods: Methods::new() },
        )]),
        responses: Responses::new(),
        deployments: BTreeMap::new(),
        stages: BTreeMap::new(),
        tags: tags(input.get("tags")),
    };
    let shown = api.to_json();
    call.regional().apigateway.apis.insert(id, api);
    call.log(format!("REST API {name} created"));
    Ok(shown)
}

/// `GetRestApi`
pub fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    Ok(find(call, input)?.to_json())
}

/// `GetRestApis`
pub fn list(call: &mut Call<'_>, _input: &Value) -> Result<Value, AwsError> {
    let items: Vec<Value> = call.regional().apigateway.apis.values().map(RestApi::to_json).collect();
    Ok(json!({ "items": items }))
}

/// `DeleteRestApi`
pub fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (id, name) = find(call, input).map(|api| (api.id.clone(), api.name.clone()))?;
    let mapped: Vec<String> = call
        .regional()
        .apigateway
        .domains
        .values()
        .filter(|domain| domain.mappings.values().any(|mapping| mapping.api == id))
        .map(|domain| domain.name.clone())
        .collect();
    if !mapped.is_empty() {
        return Err(bad_request(format!(
            "Deleting RestApi {id} failed. Please remove all base path mappings related to the RestApi in your domains: {}",
            mapped.join(", ")
        )));
    }
    call.regional().apigateway.apis.remove(&id);
    call.log(format!("REST API {name} deleted"));
    Ok(json!({}))
}

/// `CreateResource`
pub fn create_resource(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (parent, part) = (required(input, "parentId")?, required(input, "pathPart")?.to_owned());
    let id = call.hex_id(6);
    let api = find(call, input)?;
    let above = api.resources.get(parent).ok_or_else(|| not_found("Resource"))?;
    let plain = part.trim_start_matches('{').trim_end_matches('}').trim_end_matches('+');
    if plain.is_empty() || !plain.chars().all(|c| c.is_ascii_alphanumeric() || "._-:".contains(c)) {
        return Err(bad_request(
            "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end.",
        ));
    }
    let path = format!("{}/{part}", above.path.trim_end_matches('/'));
    if api.resources.values().any(|other| other.path == path) {
        return Err(conflict(format!("Another resource with the same parent already has this name: {part}")));
    }
    let resource = Resource { id: id.clone(), parent: Some(parent.to_owned()), part, path, methods: Methods::new() };
    let shown = resource.to_json(false);
    api.resources.insert(id, resource);
    Ok(shown)
}

/// Whether the input asks for methods to be shown whole.
fn embeds_methods(input: &Value) -> bool {
    input.get("embed").and_then(Value::as_array).into_iter().flatten().any(|what| what.as_str() == Some("methods"))
}

/// `GetResource`
pub fn get_resource(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    Ok(find_resource(call, input)?.to_json(embeds_methods(input)))
}

/// `GetResources`
pub fn list_resources(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let with_methods = embeds_methods(input);
    let items: Vec<Value> =
        find(call, input)?.resources.values().map(|resource| resource.to_json(with_methods)).collect();
    Ok(json!({ "items": items }))
}

/// `DeleteResource`; what is below it goes with it.
pub fn delete_resource(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let path = find_resource(call, input)?.path.clone();
    if path == "/" {
        return Err(bad_request("Root resource cannot be deleted"));
    }
    let below = format!("{path}/");
    find(call, input)?.resources.retain(|_, other| other.path != path && !other.path.starts_with(&below));
    Ok(json!({}))
}
