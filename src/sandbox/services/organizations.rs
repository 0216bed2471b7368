//! Organizations: a management account, its units, and the accounts in them. The management account holds the state.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Handler;
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, text};
use crate::sandbox::chance;
use crate::sandbox::world::What;

/// What this service holds, in the management account only.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    organization: Option<Organization>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Organization {
    id: String,
    root: String,
    /// Units by id, with their name and their parent.
    units: BTreeMap<String, (String, String)>,
    members: BTreeMap<String, Member>,
    /// Requests for accounts by id, with the account and whether it is there.
    requests: BTreeMap<String, (String, bool, SimTime)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Member {
    name: String,
    email: String,
    parent: String,
    suspended: bool,
    created: bool,
    joined: SimTime,
}

/// What will happen to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Transition {
    /// A requested account is there.
    Created(String),
}

/// Lets a transition happen.
pub fn apply(call: &mut Call<'_>, what: Transition) {
    let Transition::Created(request) = what;
    let management = call.account.clone();
    let Some(organization) = call.account_state().organizations.organization.as_mut() else { return };
    let Some((account, done, _)) = organization.requests.get_mut(&request) else { return };
    *done = true;
    let account = account.clone();
    organization.parent_exists(&account);
    // Source: AWS Organizations User Guide: the role by which the management account enters an account that it made.
    let trust = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{management}:root") }, "Action": "sts:AssumeRole" }
    ]});
    let role = json!({ "RoleName": "OrganizationAccountAccessRole", "AssumeRolePolicyDocument": trust.to_string() });
    let attach = json!({
        "RoleName": "OrganizationAccountAccessRole", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess",
    });
    let mut member = Call::new(call.world, &account, crate::domain::GLOBAL_REGION);
    for (operation, input) in [("CreateRole", role), ("AttachRolePolicy", attach)] {
        if let Err(error) = member.invoke("iam", operation, &input) {
            member.log(format!("organizations: {operation} in {account}: {error}"));
        }
    }
}

impl Organization {
    fn parent_exists(&mut self, account: &str) {
        if let Some(member) = self.members.get_mut(account) {
            member.created = true;
        }
    }

    fn has(&self, parent: &str) -> bool {
        self.root == parent || self.units.contains_key(parent)
    }

    fn parent_of(&self, child: &str) -> Option<&str> {
        let unit = self.units.get(child).map(|(_, parent)| parent.as_str());
        unit.or_else(|| self.members.get(child).map(|member| member.parent.as_str()))
    }

    fn parent_kind(&self, id: &str) -> &'static str {
        if id == self.root { "ROOT" } else { "ORGANIZATIONAL_UNIT" }
    }
}

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "CreateOrganization" => create,
        "DescribeOrganization" => describe,
        "DeleteOrganization" => delete,
        "ListRoots" => list_roots,
        "CreateOrganizationalUnit" => create_unit,
        "DescribeOrganizationalUnit" => describe_unit,
        "DeleteOrganizationalUnit" => delete_unit,
        "ListOrganizationalUnitsForParent" => list_units,
        "ListAccounts" => |call, _| list_accounts(call, None),
        "ListAccountsForParent" => |call, input| {
            let parent = required(input, "ParentId")?.to_owned();
            list_accounts(call, Some(&parent))
        },
        "ListParents" => list_parents,
        "ListChildren" => list_children,
        "DescribeAccount" => describe_account,
        "CreateAccount" => create_account,
        "DescribeCreateAccountStatus" => describe_request,
        "MoveAccount" => move_account,
        "CloseAccount" => close_account,
        _ => return None,
    })
}

/// The organization that the caller's account belongs to, and its management account.
fn of_caller<'c>(call: &'c mut Call<'_>) -> Result<(String, &'c mut Organization), AwsError> {
    let account = call.account.clone();
    let management = call.world.accounts.iter().find_map(|(id, state)| {
        let organization = state.organizations.organization.as_ref()?;
        (*id == account || organization.members.contains_key(&account)).then(|| id.clone())
    });
    let state = management.and_then(|id| call.world.accounts.get_mut(&id).map(|state| (id, state)));
    state.and_then(|(id, state)| Some((id, state.organizations.organization.as_mut()?))).ok_or_else(|| {
        let why = "Your account is not a member of an organization.";
        AwsError::client("AWSOrganizationsNotInUseException", why)
    })
}

/// The same for what only the management account may ask.
fn managed<'c>(call: &'c mut Call<'_>) -> Result<(String, &'c mut Organization), AwsError> {
    let account = call.account.clone();
    let (management, organization) = of_caller(call)?;
    if account == management {
        return Ok((management, organization));
    }
    let why = "You don't have permissions to access this resource.";
    Err(AwsError::client("AccessDeniedException", why))
}

fn missing(kind: &str, why: &str) -> AwsError {
    AwsError::client(kind, why)
}

fn no_parent() -> AwsError {
    missing("ParentNotFoundException", "You specified parent that doesn't exist.")
}

fn no_account() -> AwsError {
    missing("AccountNotFoundException", "You specified an account that doesn't exist.")
}

fn show_organization(management: &str, organization: &Organization) -> Value {
    json!({ "Organization": {
        "Id": organization.id,
        "Arn": format!("arn:aws:organizations::{management}:organization/{}", organization.id),
        "FeatureSet": "ALL",
        "MasterAccountArn": format!("arn:aws:organizations::{management}:account/{}/{management}", organization.id),
        "MasterAccountId": management,
        "MasterAccountEmail": format!("{management}@example.com"),
        "AvailablePolicyTypes": [],
    }})
}

fn create(call: &mut Call<'_>, _input: &Value) -> Result<Value, AwsError> {
    if of_caller(call).is_ok() {
        let why = "The AWS account is already a member of an organization.";
        return Err(missing("AlreadyInOrganizationException", why));
    }
    let (id, root) = (format!("o-{}", call.hex_id(10)), format!("r-{}", call.hex_id(4)));
    let account = call.account.clone();
    let own = Member {
        name: "management".to_owned(),
        email: format!("{account}@example.com"),
        parent: root.clone(),
        suspended: false,
        created: true,
        joined: call.now(),
    };
    let organization = Organization {
        id,
        root,
        units: BTreeMap::new(),
        members: [(account.clone(), own)].into(),
        requests: BTreeMap::new(),
    };
    let answer = show_organization(&account, &organization);
    call.account_state().organizations.organization = Some(organization);
    Ok(answer)
}

fn describe(call: &mut Call<'_>, _input: &Value) -> Result<Value, AwsError> {
    let (management, organization) = of_caller(call)?;
    Ok(show_organization(&management, organization))
}

fn delete(call: &mut Call<'_>, _input: &Value) -> Result<Value, AwsError> {
    let (_, organization) = managed(call)?;
    if organization.members.len() > 1 || !organization.units.is_empty() {
        let why = "To delete an organization you must first remove all member accounts (except the master).";
        return Err(missing("OrganizationNotEmptyException", why));
    }
    call.account_state().organizations.organization = None;
    Ok(json!({}))
}

fn list_roots(call: &mut Call<'_>, _input: &Value) -> Result<Value, AwsError> {
    let (management, organization) = managed(call)?;
    let arn = format!("arn:aws:organizations::{management}:root/{}/{}", organization.id, organization.root);
    Ok(json!({ "Roots": [{ "Id": organization.root, "Arn": arn, "Name": "Root", "PolicyTypes": [] }] }))
}

fn show_unit(management: &str, organization: &Organization, id: &str, name: &str) -> Value {
    let arn = format!("arn:aws:organizations::{management}:ou/{}/{id}", organization.id);
    json!({ "Id": id, "Arn": arn, "Name": name })
}

fn create_unit(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, parent) = (required(input, "Name")?.to_owned(), required(input, "ParentId")?.to_owned());
    let suffix = call.hex_id(8);
    let (management, organization) = managed(call)?;
    if !organization.has(&parent) {
        return Err(no_parent());
    }
    if organization.units.values().any(|(other, of)| *other == name && *of == parent) {
        let why = "An OU with the same name already exists.";
        return Err(missing("DuplicateOrganizationalUnitException", why));
    }
    let id = format!("ou-{}-{suffix}", organization.root.trim_start_matches("r-"));
    organization.units.insert(id.clone(), (name.clone(), parent));
    Ok(json!({ "OrganizationalUnit": show_unit(&management, organization, &id, &name) }))
}

fn no_unit() -> AwsError {
    missing("OrganizationalUnitNotFoundException", "You specified an organizational unit that doesn't exist.")
}

fn describe_unit(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = required(input, "OrganizationalUnitId")?;
    let (management, organization) = managed(call)?;
    let (name, _) = organization.units.get(id).ok_or_else(no_unit)?;
    Ok(json!({ "OrganizationalUnit": show_unit(&management, organization, id, name) }))
}

fn delete_unit(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = required(input, "OrganizationalUnitId")?;
    let (_, organization) = managed(call)?;
    if !organization.units.contains_key(id) {
        return Err(no_unit());
    }
    let held = organization.units.values().any(|(_, parent)| parent == id)
        || organization.members.values().any(|member| member.parent == id);
    if held {
        let why = "To delete an organizational unit you must first remove all accounts and child OUs.";
        return Err(missing("OrganizationalUnitNotEmptyException", why));
    }
    organization.units.remove(id);
    Ok(json!({}))
}

fn list_units(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let parent = required(input, "ParentId")?;
    let (management, organization) = managed(call)?;
    if !organization.has(parent) {
        return Err(no_parent());
    }
    let units = organization.units.iter().filter(|(_, (_, of))| of == parent);
    let shown: Vec<Value> = units.map(|(id, (name, _))| show_unit(&management, organization, id, name)).collect();
    Ok(json!({ "OrganizationalUnits": shown }))
}

fn show_account(management: &str, organization: &Organization, id: &str, member: &Member) -> Value {
    let state = if member.suspended { "SUSPENDED" } else { "ACTIVE" };
    json!({
        "Id": id,
        "Arn": format!("arn:aws:organizations::{management}:account/{}/{id}", organization.id),
        "Email": member.email,
        "Name": member.name,
        "Status": state,
        "State": state,
        "JoinedMethod": if id == management { "INVITED" } else { "CREATED" },
        "JoinedTimestamp": member.joined.epoch_seconds(),
    })
}

/// Accounts of the organization, or those directly below a root or a unit.
fn list_accounts(call: &mut Call<'_>, parent: Option<&str>) -> Result<Value, AwsError> {
    let (management, organization) = managed(call)?;
    if parent.is_some_and(|parent| !organization.has(parent)) {
        return Err(no_parent());
    }
    let members = organization.members.iter().filter(|(_, one)| one.created);
    let shown: Vec<Value> = members
        .filter(|(_, one)| parent.is_none_or(|parent| one.parent == parent))
        .map(|(id, one)| show_account(&management, organization, id, one))
        .collect();
    Ok(json!({ "Accounts": shown }))
}

fn list_parents(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let child = required(input, "ChildId")?;
    let (_, organization) = managed(call)?;
    let parent = organization
        .parent_of(child)
        .ok_or_else(|| missing("ChildNotFoundException", "You specified a child that doesn't exist."))?;
    Ok(json!({ "Parents": [{ "Id": parent, "Type": organization.parent_kind(parent) }] }))
}

fn list_children(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (parent, kind) = (required(input, "ParentId")?, required(input, "ChildType")?);
    let (_, organization) = managed(call)?;
    if !organization.has(parent) {
        return Err(no_parent());
    }
    let ids: Vec<&String> = if kind == "ACCOUNT" {
        organization.members.iter().filter(|(_, one)| one.created && one.parent == parent).map(|(id, _)| id).collect()
    } else {
        organization.units.iter().filter(|(_, (_, of))| of == parent).map(|(id, _)| id).collect()
    };
    let children: Vec<Value> = ids.into_iter().map(|id| json!({ "Id": id, "Type": kind })).collect();
    Ok(json!({ "Children": children }))
}

fn describe_account(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = required(input, "AccountId")?;
    let (management, organization) = managed(call)?;
    let member = organization.members.get(id).filter(|one| one.created).ok_or_else(no_account)?;
    Ok(json!({ "Account": show_account(&management, organization, id, member) }))
}

fn show_request(organization: &Organization, id: &str) -> Option<Value> {
    let (account, done, at) = organization.requests.get(id)?;
    let name = organization.members.get(account).map(|member| member.name.as_str());
    let mut status = json!({
        "Id": id,
        "AccountName": name,
        "State": if *done { "SUCCEEDED" } else { "IN_PROGRESS" },
        "RequestedTimestamp": at.epoch_seconds(),
    });
    if let (true, Some(map)) = (*done, status.as_object_mut()) {
        map.insert("AccountId".to_owned(), json!(account));
    }
    Some(json!({ "CreateAccountStatus": status }))
}

fn create_account(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (name, email) = (required(input, "AccountName")?.to_owned(), required(input, "Email")?.to_owned());
    if text(input, "RoleName").is_some_and(|role| role != "OrganizationAccountAccessRole") {
        let why = "The sandbox does not simulate organizations CreateAccount RoleName.";
        return Err(missing("SandboxUnsupportedParameter", why));
    }
    managed(call)?;
    let request = format!("car-{}", call.hex_id(32));
    let account =
        format!("{:012}", 200_000_000_000 + chance::bits(call.world.seed, "account", &request, 0) % 700_000_000_000);
    let now = call.now();
    let (_, organization) = managed(call)?;
    if organization.members.values().any(|member| member.email == email) {
        let why = "You can't create an account with an email address that is in use.";
        return Err(missing("ConstraintViolationException", why));
    }
    let parent = organization.root.clone();
    let member = Member { name, email, parent, suspended: false, created: false, joined: now };
    organization.members.insert(account.clone(), member);
    organization.requests.insert(request.clone(), (account, false, now));
    let answer = show_request(organization, &request).unwrap_or_default();
    let after = call.draw("organizations.account.create", &request);
    call.schedule(after, What::Organizations(Transition::Created(request)));
    Ok(answer)
}

fn describe_request(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = required(input, "CreateAccountRequestId")?;
    let (_, organization) = managed(call)?;
    show_request(organization, id).ok_or_else(|| {
        let why = "We can't find an create account request with the CreateAccountRequestId that you specified.";
        missing("CreateAccountStatusNotFoundException", why)
    })
}

fn move_account(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let (id, from, to) =
        (required(input, "AccountId")?, required(input, "SourceParentId")?, required(input, "DestinationParentId")?);
    let (_, organization) = managed(call)?;
    if !organization.has(to) {
        let why = "You specified a destination parent that doesn't exist.";
        return Err(missing("DestinationParentNotFoundException", why));
    }
    let member = organization.members.get_mut(id).filter(|one| one.created).ok_or_else(no_account)?;
    if member.parent != from {
        return Err(missing("SourceParentNotFoundException", "You specified a source parent that doesn't exist."));
    }
    to.clone_into(&mut member.parent);
    Ok(json!({}))
}

/// CloseAccount. A closed account stays listed, suspended, for 90 days. Source: aws-behaviour.md, section 2.
fn close_account(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = required(input, "AccountId")?;
    let (management, organization) = managed(call)?;
    if management == id {
        let why = "You can't close the management account.";
        return Err(missing("ConstraintViolationException", why));
    }
    let member = organization.members.get_mut(id).filter(|one| one.created).ok_or_else(no_account)?;
    if member.suspended {
        return Err(missing("AccountAlreadyClosedException", "You tried to close an account that is already closed."));
    }
    member.suspended = true;
    Ok(json!({}))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::sandbox::{World, constants};

    const MANAGEMENT: &str = "999988887777";

    fn ask(world: &mut World, account: &str, operation: &str, input: &Value) -> Result<Value, AwsError> {
        Call::new(world, account, "us-east-1").invoke("organizations", operation, input)
    }

    #[test]
    fn an_account_is_created_moved_entered_and_closed() {
        let mut world = World::new(1);
        let outside = ask(&mut world, MANAGEMENT, "DescribeOrganization", &json!({})).unwrap_err();
        assert_eq!(outside.code, "AWSOrganizationsNotInUseException");
        let made = ask(&mut world, MANAGEMENT, "CreateOrganization", &json!({})).unwrap();
        assert_eq!(made["Organization"]["MasterAccountId"], MANAGEMENT);
        let root = ask(&mut world, MANAGEMENT, "ListRoots", &json!({})).unwrap()["Roots"][0]["Id"].clone();
        let unit = json!({ "ParentId": root, "Name": "class" });
        let unit =
            ask(&mut world, MANAGEMENT, "CreateOrganizationalUnit", &unit).unwrap()["OrganizationalUnit"]["Id"].clone();
        let seat = json!({ "AccountName": "seat-1", "Email": "seat-1@example.com" });
        let status = ask(&mut world, MANAGEMENT, "CreateAccount", &seat).unwrap()["CreateAccountStatus"].clone();
        assert_eq!(status["State"], "IN_PROGRESS");
        let later = world.now.plus(constants::constant("organizations.account.create").unwrap().p95 * 4);
        world.advance(later);
        let request = json!({ "CreateAccountRequestId": status["Id"] });
        let done = ask(&mut world, MANAGEMENT, "DescribeCreateAccountStatus", &request).unwrap();
        assert_eq!(done["CreateAccountStatus"]["State"], "SUCCEEDED");
        let id = done["CreateAccountStatus"]["AccountId"].as_str().unwrap().to_owned();
        let in_unit = |world: &mut World| {
            let listed = ask(world, MANAGEMENT, "ListAccountsForParent", &json!({ "ParentId": unit })).unwrap();
            listed["Accounts"].as_array().unwrap().len()
        };
        assert_eq!(in_unit(&mut world), 0);
        let mv = json!({ "AccountId": id, "SourceParentId": root, "DestinationParentId": unit });
        ask(&mut world, MANAGEMENT, "MoveAccount", &mv).unwrap();
        assert_eq!(ask(&mut world, MANAGEMENT, "MoveAccount", &mv).unwrap_err().code, "SourceParentNotFoundException");
        assert_eq!(in_unit(&mut world), 1);
        let parents = ask(&mut world, MANAGEMENT, "ListParents", &json!({ "ChildId": id })).unwrap();
        assert_eq!(parents["Parents"][0]["Type"], "ORGANIZATIONAL_UNIT");
        let role = json!({ "RoleArn": format!("arn:aws:iam::{id}:role/OrganizationAccountAccessRole"), "RoleSessionName": "me" });
        Call::new(&mut world, MANAGEMENT, "us-east-1").invoke("sts", "AssumeRole", &role).unwrap();
        assert_eq!(ask(&mut world, &id, "ListAccounts", &json!({})).unwrap_err().code, "AccessDeniedException");
        assert!(ask(&mut world, &id, "DescribeOrganization", &json!({})).is_ok());
        let full = ask(&mut world, MANAGEMENT, "DeleteOrganizationalUnit", &json!({ "OrganizationalUnitId": unit }));
        assert_eq!(full.unwrap_err().code, "OrganizationalUnitNotEmptyException");
        ask(&mut world, MANAGEMENT, "CloseAccount", &json!({ "AccountId": id })).unwrap();
        let account = ask(&mut world, MANAGEMENT, "DescribeAccount", &json!({ "AccountId": id })).unwrap();
        assert_eq!(account["Account"]["Status"], "SUSPENDED");
    }
}
