//! How long a reset still takes: the critical path, drawn many times from the estimates of each node.

use std::time::Duration;

use serde::Serialize;

use super::chance::unit;
use super::graph::{Graph, Node, State};

/// How many draws make a forecast.
const DRAWS: u64 = 60;

/// A forecast.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Eta {
    /// Half of all resets are done by then, in seconds from now.
    pub p50_seconds: u64,
    /// Nine of ten are.
    pub p90_seconds: u64,
    /// What it hangs on now: the nodes of the longest way, the first one first.
    pub path: Vec<String>,
}

/// The draws of a graph's nodes, made once: a class of accounts asks for a forecast every minute.
#[derive(Debug)]
pub struct Forecast {
    /// By node: its name, and how many milliseconds it takes in each draw.
    nodes: Vec<(String, Vec<u32>)>,
}

impl Forecast {
    /// Draws how long each node of the graph takes.
    pub fn of(graph: &Graph) -> Self {
        let drawn = |node: &Node| {
            let ((p50, p90), name) = (node.id.step.takes(), node.id.to_string());
            let draws = (0..DRAWS).map(|draw| skewed(p50, p90, &name, draw));
            let draws = draws.map(|one| u32::try_from(one.as_millis()).unwrap_or(u32::MAX)).collect();
            (name, draws)
        };
        Self { nodes: graph.nodes().iter().map(drawn).collect() }
    }

    /// What is still to come; `elapsed` says how long each node has been running.
    pub fn eta(&self, graph: &Graph, elapsed: &dyn Fn(usize) -> Duration) -> Eta {
        let running = |place| matches!(graph.states().get(place), Some(State::Started | State::Deleting));
        let spent: Vec<Duration> =
            (0..self.nodes.len()).map(|place| if running(place) { elapsed(place) } else { Duration::ZERO }).collect();
        let drawn = |place: usize, node: &Node, draw: usize| {
            let (Some((name, draws)), Some(spent)) = (self.nodes.get(place), spent.get(place)) else {
                return Duration::ZERO;
            };
            let (p50, p90) = node.id.step.takes();
            // What has run for longer than a draw has ruled that draw out; a few more are tried.
            let more = (1..6).map(|again| skewed(p50, p90, name, draw as u64 + again * DRAWS));
            let full = draws
                .get(draw)
                .map(|one| Duration::from_millis((*one).into()))
                .into_iter()
                .chain(more)
                .find(|one| one > spent);
            full.map_or(p50 / 10, |full| full.saturating_sub(*spent))
        };
        let draws = 0..usize::try_from(DRAWS).unwrap_or_default();
        let mut totals: Vec<Duration> =
            draws.map(|draw| graph.critical_path(|place, node| drawn(place, node, draw)).0).collect();
        totals.sort_unstable();
        let at = |share: usize| totals.get(totals.len() * share / 100).map_or(0, Duration::as_secs);
        let (_, path) = graph.critical_path(|_, node| node.id.step.takes().0);
        let path = path.into_iter().filter_map(|place| graph.id(place)).map(ToString::to_string).collect();
        Eta { p50_seconds: at(50), p90_seconds: at(90), path }
    }
}

/// A draw from the log-normal distribution with that median and 90th percentile.
fn skewed(p50: Duration, p90: Duration, what: &str, ordinal: u64) -> Duration {
    /// The 90th percentile of the standard normal distribution.
    const Z90: f64 = 1.281_551_6;
    if p50.is_zero() || p90 <= p50 {
        return p50;
    }
    let sigma = (p90.as_secs_f64() / p50.as_secs_f64()).ln() / Z90;
    let (u, v) = (unit("eta", what, ordinal * 2), unit("eta", what, ordinal * 2 + 1));
    let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
    p50.mul_f64((sigma * normal.clamp(-3.0, 3.0)).exp())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::reset::graph::{Node, NodeId, Step};

    #[test]
    fn the_forecast_shrinks_as_nodes_go_and_names_what_it_hangs_on() {
        let node = |step, after: &[usize]| Node { id: NodeId::of(step, "r"), after: after.to_vec() };
        let nodes = vec![node(Step::Records, &[]), node(Step::Promotion, &[]), node(Step::Databases, &[0, 1])];
        let mut graph = Graph::new(nodes).unwrap();
        let forecast = Forecast::of(&graph);
        let first = forecast.eta(&graph, &|_| Duration::ZERO);
        assert!(first.p50_seconds >= 500 && first.p90_seconds > first.p50_seconds, "{first:?}");
        assert_eq!(first.path, ["promotion in r", "databases in r"]);
        graph.set(1, State::Gone);
        let second = forecast.eta(&graph, &|_| Duration::ZERO);
        assert!(second.p90_seconds < first.p90_seconds);
    }
}
