//! `workshop reset` in a fence of a page: the engine's answer to the guide, with what goes on told line by line.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{ResetError, own};
use crate::domain::BoxFuture;
use crate::domain::time::spell;
use crate::engine::session::Session;
use crate::guide::action::{ActionError, Done, LocalError, Resets, Told, Watch};
use crate::protocol::Reset;
use crate::reset::{AccountReport, Progress, Running, State};

/// So many nodes at work are named in the line that tells what goes on.
const NAMED: usize = 3;

/// Resets the run of a session.
pub struct OwnReset<'s> {
    /// Whose.
    pub session: &'s Session,
}

impl Resets for OwnReset<'_> {
    fn reset<'a>(&'a self, asked: &'a Reset, watch: Watch<'a>) -> BoxFuture<'a, Result<Done, ActionError>> {
        Box::pin(self.run(asked, watch))
    }
}

impl OwnReset<'_> {
    async fn run(&self, asked: &Reset, watch: Watch<'_>) -> Result<Done, ActionError> {
        let session = self.session;
        if asked.suffix != session.suffix() {
            let why = format!(
                "workshop reset --suffix {}: a page may take its own run away only, and that is {}",
                asked.suffix,
                session.suffix()
            );
            return Err(LocalError::Form(why).into());
        }
        (watch.tell)(Told::Running("looking for everything of the run, in every Region".to_owned()));
        let plan = own::look(session, Some(&asked.suffix)).await.map_err(refused)?;
        if plan.idle() {
            let proof = own::left(session, &plan).await.map_err(refused)?;
            if proof.left.is_empty() && proof.unread.is_empty() {
                let output = format!("nothing of the run {} is there", asked.suffix);
                (watch.tell)(Told::Ok(output.clone()));
                return Ok(Done { output, already: true });
            }
        }
        (watch.tell)(Told::Line(own::summary(&plan)));
        let report = self.watched(&plan, watch).await?;
        if report.clean {
            return Ok(Done { output: proof(&report), already: false });
        }
        Err(left(&report))
    }

    /// Applies the plan, for as long as the fence may take.
    async fn watched(&self, plan: &own::Own, watch: Watch<'_>) -> Result<AccountReport, ActionError> {
        let clock = &self.session.clock;
        let (stop, begun) = (watch.cancel.child_token(), clock.now());
        let teller = Teller { tell: watch.tell, forecast: Mutex::default() };
        let tell = |_: &str, progress: Progress| {
            // Something is told every ten seconds while anything is at work.
            if clock.now().since(begun) > watch.timeout {
                stop.cancel();
            }
            teller.progress(progress);
        };
        let result = own::apply(self.session, plan, &stop, &tell).await;
        match result {
            Ok(report) => Ok(report),
            Err(ResetError::Stopped) if watch.cancel.is_cancelled() => Err(ActionError::Cancelled),
            Err(ResetError::Stopped) => {
                let what = "workshop reset is not at its end".to_owned();
                Err(ActionError::GaveUp { what, after: clock.now().since(begun) })
            }
            Err(error) => Err(refused(error)),
        }
    }
}

/// Turns what a reset tells into a job's lines.
struct Teller<'t> {
    tell: &'t (dyn Fn(Told) + Send + Sync),
    /// How far it is and what is still to come, in words.
    forecast: Mutex<String>,
}

impl Teller<'_> {
    fn progress(&self, progress: Progress) {
        match progress {
            Progress::Node { node, state, seconds, .. } if state == State::Gone.word() => {
                (self.tell)(Told::Ok(format!("{node}: gone after {}", span(seconds))));
            }
            Progress::Node { node, state, why: Some(why), .. } => {
                (self.tell)(Told::Line(format!("{node}: {state}: {why}")));
            }
            Progress::Node { .. } => {}
            Progress::Waiting { node, what, slow, holds } => {
                let slow =
                    if slow { format!("; this is slow, and {} wait for it", holds.len()) } else { String::new() };
                (self.tell)(Told::Line(format!("{node}: {what}{slow}")));
            }
            Progress::Running { nodes } => {
                let forecast = self.forecast.lock().unwrap_or_else(PoisonError::into_inner).clone();
                (self.tell)(Told::Running(format!("{forecast}; {}", at_work(&nodes))));
            }
            Progress::Row { gone, nodes, eta } => {
                let left = |seconds| spell(Duration::from_secs(seconds));
                let words =
                    format!("{gone} of {nodes} gone, {} to {} to go", left(eta.p50_seconds), left(eta.p90_seconds));
                *self.forecast.lock().unwrap_or_else(PoisonError::into_inner) = words;
                let percent = (gone * 100).checked_div(nodes).unwrap_or(100).min(100);
                (self.tell)(Told::Percent(u8::try_from(percent).unwrap_or(100)));
            }
            Progress::Proof { number, left } => {
                (self.tell)(Told::Ok(format!("search {number}: {left} things of the run are left")));
                if number == 1 && left == 0 {
                    let later = "the search is made again after ten minutes: late log lines bring groups back";
                    (self.tell)(Told::Running(later.to_owned()));
                }
            }
            Progress::Refused { why } => (self.tell)(Told::Line(why)),
            Progress::Done { verdict, .. } => (self.tell)(Told::Ok(verdict)),
        }
    }
}

/// What is at work, with how long already and how long as a rule.
fn at_work(nodes: &[Running]) -> String {
    let one = |node: &Running| {
        format!("{} {} of about {}", node.node, span(node.seconds), spell(Duration::from_secs(node.p50_seconds)))
    };
    let mut words: Vec<String> = nodes.iter().take(NAMED).map(one).collect();
    if nodes.len() > NAMED {
        words.push(format!("and {} more", nodes.len() - NAMED));
    }
    words.join("; ")
}

fn span(seconds: f64) -> String {
    spell(Duration::from_secs_f64(seconds.max(0.0).round()))
}

/// The proof, as the page shows it.
fn proof(report: &AccountReport) -> String {
    let gone = report.nodes.iter().filter(|node| node.state == State::Gone).count();
    let refused = report.changes.iter().filter(|change| change.refused.is_some()).count();
    format!(
        "{}: {} searches, and nothing of the run is left\n{gone} of {} nodes gone in {}; {} changes asked for, {refused} \
         refused, {} throttled",
        report.verdict,
        report.proofs,
        report.nodes.len(),
        span(report.seconds),
        report.changes.len(),
        report.throttles,
    )
}

/// What did not go, and how a person goes on.
fn left(report: &AccountReport) -> ActionError {
    let mut verdict = report.verdict.clone();
    let mut finish = Vec::new();
    for node in &report.nodes {
        if let State::Failed { why, finish: commands } = &node.state {
            verdict = format!("{verdict}; {}: {why}", node.node);
            finish.extend(commands.iter().cloned());
        }
    }
    finish.extend(report.left.iter().map(|left| left.finish.clone()));
    ActionError::Left { verdict, finish }
}

/// A reset that could not be made, as the guide's words.
fn refused(error: ResetError) -> ActionError {
    match error {
        ResetError::Stopped => ActionError::Cancelled,
        ResetError::Aws(failure) => ActionError::Refused { doing: "workshop reset".to_owned(), failure },
        other => LocalError::Form(format!("workshop reset: {other}")).into(),
    }
}
