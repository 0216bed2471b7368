//! What CloudFormation refuses before it makes anything: unknown sections, types, functions and names.

use serde_json::{Map, Value};

use super::references::{Reference, references};
use super::{Template, validation};
use crate::sandbox::call::AwsError;
use crate::sandbox::services::cloudformation::{providers, schema};

const SECTIONS: &[&str] = &[
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
];
const RESOURCE_MEMBERS: &[&str] =
    &["Condition", "DeletionPolicy", "DependsOn", "Metadata", "Properties", "Type", "UpdateReplacePolicy"];
/// Members that AWS has and the sandbox does not simulate.
const UNSUPPORTED_MEMBERS: &[&str] = &["CreationPolicy", "UpdatePolicy"];
/// Functions that AWS has and the sandbox does not simulate.
const UNSUPPORTED_FUNCTIONS: &[&str] = &[
    "Fn::Contains",
    "Fn::EachMemberEquals",
    "Fn::EachMemberIn",
    "Fn::ForEach",
    "Fn::GetStackOutput",
    "Fn::Length",
    "Fn::RefAll",
    "Fn::ToJsonString",
    "Fn::Transform",
    "Fn::ValueOf",
    "Fn::ValueOfAll",
];
/// The types that leave a snapshot, among those that the sandbox simulates.
/// Source: CloudFormation User Guide, DeletionPolicy attribute.
const SNAPSHOTS: &[&str] = &[
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
];
/// The most of each that a template may have. Source: CloudFormation User Guide, "CloudFormation quotas".
const MOST: &[(&str, &str, usize)] = &[
    ("Resources", "resources", 500),
    ("Parameters", "parameters", 200),
    ("Outputs", "outputs", 200),
    ("Mappings", "mappings", 200),
];
/// The longest description, in bytes. Source: the same.
const LONGEST_DESCRIPTION: usize = 1024;

/// Names that AWS gives.
pub const PSEUDO_PARAMETERS: &[&str] = &[
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// Checks a template that was just read.
pub fn check(template: &Template) -> Result<(), AwsError> {
    sections(template)?;
    resources(template)?;
    names(template)
}

fn format<T>(why: impl AsRef<str>) -> Result<T, AwsError> {
    Err(validation(format!("Template format error: {}", why.as_ref())))
}

fn sections(template: &Template) -> Result<(), AwsError> {
    let body = template.body.as_object().cloned().unwrap_or_default();
    for unsupported in ["Transform", "Rules", "Hooks"] {
        if body.contains_key(unsupported) {
            return format(format!("The sandbox does not simulate the template section {unsupported}"));
        }
    }
    let unknown: Vec<&str> = body.keys().map(String::as_str).filter(|name| !SECTIONS.contains(name)).collect();
    if !unknown.is_empty() {
        return Err(validation(format!("Invalid template property or properties [{}]", unknown.join(", "))));
    }
    if let Some(version) = body.get("AWSTemplateFormatVersion")
        && version != "2010-09-09"
    {
        return format(format!(
            "unsupported value for AWSTemplateFormatVersion: {version}; the only version is \"2010-09-09\""
        ));
    }
    if template.description().is_some_and(|text| text.len() > LONGEST_DESCRIPTION) {
        return format(format!("'Description' length is greater than {LONGEST_DESCRIPTION}."));
    }
    for (section, what, most) in MOST {
        if body.get(*section).is_some_and(|value| !value.is_object()) {
            return format(format!("{section} must be an object."));
        }
        let count = template.section(section).len();
        if count > *most {
            return format(format!("Number of {what}, {count}, is greater than maximum allowed, {most}"));
        }
        for name in template.section(section).keys() {
            if *section != "Mappings" && !name.chars().all(|c| c.is_ascii_alphanumeric()) {
                let what = what.trim_end_matches('s');
                let what = what.get(..1).unwrap_or_default().to_uppercase() + what.get(1..).unwrap_or_default();
                return format(format!("{what} name {name} is non alphanumeric."));
            }
        }
    }
    if template.section("Resources").is_empty() {
        return format("At least one Resources member must be defined.");
    }
    if let Some(at) = null_in(&template.body, String::new()) {
        return format(format!("[{at}] 'null' values are not allowed in templates"));
    }
    Ok(())
}

fn null_in(value: &Value, at: String) -> Option<String> {
    match value {
        Value::Null => Some(at),
        Value::Array(list) => list.iter().enumerate().find_map(|(index, one)| null_in(one, format!("{at}/{index}"))),
        Value::Object(map) => map.iter().find_map(|(name, one)| null_in(one, format!("{at}/{name}"))),
        _ => None,
    }
}

fn resources(template: &Template) -> Result<(), AwsError> {
    let (mut unrecognised, mut unsupported) = (Vec::new(), Vec::new());
    for (name, resource) in template.section("Resources") {
        let Some(members) = resource.as_object() else {
            return format(format!("Resources must contain only objects: [{name}]"));
        };
        if let Some(member) = members.keys().find(|member| UNSUPPORTED_MEMBERS.contains(&member.as_str())) {
            return format(format!("The sandbox does not simulate {member} (resource {name})"));
        }
        if let Some(member) = members.keys().find(|member| !RESOURCE_MEMBERS.contains(&member.as_str())) {
            return Err(validation(format!("Invalid template resource property '{member}'")));
        }
        let Some(type_name) = members.get("Type").and_then(Value::as_str) else {
            return format(format!("[/Resources/{name}] Every Resources object must contain a Type member."));
        };
        for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
            let Some(value) = members.get(policy) else { continue };
            match value.as_str() {
                Some("Snapshot") if !SNAPSHOTS.contains(&type_name) => {
                    let why = format!("{policy} of {type_name} (resource {name}) does not support Snapshot");
                    return Err(validation(format!("Template error: {why}")));
                }
                Some("RetainExceptOnCreate") if policy == "UpdateReplacePolicy" => {
                    return format(format!("Unrecognized {policy} {value} for resource {name}"));
                }
                Some("Delete" | "Retain" | "Snapshot" | "RetainExceptOnCreate") => {}
                _ => return format(format!("Unrecognized {policy} {value} for resource {name}")),
            }
        }
        let list = match (providers::provider(type_name), schema::exists_in_aws(type_name)) {
            (Some(_), _) => continue,
            (None, true) => &mut unsupported,
            (None, false) => &mut unrecognised,
        };
        if !list.contains(&type_name) {
            list.push(type_name);
        }
    }
    if !unrecognised.is_empty() {
        return format(format!("Unrecognized resource types: [{}]", unrecognised.join(", ")));
    }
    if !unsupported.is_empty() {
        return format(format!(
            "Unrecognized resource types: [{}] (AWS has them, but the sandbox does not simulate them)",
            unsupported.join(", ")
        ));
    }
    Ok(())
}

fn names(template: &Template) -> Result<(), AwsError> {
    let (resources, parameters) = (template.section("Resources"), template.section("Parameters"));
    for (block, section) in [("Resources", resources), ("Outputs", template.section("Outputs"))] {
        let mut missing = Vec::new();
        for item in section.values() {
            let guard = item.get("Condition").and_then(Value::as_str).map(|name| Reference::Condition(name.to_owned()));
            let depends = depends_on(item).into_iter().map(Reference::Ref);
            for reference in references(item).into_iter().chain(guard).chain(depends) {
                match reference {
                    Reference::Ref(name) => {
                        let known = resources.contains_key(&name)
                            || parameters.contains_key(&name)
                            || PSEUDO_PARAMETERS.contains(&name.as_str());
                        if !known && !missing.contains(&name) {
                            missing.push(name);
                        }
                    }
                    Reference::Attribute(name, attribute) => match resources.get(&name) {
                        Some(resource) => attribute_exists(&name, resource, &attribute)?,
                        None if !missing.contains(&name) => missing.push(name),
                        None => {}
                    },
                    Reference::Condition(name) if !template.section("Conditions").contains_key(&name) => {
                        return format(format!(
                            "Unresolved condition dependency {name} in the {block} block of the template"
                        ));
                    }
                    Reference::Mapping(name) if !template.section("Mappings").contains_key(&name) => {
                        return Err(validation(format!(
                            "Template error: Mapping named '{name}' is not present in the 'Mappings' section of template."
                        )));
                    }
                    Reference::Function(name) if UNSUPPORTED_FUNCTIONS.contains(&name.as_str()) => {
                        return format(format!("The sandbox does not simulate the function {name}"));
                    }
                    Reference::Function(name) => return format(format!("Unrecognized function {name}")),
                    Reference::Condition(_) | Reference::Mapping(_) => {}
                }
            }
        }
        if !missing.is_empty() {
            let missing = missing.join(", ");
            return format(format!(
                "Unresolved resource dependencies [{missing}] in the {block} block of the template"
            ));
        }
    }
    outputs(template.section("Outputs"))
}

fn outputs(section: &Map<String, Value>) -> Result<(), AwsError> {
    for (name, output) in section {
        if output.get("Value").is_none() {
            return format(format!("Every Outputs member must contain a Value object: {name}"));
        }
        let members = ["Value", "Description", "Export", "Condition"];
        let unknown = output.as_object().and_then(|map| map.keys().find(|key| !members.contains(&key.as_str())));
        if let Some(unknown) = unknown {
            return format(format!("Output {name} is malformed. Unknown member {unknown}"));
        }
        if output.get("Export").is_some_and(|export| export.get("Name").is_none()) {
            return format(format!("Export in output {name} must have a Name"));
        }
    }
    Ok(())
}

fn attribute_exists(name: &str, resource: &Value, attribute: &str) -> Result<(), AwsError> {
    let type_name = resource.get("Type").and_then(Value::as_str).unwrap_or_default();
    let output = type_name == "AWS::CloudFormation::Stack" && attribute.starts_with("Outputs.");
    let known = output || schema::of(type_name).is_none_or(|schema| schema.has_attribute(attribute));
    if known {
        return Ok(());
    }
    let why = format!("Template error: resource {name} does not support attribute type {attribute} in Fn::GetAtt");
    Err(validation(why))
}

/// The names in `DependsOn`, one or many.
pub fn depends_on(resource: &Value) -> Vec<String> {
    match resource.get("DependsOn") {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => many.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}
