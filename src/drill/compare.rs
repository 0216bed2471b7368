//! The class's table: many reports ranked, and what they have in common.

use std::time::Duration;

use serde::Serialize;

use super::report::Report;
use crate::domain::drill::Verdict;

/// One report in the table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Whose it is: the folder's name.
    pub name: String,
    /// The fault.
    pub fault: String,
    /// The recovery time in seconds.
    pub rto_seconds: Option<f64>,
    /// What it says against the objective.
    pub verdict: Verdict,
    /// The loss in seconds.
    pub rpo_seconds: Option<f64>,
    /// What it says against the objective.
    pub rpo_verdict: Verdict,
    /// Whether the recovery took as long as the objective or longer.
    pub over: bool,
}

/// The whole table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Table {
    /// The fastest first; drills without a measured recovery last.
    pub entries: Vec<Entry>,
    /// The median recovery time, in seconds.
    pub median_seconds: Option<f64>,
    /// The longest recovery time, in seconds.
    pub worst_seconds: Option<f64>,
    /// How many took as long as the objective or longer.
    pub over: usize,
    /// How many have no measured recovery.
    pub unmeasured: usize,
}

/// Ranks named reports.
pub fn table(reports: impl IntoIterator<Item = (String, Report)>) -> Table {
    let entry = |(name, report): (String, Report)| Entry {
        name,
        fault: report.plan.fault.clone(),
        over: report.rto_seconds.is_some_and(|rto| Duration::from_secs_f64(rto.max(0.0)) >= report.plan.rto_objective),
        rto_seconds: report.rto_seconds,
        verdict: report.verdict,
        rpo_seconds: report.rpo_seconds,
        rpo_verdict: report.rpo_verdict,
    };
    let mut entries: Vec<Entry> = reports.into_iter().map(entry).collect();
    let rank = |entry: &Entry| entry.rto_seconds.unwrap_or(f64::INFINITY);
    entries.sort_by(|one, other| rank(one).total_cmp(&rank(other)).then_with(|| one.name.cmp(&other.name)));
    let times: Vec<f64> = entries.iter().filter_map(|entry| entry.rto_seconds).collect();
    Table {
        median_seconds: median(&times),
        worst_seconds: times.last().copied(),
        over: entries.iter().filter(|entry| entry.over).count(),
        unmeasured: entries.len() - times.len(),
        entries,
    }
}

/// The median of sorted values.
fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    let upper = sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(*upper);
    }
    sorted.get(middle.checked_sub(1)?).map(|lower| f64::midpoint(*lower, *upper))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::domain::SimTime;
    use crate::drill::analysis::tests::plan;
    use crate::drill::{Samples, Stage};

    fn report(rto: Option<f64>) -> Report {
        let mut report =
            Report::new(plan(true), Samples { start: SimTime::WORLD_START, ..Samples::default() }, Stage::Done);
        report.rto_seconds = rto;
        report
    }

    #[test]
    fn the_fastest_is_first_and_those_without_a_number_are_last_and_counted() {
        let given = [("slow", Some(1000.0)), ("none", None), ("fast", Some(70.0)), ("other", Some(90.0))];
        let table = table(given.map(|(name, rto)| (name.to_owned(), report(rto))));
        let names: Vec<&str> = table.entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["fast", "other", "slow", "none"]);
        assert_eq!((table.median_seconds, table.worst_seconds), (Some(90.0), Some(1000.0)));
        assert_eq!((table.over, table.unmeasured), (1, 1));
    }

    #[test]
    fn the_median_of_two_lies_between_them_and_of_none_is_none() {
        assert_eq!(
            table([("a".to_owned(), report(Some(60.0))), ("b".to_owned(), report(Some(80.0)))]).median_seconds,
            Some(70.0)
        );
        assert_eq!(table([]).median_seconds, None);
    }
}
