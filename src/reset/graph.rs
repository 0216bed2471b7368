//! The deletion graph: nodes, what each waits for, and which may start now. Pure: no clock, no AWS.
//!
//! The order is that of design/reset.md, section 1, cut down to what this workshop makes. A node waits for its own
//! predecessors only, so nothing waits for a phase.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a node takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// All records of the run's zone but NS and SOA.
    Records,
    /// Health checks, which records must no longer name.
    HealthChecks,
    /// Custom domain names of one Region.
    DomainNames,
    /// Certificates of one Region, which domain names hold.
    Certificates,
    /// The zone, which records and validation records hold.
    Zone,
    /// Replication rules of buckets: nothing may land in a bucket that is being emptied.
    Replication,
    /// Replica clusters of one Region become clusters of their own: a replica's last instance cannot go.
    Promotion,
    /// Global databases: secondaries are detached, then the writer, then the shell goes.
    GlobalDatabase,
    /// Clusters of one Region that no stack owns.
    Databases,
    /// Replicas of tables: a table with a replica does not go.
    TableReplicas,
    /// Tables of one Region that no stack owns.
    Tables,
    /// APIs of one Region that no stack owns.
    Apis,
    /// Schedules that no stack owns: what they call would change what the reset deletes.
    Schedules,
    /// Dashboards that no stack owns.
    Dashboards,
    /// Pipelines of one Region that no stack owns.
    Pipelines,
    /// A stack that exports nothing; its buckets are emptied and its protections taken away first.
    Stack,
    /// A stack whose exports others use: a network.
    ExportingStack,
    /// Manual and final snapshots of one Region.
    Snapshots,
    /// Buckets that no stack owns.
    Buckets,
    /// Log groups of one Region, after everything that could write them anew.
    LogGroups,
    /// The bucket with the run's manifest, last of all.
    RunBucket,
}

/// How long a step takes, in seconds: the median and the 90th percentile.
/// Source: the estimates of design/reset.md, section 1, and aws-behaviour.md, section 3. Estimates all of them.
const DURATIONS: &[(Step, u64, u64)] = &[
    (Step::Records, 20, 60),
    (Step::HealthChecks, 5, 15),
    (Step::DomainNames, 10, 60),
    (Step::Certificates, 10, 120),
    (Step::Zone, 10, 20),
    (Step::Replication, 5, 15),
    (Step::Promotion, 240, 420),
    (Step::GlobalDatabase, 300, 500),
    (Step::Databases, 360, 500),
    (Step::TableReplicas, 130, 160),
    (Step::Tables, 30, 60),
    (Step::Apis, 35, 70),
    (Step::Schedules, 5, 15),
    (Step::Dashboards, 5, 15),
    (Step::Pipelines, 5, 15),
    (Step::Stack, 720, 1500),
    (Step::ExportingStack, 100, 180),
    (Step::Snapshots, 10, 30),
    (Step::Buckets, 15, 60),
    (Step::LogGroups, 10, 30),
    (Step::RunBucket, 10, 30),
];

impl Step {
    /// The median and the 90th percentile of its duration; estimates.
    pub fn takes(self) -> (Duration, Duration) {
        let row = DURATIONS.iter().find(|(step, ..)| *step == self);
        row.map_or((Duration::ZERO, Duration::ZERO), |(_, p50, p90)| {
            (Duration::from_secs(*p50), Duration::from_secs(*p90))
        })
    }

    /// The word that journals and reports use.
    pub fn word(self) -> &'static str {
        match self {
            Step::Records => "records",
            Step::HealthChecks => "health-checks",
            Step::DomainNames => "domain-names",
            Step::Certificates => "certificates",
            Step::Zone => "zone",
            Step::Replication => "replication",
            Step::Promotion => "promotion",
            Step::GlobalDatabase => "global-database",
            Step::Databases => "databases",
            Step::TableReplicas => "table-replicas",
            Step::Tables => "tables",
            Step::Apis => "apis",
            Step::Schedules => "schedules",
            Step::Dashboards => "dashboards",
            Step::Pipelines => "pipelines",
            Step::Stack => "stack",
            Step::ExportingStack => "exporting-stack",
            Step::Snapshots => "snapshots",
            Step::Buckets => "buckets",
            Step::LogGroups => "log-groups",
            Step::RunBucket => "run-bucket",
        }
    }
}

/// Which node: a step, in a Region where it has one, of a stack where it has one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId {
    /// What it takes away.
    pub step: Step,
    /// Where; empty for what no Region holds alone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// The stack; empty for the other steps.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stack: String,
}

impl NodeId {
    /// A node without a stack.
    pub fn of(step: Step, region: &str) -> Self {
        Self { step, region: region.to_owned(), stack: String::new() }
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.step.word())?;
        if !self.stack.is_empty() {
            write!(f, " {}", self.stack)?;
        }
        if self.region.is_empty() { Ok(()) } else { write!(f, " in {}", self.region) }
    }
}

/// A node and what it waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Which.
    pub id: NodeId,
    /// Its predecessors, by their place in the graph.
    pub after: Vec<usize>,
}

/// How a node is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum State {
    /// It waits for its predecessors.
    Todo,
    /// It was started, and nothing was asked of AWS yet.
    Started,
    /// AWS was asked to delete, and what is deleted is still there.
    Deleting,
    /// A read has shown that nothing is there.
    Gone,
    /// A predecessor did not go.
    Blocked {
        /// Which.
        by: String,
    },
    /// It did not go.
    Failed {
        /// Why, in AWS's words where there are any.
        why: String,
        /// The commands that finish it by hand.
        finish: Vec<String>,
    },
}

impl State {
    /// Whether nothing will change any more.
    pub fn settled(&self) -> bool {
        matches!(self, State::Gone | State::Blocked { .. } | State::Failed { .. })
    }

    /// One word for rows and reports.
    pub fn word(&self) -> &'static str {
        match self {
            State::Todo => "todo",
            State::Started => "started",
            State::Deleting => "deleting",
            State::Gone => "gone",
            State::Blocked { .. } => "blocked",
            State::Failed { .. } => "failed",
        }
    }
}

/// The graph with the state of each node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    nodes: Vec<Node>,
    states: Vec<State>,
    /// The nodes in an order in which each comes after its predecessors.
    order: Vec<usize>,
}

/// Why nodes are no graph that ends.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// A node waits for itself, over however many others.
    #[error("the deletion of {0} would wait for itself")]
    Cycle(String),
    /// A node waits for one that does not exist.
    #[error("{0} waits for a node that is not in the graph")]
    Unknown(String),
}

impl Graph {
    /// A graph of those nodes, all to be done.
    pub fn new(nodes: Vec<Node>) -> Result<Self, GraphError> {
        if let Some(node) = nodes.iter().find(|node| node.after.iter().any(|place| *place >= nodes.len())) {
            return Err(GraphError::Unknown(node.id.to_string()));
        }
        match order(&nodes) {
            Ok(order) => Ok(Self { states: vec![State::Todo; nodes.len()], nodes, order }),
            Err(stuck) => Err(GraphError::Cycle(nodes.get(stuck).map(|node| node.id.to_string()).unwrap_or_default())),
        }
    }

    /// The nodes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The states, in the order of the nodes.
    pub fn states(&self) -> &[State] {
        &self.states
    }

    /// The id of a node.
    pub fn id(&self, place: usize) -> Option<&NodeId> {
        self.nodes.get(place).map(|node| &node.id)
    }

    /// Changes the state of a node. What has settled stays so.
    pub fn set(&mut self, place: usize, state: State) {
        if let Some(known) = self.states.get_mut(place).filter(|known| !known.settled()) {
            *known = state;
        }
    }

    fn state(&self, place: usize) -> Option<&State> {
        self.states.get(place)
    }

    /// Nodes whose predecessors are all gone and that were not started.
    pub fn ready(&self) -> Vec<usize> {
        let free = |node: &Node| node.after.iter().all(|place| self.state(*place) == Some(&State::Gone));
        let places = self.nodes.iter().enumerate();
        places.filter(|(place, node)| self.state(*place) == Some(&State::Todo) && free(node)).map(|(p, _)| p).collect()
    }

    /// Nodes that can never start, because of a predecessor that did not go, with its name.
    pub fn newly_blocked(&self) -> Vec<(usize, String)> {
        let stuck = |place: &usize| matches!(self.state(*place), Some(State::Failed { .. } | State::Blocked { .. }));
        let cause = |place: usize| match self.state(place) {
            Some(State::Blocked { by }) => by.clone(),
            _ => self.id(place).map(ToString::to_string).unwrap_or_default(),
        };
        let places = self.nodes.iter().enumerate();
        places
            .filter(|(place, _)| self.state(*place) == Some(&State::Todo))
            .filter_map(|(place, node)| node.after.iter().find(|place| stuck(place)).map(|by| (place, cause(*by))))
            .collect()
    }

    /// Whether every node has settled.
    pub fn settled(&self) -> bool {
        self.states.iter().all(State::settled)
    }

    /// How long everything that has not settled takes, when each node takes what `takes` says, and the way that takes
    /// longest.
    pub fn critical_path(&self, takes: impl Fn(usize, &Node) -> Duration) -> (Duration, Vec<usize>) {
        let mut ends: Vec<(Duration, Option<usize>)> = vec![(Duration::ZERO, None); self.nodes.len()];
        let end =
            |ends: &[(Duration, Option<usize>)], place: usize| ends.get(place).map_or(Duration::ZERO, |one| one.0);
        for place in self.order.iter().copied() {
            let Some(node) = self.nodes.get(place) else { continue };
            let before = node.after.iter().map(|one| (end(&ends, *one), *one)).max();
            let own = if self.state(place).is_some_and(State::settled) { Duration::ZERO } else { takes(place, node) };
            if let Some(known) = ends.get_mut(place) {
                *known = (before.map_or(Duration::ZERO, |(end, _)| end) + own, before.map(|(_, one)| one));
            }
        }
        let Some(mut place) = (0..ends.len()).max_by_key(|place| end(&ends, *place)) else {
            return (Duration::ZERO, Vec::new());
        };
        let total = end(&ends, place);
        let mut path = vec![place];
        while let Some((_, Some(before))) = ends.get(place) {
            path.push(*before);
            place = *before;
        }
        path.retain(|place| !self.state(*place).is_some_and(State::settled));
        path.reverse();
        (total, path)
    }
}

/// The nodes in an order in which each comes after its predecessors, or one that never comes.
fn order(nodes: &[Node]) -> Result<Vec<usize>, usize> {
    let mut done: Vec<usize> = Vec::with_capacity(nodes.len());
    let mut left: BTreeMap<usize, &Node> = nodes.iter().enumerate().collect();
    while !left.is_empty() {
        let next = left.iter().find(|(_, node)| node.after.iter().all(|place| done.contains(place)));
        let Some(place) = next.map(|(place, _)| *place) else {
            return Err(left.keys().next().copied().unwrap_or_default());
        };
        left.remove(&place);
        done.push(place);
    }
    Ok(done)
}

#[cfg(test)]
#[path = "graph_tests.rs"]
mod tests;
