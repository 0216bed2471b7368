//! Builds a drill from the workshop's words: what is probed, which stores are counted, what is broken and how.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::session::Session;
use crate::app::Mode;
use crate::app::drill::{DrillView, FaultView};
use crate::clock::{Clock, Participant};
use crate::content::Bindings;
use crate::content::model::{FaultSpec, Journey, Workshop};
use crate::domain::drill::Fault;
use crate::domain::time::spell;
use crate::domain::{BoxFuture, Faults, GLOBAL_REGION, Operations, Role, SimTime};
use crate::drill::canary::{self, Canary};
use crate::drill::plan::{Routing, resolvers_on_the_network, vantages};
use crate::drill::price::Prices;
use crate::drill::{Environment, JourneyPlan, Plan, Ports, Switch};
use crate::progress::ProgressError;
use crate::protocol::operation;
use crate::sandbox::owner::Simulator;

/// A fault ends by itself after this long, should the program that started it die.
pub(super) const LEASE: Duration = Duration::from_secs(2 * 3600);

/// Why a drill cannot be begun.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// No such fault.
    #[error("the workshop has no fault '{given}'; it has: {known}")]
    Unknown {
        /// What was asked for.
        given: String,
        /// What there is.
        known: String,
    },
    /// The fault is for the sandbox only.
    #[error("the fault '{0}' breaks a whole Region, which only the sandbox can do; run it without --aws")]
    SandboxOnly(String),
    /// What it probes does not exist yet.
    #[error("the drill needs {0}, which does not exist yet; do Modules 1 to 4 first")]
    NotBuilt(String),
    /// Another process drills in the same account.
    #[error("a drill is running already, in another window; its evidence grows in {0}")]
    Running(String),
    /// Nothing would mend the fault if this program died.
    #[error("no schedule can be made that mends the fault, should this program die before it does: {0}")]
    Unguarded(String),
    /// There is no place for its evidence.
    #[error(transparent)]
    State(#[from] ProgressError),
}

/// The view of a drill at rest: what can be broken, and the budget.
pub fn at_rest(session: &Session) -> DrillView {
    DrillView { faults: faults(session), budget: session.guide.workshop().objectives.rto, ..DrillView::default() }
}

/// What can be broken, as the screen lists it.
pub fn faults(session: &Session) -> Vec<FaultView> {
    let workshop = session.guide.workshop();
    let regions = session.guide.regions();
    let resolvers = if session.simulated() { vantages(regions) } else { resolvers_on_the_network(regions) }.len();
    let view = |(name, spec): (&String, &FaultSpec)| FaultView {
        name: name.clone(),
        title: spec.title.clone(),
        cuts_replication: spec.cuts_replication,
        plan: steps(workshop, spec, resolvers),
        ready: if spec.sandbox_only && !session.simulated() {
            Err("only the sandbox can do this".to_owned())
        } else {
            Ok(())
        },
    };
    workshop.drill.faults.iter().map(view).collect()
}

/// What starting a fault does, one line each.
fn steps(workshop: &Workshop, spec: &FaultSpec, resolvers: usize) -> Vec<String> {
    let mut plan = vec![format!(
        "watch {} journeys for 60 s; nothing is broken if they are not steady",
        workshop.drill.journeys.len()
    )];
    if let Some((start, undo)) = &spec.fences {
        plan.push(format!("break: run {start}"));
        plan.push(format!("mend, when you fail back or stop: run {undo}"));
        plan.push("a schedule in R1 mends it after two hours, should this program die".to_owned());
    }
    let prices = Prices::known();
    let stores = workshop.drill.stores.iter().map(|store| store.name.as_str());
    let minute = prices.a_minute(workshop.drill.journeys.len(), resolvers, stores);
    plan.push(format!(
        "its requests cost about {:.0} US cents in ten minutes on AWS (estimate, {})",
        minute * 1e3,
        prices.date
    ));
    let place = if spec.both_regions { "R1 and R2" } else { "R1" };
    for kind in &spec.ports {
        plan.push(format!("break: the sandbox's fault {kind} in {place}, which ends by itself after two hours"));
    }
    if let Some(span) = spec.flaps {
        plan.push(format!("it ends after {} and begins again after as long, until it is mended", spell(span)));
    }
    plan
}

/// The plan of a drill and what it talks to.
pub async fn prepare(session: &Arc<Session>, name: &str, auto_fail_back: bool) -> Result<(Plan, Ports), DrillError> {
    let guide = &session.guide;
    let workshop = guide.workshop();
    let spec = workshop.drill.faults.get(name).ok_or_else(|| DrillError::Unknown {
        given: name.to_owned(),
        known: workshop.drill.faults.keys().cloned().collect::<Vec<_>>().join(", "),
    })?;
    if spec.sandbox_only && !session.simulated() {
        return Err(DrillError::SandboxOnly(name.to_owned()));
    }
    let bindings = guide.bindings_for(templates(workshop)).await;
    let mut journeys = journeys(workshop, name, &bindings)?;
    let check = |role| workshop.drill.health_checks.get(&role).and_then(|id| bindings.render(id).ok());
    let health_check = check(Role::Primary);
    let zone = workshop.drill.zone.as_deref().and_then(|zone| bindings.render(zone).ok());
    let routing = routing(session, spec, zone.as_deref(), health_check.as_deref(), &mut journeys).await;
    let plan = Plan {
        fault: name.to_owned(),
        title: spec.title.clone(),
        environment: environment(session),
        prices: Prices::known(),
        broken: Role::Primary,
        regions: guide.regions().clone(),
        rto_objective: workshop.objectives.rto,
        rpo_objective: workshop.objectives.rpo,
        vantages: if session.simulated() {
            vantages(guide.regions())
        } else {
            resolvers_on_the_network(guide.regions())
        },
        cuts_replication: spec.cuts_replication,
        both_regions: spec.both_regions,
        survivor_check: check(Role::Secondary),
        zone,
        routing,
        health_check,
        journeys,
        auto_fail_back,
    };
    let ports = Ports {
        network: Arc::clone(guide.network()),
        aws: Arc::clone(guide.aws()),
        canaries: canaries(session, workshop, &plan, &bindings),
        switch: switch(session, spec),
        keeper: None,
    };
    Ok((plan, ports))
}

/// Which AWS answers, in the words of a report.
fn environment(session: &Session) -> Environment {
    match &session.mode {
        Mode::Sandbox => {
            let sandbox = session.throw_away.clone().or_else(|| session.simulator.as_ref().and_then(Simulator::owned));
            let seed = sandbox.map(|sandbox| sandbox.with_world(|world| world.seed));
            Environment::Sandbox { seed: seed.unwrap_or(session.settings.seed) }
        }
        Mode::Aws { account, .. } => Environment::Account { id: account.clone() },
        Mode::Endpoint(url) => Environment::Endpoint { url: url.clone() },
    }
}

/// Mends what a drill broke that did not live to mend it: the fault of that name, begun at `since` or later. Mending what
/// is whole is no error. Call it while holding one participant of the session's clock.
pub async fn mend(session: &Arc<Session>, fault: &str, since: SimTime) -> Result<(), String> {
    let spec = session.guide.workshop().drill.faults.get(fault);
    let spec = spec.ok_or_else(|| format!("the workshop has no fault '{fault}' any more"))?;
    match (&spec.fences, &session.faults) {
        (Some(_), _) => switch(session, spec).stop().await,
        (None, Some(faults)) => {
            let places = places(session, spec);
            let left = faults.active().await.map_err(|failure| failure.to_string())?;
            let own = |fault: &&Fault| {
                spec.ports.contains(&fault.kind) && places.contains(&fault.region) && fault.since >= since
            };
            for fault in left.iter().filter(own) {
                faults.stop(&fault.id).await.map_err(|failure| failure.to_string())?;
            }
            Ok(())
        }
        (None, None) => Ok(()),
    }
}

/// The Regions that a fault of the sandbox is in.
fn places(session: &Session, spec: &FaultSpec) -> Vec<String> {
    let regions = session.guide.regions();
    let mut places = vec![regions.primary().to_string()];
    places.extend(spec.both_regions.then(|| regions.secondary().to_string()));
    places
}

/// Every template that a drill fills in.
fn templates(workshop: &Workshop) -> Vec<&str> {
    let drill = &workshop.drill;
    let mut all: Vec<&str> = Vec::new();
    for journey in &drill.journeys {
        all.push(&journey.url);
        all.extend(journey.direct.values().map(String::as_str));
        all.extend(journey.body.as_deref());
    }
    all.extend(drill.health_checks.values().chain(&drill.zone).map(String::as_str));
    all.extend(drill.stores.iter().flat_map(|store| store.parameters.values()).map(String::as_str));
    all
}

fn journeys(workshop: &Workshop, fault: &str, bindings: &Bindings) -> Result<Vec<JourneyPlan>, DrillError> {
    let plan = |journey: &Journey| -> Result<JourneyPlan, DrillError> {
        let fill = |template: &str| bindings.render(template).map_err(|missing| DrillError::NotBuilt(missing.name));
        let direct: Result<BTreeMap<Role, String>, DrillError> =
            journey.direct.iter().map(|(role, url)| Ok((*role, fill(url)?))).collect();
        let body = journey.body.as_deref().map(fill).transpose()?;
        Ok(JourneyPlan {
            name: journey.name.clone(),
            method: journey.method.clone(),
            url: fill(&journey.url)?,
            body: body.and_then(|body| serde_json::from_str(&body).ok()),
            direct: direct?,
            affected: journey.broken_by.iter().any(|name| name == fault),
            routed: false,
        })
    };
    workshop.drill.journeys.iter().map(plan).collect()
}

/// How long a health checker takes to see that a request failed, in milliseconds: an answer over half the world (estimate:
/// the mean of the round trips between the checkers' Regions and one endpoint, and its thinking); a connection that never
/// stands; an answer that never comes. Sources for the last two: aws-behaviour.md, section 3, HTTP(S) budget.
const ANSWERED_MS: u32 = 200;
const NO_CONNECTION_MS: u32 = 4000;
const NO_ANSWER_MS: u32 = 2000 + ANSWERED_MS;

/// The routing's settings as the API and the name servers tell them; none when no journey that the fault breaks is routed by
/// the health check.
async fn routing(
    session: &Session,
    spec: &FaultSpec,
    zone: Option<&str>,
    health_check: Option<&str>,
    journeys: &mut [JourneyPlan],
) -> Option<Routing> {
    let aws = session.guide.aws();
    let read = operation("route53", "get-health-check", GLOBAL_REGION, json!({ "HealthCheckId": health_check? }));
    let check = aws.call(&read).await.ok()?.output;
    let number = |member: &str| {
        let value = check.pointer(&format!("/HealthCheck/HealthCheckConfig/{member}")).and_then(Value::as_u64);
        value.and_then(|value| u32::try_from(value).ok())
    };
    let list = operation("route53", "list-resource-record-sets", GLOBAL_REGION, json!({ "HostedZoneId": zone? }));
    let records = aws.call(&list).await.ok()?.output;
    let records = records.get("ResourceRecordSets").and_then(Value::as_array)?;
    let of = |record: &Value, member: &str| record.get(member).and_then(Value::as_str).map(str::to_owned);
    for journey in journeys.iter_mut() {
        let name = crate::drill::runner::host(&journey.url);
        journey.routed = records.iter().any(|record| {
            of(record, "Name").is_some_and(|known| known.trim_end_matches('.') == name)
                && of(record, "HealthCheckId").as_deref() == health_check
        });
    }
    let url = &journeys.iter().find(|journey| journey.affected && journey.routed)?.url;
    let vantage = vantages(session.guide.regions()).into_iter().next()?;
    let answer = session.guide.network().resolve(crate::drill::runner::host(url), &vantage).await.ok()??;
    let has = |kind: &str| spec.ports.iter().any(|port| port == kind);
    Some(Routing {
        interval: number("RequestInterval")?,
        threshold: number("FailureThreshold")?,
        ttl: u32::try_from(answer.ttl.as_secs()).ok()?,
        failing_ms: if has("region-loss") {
            NO_CONNECTION_MS
        } else if has("slow-answers") {
            NO_ANSWER_MS
        } else {
            ANSWERED_MS
        },
    })
}

/// The name of the canaries of a drill that begins now, which tells them from those of others.
pub(super) fn canary_run(session: &Session) -> String {
    format!("canary-{}", session.clock.now().millis())
}

/// The canaries of the stores that the workshop names. One whose parameters are not known yet is left out.
fn canaries(session: &Session, workshop: &Workshop, plan: &Plan, bindings: &Bindings) -> Vec<Arc<dyn Canary>> {
    let guide = &session.guide;
    let (from, to) = (guide.regions().primary().to_string(), guide.regions().secondary().to_string());
    let run = canary_run(session);
    let once: Arc<dyn Operations> = Arc::new(session.sdk.without_retries());
    let mut canaries: Vec<Arc<dyn Canary>> = Vec::new();
    for store in &workshop.drill.stores {
        let parameter = |name: &str| store.parameters.get(name).and_then(|template| bindings.render(template).ok());
        match store.name.as_str() {
            "dynamodb" => {
                if let Some(table) = parameter("table") {
                    let (from, to, run) = (from.clone(), to.clone(), run.clone());
                    let (writes, reads) = (Arc::clone(&once), Arc::clone(guide.aws()));
                    canaries.push(Arc::new(canary::DynamoDb { writes, reads, table, from, to, run }));
                }
            }
            "s3" => {
                if let (Some(source), Some(replica)) = (parameter("bucket"), parameter("replica")) {
                    canaries.push(Arc::new(canary::S3 {
                        writes: Arc::clone(&once),
                        reads: Arc::clone(guide.aws()),
                        source: (source, from.clone()),
                        replica: (replica, to.clone()),
                        prefix: format!("canary/{run}/"),
                    }));
                }
            }
            "aurora" => canaries.extend(blog(session, plan, &run)),
            _ => {}
        }
    }
    canaries
}

/// The blog's comments, which Aurora keeps, through each Region's load balancer.
fn blog(session: &Session, plan: &Plan, run: &str) -> Option<Arc<dyn Canary>> {
    let journey = plan.journeys.iter().find(|journey| journey.name == "blog")?;
    let comments = |role: Role| {
        let url = journey.direct.get(&role)?;
        Some(format!("{}/wp-json/wp/v2/comments", url.trim_end_matches('/')))
    };
    Some(Arc::new(canary::Blog {
        network: Arc::clone(session.guide.network()),
        write_url: comments(Role::Primary)?,
        read_url: comments(Role::Secondary)?,
        vantage: plan.vantages.first()?.clone(),
        run: run.to_owned(),
    }))
}

/// What breaks and mends.
pub(super) fn switch(session: &Arc<Session>, spec: &FaultSpec) -> Arc<dyn Switch> {
    match (&spec.fences, &session.faults) {
        (Some((start, undo)), _) => {
            Arc::new(Fences { session: Arc::clone(session), start: start.clone(), undo: undo.clone() })
        }
        (None, Some(faults)) => Arc::new(SandboxFaults {
            clock: session.clock.clone(),
            faults: Arc::clone(faults),
            kinds: spec.ports.clone(),
            regions: places(session, spec),
            flaps: spec.flaps,
            active: Arc::default(),
            over: CancellationToken::new(),
        }),
        (None, None) => Arc::new(Nothing),
    }
}

/// A fault that is two fences of the workshop: one breaks, one mends.
struct Fences {
    session: Arc<Session>,
    start: String,
    undo: String,
}

impl Fences {
    async fn run(&self, action: &str) -> Result<(), String> {
        let never = CancellationToken::new();
        let result = super::actions::run(&self.session, action, &never, &|_| ()).await;
        result.map(|_| ()).map_err(|error| error.to_string())
    }
}

impl Switch for Fences {
    fn start(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(self.run(&self.start))
    }

    fn stop(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(self.run(&self.undo))
    }
}

/// Faults of the simulated world that begin and end together.
#[derive(Clone)]
struct SandboxFaults {
    clock: Clock,
    faults: Arc<dyn Faults>,
    kinds: Vec<String>,
    regions: Vec<String>,
    /// They end and begin again, each time after so long.
    flaps: Option<Duration>,
    active: Arc<Mutex<Vec<String>>>,
    /// Ends the flapping.
    over: CancellationToken,
}

impl SandboxFaults {
    async fn begin(&self) -> Result<(), String> {
        for region in &self.regions {
            for kind in &self.kinds {
                let fault = self.faults.start(kind, region, json!({}), LEASE).await;
                let fault = fault.map_err(|failure| failure.to_string())?;
                self.active.lock().unwrap_or_else(PoisonError::into_inner).push(fault.id);
            }
        }
        Ok(())
    }

    async fn end(&self) -> Result<(), String> {
        let ids = std::mem::take(&mut *self.active.lock().unwrap_or_else(PoisonError::into_inner));
        for id in ids {
            self.faults.stop(&id).await.map_err(|failure| failure.to_string())?;
        }
        Ok(())
    }

    /// Ends and begins again until the drill mends it. What cannot be begun again stays whole, and the drill sees that.
    async fn flap(self, every: Duration, _awake: Participant) {
        loop {
            for broken in [false, true] {
                let over = self.over.run_until_cancelled(self.clock.sleep(every)).await.is_none();
                if over || if broken { self.begin().await } else { self.end().await }.is_err() {
                    return;
                }
                if self.over.is_cancelled() {
                    // It was mended while it began again.
                    let _ = self.end().await;
                    return;
                }
            }
        }
    }
}

impl Switch for SandboxFaults {
    fn start(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            self.begin().await?;
            if let Some(every) = self.flaps {
                // Time must not pass before the first sleep begins, so the seat is taken here.
                tokio::spawn(self.clone().flap(every, self.clock.participate()));
            }
            Ok(())
        })
    }

    fn stop(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            self.over.cancel();
            self.end().await
        })
    }
}

/// Faults of the sandbox on an AWS that has none; [`prepare`] has refused it before.
struct Nothing;

impl Switch for Nothing {
    fn start(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { Err("this AWS has no faults of its own".to_owned()) })
    }

    fn stop(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
}
