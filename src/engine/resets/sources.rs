//! Where the accounts of a reset come from: one's own, a roster file, profiles, a role, an organizational unit.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::ResetError;
use crate::domain::{GLOBAL_REGION, Operations as _};
use crate::engine::session::Session;
use crate::protocol::{call_all, operation};
use crate::reset::{Excluded, Roster, Seat};

/// What stands for the account's id in a template of a role's ARN.
const PLACE: &str = "{account}";
/// The role by which a management account enters the accounts that it made. Source: AWS Organizations User Guide.
const ORGANIZATION_ROLE: &str = "arn:aws:iam::{account}:role/OrganizationAccountAccessRole";

/// Which accounts are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// A roster file.
    pub roster: Option<PathBuf>,
    /// Named profiles, by a pattern with asterisks.
    pub profiles: Option<String>,
    /// The ARN of a role, or a template of one with `{account}`.
    pub assume_role: Option<String>,
    /// The external id of that role.
    pub external_id: Option<String>,
    /// An organizational unit or a root.
    pub ou: Option<String>,
    /// The suffix of the run, where one account is meant.
    pub suffix: Option<String>,
}

/// The accounts.
pub(super) async fn roster(session: &Session, source: &Source) -> Result<Roster, ResetError> {
    let mut roster = match (&source.roster, &source.profiles, &source.ou) {
        (Some(file), None, None) => from_file(file)?,
        (None, Some(pattern), None) => profiles(session, pattern).await?,
        (None, None, Some(unit)) => organization(session, unit).await?,
        (None, None, None) => Roster::of(vec![alone(session, source).await?]),
        _ => {
            let why = "--roster, --profiles and --ou each say which accounts; give one of them";
            return Err(ResetError::Usage(why.to_owned()));
        }
    };
    let role = source.assume_role.as_deref().or(source.ou.as_ref().map(|_| ORGANIZATION_ROLE));
    for seat in &mut roster.seats {
        if let (Some(role), true) = (role, seat.role.is_empty()) {
            seat.role = role.replace(PLACE, &seat.account);
            source.external_id.clone().unwrap_or_default().clone_into(&mut seat.external_id);
        }
    }
    let excluded = roster.excluded;
    let mut checked = Roster::of(roster.seats);
    checked.excluded.extend(excluded);
    Ok(checked)
}

/// The seats of a roster file.
pub fn from_file(file: &Path) -> Result<Roster, ResetError> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| ResetError::File { path: file.to_path_buf(), why: error.to_string() })?;
    Ok(Roster::read(&file.display().to_string(), &text)?)
}

/// The account of the credentials, or the one that a role is in.
async fn alone(session: &Session, source: &Source) -> Result<Seat, ResetError> {
    let suffix = source.suffix.clone();
    if let Some(role) = &source.assume_role {
        if role.contains(PLACE) {
            let why = format!("--assume-role with {PLACE} needs to know the accounts: add --roster FILE or --ou ID");
            return Err(ResetError::Usage(why));
        }
        let account = role.split(':').nth(4).unwrap_or_default().to_owned();
        let suffix = suffix.unwrap_or_default();
        return Ok(Seat { seat: account.clone(), account, suffix, ..Seat::default() });
    }
    let account = account(session).await?;
    // One's own run is known without looking for it.
    let suffix = suffix.unwrap_or_else(|| session.suffix().to_owned());
    Ok(Seat { seat: "1".to_owned(), account, suffix, ..Seat::default() })
}

async fn account(session: &Session) -> Result<String, ResetError> {
    let region = session.guide.regions().primary().as_str();
    let reply = session.sdk.call(&operation("sts", "get-caller-identity", region, json!({}))).await?;
    Ok(reply.output.get("Account").and_then(Value::as_str).unwrap_or_default().to_owned())
}

/// The profiles of the AWS configuration that the pattern names. Who they are is asked for each of them.
async fn profiles(session: &Session, pattern: &str) -> Result<Roster, ResetError> {
    if session.simulated() {
        let why = "--profiles are of real AWS: add --aws. In the sandbox give a roster with account ids";
        return Err(ResetError::Usage(why.to_owned()));
    }
    let path = std::env::var_os("AWS_CONFIG_FILE").map_or_else(
        || directories::BaseDirs::new().map(|dirs| dirs.home_dir().join(".aws/config")).unwrap_or_default(),
        PathBuf::from,
    );
    let text = std::fs::read_to_string(&path)
        .map_err(|error| ResetError::File { path: path.clone(), why: error.to_string() })?;
    let names: Vec<String> = profile_names(&text).into_iter().filter(|name| matches(pattern, name)).collect();
    if names.is_empty() {
        return Err(ResetError::Usage(format!("{}: no profile matches '{pattern}'", path.display())));
    }
    let mut roster = Roster::default();
    let region = session.guide.regions().primary().to_string();
    for name in names {
        let unknown = Seat { seat: name.clone(), profile: name.clone(), ..Seat::default() };
        let asked = async {
            let aws = super::doors::enter(session, &unknown, &region, super::doors::RESET).await?;
            let who = operation("sts", "get-caller-identity", &region, json!({}));
            aws.call(&who).await.map_err(|failure| failure.to_string())
        };
        match asked.await {
            Ok(reply) => {
                let account = reply.output.get("Account").and_then(Value::as_str).unwrap_or_default().to_owned();
                roster.seats.push(Seat { account, ..unknown.clone() });
            }
            Err(why) => roster.excluded.push(Excluded { seat: name, account: String::new(), why }),
        }
    }
    Ok(roster)
}

/// The names of the profiles in an AWS configuration file.
fn profile_names(text: &str) -> Vec<String> {
    let heading = |line: &str| {
        let inside = line.trim().strip_prefix('[')?.split(']').next()?.trim().to_owned();
        if inside == "default" {
            Some(inside)
        } else {
            inside.strip_prefix("profile ").map(|name| name.trim().to_owned())
        }
    };
    text.lines().filter_map(heading).collect()
}

/// Whether a pattern with asterisks names a text.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text
            .strip_prefix(start)
            .is_some_and(|left| (0..=left.len()).any(|at| left.get(at..).is_some_and(|tail| matches(rest, tail)))),
    }
}

/// The accounts of an organizational unit and of the units below it.
async fn organization(session: &Session, unit: &str) -> Result<Roster, ResetError> {
    let list = async |name: &str, parent: &str, member: &str| -> Result<Vec<Value>, ResetError> {
        let read = operation("organizations", name, GLOBAL_REGION, json!({ "ParentId": parent }));
        let output = call_all(session.sdk.as_ref(), &read).await?;
        Ok(output.get(member).and_then(Value::as_array).cloned().unwrap_or_default())
    };
    let text = |value: &Value, member: &str| value.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (mut roster, mut open) = (Roster::default(), vec![unit.to_owned()]);
    while let Some(parent) = open.pop() {
        for account in list("list-accounts-for-parent", &parent, "Accounts").await? {
            let (id, name, status) = (text(&account, "Id"), text(&account, "Name"), text(&account, "Status"));
            if status == "ACTIVE" {
                roster.seats.push(Seat { seat: id.clone(), name, account: id, ..Seat::default() });
            } else {
                roster.excluded.push(Excluded { seat: id.clone(), account: id, why: format!("it is {status}") });
            }
        }
        let below = list("list-organizational-units-for-parent", &parent, "OrganizationalUnits").await?;
        open.extend(below.iter().map(|unit| text(unit, "Id")));
    }
    if roster.seats.is_empty() && roster.excluded.is_empty() {
        return Err(ResetError::Usage(format!("{unit}: no account is in it")));
    }
    roster.seats.sort_by(|a, b| a.seat.cmp(&b.seat));
    Ok(roster)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_profiles() {
        let text = "[default]\nregion = x\n[profile class-1]\n[profile  class-22 ]\n[sso-session s]\n";
        assert_eq!(profile_names(text), ["default", "class-1", "class-22"]);
        assert!(matches("class-*", "class-22") && matches("*", "") && matches("a*b*c", "axxbc"));
        assert!(!matches("class-*", "default") && !matches("a*b", "a"));
    }
}
