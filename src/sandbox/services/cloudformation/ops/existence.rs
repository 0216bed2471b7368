//! Parameters of AWS's own types: what they name must exist in the account and the Region.
//!
//! Source: CloudFormation User Guide, "AWS-specific parameter types".

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::sandbox::call::{AwsError, Call, text};
use crate::sandbox::services::cloudformation::template::{parameters, validation};
use crate::sandbox::services::{ec2, handler};

/// A type, the operation that finds what it names, and the operation's member for the name.
const LOOK_UPS: &[(&str, &str, &str, &str)] = &[
    ("AWS::EC2::Image::Id", "ec2", "DescribeImages", "ImageIds"),
    ("AWS::EC2::Instance::Id", "ec2", "DescribeInstances", "InstanceIds"),
    ("AWS::EC2::KeyPair::KeyName", "ec2", "DescribeKeyPairs", "KeyNames"),
    ("AWS::EC2::SecurityGroup::GroupName", "ec2", "DescribeSecurityGroups", "GroupNames"),
    ("AWS::EC2::SecurityGroup::Id", "ec2", "DescribeSecurityGroups", "GroupIds"),
    ("AWS::EC2::Subnet::Id", "ec2", "DescribeSubnets", "SubnetIds"),
    ("AWS::EC2::VPC::Id", "ec2", "DescribeVpcs", "VpcIds"),
    ("AWS::EC2::Volume::Id", "ec2", "DescribeVolumes", "VolumeIds"),
    ("AWS::Route53::HostedZone::Id", "route53", "GetHostedZone", "Id"),
];

/// Refuses values that name nothing, and types whose things the sandbox does not have.
pub fn check(
    call: &mut Call<'_>,
    declared: &Map<String, Value>,
    values: &BTreeMap<String, String>,
) -> Result<(), AwsError> {
    for (name, declaration) in declared {
        let kind = parameters::inner_kind(text(declaration, "Type").unwrap_or_default());
        let Some(value) = values.get(name).filter(|_| kind.starts_with("AWS::")) else { continue };
        for part in parameters::parts(declaration, value) {
            let exists = match LOOK_UPS.iter().find(|(known, ..)| *known == kind) {
                _ if kind == "AWS::EC2::AvailabilityZone::Name" => {
                    ec2::zones(&call.region).iter().any(|zone| zone == part)
                }
                Some((_, service, operation, _)) if handler(service, operation).is_none() => {
                    return Err(validation(format!(
                        "Template format error: The sandbox does not simulate parameters of type {kind} ({name})"
                    )));
                }
                Some((_, service, operation, member)) => {
                    let input = if *member == "Id" { json!({ "Id": part }) } else { json!({ *member: [part] }) };
                    call.invoke(service, operation, &input).is_ok()
                }
                None => return Err(validation(format!("Template format error: Unrecognized parameter type: {kind}"))),
            };
            if !exists {
                return Err(validation(format!(
                    "Parameter validation failed: parameter value {part} for parameter name {name} does not exist"
                )));
            }
        }
    }
    Ok(())
}
