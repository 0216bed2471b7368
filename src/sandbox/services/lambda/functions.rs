//! Functions.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Transition, bare, interfaces};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, tags, text};
use crate::sandbox::javascript::archive;
use crate::sandbox::services::s3::Body;
use crate::sandbox::services::{self, iam};
use crate::sandbox::world::What;

/// A function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The file and the export that answer: `books.handler`.
    pub handler: String,
    /// The ARN of the role that it acts with.
    pub role: String,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
    /// `Pending` or `Active`.
    pub state: String,
    /// Further members of `FunctionConfiguration`, as they were given.
    settings: Map<String, Value>,
    /// The archive of its code, as it was when it was deployed.
    code: Body,
    /// The archive's SHA-256 in base64.
    code_hash: String,
    modified: SimTime,
    /// Statements of its resource policy, by statement id.
    pub policy: BTreeMap<String, Value>,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

/// Members that are kept as they were given.
const SETTINGS: &[&str] = &[
    "Runtime",
    "Description",
    "Timeout",
    "MemorySize",
    "VpcConfig",
    "Architectures",
    "LoggingConfig",
    "EphemeralStorage",
    "TracingConfig",
    "Layers",
    "DeadLetterConfig",
    "FileSystemConfigs",
    "SnapStart",
];

/// The error for a function that is not there.
pub fn missing(call: &Call<'_>, name: &str) -> AwsError {
    AwsError::not_found(
        "ResourceNotFoundException",
        format!("Function not found: {}", call.arn("lambda", &format!("function:{}", bare(name)))),
    )
}

/// The function that the input names.
pub fn find<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<&'c mut Function, AwsError> {
    let name = required(input, "FunctionName")?;
    let error = missing(call, name);
    call.regional().lambda.functions.get_mut(bare(name)).ok_or(error)
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::client("InvalidParameterValueException", message)
}

impl Function {
    fn setting<'s>(&'s self, member: &str, inner: &str) -> Option<&'s str> {
        self.settings.get(member)?.get(inner)?.as_str()
    }

    /// Its runtime: `nodejs22.x`.
    pub fn runtime(&self) -> &str {
        self.settings.get("Runtime").and_then(Value::as_str).unwrap_or_default()
    }

    /// The archive of its code.
    pub fn code(&self) -> &Bytes {
        &self.code.0
    }

    /// The archive's SHA-256 in base64.
    pub fn code_hash(&self) -> &str {
        &self.code_hash
    }

    /// How long it may run. Source: AWS Lambda API Reference, `Timeout`: three seconds by default.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.settings.get("Timeout").and_then(Value::as_u64).unwrap_or(3))
    }

    /// How much memory it has, in MiB. Source: AWS Lambda API Reference, `MemorySize`: 128 by default.
    pub fn memory(&self) -> u64 {
        self.settings.get("MemorySize").and_then(Value::as_u64).unwrap_or(128)
    }

    /// Where its logs go.
    pub fn log_group(&self) -> String {
        let chosen = self.setting("LoggingConfig", "LogGroup").filter(|group| !group.is_empty());
        chosen.map_or_else(|| format!("/aws/lambda/{}", self.name), str::to_owned)
    }

    fn deploy(&mut self, code: Bytes) {
        self.code_hash = STANDARD.encode(Sha256::digest(&code));
        self.code = Body(code);
    }

    /// Subnets and security groups, as they were given.
    pub fn vpc(&self) -> &Value {
        self.settings.get("VpcConfig").unwrap_or(&Value::Null)
    }

    fn to_json(&self) -> Value {
        let mut map = self.settings.clone();
        for (member, default) in
            [("Timeout", json!(3)), ("MemorySize", json!(128)), ("Architectures", json!(["x86_64"]))]
        {
            map.entry(member).or_insert(default);
        }
        map.insert("FunctionName".into(), json!(self.name));
        map.insert("FunctionArn".into(), json!(self.arn));
        map.insert("Handler".into(), json!(self.handler));
        map.insert("Role".into(), json!(self.role));
        map.insert("Environment".into(), json!({ "Variables": self.environment }));
        map.insert("State".into(), json!(self.state));
        if self.state == "Pending" {
            map.insert("StateReasonCode".into(), json!("Creating"));
            map.insert("StateReason".into(), json!("The function is being created."));
        }
        map.insert("LastUpdateStatus".into(), json!("Successful"));
        map.insert("LastModified".into(), json!(self.modified.rfc3339()));
        map.insert("Version".into(), json!("$LATEST"));
        map.insert("PackageType".into(), json!("Zip"));
        map.insert("CodeSha256".into(), json!(self.code_hash));
        map.insert("CodeSize".into(), json!(self.code.0.len()));
        Value::Object(map)
    }
}

/// Fetches the archive that the function is made of.
fn fetch_code(call: &mut Call<'_>, code: &Value) -> Result<Bytes, AwsError> {
    let bytes = match (text(code, "S3Bucket"), text(code, "S3Key")) {
        (Some(bucket), Some(key)) => {
            let mut input = json!({ "Bucket": bucket, "Key": key });
            if let (Some(version), Some(map)) = (text(code, "S3ObjectVersion"), input.as_object_mut()) {
                map.insert("VersionId".into(), json!(version));
            }
            from_bucket(call, &input)?
        }
        _ => match text(code, "ZipFile").map(|text| STANDARD.decode(text)) {
            Some(Ok(bytes)) => bytes.into(),
            _ => return Err(invalid("Please provide a source for function code.")),
        },
    };
    archive::unpack(&bytes).map_err(|why| invalid(why.to_string()))?;
    Ok(bytes)
}

fn from_bucket(call: &mut Call<'_>, input: &Value) -> Result<Bytes, AwsError> {
    let mut read = Call::new(call.world, &call.account, &call.region);
    read.principal.clone_from(&call.principal);
    match services::dispatch(&mut read, "s3", "GetObject", input) {
        Ok(_) => Ok(read.reply_payload.take().unwrap_or_default()),
        Err(error) => Err(invalid(format!(
            "Error occurred while GetObject. S3 Error Code: {}. S3 Error Message: {}",
            error.code, error.message
        ))),
    }
}

/// Lambda must be able to act with the role.
fn check_role(call: &Call<'_>, role: &str) -> Result<(), AwsError> {
    if iam::trusts(call.world, &call.account, role, "lambda.amazonaws.com") {
        return Ok(());
    }
    Err(invalid("The role defined for the function cannot be assumed by Lambda."))
}

fn variables(input: &Value) -> Option<BTreeMap<String, String>> {
    let map = input.pointer("/Environment/Variables")?.as_object()?;
    // A template's numbers are texts by the time that they are variables.
    let told = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Some(map.iter().map(|(name, value)| (name.clone(), told(value))).collect())
}

/// `CreateFunction`
pub fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = bare(required(input, "FunctionName")?).to_owned();
    let arn = call.arn("lambda", &format!("function:{name}"));
    if call.regional().lambda.functions.contains_key(&name) {
        return Err(AwsError::with_status(409, "ResourceConflictException", format!("Function already exist: {name}")));
    }
    let role = required(input, "Role")?.to_owned();
    check_role(call, &role)?;
    let code = input.get("Code").cloned().unwrap_or(Value::Null);
    if text(input, "Runtime").is_none() || text(input, "Handler").is_none() {
        return Err(invalid(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
        ));
    }
    let code = fetch_code(call, &code)?;
    let settings = SETTINGS
        .iter()
        .filter_map(|member| Some(((*member).to_owned(), input.get(*member).filter(|v| !v.is_null())?.clone())))
        .collect();
    let mut function = Function {
        name: name.clone(),
        arn,
        handler: text(input, "Handler").unwrap_or_default().to_owned(),
        role,
        environment: variables(input).unwrap_or_default(),
        state: "Pending".to_owned(),
        settings,
        code: Body::default(),
        code_hash: String::new(),
        modified: call.now(),
        policy: BTreeMap::new(),
        tags: tags(input.get("Tags")),
    };
    function.deploy(code);
    let shown = function.to_json();
    let in_vpc = function.settings.contains_key("VpcConfig");
    interfaces::attach(call, function.vpc(), &name)?;
    call.regional().lambda.functions.insert(name.clone(), function);
    call.log(format!("function {name} created"));
    let after = call.draw(if in_vpc { "lambda.function.create_in_vpc" } else { "lambda.function.create" }, &name);
    call.schedule(after, What::Lambda(Transition::Active(name)));
    Ok(shown)
}

/// The function can be invoked.
pub fn active(call: &mut Call<'_>, name: &str) {
    if let Some(function) = call.regional().lambda.functions.get_mut(name) {
        "Active".clone_into(&mut function.state);
        call.world.touch();
    }
}

/// `GetFunctionConfiguration`
pub fn get_configuration(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    Ok(find(call, input)?.to_json())
}

/// `GetFunction`
pub fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let function = find(call, input)?;
    let tags: Map<String, Value> = function.tags.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    Ok(json!({ "Configuration": function.to_json(), "Code": { "RepositoryType": "S3" }, "Tags": tags }))
}

/// `ListFunctions`
pub fn list(call: &mut Call<'_>, _input: &Value) -> Result<Value, AwsError> {
    let functions: Vec<Value> = call.regional().lambda.functions.values().map(Function::to_json).collect();
    Ok(json!({ "Functions": functions }))
}

/// `UpdateFunctionCode`
pub fn update_code(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    find(call, input)?;
    let code = fetch_code(call, input)?;
    let now = call.now();
    let function = find(call, input)?;
    function.deploy(code);
    function.modified = now;
    Ok(function.to_json())
}

/// `UpdateFunctionConfiguration`
pub fn update_configuration(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    find(call, input)?;
    if let Some(role) = text(input, "Role") {
        check_role(call, role)?;
    }
    let now = call.now();
    let function = find(call, input)?;
    let (name, role, before) = (function.name.clone(), function.role.clone(), function.vpc().clone());
    if let Some(vpc) = input.get("VpcConfig") {
        interfaces::attach(call, vpc, &name)?;
    }
    let function = find(call, input)?;
    for member in SETTINGS {
        if let Some(value) = input.get(*member).filter(|value| !value.is_null()) {
            function.settings.insert((*member).to_owned(), value.clone());
        }
    }
    if let Some(handler) = text(input, "Handler") {
        handler.clone_into(&mut function.handler);
    }
    if let Some(role) = text(input, "Role") {
        role.clone_into(&mut function.role);
    }
    if let Some(variables) = variables(input) {
        function.environment = variables;
    }
    function.modified = now;
    let shown = function.to_json();
    interfaces::release(call, &before, &role);
    Ok(shown)
}

/// `DeleteFunction`. Its event source mappings stay, as on AWS, and its network interfaces for a while.
pub fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = find(call, input)?.name.clone();
    let gone = call.regional().lambda.functions.remove(&name);
    call.log(format!("function {name} deleted"));
    if let Some(function) = gone {
        interfaces::release(call, function.vpc(), &function.role);
    }
    Ok(json!({}))
}
