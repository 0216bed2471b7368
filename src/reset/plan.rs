//! A plan: what of each account goes, what stays, what it costs. A file whose SHA-256 stands for it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::act::Key;
use super::caller::Caller;
use super::item::{Item, Owner};
use super::journal::hash;
use super::price::{Cost, cost};
use super::refuse::keeps_role;
use super::roster::{Excluded, Seat};
use super::run::Run;
use super::scan::{Scan, scan};

/// The version of the file's form.
pub const FORMAT: u32 = 1;

/// A plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The version of its form.
    pub format: u32,
    /// The workshop that it is about.
    pub workshop: String,
    /// What is being reset, as people call it; a part of the phrase that is typed.
    pub title: String,
    /// When it was made, in the run's time.
    pub made: String,
    /// Accounts that are never touched.
    pub blocked: BTreeSet<String>,
    /// Accounts to be reset.
    pub seats: Vec<SeatPlan>,
    /// Accounts that are left alone, and why.
    pub excluded: Vec<Excluded>,
}

/// One account of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeatPlan {
    /// Who, where, and how the account is entered.
    pub seat: Seat,
    /// The suffix of the run; empty when the account holds none.
    pub suffix: String,
    /// Who acted when the plan was made.
    pub caller: String,
    /// What goes.
    pub ours: Vec<Item>,
    /// What the run's stacks take with them, by type.
    pub members: BTreeMap<String, usize>,
    /// What stays, and why it counts as somebody else's.
    pub not_ours: Vec<Item>,
    /// What carries the run's tags and has no other proof: reported, never deleted by itself.
    pub unproved: Vec<Item>,
    /// The bucket with the run's manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// Regions that were searched.
    pub regions: Vec<String>,
    /// Regions that the account has not opted in to.
    pub closed_regions: Vec<String>,
    /// Reads that failed; the plan is not complete while there are any.
    pub unread: Vec<String>,
    /// What it costs while it exists.
    pub cost: Cost,
    /// What people should know.
    pub notes: Vec<String>,
}

/// Why a plan's file cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// It is no plan, or one of another version.
    #[error(
        "{path}: this is no plan of this version of workshop ({why}); make one with `workshop reset plan --out PLAN`"
    )]
    Form {
        /// The file.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// Its content is not what the hash stands for.
    #[error(
        "{path}: its SHA-256 is {found}, not {given}: the plan is not the one that the hash was given out for. Read it, or \
         make a new one; nothing was deleted"
    )]
    OtherContent {
        /// The file.
        path: String,
        /// The hash of its content.
        found: String,
        /// The hash that was given.
        given: String,
    },
}

impl Plan {
    /// The file's content, and its SHA-256 as `sha256sum` prints it.
    pub fn to_file(&self) -> Result<(String, String), serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        let sum = hash(&text);
        Ok((text, sum))
    }

    /// Reads a plan's file; `given` is the hash that its content must have.
    pub fn from_file(path: &str, text: &str, given: Option<&str>) -> Result<(Self, String), PlanError> {
        let found = hash(text);
        if let Some(given) = given.filter(|given| !given.eq_ignore_ascii_case(&found)) {
            return Err(PlanError::OtherContent { path: path.to_owned(), found, given: given.to_owned() });
        }
        let form = |why: String| PlanError::Form { path: path.to_owned(), why };
        let plan: Plan = serde_json::from_str(text).map_err(|error| form(error.to_string()))?;
        if plan.format != FORMAT {
            return Err(form(format!("format {} instead of {FORMAT}", plan.format)));
        }
        Ok((plan, found))
    }

    /// How many things go, those included that stacks take with them.
    pub fn things(&self) -> usize {
        self.seats.iter().map(SeatPlan::things).sum()
    }

    /// Dollars an hour that end, as far as they are known.
    pub fn dollars_per_hour(&self) -> f64 {
        // The sum of nothing is -0 in Rust, and would be shown so.
        self.seats.iter().fold(0.0, |sum, seat| sum + seat.cost.dollars_per_hour)
    }

    /// What is typed to confirm it: enough to notice that it is the wrong plan.
    pub fn phrase(&self) -> String {
        format!("reset {} {} accounts {} resources", self.title, self.seats.len(), self.things())
    }
}

impl SeatPlan {
    /// How many things go.
    pub fn things(&self) -> usize {
        // A table or a cluster of a stack is listed as itself and counted with its stack.
        let loose = self.ours.iter().filter(|item| !matches!(item.owner, Owner::Stack { .. })).count();
        loose + self.members.values().sum::<usize>()
    }

    /// What may be deleted.
    pub fn allowed(&self) -> BTreeSet<Key> {
        self.ours.iter().filter(|item| item.owner.ours()).map(Item::key).collect()
    }
}

/// Makes the plan of one account from what exists in it. The caller holds one participant of the clock.
pub async fn plan_seat(caller: &Caller, seat: &Seat, run: &Run, acting: &str) -> (SeatPlan, Scan) {
    let found = scan(caller, &seat.account, run).await;
    let (mut ours, mut not_ours, mut unproved) = (Vec::new(), Vec::new(), Vec::new());
    for item in &found.items {
        match &item.owner {
            Owner::TagAlone => unproved.push(item.clone()),
            Owner::NotOurs { .. } => not_ours.push(item.clone()),
            _ if item.kind == super::item::Kind::Tagged => unproved.push(item.clone()),
            _ => ours.push(item.clone()),
        }
    }
    for list in [&mut ours, &mut not_ours, &mut unproved] {
        list.sort_by_key(Item::key);
    }
    let mut members: BTreeMap<String, usize> = BTreeMap::new();
    found.members.iter().for_each(|member| *members.entry(member.type_name.clone()).or_default() += 1);
    let mut types = members.clone();
    for item in ours.iter().filter(|item| !matches!(item.owner, Owner::Stack { .. })) {
        *types.entry(item.kind.type_name().to_owned()).or_default() += 1;
    }
    let plan = SeatPlan {
        seat: seat.clone(),
        suffix: run.suffix.clone(),
        caller: acting.to_owned(),
        ours,
        members,
        not_ours,
        unproved,
        manifest: run.manifest.clone().filter(|bucket| ours_has(&found, bucket)),
        regions: found.regions.clone(),
        closed_regions: found.closed.clone(),
        unread: found.unread.clone(),
        cost: cost(&types),
        notes: Vec::new(),
    };
    (plan, found)
}

/// Whether the bucket with the manifest exists and is the run's.
fn ours_has(scan: &Scan, bucket: &str) -> bool {
    scan.ours().any(|item| item.kind == super::item::Kind::Bucket && item.id == bucket)
}

/// The role that nothing may delete and that the run's stacks would, when there is one.
pub fn kept_role(scan: &Scan, caller: &str) -> Option<String> {
    let roles = scan.members.iter().filter(|member| member.type_name == "AWS::IAM::Role");
    roles
        .into_iter()
        .find_map(|role| keeps_role(&role.id, caller).map(|why| format!("{why}, and the stack {} owns it", role.stack)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan {
            format: FORMAT,
            workshop: "bookstore".into(),
            title: "bookstore".into(),
            made: "2026-01-05T09:00:00.000Z".into(),
            blocked: BTreeSet::new(),
            seats: Vec::new(),
            excluded: Vec::new(),
        }
    }

    #[test]
    fn a_plan_is_what_its_hash_stands_for() {
        let (text, sum) = plan().to_file().unwrap();
        assert_eq!(Plan::from_file("p", &text, Some(&sum.to_uppercase())).unwrap().0, plan());
        let edited = text.replace("bookstore", "backstore");
        assert!(matches!(Plan::from_file("p", &edited, Some(&sum)), Err(PlanError::OtherContent { .. })));
        assert!(matches!(Plan::from_file("p", "{}", None), Err(PlanError::Form { .. })));
        let other = text.replace("\"format\": 1", "\"format\": 9");
        assert!(matches!(Plan::from_file("p", &other, None), Err(PlanError::Form { .. })));
    }
}
