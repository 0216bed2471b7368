//! A template with its parameters and conditions applied: what is to be made, in which order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::check::{PSEUDO_PARAMETERS, depends_on};
use super::references::{Reference, function, order, references};
use super::resolve::{Scope, holds, resolve};
use super::{Template, parameters, validation};
use crate::sandbox::call::{AwsError, text};
use crate::sandbox::packed::Packed;

/// What functions may read without a resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// The stack's ARN.
    pub stack_id: String,
    /// The stack's name.
    pub stack_name: String,
    /// Parameters as functions see them: texts, and lists for the list types.
    pub parameters: BTreeMap<String, Value>,
    /// The Mappings section.
    pub mappings: Value,
    /// Conditions, decided.
    pub conditions: BTreeMap<String, bool>,
}

/// One resource that is to be made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// Its logical id.
    pub logical: String,
    /// Its type.
    pub type_name: String,
    /// Its properties, with functions, without `Fn::If`.
    pub properties: Packed,
    /// The logical ids of what must stand before.
    pub needs: Vec<String>,
    /// `Delete`, `Retain`, … when the stack goes; empty when the template does not say.
    pub deletion: String,
    /// The same when it is replaced.
    pub replace: String,
    /// What the template says of it.
    #[serde(default)]
    pub metadata: Packed,
}

/// What is to be made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What functions may read.
    pub facts: Facts,
    /// The resources, in the template's order.
    pub resources: Vec<Planned>,
    /// The outputs by name: `Value`, `Description`, `Export`.
    pub outputs: Vec<(String, Value)>,
    /// Names of the exports that it imports.
    pub imports: Vec<String>,
}

impl Plan {
    /// The resource with that logical id.
    pub fn resource(&self, logical: &str) -> Option<&Planned> {
        self.resources.iter().find(|one| one.logical == logical)
    }

    /// Applies parameters and conditions to a template. `facts` brings account, Region and the stack's names.
    pub fn new(template: &Template, values: &BTreeMap<String, String>, facts: Facts) -> Result<Self, AwsError> {
        let declared = template.section("Parameters");
        let mut plan = Self { facts, ..Self::default() };
        plan.facts.mappings = Value::Object(template.section("Mappings").clone());
        plan.facts.parameters = values
            .iter()
            .map(|(name, value)| {
                let declaration = declared.get(name).unwrap_or(&Value::Null);
                (name.clone(), parameters::typed(declaration, value))
            })
            .collect();
        let conditions = template.section("Conditions");
        for name in conditions.keys() {
            let mut scope = Static { facts: &plan.facts, conditions, path: Vec::new() };
            let decided = scope.condition(name).map_err(validation)?;
            plan.facts.conditions.insert(name.clone(), decided);
        }
        let holds = |item: &Value| {
            text(item, "Condition").is_none_or(|name| plan.facts.conditions.get(name).copied().unwrap_or(false))
        };
        let kept: Vec<(&String, &Value)> = template.section("Resources").iter().filter(|(_, one)| holds(one)).collect();
        let mut resources = Vec::new();
        for (logical, item) in &kept {
            let properties = item.get("Properties").cloned().unwrap_or_else(|| Value::Object(Map::new()));
            let properties = prune(&properties, &plan.facts.conditions).unwrap_or_default();
            let mut needs: Vec<String> =
                depends_on(item).into_iter().filter(|name| kept.iter().any(|(other, _)| *other == name)).collect();
            needs.extend(referred(&properties, values));
            needs.sort_unstable();
            needs.dedup();
            resources.push(Planned {
                logical: (*logical).clone(),
                type_name: text(item, "Type").unwrap_or_default().to_owned(),
                properties: Packed::from(&properties),
                needs,
                deletion: text(item, "DeletionPolicy").unwrap_or_default().to_owned(),
                replace: text(item, "UpdateReplacePolicy").unwrap_or_default().to_owned(),
                metadata: item.get("Metadata").map(Packed::from).unwrap_or_default(),
            });
        }
        let outputs: Vec<(String, Value)> = template
            .section("Outputs")
            .iter()
            .filter(|(_, one)| holds(one))
            .map(|(name, one)| (name.clone(), prune(one, &plan.facts.conditions).unwrap_or_default()))
            .collect();
        plan.resources = resources;
        plan.outputs = outputs;
        plan.check_references(values)?;
        plan.imports = plan.imported()?;
        Ok(plan)
    }

    /// Refuses references to resources whose condition does not hold, and circles.
    fn check_references(&self, values: &BTreeMap<String, String>) -> Result<(), AwsError> {
        let missing = |names: Vec<String>| -> Vec<String> {
            let mut missing: Vec<String> = names.into_iter().filter(|name| self.resource(name).is_none()).collect();
            missing.sort_unstable();
            missing.dedup();
            missing
        };
        let refuse = |missing: Vec<String>, block: &str| {
            if missing.is_empty() {
                return Ok(());
            }
            let missing = missing.join(", ");
            Err(validation(format!(
                "Template format error: Unresolved resource dependencies [{missing}] in the {block} block of the template"
            )))
        };
        refuse(missing(self.resources.iter().flat_map(|one| one.needs.clone()).collect()), "Resources")?;
        refuse(missing(self.outputs.iter().flat_map(|(_, one)| referred(one, values)).collect()), "Outputs")?;
        let edges: Vec<(String, Vec<String>)> =
            self.resources.iter().map(|one| (one.logical.clone(), one.needs.clone())).collect();
        match order(&edges) {
            Ok(_) => Ok(()),
            Err(circle) => Err(validation(format!("Circular dependency between resources: [{}]", circle.join(", ")))),
        }
    }

    fn imported(&self) -> Result<Vec<String>, AwsError> {
        let mut names = Vec::new();
        let properties: Vec<Value> = self.resources.iter().map(|one| one.properties.value()).collect();
        for value in properties.iter().chain(self.outputs.iter().map(|(_, one)| one)) {
            for argument in imports(value) {
                let empty = Map::new();
                let mut scope = Static { facts: &self.facts, conditions: &empty, path: Vec::new() };
                let name = resolve(argument, &mut scope).map_err(validation)?;
                names.extend(name.as_ref().map(parameters::plain));
            }
        }
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }
}

/// The resources that a value refers to: every name that is neither parameter nor pseudo parameter.
fn referred(value: &Value, parameters: &BTreeMap<String, String>) -> Vec<String> {
    references(value)
        .into_iter()
        .filter_map(|reference| match reference {
            Reference::Ref(name) => {
                let given = parameters.contains_key(&name) || PSEUDO_PARAMETERS.contains(&name.as_str());
                (!given).then_some(name)
            }
            Reference::Attribute(name, _) => Some(name),
            _ => None,
        })
        .collect()
}

/// A value with every `Fn::If` replaced by its branch; `None` when that branch is `AWS::NoValue`.
fn prune(value: &Value, conditions: &BTreeMap<String, bool>) -> Option<Value> {
    match function(value) {
        Some(("Fn::If", argument)) => {
            let name = argument.get(0).and_then(Value::as_str).unwrap_or_default();
            let branch = if conditions.get(name).copied().unwrap_or(false) { 1 } else { 2 };
            return argument.get(branch).and_then(|branch| prune(branch, conditions));
        }
        Some(("Ref", name)) if name == "AWS::NoValue" => return None,
        _ => {}
    }
    Some(match value {
        Value::Array(list) => list.iter().filter_map(|one| prune(one, conditions)).collect(),
        Value::Object(object) => object
            .iter()
            .filter_map(|(name, one)| prune(one, conditions).map(|one| (name.clone(), one)))
            .collect::<Map<String, Value>>()
            .into(),
        other => other.clone(),
    })
}

fn imports(value: &Value) -> Vec<&Value> {
    match function(value) {
        Some(("Fn::ImportValue", argument)) => vec![argument],
        _ => match value {
            Value::Array(list) => list.iter().flat_map(imports).collect(),
            Value::Object(object) => object.values().flat_map(imports).collect(),
            _ => Vec::new(),
        },
    }
}

impl Facts {
    /// What `Ref` gives when the name is a parameter or a pseudo parameter; null is `AWS::NoValue`.
    pub fn reference(&self, name: &str) -> Option<Value> {
        let value = match name {
            "AWS::AccountId" => &self.account,
            "AWS::Region" => &self.region,
            "AWS::StackId" => &self.stack_id,
            "AWS::StackName" => &self.stack_name,
            "AWS::Partition" => "aws",
            "AWS::URLSuffix" => "amazonaws.com",
            "AWS::NoValue" => return Some(Value::Null),
            "AWS::NotificationARNs" => return Some(Value::Array(Vec::new())),
            other => return self.parameters.get(other).cloned(),
        };
        Some(Value::String(value.to_owned()))
    }

    /// An entry of the Mappings section.
    pub fn mapping(&self, map: &str, top: &str, second: &str) -> Result<Value, String> {
        self.mappings
            .get(map)
            .and_then(|map| map.get(top))
            .and_then(|top| top.get(second))
            .cloned()
            .ok_or_else(|| format!("Template error: Unable to get mapping for {map}::{top}::{second}"))
    }

    /// The Availability Zones of a Region; empty means the stack's own.
    pub fn zones(&self, region: &str) -> Vec<String> {
        crate::sandbox::services::ec2::zones(if region.is_empty() { &self.region } else { region })
    }
}

/// A scope without resources: Conditions, and the names of imports.
struct Static<'p> {
    facts: &'p Facts,
    conditions: &'p Map<String, Value>,
    /// The conditions that are being decided, to see a circle.
    path: Vec<String>,
}

impl Scope for Static<'_> {
    fn reference(&mut self, name: &str) -> Result<Option<Value>, String> {
        self.facts.reference(name).map(|value| Some(value).filter(|value| !value.is_null())).ok_or_else(|| {
            format!(
                "Template format error: Unresolved dependencies [{name}]. Cannot reference resources in the Conditions block of the template"
            )
        })
    }

    fn attribute(&mut self, resource: &str, _name: &str) -> Result<Value, String> {
        Err(format!(
            "Template format error: Unresolved dependencies [{resource}]. Cannot reference resources in the Conditions block of the template"
        ))
    }

    fn import(&mut self, _name: &str) -> Result<Value, String> {
        Err("Template error: Fn::ImportValue cannot be used in the Conditions block of the template".into())
    }

    fn condition(&mut self, name: &str) -> Result<bool, String> {
        if let Some(decided) = self.facts.conditions.get(name) {
            return Ok(*decided);
        }
        let Some(condition) = self.conditions.get(name) else {
            return Err(format!(
                "Template format error: Unresolved condition dependency {name} in the Conditions block of the template"
            ));
        };
        if self.path.iter().any(|one| one == name) {
            return Err(format!("Template error: Found circular condition dependency with {name}"));
        }
        self.path.push(name.to_owned());
        let decided = holds(condition, self);
        self.path.pop();
        decided
    }

    fn mapping(&mut self, map: &str, top: &str, second: &str) -> Result<Value, String> {
        self.facts.mapping(map, top, second)
    }

    fn zones(&mut self, region: &str) -> Vec<String> {
        self.facts.zones(region)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    const TEMPLATE: &str = r#"
Parameters:
  Second: { Type: String, Default: "no" }
Conditions:
  First: !Not [!Condition Later]
  Later: !Equals [!Ref Second, "yes"]
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: { CidrBlock: 10.0.0.0/16 }
  Gateway:
    Type: AWS::EC2::InternetGateway
    Condition: First
    DependsOn: Vpc
  Subnet:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: !Ref Vpc
      CidrBlock: !If [First, 10.0.0.0/24, 10.0.1.0/24]
      AvailabilityZone: !If [First, !Ref AWS::NoValue, !Select [0, !GetAZs ""]]
Outputs:
  Name:
    Condition: Later
    Value: !ImportValue
      Fn::Sub: "${Second}-x"
"#;

    fn plan(second: &str, text: &str) -> Result<Plan, AwsError> {
        let template = Template::parse(text)?;
        let values = BTreeMap::from([("Second".to_owned(), second.to_owned())]);
        Plan::new(&template, &values, Facts { region: "eu-west-1".into(), ..Facts::default() })
    }

    #[test]
    fn conditions_choose_resources_branches_and_outputs() {
        let first = plan("no", TEMPLATE).unwrap();
        assert_eq!(first.resources.len(), 3);
        assert_eq!(first.resource("Subnet").unwrap().properties.value()["CidrBlock"], "10.0.0.0/24");
        assert!(first.resource("Subnet").unwrap().properties.value().get("AvailabilityZone").is_none());
        assert_eq!(first.resource("Gateway").unwrap().needs, ["Vpc"]);
        assert!(first.outputs.is_empty());
        let later = plan("yes", TEMPLATE).unwrap();
        assert_eq!(later.resources.len(), 2);
        assert_eq!(later.imports, ["yes-x"]);
    }

    #[test]
    fn a_reference_to_what_is_not_made_is_refused() {
        let text = TEMPLATE.replace("VpcId: !Ref Vpc", "VpcId: !Ref Gateway");
        assert!(plan("no", &text).is_ok());
        let error = plan("yes", &text).unwrap_err();
        assert!(error.message.contains("Unresolved resource dependencies [Gateway] in the Resources block"), "{error}");
    }

    #[test]
    fn a_circle_is_refused() {
        let text = TEMPLATE.replace("Properties: { CidrBlock: 10.0.0.0/16 }", "DependsOn: Subnet");
        let error = plan("no", &text).unwrap_err();
        assert_eq!(error.message, "Circular dependency between resources: [Vpc, Gateway, Subnet]");
    }
}
