//! Instance profiles: the cover in which an EC2 instance carries a role. And the account's alias.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Role, no_such, roles};
use crate::domain::SimTime;
use crate::sandbox::call::{AwsError, Call, required, tag_list, tags, text};

/// An instance profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Its ARN.
    pub arn: String,
    /// Its unique id, `AIPA…`.
    id: String,
    path: String,
    /// The name of its role; there is at most one.
    pub role: Option<String>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    created: SimTime,
}

fn shown(call: &mut Call<'_>, name: &str) -> Option<Value> {
    let state = &call.account_state().iam;
    let profile = state.profiles.get(name)?;
    let roles: Vec<Value> =
        profile.role.iter().filter_map(|role| state.roles.get(role)).map(roles::described).collect();
    Some(json!({
        "InstanceProfileName": name, "InstanceProfileId": profile.id, "Arn": profile.arn, "Path": profile.path,
        "CreateDate": profile.created.epoch_seconds(), "Roles": roles, "Tags": tag_list(&profile.tags),
    }))
}

fn missing(name: &str) -> AwsError {
    no_such(&format!("Instance Profile {name} cannot be found."))
}

fn find<'c>(call: &'c mut Call<'_>, input: &Value) -> Result<&'c mut Profile, AwsError> {
    let name = required(input, "InstanceProfileName")?;
    call.account_state().iam.profiles.get_mut(name).ok_or_else(|| missing(name))
}

/// CreateInstanceProfile.
pub fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "InstanceProfileName")?;
    if call.account_state().iam.profiles.contains_key(name) {
        let why = format!("Instance Profile {name} already exists.");
        return Err(AwsError::with_status(409, "EntityAlreadyExists", why));
    }
    let path = text(input, "Path").unwrap_or("/").to_owned();
    let profile = Profile {
        arn: format!("arn:aws:iam::{}:instance-profile{path}{name}", call.account),
        id: format!("AIPA{}", call.upper_id(17)),
        path,
        role: None,
        tags: tags(input.get("Tags")),
        created: call.now(),
    };
    call.account_state().iam.profiles.insert(name.to_owned(), profile);
    Ok(json!({ "InstanceProfile": shown(call, name) }))
}

/// GetInstanceProfile.
pub fn get(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "InstanceProfileName")?;
    shown(call, name).map(|profile| json!({ "InstanceProfile": profile })).ok_or_else(|| missing(name))
}

fn listed(call: &mut Call<'_>, wanted: impl Fn(&Profile) -> bool) -> Value {
    let profiles = call.account_state().iam.profiles.iter();
    let names: Vec<String> = profiles.filter(|(_, one)| wanted(one)).map(|(name, _)| name.clone()).collect();
    let shown: Vec<Value> = names.iter().filter_map(|name| shown(call, name)).collect();
    json!({ "InstanceProfiles": shown, "IsTruncated": false })
}

/// ListInstanceProfiles.
pub fn list(call: &mut Call<'_>, _input: &Value) -> Result<Value, AwsError> {
    Ok(listed(call, |_| true))
}

/// ListInstanceProfilesForRole.
pub fn list_for_role(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let role: &Role = roles::find(call, input)?;
    let name = role.name.clone();
    Ok(listed(call, |profile| profile.role.as_ref() == Some(&name)))
}

/// AddRoleToInstanceProfile.
pub fn add_role(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let role = roles::find(call, input)?.name.clone();
    let profile = find(call, input)?;
    if profile.role.is_some() {
        let why = "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1";
        return Err(AwsError::with_status(409, "LimitExceeded", why));
    }
    profile.role = Some(role);
    Ok(json!({}))
}

/// RemoveRoleFromInstanceProfile.
pub fn remove_role(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let role = required(input, "RoleName")?;
    let profile = find(call, input)?;
    if profile.role.as_deref() != Some(role) {
        return Err(no_such(&format!("The role with name {role} cannot be found.")));
    }
    profile.role = None;
    Ok(json!({}))
}

/// DeleteInstanceProfile. Its role must be taken out before.
pub fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    if find(call, input)?.role.is_some() {
        let why = "Cannot delete entity, must remove roles from instance profile first.";
        return Err(AwsError::with_status(409, "DeleteConflict", why));
    }
    let name = required(input, "InstanceProfileName")?;
    call.account_state().iam.profiles.remove(name);
    Ok(json!({}))
}

/// CreateAccountAlias.
pub fn create_alias(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let alias = required(input, "AccountAlias")?.to_owned();
    let taken =
        call.world.accounts.iter().any(|(id, one)| *id != call.account && one.iam.alias.as_ref() == Some(&alias));
    if taken {
        let why = format!("The account alias {alias} already exists.");
        return Err(AwsError::with_status(409, "EntityAlreadyExists", why));
    }
    call.account_state().iam.alias = Some(alias);
    Ok(json!({}))
}

/// ListAccountAliases.
pub fn list_aliases(call: &mut Call<'_>, _input: &Value) -> Result<Value, AwsError> {
    let aliases: Vec<String> = call.account_state().iam.alias.iter().cloned().collect();
    Ok(json!({ "AccountAliases": aliases, "IsTruncated": false }))
}

/// DeleteAccountAlias.
pub fn delete_alias(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let alias = required(input, "AccountAlias")?;
    let state = &mut call.account_state().iam;
    if state.alias.as_deref() != Some(alias) {
        return Err(no_such(&format!("The account alias {alias} cannot be found.")));
    }
    state.alias = None;
    Ok(json!({}))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::sandbox::World;

    #[test]
    fn a_profile_holds_its_role_and_its_role_holds_it() {
        let mut world = World::new(1);
        let mut call = Call::new(&mut world, "111122223333", "us-east-1");
        let trust = json!({ "Statement": [{ "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole" }] });
        call.invoke("iam", "CreateRole", &json!({ "RoleName": "r", "AssumeRolePolicyDocument": trust.to_string() }))
            .unwrap();
        let (profile, both) =
            (json!({ "InstanceProfileName": "p" }), json!({ "InstanceProfileName": "p", "RoleName": "r" }));
        call.invoke("iam", "CreateInstanceProfile", &profile).unwrap();
        call.invoke("iam", "AddRoleToInstanceProfile", &both).unwrap();
        let held = call.invoke("iam", "ListInstanceProfilesForRole", &json!({ "RoleName": "r" })).unwrap();
        assert_eq!(held["InstanceProfiles"][0]["Roles"][0]["RoleName"], "r");
        assert_eq!(call.invoke("iam", "DeleteInstanceProfile", &profile).unwrap_err().code, "DeleteConflict");
        assert_eq!(call.invoke("iam", "DeleteRole", &json!({ "RoleName": "r" })).unwrap_err().code, "DeleteConflict");
        call.invoke("iam", "RemoveRoleFromInstanceProfile", &both).unwrap();
        call.invoke("iam", "DeleteRole", &json!({ "RoleName": "r" })).unwrap();
        call.invoke("iam", "DeleteInstanceProfile", &profile).unwrap();
    }
}
