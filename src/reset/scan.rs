//! What exists in an account, and what of it belongs to a run: the inventory that a plan is made from.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::aside::side_by_side;
use super::caller::Caller;
use super::item::{Evidence, Item, Kind, Owner};
use super::lists;
use super::run::Run;
use crate::domain::region::known_regions;
use crate::domain::{BoxFuture, Failure, FailureClass, GLOBAL_REGION};
use crate::protocol::operation;

/// A member of one of the run's stacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its Region.
    pub region: String,
    /// The stack.
    pub stack: String,
    /// CloudFormation's name of its type.
    pub type_name: String,
    /// Its physical id.
    pub id: String,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// Everything that was listed, judged.
    pub items: Vec<Item>,
    /// Members of the run's stacks.
    pub members: Vec<Member>,
    /// Reads that failed, in words. Nothing is proved while there are any.
    pub unread: Vec<String>,
    /// Regions that were asked.
    pub regions: Vec<String>,
    /// Regions that are not enabled in the account.
    pub closed: Vec<String>,
}

impl Scan {
    /// What belongs to the run.
    pub fn ours(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.owner.ours())
    }
}

/// Kinds that each of the run's Regions is asked for.
const REGIONAL: &[Kind] = &[
    Kind::Stack,
    Kind::Table,
    Kind::Cluster,
    Kind::Instance,
    Kind::Snapshot,
    Kind::DomainName,
    Kind::RestApi,
    Kind::Pipeline,
    Kind::Certificate,
    Kind::Schedule,
    Kind::LogGroup,
];
/// Kinds that no Region holds alone.
const GLOBAL: &[Kind] = &[Kind::Bucket, Kind::Zone, Kind::HealthCheck, Kind::GlobalCluster, Kind::Dashboard];

/// Regions that an account must opt in to. Source: AWS Account Management Reference, "Enable or disable Regions", 2026.
const OPT_IN: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
];

/// What one read gave.
enum Found {
    Items(String, Kind, Result<Vec<Item>, Failure>),
}

/// Looks through an account. The caller holds one participant of the clock.
pub async fn scan(caller: &Caller, account: &str, run: &Run) -> Scan {
    let (primary, secondary) = (run.regions.primary().as_str(), run.regions.secondary().as_str());
    let mut reads: Vec<BoxFuture<'_, Found>> = Vec::new();
    let mut read = |kind: Kind, region: &str| {
        let region = region.to_owned();
        reads.push(Box::pin(async move {
            let items = match kind {
                Kind::Tagged => tagged(caller, run, &region).await,
                _ => lists::list(caller, account, kind, &region).await,
            };
            Found::Items(region, kind, items)
        }));
    };
    for region in known_regions() {
        read(Kind::Tagged, region);
        if region == primary || region == secondary {
            for kind in REGIONAL {
                read(*kind, region);
            }
        } else if region == GLOBAL_REGION {
            read(Kind::Stack, region);
            read(Kind::Certificate, region);
        }
    }
    for kind in GLOBAL {
        read(*kind, if *kind == Kind::GlobalCluster { primary } else { GLOBAL_REGION });
    }
    let mut scan = Scan::default();
    let mut evidence = Evidence::default();
    for Found::Items(region, kind, found) in side_by_side(caller.clock(), reads).await {
        match found {
            Ok(items) => scan.items.extend(items),
            Err(failure) if kind == Kind::Tagged && closed(&region, &failure) => scan.closed.push(region.clone()),
            Err(failure) => scan.unread.push(format!("{failure}")),
        }
        if kind == Kind::Tagged && !scan.closed.contains(&region) {
            scan.regions.push(region);
        }
    }
    evidence.tags = scan.items.iter().filter(|item| item.kind == Kind::Tagged).filter_map(tags_by_arn).collect();
    for item in scan.items.iter().filter(|item| item.kind == Kind::Stack) {
        if let Some(arn) = &item.arn {
            evidence.tags.insert(arn.clone(), tags_of(&item.raw));
        }
    }
    members(caller, run, &mut scan, &mut evidence).await;
    buckets(caller, run, &mut scan, primary).await;
    manifest(caller, run, &mut scan, &mut evidence).await;
    judge(run, &mut scan, &evidence);
    scan.items.iter_mut().for_each(shorten);
    scan
}

/// Keeps of AWS's answer what the order of deletion is made from: a class has a hundred accounts with hundreds of things.
fn shorten(item: &mut Item) {
    item.raw = match item.kind {
        Kind::Cluster => return,
        Kind::Stack => json!({ "Outputs": item.raw.get("Outputs") }).into(),
        _ => Arc::default(),
    };
}

/// Whether a refusal means that the account has not opted in to the Region.
pub(super) fn closed(region: &str, failure: &Failure) -> bool {
    OPT_IN.contains(&region) && matches!(failure.class, FailureClass::Expired | FailureClass::Denied)
}

/// What carries the workshop's tags: those that are the same in every run, so that other runs are seen as such.
async fn tagged(caller: &Caller, run: &Run, region: &str) -> Result<Vec<Item>, Failure> {
    let shared: Vec<Value> = run
        .tags
        .iter()
        .filter(|(_, value)| !value.contains(&run.suffix))
        .map(|(key, value)| json!({ "Key": key, "Values": [value] }))
        .collect();
    let input = json!({ "TagFilters": shared });
    let output = caller.all(&operation("resourcegroupstaggingapi", "get-resources", region, input)).await?;
    let items = output.get("ResourceTagMappingList").and_then(Value::as_array).cloned().unwrap_or_default();
    let item = |raw: Value| {
        let arn = raw.get("ResourceARN").and_then(Value::as_str)?.to_owned();
        let owner = Owner::TagAlone;
        let region = region.to_owned();
        Some(Item {
            kind: Kind::Tagged,
            region,
            id: arn.clone(),
            name: arn.clone(),
            arn: Some(arn),
            owner,
            raw: raw.into(),
        })
    };
    Ok(items.into_iter().filter_map(item).collect())
}

fn tags_of(raw: &Value) -> BTreeMap<String, String> {
    let tags = raw.get("Tags").and_then(Value::as_array).into_iter().flatten();
    tags.filter_map(|tag| Some((tag.get("Key")?.as_str()?.to_owned(), tag.get("Value")?.as_str()?.to_owned())))
        .collect()
}

fn tags_by_arn(item: &Item) -> Option<(String, BTreeMap<String, String>)> {
    // Log groups are listed with and without the asterisk at the end of their ARN.
    Some((item.arn.as_deref()?.trim_end_matches(":*").to_owned(), tags_of(&item.raw)))
}

/// Reads the members of the run's stacks.
async fn members(caller: &Caller, run: &Run, scan: &mut Scan, evidence: &mut Evidence) {
    let stacks: Vec<(String, String)> = scan
        .items
        .iter()
        .filter(|item| item.kind == Kind::Stack && evidence.judge(run, item).ours())
        .map(|item| (item.region.clone(), item.id.clone()))
        .collect();
    let reads: Vec<BoxFuture<'_, Result<Value, Failure>>> = stacks
        .iter()
        .map(|(region, stack)| {
            let read: BoxFuture<'_, _> = Box::pin(async move {
                let input = json!({ "StackName": stack });
                caller.all(&operation("cloudformation", "list-stack-resources", region, input)).await
            });
            read
        })
        .collect();
    let answers = side_by_side(caller.clock(), reads).await;
    for ((region, stack), answer) in stacks.iter().zip(answers) {
        let output = match answer {
            Ok(output) => output,
            // It went between the two reads.
            Err(failure) if failure.class == FailureClass::NotFound => continue,
            Err(failure) => {
                scan.unread.push(failure.to_string());
                continue;
            }
        };
        let rows = output.get("StackResourceSummaries").and_then(Value::as_array).cloned().unwrap_or_default();
        for row in rows {
            let text = |member: &str| row.get(member).and_then(Value::as_str).unwrap_or_default();
            let (type_name, id) = (text("ResourceType"), text("PhysicalResourceId"));
            if id.is_empty() || text("ResourceStatus") == "DELETE_COMPLETE" {
                continue;
            }
            let key = (region.clone(), type_name.to_owned(), id.to_owned());
            evidence.members.insert(key, stack.clone());
            scan.members.push(Member {
                region: region.clone(),
                stack: stack.clone(),
                type_name: type_name.to_owned(),
                id: id.to_owned(),
            });
        }
    }
}

/// Finds the Regions of the buckets that may be the run's.
async fn buckets(caller: &Caller, run: &Run, scan: &mut Scan, asked_in: &str) {
    for item in scan.items.iter_mut().filter(|item| item.kind == Kind::Bucket && item.region.is_empty()) {
        if !item.name.contains(&run.suffix) {
            GLOBAL_REGION.clone_into(&mut item.region);
            continue;
        }
        match lists::bucket_region(caller, &item.id, asked_in).await {
            Ok(Some(region)) => item.region = region,
            Ok(None) => GLOBAL_REGION.clone_into(&mut item.region),
            Err(failure) => scan.unread.push(failure.to_string()),
        }
    }
}

/// Reads the run's manifest, where its bucket exists.
async fn manifest(caller: &Caller, run: &Run, scan: &mut Scan, evidence: &mut Evidence) {
    let bucket = scan.items.iter().find(|item| item.kind == Kind::Bucket && Some(&item.id) == run.manifest.as_ref());
    let Some((bucket, region)) = bucket.map(|item| (item.id.clone(), item.region.clone())) else { return };
    match super::manifest::read(caller, &bucket, &region).await {
        Ok(found) => {
            let own = found.filter(|manifest| manifest.is_of(&run.workshop, &run.suffix));
            evidence.manifest = own.map(|manifest| manifest.arns.into_iter().collect()).unwrap_or_default();
        }
        Err(failure) => scan.unread.push(failure.to_string()),
    }
}

fn judge(run: &Run, scan: &mut Scan, evidence: &Evidence) {
    for item in &mut scan.items {
        item.owner = evidence.judge(run, item);
    }
    // What a list shows as itself, or a stack as its member, the search by tag need not show once more.
    let known: Vec<String> =
        scan.items.iter().filter(|item| item.kind != Kind::Tagged).filter_map(|item| item.arn.clone()).collect();
    let members = scan.members.clone();
    scan.items.retain(|item| {
        let arn = item.arn.as_deref().unwrap_or_default().trim_end_matches(":*");
        let listed = known.iter().any(|other| other == arn);
        let member = || members.iter().any(|member| is_of(arn, &member.id));
        item.kind != Kind::Tagged || !(listed || member() || waits(arn))
    });
}

/// Whether an ARN names the thing with that physical id.
fn is_of(arn: &str, id: &str) -> bool {
    arn == id
        || arn.strip_suffix(id).is_some_and(|start| start.ends_with(['/', ':']))
        || arn.contains(&format!("/{id}/"))
}

/// Keys of KMS stay for their waiting period, cost nothing in it, and no command can make them go sooner.
pub(super) fn waits(arn: &str) -> bool {
    arn.starts_with("arn:aws:kms:")
}
