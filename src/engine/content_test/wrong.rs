//! T5: the tests beside the content, each in a copy of a world of the chain, and the causes that none of them provokes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::cases::unreached;
use super::plan::Chain;
use super::{Kind, Proof, proof};
use crate::content::model::{Asked, Check, Deed, Expected, Module, WrongAnswer};
use crate::domain::{Cause, Effect, Outcome};
use crate::engine::actions;
use crate::engine::resets::OwnReset;
use crate::engine::session::Session;
use crate::engine::walk;
use crate::guide::action::Runner;

/// A command of a test may take as long as the longest stack.
const PATIENCE: Duration = Duration::from_hours(2);
/// How long a fault of a test lasts: until its end.
const LEASE: Duration = Duration::from_hours(24);
/// The longest first sentence of a message.
const LONGEST: usize = 200;

/// The wrong answers of a module's folder, and one case for the causes without one.
pub fn of_module(chain: &Arc<Chain>, module: &Module, answers: &Arc<Vec<WrongAnswer>>) -> Vec<Proof> {
    let own = |answer: &&WrongAnswer| answer.id.split(['-', '/']).next() == Some(module.number.to_string().as_str());
    let mut proofs: Vec<Proof> = answers
        .iter()
        .filter(own)
        .map(|answer| {
            let (chain, answer) = (Arc::clone(chain), answer.clone());
            proof(Kind::T5, answer.id.clone(), async move { prove(&chain, &answer).await })
        })
        .collect();
    let findings = untested(chain, module, answers);
    proofs.push(proof(Kind::T5, format!("{}, its causes", module.id), async move { findings }));
    proofs
}

/// The causes that no test expects. A check of checks.yaml is written once, so one test of one of its uses is enough.
fn untested(chain: &Chain, module: &Module, answers: &[WrongAnswer]) -> Vec<String> {
    let name = |check: &Check| check.shared.clone().unwrap_or_else(|| check.id.clone());
    let expected = answers.iter().flat_map(|answer| &answer.expect).filter_map(|expected| {
        let check = chain.workshop().checks().find(|check| check.id == expected.check)?;
        Some((name(check), expected.cause.clone()?))
    });
    let expected: BTreeSet<(String, String)> = expected.collect();
    let checks = module.steps.iter().flat_map(|step| &step.checks);
    let causes = checks.flat_map(|check| check.fail.iter().map(move |message| (check, message)));
    causes
        .filter(|(check, message)| !expected.contains(&(name(check), message.when.clone())))
        .map(|(check, message)| format!("no test provokes the cause `{}` of {}", message.when, check.id))
        .collect()
}

async fn prove(chain: &Chain, answer: &WrongAnswer) -> Vec<String> {
    let Some(start) = chain.solved(&answer.given) else { return unreached(&answer.id) };
    let session = start.fork(&chain.session);
    let _awake = session.clock.participate();
    for (place, deed) in answer.deeds.iter().enumerate() {
        if let Err(why) = act(&session, deed).await {
            return vec![format!("deed {}: {why}", place + 1)];
        }
    }
    let mut findings = Vec::new();
    for expected in &answer.expect {
        session.clock.sleep(expected.after).await;
        findings.extend(judge(&session, expected).await);
    }
    findings
}

/// Does one thing of a test. Call it while holding one participant of the session's clock.
pub async fn act(session: &Arc<Session>, deed: &Deed) -> Result<(), String> {
    match deed {
        Deed::Command(command) => command_of(session, command).await,
        Deed::Refused(command) => match command_of(session, command).await {
            Ok(()) => Err(format!("`{command}` should be refused, and was not")),
            Err(_) => Ok(()),
        },
        Deed::Run(id) => run(session, id).await,
        Deed::Attempt(id) => match run(session, id).await {
            Ok(()) => Err(format!("{id} should fail, and did not")),
            Err(_) => Ok(()),
        },
        Deed::Wait(span) => {
            session.clock.sleep(*span).await;
            Ok(())
        }
        Deed::Fault { kind, region, parameters } => {
            let Some(faults) = &session.faults else { return Err("only the sandbox has faults".to_owned()) };
            let region = session.guide.base().render(region).map_err(|missing| missing.to_string())?;
            let started = faults.start(kind, &region, parameters.clone(), LEASE).await;
            started.map(drop).map_err(|failure| failure.to_string())
        }
    }
}

/// A command as somebody types it: the guide learns nothing of it.
async fn command_of(session: &Arc<Session>, template: &str) -> Result<(), String> {
    let guide = &session.guide;
    guide.forget_outputs();
    let bindings = guide.bindings_for([template]).await;
    let command = bindings.render(template).map_err(|missing| missing.to_string())?;
    guide.prepare(std::slice::from_ref(&command)).await.map_err(|error| error.to_string())?;
    let own = OwnReset { session };
    let runner =
        Runner { aws: guide.aws().as_ref(), clock: guide.clock(), workspace: guide.workspace(), resets: Some(&own) };
    let cancel = CancellationToken::new();
    let done = runner.run(&[command], Effect::Delete, PATIENCE, &cancel, &|_| {}).await;
    done.map(drop).map_err(|error| format!("{template}: {error}"))
}

/// A fence, or the fences of a step's solution, as the guide runs them.
async fn run(session: &Arc<Session>, id: &str) -> Result<(), String> {
    let cancel = CancellationToken::new();
    let actions: Vec<String> = match session.guide.step(id) {
        Some(step) => step.solution.iter().map(|anchor| format!("{id}#{anchor}")).collect(),
        None => vec![id.to_owned()],
    };
    for action in actions {
        actions::run(session, &action, &cancel, &|_| {}).await.map_err(|error| format!("{action}: {error}"))?;
    }
    Ok(())
}

/// What speaks against an expectation.
async fn judge(session: &Arc<Session>, expected: &Expected) -> Vec<String> {
    session.guide.forget_outputs();
    let check = session.guide.workshop().checks().find(|check| check.id == expected.check);
    let Some(check) = check else { return vec![format!("there is no check {}", expected.check)] };
    let outcome = session.guide.evaluate(check).await;
    let got = match &outcome {
        Outcome::Fail { cause } => format!("fail ({}): {}", cause.id, cause.say),
        other => format!("{} {}", other.word(), walk::reason(other).unwrap_or_default()),
    };
    let right = match &outcome {
        Outcome::Fail { cause } => expected.is == Asked::Fail && expected.cause.as_ref() == Some(&cause.id),
        other => other.word() == expected.is.word(),
    };
    if !right {
        let cause = expected.cause.as_ref().map(|cause| format!(" ({cause})")).unwrap_or_default();
        return vec![format!("{} should be {}{cause}, and is {got}", expected.check, expected.is.word())];
    }
    if let Outcome::Fail { cause } = &outcome { unreadable(&expected.check, cause) } else { Vec::new() }
}

/// What a learner could not make sense of in a message.
fn unreadable(check: &str, cause: &Cause) -> Vec<String> {
    let texts = [Some(&cause.say), cause.why.as_ref()];
    let hole = |text: &&&String| text.contains('…') || text.contains("{{");
    let mut findings: Vec<String> = texts
        .iter()
        .flatten()
        .filter(hole)
        .map(|text| format!("the message for {} of {check} has a value that is not known: {text}", cause.id))
        .collect();
    let first = cause.say.split_inclusive(". ").next().unwrap_or_default().chars().count();
    if first > LONGEST {
        findings.push(format!("the message for {} of {check} is {first} characters long; {LONGEST} fit", cause.id));
    }
    findings
}
