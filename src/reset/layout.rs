//! From what exists to a graph: which nodes there are, and what each waits for. The rules stand as data.

use std::collections::BTreeSet;

use super::graph::{Node, NodeId, Step};
use super::item::{Item, Kind, Owner};
use super::run::Run;
use super::scan::Scan;
use crate::domain::region::Role;

/// Which nodes of a step a rule means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    /// All of them.
    All,
    /// Those of the same Region.
    Here,
    /// Stacks that own the one type and not the other.
    StacksWith(&'static str, &'static str),
}

/// A rule: what waits, when (a stack must own a type, or nothing is asked of it), for which step, and for which of its
/// nodes. Source: design/reset.md, section 1; aws-behaviour.md, section 1.
type Rule = (Step, &'static str, Step, Which);

const TABLE: &str = "AWS::DynamoDB::Table";
const CLUSTER: &str = "AWS::RDS::DBCluster";
const EVENT_SOURCE: &str = "AWS::Lambda::EventSourceMapping";

const RULES: &[Rule] = &[
    // Health checks can be deleted while records name them, and then the records' health cannot be predicted.
    (Step::HealthChecks, "", Step::Records, Which::All),
    // Nobody is sent to a name that is about to go.
    (Step::DomainNames, "", Step::Records, Which::All),
    // A certificate in use cannot be deleted.
    (Step::Certificates, "", Step::DomainNames, Which::Here),
    (Step::Zone, "", Step::Records, Which::All),
    (Step::Zone, "", Step::Certificates, Which::All),
    // The only instance of a replica cluster goes only after its promotion.
    (Step::Databases, "", Step::Promotion, Which::Here),
    (Step::Databases, "", Step::GlobalDatabase, Which::All),
    // Clients first: a database that goes below a running service only makes noise.
    (Step::Databases, "", Step::Stack, Which::Here),
    // A function that reads the stream of a replica keeps it busy.
    (Step::TableReplicas, "", Step::Stack, Which::StacksWith(EVENT_SOURCE, TABLE)),
    (Step::Tables, "", Step::TableReplicas, Which::All),
    (Step::Apis, "", Step::DomainNames, Which::Here),
    (Step::Stack, "", Step::Records, Which::All),
    (Step::Stack, "AWS::ApiGateway::RestApi", Step::DomainNames, Which::Here),
    (Step::Stack, TABLE, Step::TableReplicas, Which::All),
    (Step::Stack, "AWS::S3::Bucket", Step::Replication, Which::All),
    // The last instance of a source stays while a replica follows it.
    (Step::Stack, CLUSTER, Step::Promotion, Which::All),
    (Step::Stack, CLUSTER, Step::GlobalDatabase, Which::All),
    (Step::ExportingStack, "", Step::Stack, Which::Here),
    (Step::ExportingStack, "", Step::Databases, Which::Here),
    (Step::Snapshots, "", Step::Stack, Which::Here),
    (Step::Snapshots, "", Step::Databases, Which::Here),
    (Step::Buckets, "", Step::Replication, Which::All),
    // What writes into a bucket goes before the bucket.
    (Step::Buckets, "", Step::Stack, Which::StacksWith("AWS::CloudFront::Distribution", "")),
    (Step::Buckets, "", Step::Stack, Which::StacksWith("AWS::ElasticLoadBalancingV2::LoadBalancer", "")),
    (Step::Buckets, "", Step::Stack, Which::StacksWith("AWS::CodePipeline::Pipeline", "")),
    (Step::Buckets, "", Step::Pipelines, Which::All),
    // A log group comes back with the next line that is written.
    (Step::LogGroups, "", Step::Stack, Which::Here),
    (Step::LogGroups, "", Step::ExportingStack, Which::Here),
];

/// The nodes for what the scan shows as the run's, each with its predecessors. `manifest` names the bucket with the
/// run's manifest, which goes last.
pub fn layout(run: &Run, scan: &Scan, manifest: Option<&str>) -> Vec<Node> {
    let mut ids = ids(run, scan, manifest);
    ids.sort();
    ids.dedup();
    let waits = |waiting: &NodeId, other: &NodeId| {
        waiting != other
            && (waiting.step == Step::RunBucket
                || RULES.iter().any(|(step, when, before, which)| {
                    let concerned = *step == waiting.step && *before == other.step;
                    concerned && (when.is_empty() || owns(scan, waiting, when)) && chosen(scan, *which, waiting, other)
                }))
    };
    let after = |waiting: &NodeId| {
        ids.iter().enumerate().filter(|(_, other)| waits(waiting, other)).map(|(place, _)| place).collect()
    };
    ids.iter().map(|id| Node { id: id.clone(), after: after(id) }).collect()
}

fn chosen(scan: &Scan, which: Which, waiting: &NodeId, other: &NodeId) -> bool {
    match which {
        Which::All => true,
        Which::Here => waiting.region == other.region,
        Which::StacksWith(with, without) => {
            owns(scan, other, with) && (without.is_empty() || !owns(scan, other, without))
        }
    }
}

/// Whether the node's stack owns something of that type.
fn owns(scan: &Scan, node: &NodeId, type_name: &str) -> bool {
    let same = |member: &&super::scan::Member| member.region == node.region && member.stack == node.stack;
    scan.members.iter().filter(same).any(|member| member.type_name == type_name)
}

/// Whether no stack takes it away.
fn loose(item: &Item) -> bool {
    !matches!(item.owner, Owner::Stack { .. })
}

fn ids(run: &Run, scan: &Scan, manifest: Option<&str>) -> Vec<NodeId> {
    let mut ids = Vec::new();
    let mut regions = BTreeSet::new();
    for item in scan.ours() {
        let here = |step| NodeId::of(step, &item.region);
        let everywhere = |step| NodeId::of(step, "");
        match item.kind {
            Kind::Zone => ids.extend([everywhere(Step::Records), everywhere(Step::Zone)]),
            Kind::HealthCheck => ids.push(everywhere(Step::HealthChecks)),
            Kind::DomainName => ids.push(here(Step::DomainNames)),
            Kind::Certificate if loose(item) => ids.push(here(Step::Certificates)),
            Kind::GlobalCluster => ids.push(everywhere(Step::GlobalDatabase)),
            Kind::Cluster => {
                ids.push(here(Step::Snapshots));
                if !item.text("/ReplicationSourceIdentifier").is_empty() {
                    ids.push(here(Step::Promotion));
                }
                if loose(item) {
                    ids.push(here(Step::Databases));
                }
            }
            Kind::Instance if loose(item) => ids.push(here(Step::Databases)),
            Kind::Snapshot => ids.push(here(Step::Snapshots)),
            Kind::Table => {
                ids.push(everywhere(Step::TableReplicas));
                if loose(item) {
                    ids.push(here(Step::Tables));
                }
            }
            Kind::RestApi if loose(item) => ids.push(here(Step::Apis)),
            Kind::Schedule if loose(item) => ids.push(here(Step::Schedules)),
            Kind::Dashboard if loose(item) => ids.push(everywhere(Step::Dashboards)),
            Kind::Pipeline if loose(item) => ids.push(here(Step::Pipelines)),
            Kind::Bucket => {
                ids.push(everywhere(Step::Replication));
                match (loose(item), manifest == Some(item.id.as_str())) {
                    (true, true) => ids.push(everywhere(Step::RunBucket)),
                    (true, false) => ids.push(everywhere(Step::Buckets)),
                    (false, _) => {}
                }
            }
            Kind::Stack => {
                let exports = item.list("/Outputs").iter().any(|output| output.get("ExportName").is_some());
                let step = if exports { Step::ExportingStack } else { Step::Stack };
                ids.push(NodeId { step, region: item.region.clone(), stack: item.id.clone() });
                regions.insert(item.region.clone());
            }
            Kind::LogGroup => {
                regions.insert(item.region.clone());
            }
            Kind::Certificate
            | Kind::Dashboard
            | Kind::Instance
            | Kind::Pipeline
            | Kind::RestApi
            | Kind::Schedule
            | Kind::Tagged => {}
        }
    }
    // Whatever ran in a Region of the run may have left a log group there, or leave one while it goes.
    for role in [Role::Primary, Role::Secondary] {
        let region = run.regions.of(role).as_str();
        if regions.contains(region) {
            ids.push(NodeId::of(Step::LogGroups, region));
        }
    }
    ids
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::super::graph::Graph;
    use super::super::run::tests::run;
    use super::super::scan::Member;
    use super::*;
    use serde_json::{Value, json};

    fn item(kind: Kind, region: &str, id: &str, owner: Owner, raw: Value) -> Item {
        Item { kind, region: region.into(), id: id.into(), name: id.into(), arn: None, owner, raw: raw.into() }
    }

    fn member(region: &str, stack: &str, type_name: &str) -> Member {
        Member { region: region.into(), stack: stack.into(), type_name: type_name.into(), id: type_name.into() }
    }

    /// Waits, directly or over others.
    fn before(nodes: &[Node], first: &NodeId, last: &NodeId) -> bool {
        let place = |id: &NodeId| nodes.iter().position(|node| node.id == *id).unwrap();
        let (mut open, target) = (vec![place(last)], place(first));
        while let Some(one) = open.pop() {
            if nodes[one].after.contains(&target) {
                return true;
            }
            open.extend(&nodes[one].after);
        }
        false
    }

    #[test]
    fn what_holds_on_goes_first_and_the_network_after_all_that_stands_in_it() {
        let (r1, r2) = ("eu-west-1", "ap-southeast-1");
        let own = || Owner::TagAndName;
        let exports = json!({ "Outputs": [{ "ExportName": "x" }] });
        let follows = json!({ "ReplicationSourceIdentifier": "arn:source" });
        let scan = Scan {
            items: vec![
                item(Kind::Zone, "us-east-1", "Z", own(), Value::Null),
                item(Kind::DomainName, r1, "*.d", own(), Value::Null),
                item(Kind::Cluster, r2, "replica", own(), follows),
                item(Kind::Table, r1, "Books", Owner::Stack { stack: "shop".into() }, Value::Null),
                item(Kind::Table, r2, "Books", own(), Value::Null),
                item(Kind::Stack, r1, "shop", own(), Value::Null),
                item(Kind::Stack, r1, "blog", own(), Value::Null),
                item(Kind::Stack, r2, "shop", own(), Value::Null),
                item(Kind::Stack, r1, "network", own(), exports.clone()),
                item(Kind::Stack, r2, "network", own(), exports),
                item(Kind::Bucket, r1, "artifacts", own(), Value::Null),
                item(Kind::Table, r1, "Payroll", Owner::NotOurs { why: String::new() }, Value::Null),
            ],
            members: vec![
                member(r1, "shop", TABLE),
                member(r1, "shop", EVENT_SOURCE),
                member(r2, "shop", EVENT_SOURCE),
                member(r1, "blog", CLUSTER),
            ],
            ..Scan::default()
        };
        let nodes = layout(&run(), &scan, Some("artifacts"));
        Graph::new(nodes.clone()).unwrap();
        let stack = |step, region: &str, name: &str| NodeId { step, region: region.into(), stack: name.into() };
        let replicas = NodeId::of(Step::TableReplicas, "");
        assert!(before(&nodes, &replicas, &stack(Step::Stack, r1, "shop")));
        assert!(before(&nodes, &stack(Step::Stack, r2, "shop"), &replicas));
        assert!(!before(&nodes, &stack(Step::Stack, r1, "shop"), &replicas));
        assert!(before(&nodes, &NodeId::of(Step::Promotion, r2), &stack(Step::Stack, r1, "blog")));
        assert!(before(&nodes, &NodeId::of(Step::Databases, r2), &stack(Step::ExportingStack, r2, "network")));
        let last = NodeId::of(Step::RunBucket, "");
        assert!(nodes.iter().all(|node| node.id == last || before(&nodes, &node.id, &last)));
        assert!(!nodes.iter().any(|node| node.id == NodeId::of(Step::Tables, r1)), "a strangers' table is no target");
    }
}
