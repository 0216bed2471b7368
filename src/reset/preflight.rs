//! Before anything is planned or deleted in an account: is it the one that is meant, and may it be reset at all.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::caller::Caller;
use super::refuse::looks_real;
use super::roster::Seat;
use crate::domain::{Failure, FailureClass, GLOBAL_REGION};
use crate::protocol::operation;

/// What is known about an account that may be reset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Who acts, as STS says.
    pub caller: String,
    /// What could not be told, in words.
    pub notes: Vec<String>,
}

/// Asks an account who it is; the error is why it is left alone, and what to do. No flag lifts any of it. The caller
/// holds one participant of the clock.
pub async fn preflight(
    caller: &Caller,
    seat: &Seat,
    region: &str,
    blocked: &BTreeSet<String>,
) -> Result<Checked, String> {
    if blocked.contains(&seat.account) {
        return Err(format!("{} is on the block list", seat.account));
    }
    if looks_real(&seat.name) || looks_real(&seat.seat) {
        return Err(format!("its name ({} {}) looks like that of a production account", seat.seat, seat.name));
    }
    let who = operation("sts", "get-caller-identity", region, json!({}));
    let identity = caller.call(&who).await.map_err(|failure| entry(seat, &failure))?.output;
    let text = |member: &str| identity.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (account, arn) = (text("Account"), text("Arn"));
    if account != seat.account {
        return Err(format!(
            "these credentials belong to the account {account}, not to {}; mend the role, the profile or the account",
            seat.account
        ));
    }
    if blocked.contains(&account) {
        return Err(format!("{account} is on the block list"));
    }
    let mut checked = Checked { caller: arn, notes: Vec::new() };
    let aliases = operation("iam", "list-account-aliases", GLOBAL_REGION, json!({}));
    match caller.all(&aliases).await {
        Ok(output) => {
            let aliases = output.get("AccountAliases").and_then(Value::as_array).cloned().unwrap_or_default();
            if let Some(alias) = aliases.iter().filter_map(Value::as_str).find(|alias| looks_real(alias)) {
                return Err(format!("its alias '{alias}' looks like that of a production account"));
            }
        }
        Err(failure) => checked.notes.push(format!("the account's alias could not be read: {}", failure.code)),
    }
    let organization = operation("organizations", "describe-organization", GLOBAL_REGION, json!({}));
    match caller.call(&organization).await {
        Ok(reply) => {
            let management = reply.output.pointer("/Organization/MasterAccountId").and_then(Value::as_str);
            if management == Some(account.as_str()) {
                return Err("it is the management account of its organization".to_owned());
            }
        }
        Err(failure) if failure.code.contains("NotInUse") => {}
        Err(failure) => {
            let note = format!("whether it is a management account could not be read: {}", failure.code);
            checked.notes.push(note);
        }
    }
    Ok(checked)
}

/// Why an account cannot be entered, and what to do.
fn entry(seat: &Seat, failure: &Failure) -> String {
    let what = format!("{}: {}", failure.code, failure.message);
    let advice = match failure.class {
        FailureClass::Expired if seat.profile.is_empty() => "sign in again".to_owned(),
        FailureClass::Expired => format!("sign in again: aws sso login --profile {}", seat.profile),
        FailureClass::Denied if !seat.role.is_empty() => {
            format!("let the role {} be assumed by whoever resets", seat.role)
        }
        _ => "check the credentials of this seat".to_owned(),
    };
    format!("it cannot be entered ({what}); {advice}")
}

/// The suffix of the run that an account holds: from the tags of what is there. The error names several.
pub async fn find_suffix(
    caller: &Caller,
    workshop: &str,
    key: &str,
    shared: &[(String, String)],
    regions: &[&str],
) -> Result<Option<String>, String> {
    let filters: Vec<Value> = shared.iter().map(|(key, value)| json!({ "Key": key, "Values": [value] })).collect();
    let mut found = BTreeSet::new();
    for region in regions {
        let read = operation("resourcegroupstaggingapi", "get-resources", region, json!({ "TagFilters": filters }));
        let output = caller.all(&read).await.map_err(|failure| failure.to_string())?;
        for item in output.get("ResourceTagMappingList").and_then(Value::as_array).into_iter().flatten() {
            let tags = item.get("Tags").and_then(Value::as_array).into_iter().flatten();
            let tag = tags.into_iter().find(|tag| tag.get("Key").and_then(Value::as_str) == Some(key));
            found.extend(tag.and_then(|tag| tag.get("Value")).and_then(Value::as_str).map(str::to_owned));
        }
    }
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (first, None) => Ok(first),
        (first, second) => {
            let names: Vec<String> = first.into_iter().chain(second).chain(found).collect();
            Err(format!(
                "it holds {} runs of the workshop {workshop} ({}); say which one in the column suffix, a line for each",
                names.len(),
                names.join(", ")
            ))
        }
    }
}
