//! Properties of the scheduler: order, end, and that a failure holds back exactly what stands behind it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::*;

/// Graphs whose nodes wait only for earlier ones, which is every graph without a cycle, renumbered.
fn graphs() -> impl Strategy<Value = Vec<Node>> {
    prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..4), 1..40).prop_map(|rows| {
        let node = |(place, after): (usize, Vec<prop::sample::Index>)| {
            let mut after: Vec<usize> =
                if place == 0 { Vec::new() } else { after.iter().map(|one| one.index(place)).collect() };
            after.sort_unstable();
            after.dedup();
            Node { id: NodeId::of(Step::Records, &format!("r{place}")), after }
        };
        rows.into_iter().enumerate().map(node).collect()
    })
}

/// Every node that `start` stands behind, itself included.
fn behind(nodes: &[Node], start: usize) -> Vec<bool> {
    let mut held = vec![false; nodes.len()];
    held[start] = true;
    for place in 0..nodes.len() {
        held[place] = held[place] || nodes[place].after.iter().any(|one| held[*one]);
    }
    held
}

proptest! {
    #[test]
    fn a_node_starts_only_when_its_predecessors_are_gone_and_all_end(nodes in graphs(), picks in prop::collection::vec(any::<prop::sample::Index>(), 80)) {
        let mut graph = Graph::new(nodes.clone()).unwrap();
        let (mut running, mut picks): (Vec<usize>, _) = (Vec::new(), picks.into_iter().cycle());
        let mut turns = 0;
        while !graph.settled() {
            for place in graph.ready() {
                for before in &nodes[place].after {
                    prop_assert_eq!(&graph.states()[*before], &State::Gone);
                }
                graph.set(place, State::Started);
                running.push(place);
            }
            prop_assert!(!running.is_empty(), "nothing runs and nothing is ready");
            let ended = running.swap_remove(picks.next().unwrap().index(running.len()));
            graph.set(ended, State::Gone);
            turns += 1;
            prop_assert!(turns <= nodes.len());
        }
        prop_assert!(graph.states().iter().all(|state| *state == State::Gone));
    }

    #[test]
    fn a_failure_holds_back_what_stands_behind_it_and_nothing_else(nodes in graphs(), bad in any::<prop::sample::Index>()) {
        let bad = bad.index(nodes.len());
        let mut graph = Graph::new(nodes.clone()).unwrap();
        while !graph.settled() {
            for place in graph.ready() {
                let failed = State::Failed { why: "no".into(), finish: Vec::new() };
                graph.set(place, if place == bad { failed } else { State::Gone });
            }
            for (place, by) in graph.newly_blocked() {
                prop_assert_eq!(&by, &graph.id(bad).unwrap().to_string());
                graph.set(place, State::Blocked { by });
            }
        }
        for (place, held) in behind(&nodes, bad).into_iter().enumerate() {
            prop_assert_eq!(graph.states()[place] == State::Gone, !held);
        }
    }

    #[test]
    fn the_critical_path_is_the_longest_way(nodes in graphs(), seconds in prop::collection::vec(0_u64..100, 40)) {
        let graph = Graph::new(nodes.clone()).unwrap();
        let takes = |place: usize, _: &Node| Duration::from_secs(seconds[place]);
        let (total, path) = graph.critical_path(takes);
        let along: u64 = path.iter().map(|place| seconds[*place]).sum();
        prop_assert_eq!(total, Duration::from_secs(along));
        for pair in path.windows(2) {
            prop_assert!(nodes[pair[1]].after.contains(&pair[0]));
        }
    }
}

#[test]
fn a_circle_is_refused() {
    let node = |place: usize, after: Vec<usize>| Node { id: NodeId::of(Step::Records, &place.to_string()), after };
    assert!(matches!(Graph::new(vec![node(0, vec![1]), node(1, vec![0])]), Err(GraphError::Cycle(_))));
    assert!(matches!(Graph::new(vec![node(0, vec![7])]), Err(GraphError::Unknown(_))));
}

#[test]
fn every_step_has_a_duration() {
    let steps = DURATIONS.iter().map(|(step, ..)| *step).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(steps.len(), DURATIONS.len());
    assert!(steps.contains(&Step::RunBucket) && steps.iter().all(|step| step.takes().0 <= step.takes().1));
}
