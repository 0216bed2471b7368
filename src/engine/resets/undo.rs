//! `workshop reset --module`: takes away what one module made, and nothing that another one did.
//!
//! What a module made is what its own pages' commands create. Settings of other things, a replica of a table or a rule of
//! a bucket, are undone by the fences that the pages name; everything else is deleted by the reset, in its order.

use std::collections::BTreeSet;
use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::{ResetError, doors, own};
use crate::content::AssetError;
use crate::content::model::{Action, Module, Step, StepKind};
use crate::domain::{Effect, FailureClass, GLOBAL_REGION};
use crate::engine::actions::{self, RunError};
use crate::engine::session::Session;
use crate::guide::OutputError;
use crate::guide::action::{ActionError, Told};
use crate::protocol::{Command, FileError, Files, parse_command};
use crate::reset::{self, Caller, FileJournal, Item, Key, Kind, Progress, Ready, State, Stop, Tools};

/// Why a module cannot be undone.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// No such module.
    #[error("there is no module '{given}'; the workshop has {known}")]
    Unknown {
        /// What was given.
        given: String,
        /// What there is.
        known: String,
    },
    /// It makes nothing.
    #[error("{0} takes things away and makes none; `workshop reset` takes the whole run away")]
    Cleans(String),
    /// A later module's things use it.
    #[error("{later} stands on {module} ({what} is there); undo it first: workshop reset --module {later}")]
    StoodOn {
        /// The module that was asked for.
        module: String,
        /// The module that stands on it.
        later: String,
        /// The first of its things.
        what: String,
    },
    /// A fence that undoes something failed.
    #[error("{action}: {error}")]
    Action {
        /// Which.
        action: String,
        /// Why.
        error: RunError,
    },
    /// Stopped by hand.
    #[error("stopped; what AWS has begun goes on, and the same command continues")]
    Cancelled,
    /// The reset could not be made.
    #[error(transparent)]
    Reset(#[from] ResetError),
}

/// What undoes a module.
#[derive(Clone, Debug)]
pub struct Undo {
    /// The module.
    pub module: String,
    /// Fences that undo settings of other things, the last one first.
    pub fences: Vec<String>,
    /// Things that go.
    pub things: Vec<Item>,
    own: own::Own,
}

/// Finds what a module made and what of it is there. Call it while holding one participant of the session's clock.
pub async fn plan(session: &Session, module: &str) -> Result<Undo, UndoError> {
    let modules = &session.guide.workshop().modules;
    let Some(place) = modules.iter().position(|known| known.id == module) else {
        let known = modules.iter().map(|module| module.id.as_str()).collect::<Vec<_>>().join(", ");
        return Err(UndoError::Unknown { given: module.to_owned(), known });
    };
    let cleans = |module: &Module| module.steps.iter().any(|step| step.kind == StepKind::CleanUp);
    let own = own::look(session, None).await?;
    let ours = own.seat().map(|seat| seat.ours.clone()).unwrap_or_default();
    let (mut fences, mut things) = (Vec::new(), Vec::new());
    // What a later module changes once more is still the earlier one's.
    let mut before: Vec<Thing> = Vec::new();
    for (at, known) in modules.iter().enumerate() {
        if at == place && cleans(known) {
            return Err(UndoError::Cleans(module.to_owned()));
        }
        let made = made(session, known, &before).await;
        if at < place {
            before.extend(made.things);
            continue;
        }
        let there: Vec<Item> = ours.iter().filter(|item| made.things.iter().any(|one| one.is(item))).cloned().collect();
        if at > place {
            if let Some(first) = there.first() {
                let (later, what) = (known.id.clone(), format!("{} {}", first.kind.type_name(), first.name));
                return Err(UndoError::StoodOn { module: module.to_owned(), later, what });
            }
        } else {
            (fences, things) = (made.fences, there);
            before.extend(made.things);
        }
    }
    // Where nothing of the run is left, a setting of it cannot be.
    if ours.is_empty() {
        fences.clear();
    }
    Ok(Undo { module: module.to_owned(), fences, things, own })
}

/// Undoes the module; what of it is left afterwards, in words. Call it while holding one participant of the clock.
pub async fn run(
    session: &Session,
    undo: &Undo,
    cancel: &CancellationToken,
    told: &(dyn Fn(Told) + Send + Sync),
    tell: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Vec<String>, UndoError> {
    for action in &undo.fences {
        told(Told::Running(action.clone()));
        match actions::run(session, action, cancel, told).await {
            // A value that the account does not have belongs to a thing that it does not have.
            Ok(_)
            | Err(RunError::NotReady(OutputError::Missing(_) | OutputError::Asset(AssetError::Missing { .. }))) => {}
            Err(RunError::Action(ActionError::Refused { failure, .. })) if failure.class == FailureClass::NotFound => {}
            Err(error) if error.cancelled() => return Err(UndoError::Cancelled),
            Err(error) => return Err(UndoError::Action { action: action.clone(), error }),
        }
    }
    let Some(seat) = undo.own.seat() else { return Ok(Vec::new()) };
    let regions = super::regions(session, &seat.seat).map_err(ResetError::Usage)?;
    let aws = doors::enter(session, &seat.seat, regions.primary().as_str(), doors::RESET).await;
    let caller = Caller::new(aws.map_err(ResetError::Usage)?, session.clock.clone(), &seat.seat.account);
    let run = session.run_with(&seat.suffix, &regions).map_err(ResetError::Binding)?;
    let scan = reset::scan(&caller, &seat.seat.account, &run).await;
    if let Some(unread) = scan.unread.first() {
        let why = format!("what the account holds could not be read ({unread}); mend that and run the same command");
        return Err(ResetError::Usage(why).into());
    }
    let allowed: BTreeSet<Key> = undo.things.iter().map(Item::key).collect();
    let folder = undo.own.path.with_file_name(format!("undo-{}.ndjson", undo.module));
    let (journal, _) = FileJournal::open(&folder).map_err(ResetError::Journal)?;
    let ready = Ready {
        seat: &seat.seat.seat,
        account: &seat.seat.account,
        run: &run,
        scan: &scan,
        allowed: &allowed,
        not_ours: &[],
        manifest: None,
    };
    match reset::delete(&ready, Tools { caller: &caller, journal: &journal, cancel, tell }).await {
        Ok(nodes) => Ok(nodes
            .into_iter()
            .filter(|(_, state)| *state != State::Gone)
            .map(|(node, state)| match state {
                State::Failed { why, .. } => format!("{node}: {why}"),
                other => format!("{node}: {}", other.word()),
            })
            .collect()),
        Err(Stop::Cancelled) => Err(UndoError::Cancelled),
        Err(Stop::Journal(error)) => Err(ResetError::Journal(error).into()),
        Err(Stop::Graph(error)) => Err(ResetError::Usage(error.to_string()).into()),
    }
}

/// A thing that a command of a page makes.
#[derive(PartialEq)]
struct Thing {
    kind: Kind,
    region: String,
    name: String,
}

impl Thing {
    fn is(&self, item: &Item) -> bool {
        let place = self.region.is_empty() || item.region == self.region;
        let name = |text: &str| text.trim_end_matches('.') == self.name.trim_end_matches('.');
        item.kind == self.kind && place && (name(&item.id) || name(&item.name))
    }
}

#[derive(Default)]
struct Made {
    things: Vec<Thing>,
    /// Fences that undo what is no thing of its own, the last one first.
    fences: Vec<String>,
}

/// What the pages of a module make that was not there before.
async fn made(session: &Session, module: &Module, before: &[Thing]) -> Made {
    let mut made = Made::default();
    let actions = |step: &Step| step.actions.clone();
    for (step, action) in module.steps.iter().flat_map(|step| actions(step).into_iter().map(move |one| (step, one))) {
        // What a drill breaks is mended by the drill.
        let Some(undo) = action.undo.as_ref().filter(|_| action.effect != Effect::Fault) else { continue };
        let mut things = things(session, &action).await;
        things.retain(|thing| !before.contains(thing));
        if things.is_empty() {
            made.fences.insert(0, format!("{}#{undo}", step.id));
        }
        made.things.extend(things);
    }
    made
}

async fn things(session: &Session, action: &Action) -> Vec<Thing> {
    let guide = &session.guide;
    let bindings = guide.bindings_for(action.commands.iter().map(String::as_str)).await;
    let texts: Vec<String> = action.commands.iter().map(|command| bindings.render_lossy(command)).collect();
    // A file whose values are not known yet is not needed to see what a command makes.
    let _ = guide.prepare(&texts).await;
    let files = Here(guide.workspace());
    texts.iter().filter_map(|text| parse_command(text, &files).ok()).filter_map(|command| thing(&command)).collect()
}

/// What a command makes, when that is a thing of its own.
fn thing(command: &Command) -> Option<Thing> {
    let operation = match command {
        Command::Deploy(deploy) => {
            return Some(Thing { kind: Kind::Stack, region: deploy.region.clone(), name: deploy.stack_name.clone() });
        }
        Command::Operation(operation) => operation,
        _ => return None,
    };
    let (kind, pointer) = match (operation.service.as_str(), operation.api.as_str()) {
        ("cloudformation", "CreateStack") => (Kind::Stack, "/StackName"),
        ("s3api", "CreateBucket") => (Kind::Bucket, "/Bucket"),
        ("dynamodb", "CreateTable") => (Kind::Table, "/TableName"),
        ("rds", "CreateDBCluster") => (Kind::Cluster, "/DBClusterIdentifier"),
        ("rds", "CreateDBInstance") => (Kind::Instance, "/DBInstanceIdentifier"),
        ("route53", "CreateHostedZone") => (Kind::Zone, "/Name"),
        ("route53", "CreateHealthCheck") => (Kind::HealthCheck, "/HealthCheckConfig/FullyQualifiedDomainName"),
        ("apigateway", "CreateDomainName") => (Kind::DomainName, "/domainName"),
        ("apigateway", "CreateRestApi") => (Kind::RestApi, "/name"),
        ("cloudwatch", "PutDashboard") => (Kind::Dashboard, "/DashboardName"),
        ("acm", "RequestCertificate") => (Kind::Certificate, "/DomainName"),
        _ => return None,
    };
    let name = operation.input.pointer(pointer)?.as_str()?.to_owned();
    let everywhere = matches!(kind, Kind::Bucket | Kind::Zone | Kind::HealthCheck | Kind::Dashboard)
        || operation.region == GLOBAL_REGION;
    let region = if everywhere { String::new() } else { operation.region.clone() };
    Some(Thing { kind, region, name })
}

/// Files of the workspace; what is not there is empty.
struct Here<'w>(&'w Path);

impl Files for Here<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        Ok(std::fs::read(self.0.join(path)).unwrap_or_else(|_| b"{}".to_vec()))
    }
}
