//! Service Quotas: what an account may have at most. It shows the quotas that the sandbox enforces, and raises them on
//! request.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Handler;
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required};
use crate::sandbox::world::What;

mod table;

pub use table::{QUOTAS, Quota, check};

/// What this service holds for an account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Values that differ from the default, by `REGION/CODE` or `global/CODE`.
    pub raised: BTreeMap<String, f64>,
    requests: BTreeMap<String, Request>,
}

/// A request for a higher value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Request {
    code: String,
    region: String,
    desired: f64,
    approved: bool,
    created: SimTime,
}

/// What will happen to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Transition {
    /// A request is approved.
    Approved(String),
}

/// Lets a transition happen.
pub fn apply(call: &mut Call<'_>, what: Transition) {
    let Transition::Approved(id) = what;
    let state = &mut call.account_state().quotas;
    let Some(request) = state.requests.get_mut(&id) else { return };
    request.approved = true;
    if let Some(quota) = QUOTAS.iter().find(|quota| quota.code == request.code) {
        state.raised.insert(quota.key(&request.region), request.desired);
    }
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "ListServices" => list_services,
        "ListServiceQuotas" => |call, input| list(call, input, true),
        "ListAWSDefaultServiceQuotas" => |call, input| list(call, input, false),
        "GetServiceQuota" => |call, input| get(call, input, true),
        "GetAWSDefaultServiceQuota" => |call, input| get(call, input, false),
        "RequestServiceQuotaIncrease" => request,
        "GetRequestedServiceQuotaChange" => get_request,
        _ => return None,
    })
}

fn missing() -> AwsError {
    AwsError::client(
        "NoSuchResourceException",
        "The request failed because the specified service or quota does not exist.",
    )
}

fn shown(call: &mut Call<'_>, quota: &Quota, applied: bool) -> Value {
    let region = if quota.global { String::new() } else { call.region.clone() };
    json!({
        "ServiceCode": quota.service,
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "QuotaArn": format!("arn:aws:servicequotas:{region}:{}:{}/{}", call.account, quota.service, quota.code),
        "Value": if applied { quota.applied(call) } else { quota.value },
        "Unit": "None",
        "Adjustable": quota.adjustable,
        "GlobalQuota": quota.global,
    })
}

fn list_services(_call: &mut Call<'_>, _input: &Value) -> Result<Value, AwsError> {
    let mut codes: Vec<&str> = QUOTAS.iter().map(|quota| quota.service).collect();
    codes.sort_unstable();
    codes.dedup();
    let services: Vec<Value> = codes.iter().map(|code| json!({ "ServiceCode": code, "ServiceName": code })).collect();
    Ok(json!({ "Services": services }))
}

fn list(call: &mut Call<'_>, input: &Value, applied: bool) -> Result<Value, AwsError> {
    let service = required(input, "ServiceCode")?;
    let of_service: Vec<&Quota> = QUOTAS.iter().filter(|quota| quota.service == service).collect();
    if of_service.is_empty() {
        return Err(missing());
    }
    let quotas: Vec<Value> = of_service.into_iter().map(|quota| shown(call, quota, applied)).collect();
    Ok(json!({ "Quotas": quotas }))
}

fn find(input: &Value) -> Result<&'static Quota, AwsError> {
    let (service, code) = (required(input, "ServiceCode")?, required(input, "QuotaCode")?);
    QUOTAS.iter().find(|quota| quota.service == service && quota.code == code).ok_or_else(missing)
}

fn get(call: &mut Call<'_>, input: &Value, applied: bool) -> Result<Value, AwsError> {
    let quota = find(input)?;
    Ok(json!({ "Quota": shown(call, quota, applied) }))
}

fn show_request(call: &Call<'_>, id: &str, request: &Request) -> Value {
    let quota = QUOTAS.iter().find(|quota| quota.code == request.code);
    json!({ "RequestedQuota": {
        "Id": id,
        "ServiceCode": quota.map(|quota| quota.service),
        "QuotaCode": request.code,
        "QuotaName": quota.map(|quota| quota.name),
        "DesiredValue": request.desired,
        "Status": if request.approved { "APPROVED" } else { "PENDING" },
        "Created": request.created.epoch_seconds(),
        "Requester": format!("{{\"accountId\":\"{}\",\"callerArn\":\"{}\"}}", call.account, call.principal),
    }})
}

fn request(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let quota = find(input)?;
    let desired = input.get("DesiredValue").and_then(Value::as_f64).unwrap_or_default();
    if !quota.adjustable || desired <= quota.applied(call) {
        let why = "You must provide a quota value greater than the current quota value.";
        return Err(AwsError::client("IllegalArgumentException", why));
    }
    let waiting = call.account_state().quotas.requests.values().any(|one| one.code == quota.code && !one.approved);
    if waiting {
        let why = "Only one open service quota increase request is allowed per quota.";
        return Err(AwsError::client("ResourceAlreadyExistsException", why));
    }
    let id = call.hex_id(40);
    let made = Request {
        code: quota.code.to_owned(),
        region: call.region.clone(),
        desired,
        approved: false,
        created: call.now(),
    };
    let answer = show_request(call, &id, &made);
    call.account_state().quotas.requests.insert(id.clone(), made);
    let after = call.draw("servicequotas.approve", &id);
    call.schedule(after, What::ServiceQuotas(Transition::Approved(id)));
    Ok(answer)
}

fn get_request(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = required(input, "RequestId")?;
    let found = call.account_state().quotas.requests.get(id).cloned().ok_or_else(missing)?;
    Ok(show_request(call, id, &found))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::sandbox::{World, constants};

    #[test]
    fn every_quota_has_a_source_and_stops_an_operation_that_exists() {
        for quota in QUOTAS {
            assert!(quota.source.len() > 10 && quota.code.starts_with("L-"), "{}", quota.code);
            assert_eq!(QUOTAS.iter().filter(|other| other.code == quota.code).count(), 1, "{}", quota.code);
            assert_eq!(table::stopped(quota).is_some(), quota.enforced.is_some(), "{}", quota.code);
        }
    }

    /// A request of each operation that a quota stops.
    fn sample(operation: &str) -> Value {
        match operation {
            "CreateSubnet" | "CreateRouteTable" => json!({ "VpcId": "vpc-1" }),
            _ => json!({}),
        }
    }

    #[test]
    fn each_quota_is_enforced_with_its_error_and_not_when_its_rule_is_off() {
        for quota in QUOTAS {
            let Some(enforced) = &quota.enforced else { continue };
            let mut world = World::new(1);
            let mut call = Call::new(&mut world, "111122223333", "eu-west-1");
            let (service, operation) = enforced.at;
            check(&mut call, service, operation, &sample(operation)).unwrap();
            // A quota of nothing is reached by everything.
            call.account_state().quotas.raised.insert(quota.key("eu-west-1"), 0.0);
            let error = call.invoke(service, operation, &sample(operation)).unwrap_err();
            assert_eq!((error.code.as_str(), error.status), (enforced.error, enforced.status), "{}", quota.name);
            call.world.rules_off.insert(enforced.rule.to_owned());
            check(&mut call, service, operation, &sample(operation)).unwrap();
        }
    }

    #[test]
    fn a_request_raises_a_quota_after_its_time() {
        let mut world = World::new(1);
        let mut call = Call::new(&mut world, "111122223333", "eu-west-1");
        let vpcs = json!({ "ServiceCode": "vpc", "QuotaCode": "L-F678F1CE" });
        let value = |call: &mut Call<'_>, operation: &str| {
            call.invoke("service-quotas", operation, &vpcs).unwrap()["Quota"]["Value"].as_f64().unwrap()
        };
        let mut more = vpcs.clone();
        more["DesiredValue"] = json!(6.0);
        call.invoke("service-quotas", "RequestServiceQuotaIncrease", &more).unwrap();
        let again = call.invoke("service-quotas", "RequestServiceQuotaIncrease", &more).unwrap_err();
        assert_eq!(again.code, "ResourceAlreadyExistsException");
        assert!((value(&mut call, "GetServiceQuota") - 5.0).abs() < 0.1);
        let later = call.now().plus(constants::constant("servicequotas.approve").unwrap().p95 * 4);
        call.world.advance(later);
        let mut call = Call::new(&mut world, "111122223333", "eu-west-1");
        assert!((value(&mut call, "GetServiceQuota") - 6.0).abs() < 0.1);
        assert!((value(&mut call, "GetAWSDefaultServiceQuota") - 5.0).abs() < 0.1);
        for _ in 0..5 {
            call.invoke("ec2", "CreateVpc", &json!({ "CidrBlock": "10.0.0.0/16" })).unwrap();
        }
        let full = call.invoke("ec2", "CreateVpc", &json!({ "CidrBlock": "10.0.0.0/16" })).unwrap_err();
        assert_eq!(full.code, "VpcLimitExceeded");
    }

    #[test]
    fn nat_gateways_are_counted_by_zone() {
        let mut world = World::new(1);
        let mut call = Call::new(&mut world, "111122223333", "eu-west-1");
        let vpc =
            call.invoke("ec2", "CreateVpc", &json!({ "CidrBlock": "10.0.0.0/16" })).unwrap()["Vpc"]["VpcId"].clone();
        let mut subnet = |zone: &str, cidr: &str| {
            let input = json!({ "VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": zone });
            call.invoke("ec2", "CreateSubnet", &input).unwrap()["Subnet"]["SubnetId"].clone()
        };
        let (a, b) = (subnet("eu-west-1a", "10.0.1.0/24"), subnet("eu-west-1b", "10.0.2.0/24"));
        let nat = |subnet: &Value| json!({ "SubnetId": subnet, "ConnectivityType": "private" });
        for _ in 0..5 {
            call.invoke("ec2", "CreateNatGateway", &nat(&a)).unwrap();
        }
        assert_eq!(call.invoke("ec2", "CreateNatGateway", &nat(&a)).unwrap_err().code, "NatGatewayLimitExceeded");
        call.invoke("ec2", "CreateNatGateway", &nat(&b)).unwrap();
    }

    #[test]
    fn a_security_group_takes_sixty_rules() {
        let mut world = World::new(1);
        let mut call = Call::new(&mut world, "111122223333", "eu-west-1");
        let group =
            call.invoke("ec2", "CreateSecurityGroup", &json!({ "GroupName": "g", "Description": "d" })).unwrap();
        let ranges = |from: usize, to: usize| -> Value {
            (from..to).map(|n| json!({ "CidrIp": format!("10.0.{n}.0/24") })).collect()
        };
        let rule = |port: u16, ranges: Value| {
            json!({ "GroupId": group["GroupId"], "IpPermissions": [
                { "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": ranges }
            ]})
        };
        call.invoke("ec2", "AuthorizeSecurityGroupIngress", &rule(80, ranges(0, 60))).unwrap();
        let error = call.invoke("ec2", "AuthorizeSecurityGroupIngress", &rule(81, ranges(0, 1))).unwrap_err();
        assert_eq!(error.code, "RulesPerSecurityGroupLimitExceeded");
    }
}
