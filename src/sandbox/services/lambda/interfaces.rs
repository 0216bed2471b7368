//! Network interfaces of functions in a VPC: made with the first function that needs one, and gone long after the last.
//!
//! Source: AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC": one interface for
//! each combination of subnet and security groups, shared by the functions that have it.

use serde_json::Value;

use super::Transition;
use crate::sandbox::call::{AwsError, Call};
use crate::sandbox::services::{ec2, iam};
use crate::sandbox::world::What;

/// How long Lambda takes to delete an interface that no function uses.
const DELETE: &str = "lambda.interface.delete";

/// Texts of a list in a function's VpcConfig.
fn texts<'v>(vpc: &'v Value, list: &str) -> Vec<&'v str> {
    vpc.get(list).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Makes the interfaces that a function with this VpcConfig needs.
pub(super) fn attach(call: &mut Call<'_>, vpc: &Value, function: &str) -> Result<(), AwsError> {
    let groups = texts(vpc, "SecurityGroupIds");
    for subnet in texts(vpc, "SubnetIds") {
        ec2::make_for_lambda(call, subnet, &groups, function).map_err(|error| {
            let operation = if error.code.starts_with("InvalidGroup") { "SecurityGroups" } else { "Subnets" };
            let why = format!(
                "Error occurred while Describe{operation}. EC2 Error Code: {}. EC2 Error Message: {}",
                error.code, error.message
            );
            AwsError::client("InvalidParameterValueException", why)
        })?;
    }
    Ok(())
}

/// The interfaces of this VpcConfig that no function uses.
fn idle(call: &mut Call<'_>, vpc: &Value) -> Vec<String> {
    let groups = texts(vpc, "SecurityGroupIds");
    let subnets = texts(vpc, "SubnetIds").into_iter().filter(|subnet| !is_used(call, subnet, &groups));
    let subnets: Vec<_> = subnets.collect();
    subnets.into_iter().filter_map(|subnet| ec2::of_lambda(call, subnet, &groups)).collect()
}

fn is_used(call: &mut Call<'_>, subnet: &str, groups: &[&str]) -> bool {
    call.regional().lambda.functions.values().any(|function| {
        let vpc = function.vpc();
        texts(vpc, "SubnetIds").contains(&subnet) && ec2::same_groups(&texts(vpc, "SecurityGroupIds"), groups)
    })
}

/// Whether interfaces are left of a function with this VpcConfig that is gone, and of no other.
pub fn linger(call: &mut Call<'_>, vpc: &Value) -> bool {
    !idle(call, vpc).is_empty()
}

/// A function that acted with `role` does without this VpcConfig from now on.
pub(super) fn release(call: &mut Call<'_>, vpc: &Value, role: &str) {
    let outlive = call.world.rule("lambda.interfaces-outlive-function");
    for interface in idle(call, vpc) {
        if outlive {
            wait(call, interface, role);
        } else {
            ec2::remove_interface(call, &interface);
        }
    }
}

fn wait(call: &mut Call<'_>, interface: String, role: &str) {
    let after = call.draw(DELETE, &interface);
    call.schedule(after, What::Lambda(Transition::Release { interface, role: role.to_owned() }));
}

/// Lambda deletes an interface, with the role of the function that needed it last.
pub(super) fn released(call: &mut Call<'_>, interface: String, role: &str) {
    let (account, region) = (call.account.clone(), call.region.clone());
    let awaited = call.world.timeline.any(|other| {
        let same = matches!(&other.what, What::Lambda(Transition::Release { interface: one, .. }) if *one == interface);
        same && other.account == account && other.region == region
    });
    let Some(vpc) = ec2::interface_as_vpc_config(call, &interface) else { return };
    // A function took it up again meanwhile, and perhaps left it again.
    if awaited || idle(call, &vpc).is_empty() {
        return;
    }
    let needs = call.world.rule("lambda.interfaces-need-role");
    if needs && !iam::trusts(call.world, &call.account, role, "lambda.amazonaws.com") {
        return wait(call, interface, role);
    }
    ec2::remove_interface(call, &interface);
    call.world.touch();
}
