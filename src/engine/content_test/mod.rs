//! `workshop content test`: proves a workshop's steps, checks and clean-up in copies of the simulated world.
//!
//! Modules are solved once, one after the other; everything else starts from copies of the worlds on the way. Every world
//! has the same seed and its time jumps, so a test has the same answer on every machine.

mod cases;
mod plan;
pub(super) mod solve;
mod state;
pub(super) mod wrong;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::session::{OpenError, Options as SessionOptions, Session};
use crate::content::{self, Source};
use crate::domain::BoxFuture;
use plan::Chain;

/// The seed of every world, unless another one is asked for.
pub const SEED: u64 = 1;

/// What is proved. The numbers are those of the authors' chapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Kind {
    /// It compiles, and the lints find nothing.
    T1,
    /// With what the module needs, none of its checks passes yet.
    T2,
    /// The solutions make every check pass.
    T3,
    /// Solving twice leaves the same state.
    T4,
    /// Every cause of a failure has a test, which finds it and reads its message.
    T5,
    /// After the clean-up the account is as it was before.
    T6,
    /// What was cleaned up can be solved again.
    T7,
    /// Each module is solved from an empty account with what it needs, and nothing more.
    T8,
    /// Between its start and its pass, a check is pending and never a failure.
    T9,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 9] =
        [Kind::T1, Kind::T2, Kind::T3, Kind::T4, Kind::T5, Kind::T6, Kind::T7, Kind::T8, Kind::T9];

    /// What it proves, in a few words.
    pub fn title(self) -> &'static str {
        match self {
            Kind::T1 => "compiles, and the lints find nothing",
            Kind::T2 => "fails before it is solved",
            Kind::T3 => "solved, all checks pass",
            Kind::T4 => "solving twice leaves the same state",
            Kind::T5 => "every wrong answer gets its message",
            Kind::T6 => "the clean-up leaves what was there before",
            Kind::T7 => "solved, cleaned up, solved",
            Kind::T8 => "solved from empty with what it needs",
            Kind::T9 => "pending until it passes, never a failure",
        }
    }
}

/// One proof of one thing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Case {
    /// What was proved.
    pub test: Kind,
    /// Of what: a module, a file, or the workshop.
    pub subject: String,
    /// How long it took, in seconds of the wall.
    pub seconds: f64,
    /// What speaks against it; none when it holds.
    pub findings: Vec<String>,
}

impl Case {
    /// Whether it holds.
    pub fn passed(&self) -> bool {
        self.findings.is_empty()
    }
}

/// How long a step took in simulated time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepTime {
    /// The step.
    pub step: String,
    /// From its first command until its last check passed, in simulated seconds.
    pub seconds: f64,
}

/// What came of all proofs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// All cases, by test and then in the workshop's order.
    pub cases: Vec<Case>,
    /// How long each step took.
    pub times: Vec<StepTime>,
}

impl Report {
    /// The cases that do not hold.
    pub fn failed(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(|case| !case.passed())
    }
}

/// What is tested.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the workshop comes from.
    pub source: Source,
    /// One module; none for all.
    pub module: Option<String>,
    /// Only these tests; none for all.
    pub only: BTreeSet<Kind>,
    /// R1, when it is not the workshop's own.
    pub primary: Option<String>,
    /// R2, when it is not the workshop's own.
    pub secondary: Option<String>,
    /// The seed of the worlds.
    pub seed: u64,
    /// How often a check is looked at between its start and its pass, in simulated time.
    pub glance: Duration,
}

impl Options {
    fn wants(&self, kind: Kind) -> bool {
        self.only.is_empty() || self.only.contains(&kind)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            source: Source::Embedded,
            module: None,
            only: BTreeSet::new(),
            primary: None,
            secondary: None,
            seed: SEED,
            glance: Duration::from_secs(1),
        }
    }
}

/// Why nothing could be tested.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    /// No such module.
    #[error("there is no module '{given}'; the workshop has {known}")]
    Unknown {
        /// What was given.
        given: String,
        /// What there is.
        known: String,
    },
    /// The run could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// A folder that goes when its owner does.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays is rendered assets in the folder for temporary files; nothing depends on their going.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Tests the workshop, and tells every case as it ends.
pub async fn run(options: Options, tell: &(dyn Fn(&Case) + Send + Sync)) -> Result<Report, TestError> {
    let mut report = Report::default();
    let begun = Instant::now();
    let compiled = content::compile(&options.source);
    let findings: Vec<String> = compiled.diagnostics.iter().map(ToString::to_string).collect();
    let answers = Arc::new(compiled.tests);
    let compiled = Case { test: Kind::T1, subject: "workshop".to_owned(), seconds: seconds(begun), findings };
    tell(&compiled);
    report.cases.push(compiled);
    let session = match open(&options).await {
        Ok(session) => session,
        // The findings say why already.
        Err(OpenError::Content(_)) => return Ok(report),
        Err(error) => return Err(error.into()),
    };
    let _scratch = Scratch(session.guide.workspace().to_owned());
    let modules = session.guide.workshop().modules.clone();
    let wanted = |id: &str| options.module.as_deref().is_none_or(|only| only == id);
    if !modules.iter().any(|module| wanted(&module.id)) {
        return Err(TestError::Unknown {
            given: options.module.clone().unwrap_or_default(),
            known: modules.iter().map(|module| module.id.as_str()).collect::<Vec<_>>().join(", "),
        });
    }
    let chain = Arc::new(Chain::solve(&session, &options, tell, &mut report).await);
    let mut rest: Vec<Proof> = Vec::new();
    for module in modules.iter().filter(|module| wanted(&module.id)) {
        rest.extend(cases::of_module(&chain, module).into_iter().filter(|(kind, _)| options.wants(*kind)));
        if options.wants(Kind::T5) {
            rest.extend(wrong::of_module(&chain, module, &answers));
        }
    }
    if options.module.is_none() && options.wants(Kind::T7) {
        rest.extend(cases::of_workshop(&chain));
    }
    let mut running = side_by_side(rest);
    while let Some(joined) = running.join_next().await {
        if let Ok(case) = joined {
            tell(&case);
            report.cases.push(case);
        }
    }
    report.cases.sort_by_key(|case| case.test);
    Ok(report)
}

/// A case that is not proved yet.
type Proof = (Kind, BoxFuture<'static, Case>);

/// A case from what finds what speaks against it.
fn proof(test: Kind, subject: String, finds: impl Future<Output = Vec<String>> + Send + 'static) -> Proof {
    let case = async move {
        let begun = Instant::now();
        let findings = finds.await;
        Case { test, subject, seconds: seconds(begun), findings }
    };
    (test, Box::pin(case))
}

/// Runs them in their order, as many at once as there are cores.
fn side_by_side(proofs: Vec<Proof>) -> JoinSet<Case> {
    let at_once = std::thread::available_parallelism().map_or(2, std::num::NonZeroUsize::get);
    let seats = Arc::new(Semaphore::new(at_once));
    let mut running = JoinSet::new();
    for (_, proof) in proofs {
        let seats = Arc::clone(&seats);
        running.spawn(async move {
            let _seat = seats.acquire().await;
            proof.await
        });
    }
    running
}

/// Seconds of the wall since then.
fn seconds(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64()
}

/// An empty world that nobody else sees.
async fn open(options: &Options) -> Result<Arc<Session>, OpenError> {
    let session = Session::open(SessionOptions {
        source: options.source.clone(),
        primary: options.primary.clone(),
        secondary: options.secondary.clone(),
        seed: Some(options.seed),
        fresh: true,
        jump: true,
        ..SessionOptions::default()
    });
    Ok(Arc::new(session.await?))
}
