//! The AWS query protocol: a form in, XML out.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::model::{Kind, Member, OperationModel, Service, Shape};
use super::percent;
use super::scalar::{self, Reader};
use super::timestamps::Format;
use super::xml::{Element, Writer};

/// A form's fields as a tree: `A.member.1.B=x` is `A` → `member` → `1` → `B` → `x`.
#[derive(Debug, Default)]
pub struct Form {
    text: Option<String>,
    children: BTreeMap<String, Form>,
}

/// Deeper than any input of AWS.
const MOST_DEPTH: usize = 64;

impl Form {
    /// Reads a body or a query string.
    pub fn parse(text: &str) -> Self {
        let mut form = Self::default();
        for (name, value) in percent::pairs(text) {
            let mut node = &mut form;
            for part in name.splitn(MOST_DEPTH, '.') {
                node = node.children.entry(part.to_owned()).or_default();
            }
            node.text = Some(value);
        }
        form
    }

    /// The text of a field without dots.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.children.get(name)?.text.as_deref()
    }

    /// The numbered children, in the order of their numbers.
    fn numbered(&self) -> impl Iterator<Item = &Form> {
        let mut items: Vec<_> =
            self.children.iter().filter_map(|(name, form)| Some((name.parse::<u64>().ok()?, form))).collect();
        items.sort_by_key(|(number, _)| *number);
        items.into_iter().map(|(_, form)| form)
    }
}

impl Reader {
    /// The JSON of an input structure.
    pub fn form(&self, member: &Member, form: &Form) -> Result<Value, String> {
        let shape = self.service.shape(member);
        match shape.kind {
            Kind::Structure => self.form_structure(shape, form),
            Kind::List => {
                let Some(element) = &shape.member else { return Ok(Value::Array(Vec::new())) };
                let inner = match element_name(self.service, element) {
                    Some(name) => form.children.get(name),
                    None => Some(form),
                };
                inner.into_iter().flat_map(Form::numbered).map(|item| self.form(element, item)).collect()
            }
            Kind::Map => {
                let (Some(key), Some(element)) = (&shape.key, &shape.value) else {
                    return Ok(Value::Object(Map::new()));
                };
                let mut entries = Map::new();
                for item in form.children.get("entry").into_iter().flat_map(Form::numbered) {
                    let name = item.get(key.location_name.as_deref().unwrap_or("key")).unwrap_or_default();
                    if let Some(value) = item.children.get(element.location_name.as_deref().unwrap_or("value")) {
                        entries.insert(name.to_owned(), self.form(element, value)?);
                    }
                }
                Ok(Value::Object(entries))
            }
            _ => self.scalar(member, form.text.as_deref().unwrap_or_default()),
        }
    }

    fn form_structure(&self, shape: &Shape, form: &Form) -> Result<Value, String> {
        let given = shape
            .members
            .iter()
            .filter_map(|member| Some((member, form.children.get(member.form_name(self.service).as_ref())?)));
        let read = |(member, field): (&Member, &Form)| {
            let value = self.form(member, field).map_err(|error| format!("{}: {error}", member.name))?;
            Ok((member.name.clone(), value))
        };
        given.map(read).collect()
    }
}

/// What stands between a list's name and the numbers of its elements; nothing in EC2's dialect.
fn element_name<'m>(service: &Service, element: &'m Member) -> Option<&'m str> {
    (!service.is_ec2()).then(|| element.location_name.as_deref().unwrap_or("member"))
}

/// Writes a request's form.
pub fn write(service: &Service, operation: &OperationModel, input: &Value) -> String {
    let mut fields = vec![("Action".to_owned(), operation.name.clone())];
    fields.push(("Version".to_owned(), service.metadata.api_version.clone()));
    if let Some(member) = &operation.input {
        push(service, member, "", input, &mut fields);
    }
    let pairs = fields.iter().map(|(name, value)| format!("{}={}", percent::encode(name), percent::encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn push(service: &Service, member: &Member, prefix: &str, value: &Value, fields: &mut Vec<(String, String)>) {
    let shape = service.shape(member);
    match (shape.kind, value) {
        (Kind::Structure, Value::Object(given)) => {
            for inner in &shape.members {
                if let Some(value) = given.get(&inner.name) {
                    let dot = if prefix.is_empty() { "" } else { "." };
                    push(service, inner, &format!("{prefix}{dot}{}", inner.form_name(service)), value, fields);
                }
            }
        }
        // An empty list is told from an absent one by an empty field.
        (Kind::List, Value::Array(items)) if items.is_empty() => fields.push((prefix.to_owned(), String::new())),
        (Kind::List, Value::Array(items)) => {
            let Some(element) = &shape.member else { return };
            let name = element_name(service, element).map_or_else(String::new, |name| format!(".{name}"));
            for (item, number) in items.iter().zip(1..) {
                push(service, element, &format!("{prefix}{name}.{number}"), item, fields);
            }
        }
        (Kind::Map, Value::Object(entries)) => {
            let (Some(key), Some(element)) = (&shape.key, &shape.value) else { return };
            for ((k, v), number) in entries.iter().zip(1..) {
                let entry = format!("{prefix}.entry.{number}");
                fields.push((format!("{entry}.{}", key.location_name.as_deref().unwrap_or("key")), k.clone()));
                let name = element.location_name.as_deref().unwrap_or("value");
                push(service, element, &format!("{entry}.{name}"), v, fields);
            }
        }
        _ => {
            if let Some(text) = scalar::text(service, member, value, Format::Iso8601) {
                fields.push((prefix.to_owned(), text));
            }
        }
    }
}

/// Writes an answer.
pub fn write_output(service: &Service, operation: &OperationModel, output: &Value, request_id: &str) -> String {
    let root = format!("{}Response", operation.name);
    let mut writer = Writer::document();
    writer.open(&root, service.metadata.xml_namespace.as_deref());
    if service.is_ec2() {
        writer.leaf("requestId", request_id);
    }
    let wrapper = operation.result_wrapper.as_deref();
    if let (Some(member), true) = (&operation.output, wrapper.is_some() || service.is_ec2()) {
        if let Some(wrapper) = wrapper {
            writer.open(wrapper, None);
        }
        if let Value::Object(fields) = output {
            writer.members(service, service.shape(member), fields, |_| true);
        }
        if let Some(wrapper) = wrapper {
            writer.close(wrapper);
        }
    }
    if !service.is_ec2() {
        writer.open("ResponseMetadata", None);
        writer.leaf("RequestId", request_id);
        writer.close("ResponseMetadata");
    }
    writer.close(&root);
    writer.finish()
}

/// The JSON of an answer's output.
pub fn read_output(reader: Reader, operation: &OperationModel, root: &Element) -> Result<Value, String> {
    let Some(member) = &operation.output else { return Ok(Value::Object(Map::new())) };
    let result = operation.result_wrapper.as_deref().and_then(|wrapper| root.child(wrapper)).unwrap_or(root);
    Ok(Value::Object(reader.xml_members(reader.service.shape(member), result, |_| true)?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use serde_json::json;

    use super::super::model;
    use super::*;

    fn read(service: &str, operation: &str, text: &str) -> Result<Value, String> {
        let service = model::service(service).unwrap();
        let member = service.operation(operation).unwrap().input.as_ref().unwrap();
        Reader::server(service).form(member, &Form::parse(text))
    }

    #[test]
    fn lists_maps_and_scalars_are_read_in_order() {
        let text = "Action=CreateDBCluster&DBClusterIdentifier=a+b&StorageEncrypted=true&BackupRetentionPeriod=7\
            &VpcSecurityGroupIds.VpcSecurityGroupId.2=sg-2&VpcSecurityGroupIds.VpcSecurityGroupId.1=sg-1\
            &VpcSecurityGroupIds.VpcSecurityGroupId.10=sg-10&Tags.Tag.1.Key=k&Tags.Tag.1.Value=%C3%A9%20%26";
        let expected = json!({"BackupRetentionPeriod": 7, "DBClusterIdentifier": "a b",
            "VpcSecurityGroupIds": ["sg-1", "sg-2", "sg-10"], "Tags": [{"Key": "k", "Value": "é &"}], "StorageEncrypted": true});
        assert_eq!(read("rds", "CreateDBCluster", text).unwrap(), expected);
        let empty = read("cloudformation", "CreateStack", "StackName=s&Capabilities=").unwrap();
        assert_eq!(empty, json!({"StackName": "s", "Capabilities": []}));
    }

    #[test]
    fn a_wrong_scalar_names_its_place() {
        let error = read("rds", "CreateDBCluster", "BackupRetentionPeriod=week").unwrap_err();
        assert_eq!(error, "BackupRetentionPeriod: expected a whole number, found 'week'");
    }

    #[test]
    fn ec2_numbers_its_lists_at_once_and_answers_without_wrapper() {
        let text = "Action=DescribeNetworkInterfaces&NetworkInterfaceId.1=eni-1&Filter.1.Name=vpc-id\
            &Filter.1.Value.1=vpc-1&Filter.1.Value.2=vpc-2&DryRun=false";
        let input = json!({"NetworkInterfaceIds": ["eni-1"], "DryRun": false,
            "Filters": [{"Name": "vpc-id", "Values": ["vpc-1", "vpc-2"]}]});
        assert_eq!(read("ec2", "DescribeNetworkInterfaces", text).unwrap(), input);
        let service = model::service("ec2").unwrap();
        let operation = service.operation("DescribeNetworkInterfaces").unwrap();
        assert!(
            write(service, operation, &input).contains("&Filter.1.Value.2=vpc-2"),
            "{}",
            write(service, operation, &input)
        );
        let output = json!({"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1"}]});
        let text = write_output(service, operation, &output, "r-1");
        assert!(text.ends_with(
            "<requestId>r-1</requestId><networkInterfaceSet><item><networkInterfaceId>eni-1</networkInterfaceId></item>\
            </networkInterfaceSet></DescribeNetworkInterfacesResponse>"
        ), "{text}");
    }

    #[test]
    fn an_answer_has_wrapper_namespace_and_request_id() {
        let service = model::service("rds").unwrap();
        let operation = service.operation("DescribeDBClusters").unwrap();
        let text = write_output(service, operation, &json!({"DBClusters": []}), "r-1");
        assert!(text.ends_with(
            "<DescribeDBClustersResponse xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><DescribeDBClustersResult>\
            <DBClusters></DBClusters></DescribeDBClustersResult><ResponseMetadata><RequestId>r-1</RequestId>\
            </ResponseMetadata></DescribeDBClustersResponse>"
        ), "{text}");
    }
}
