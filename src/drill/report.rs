//! The report of a drill: `report.json`, with what was measured and how it was concluded.

use serde::{Deserialize, Serialize};

use super::analysis::Analysis;
use super::plan::{Lane, Plan};
use super::samples::Samples;
use super::snapshot::Stage;
use crate::domain::drill::Verdict;

/// The version of the report's format.
pub const FORMAT: u32 = 1;

/// Everything about one drill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The format's version.
    pub format: u32,
    /// The measured recovery time in seconds.
    pub rto_seconds: Option<f64>,
    /// The measured loss in seconds; null unless replication was cut.
    pub rpo_seconds: Option<f64>,
    /// What the recovery time says against the objective.
    pub verdict: Verdict,
    /// What the loss says against the objective.
    pub rpo_verdict: Verdict,
    /// From the mending until every client was at home again, in seconds.
    pub fail_back_seconds: Option<f64>,
    /// How it ended.
    pub stage: Stage,
    /// What was done.
    pub plan: Plan,
    /// The lanes.
    pub lanes: Vec<Lane>,
    /// The analysis.
    pub analysis: Analysis,
    /// Everything that was seen.
    pub samples: Samples,
}

impl Report {
    /// The report of those samples.
    pub fn new(
        plan: Plan,
        lanes: Vec<Lane>,
        samples: Samples,
        stage: Stage,
        fail_back: Option<std::time::Duration>,
    ) -> Self {
        let analysis = super::analysis::analyse(&plan, &lanes, &samples);
        let (verdict, rpo_verdict) = match &stage {
            Stage::Stopped(why) => (Verdict::Inconclusive(why.clone()), Verdict::Inconclusive(why.clone())),
            _ => (analysis.rto_verdict.clone(), analysis.rpo_verdict.clone()),
        };
        Self {
            format: FORMAT,
            rto_seconds: analysis.rto.map(|span| span.as_secs_f64()),
            rpo_seconds: analysis.rpo.map(|span| span.as_secs_f64()),
            verdict,
            rpo_verdict,
            fail_back_seconds: fail_back.map(|span| span.as_secs_f64()),
            stage,
            plan,
            lanes,
            analysis,
            samples,
        }
    }
}
