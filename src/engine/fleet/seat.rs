//! One seat while fleet looks at it: what was read, when, and what follows from it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::READS;
use super::place;
use super::reader::Reader;
use super::row::{Facts, Row, Stuck};
use super::stacks::{self, Stack};
use crate::content::Bindings;
use crate::content::model::{Check, Module, Workshop};
use crate::domain::{FactId, Operations, Outcome, RegionPair, SimTime};
use crate::engine::resets::{self, doors};
use crate::engine::session::Session;
use crate::engine::walk::reason;
use crate::guide::Guide;
use crate::protocol::operation;
use crate::reset::{self, Caller, Cost, Seat};

/// What CloudTrail shows as the session's name.
const SESSION: &str = "workshop-fleet";

/// An account that was entered.
struct Entered {
    reader: Arc<Reader>,
    regions: RegionPair,
    /// The run's suffix; none while the account holds nothing of the workshop.
    suffix: Option<String>,
    guide: Guide,
}

/// A seat and what is known of it.
pub struct Watched {
    /// The seat.
    pub seat: Seat,
    entered: Option<Entered>,
    /// Answers by check, with the instant.
    answers: BTreeMap<String, (Outcome, SimTime)>,
    /// The place of the module in which the learner stands.
    module: usize,
    stacks: Vec<Stack>,
    /// When the stacks were read.
    stacks_at: Option<SimTime>,
    event: Option<SimTime>,
    failure: Option<String>,
    /// When fleet itself saw something change.
    seen: Option<SimTime>,
    /// The step in which the learner did something last, and when the run's manifest was written.
    noted: Option<(String, SimTime)>,
    /// Types in each stack, by Region and name, as of the state that the stack had then.
    types: BTreeMap<(String, String), (String, BTreeMap<String, usize>)>,
    /// Why the account could not be read.
    trouble: Option<String>,
    reads: usize,
}

impl Watched {
    /// A seat that was not asked yet.
    pub fn new(seat: Seat) -> Self {
        Self {
            seat,
            entered: None,
            answers: BTreeMap::new(),
            module: 0,
            stacks: Vec::new(),
            stacks_at: None,
            event: None,
            failure: None,
            seen: None,
            noted: None,
            types: BTreeMap::new(),
            trouble: None,
            reads: 0,
        }
    }

    /// A seat that could not be asked because of a fault of this program.
    pub fn broken(seat: Seat, why: String) -> Self {
        Self { trouble: Some(why), ..Self::new(seat) }
    }

    /// Asks the account once more.
    pub async fn cycle(&mut self, session: &Arc<Session>) {
        let entered = match self.entered.take() {
            Some(entered) => {
                entered.reader.begin();
                self.found_run(session, entered).await
            }
            None => enter(session, &self.seat).await,
        };
        let asked = match entered {
            Ok(entered) => {
                let asked = self.ask(session, &entered).await;
                self.reads = entered.reader.spent();
                self.entered = Some(entered);
                asked
            }
            Err(why) => Err(why),
        };
        self.trouble = asked.err();
    }

    /// Looks again for the run of an account that held none.
    async fn found_run(&self, session: &Session, entered: Entered) -> Result<Entered, String> {
        if entered.suffix.is_some() {
            return Ok(entered);
        }
        let suffix = find(session, &self.seat, &entered.reader, &entered.regions).await?;
        open(session, entered.reader, entered.regions, suffix)
    }

    async fn ask(&mut self, session: &Session, entered: &Entered) -> Result<(), String> {
        let now = session.clock.now();
        let workshop = session.guide.workshop();
        entered.guide.forget_outputs();
        let mut begun = 0;
        if let Some(suffix) = &entered.suffix {
            let found = stacks::list(&entered.reader, &entered.regions, suffix).await;
            let found = found.map_err(|failure| failure.to_string())?;
            if self.stacks_at.is_some() && found != self.stacks {
                self.seen = Some(now);
            }
            (self.stacks, self.stacks_at) = (found, Some(now));
            let (event, failure) =
                stacks::last_event(&entered.reader, &self.stacks).await.map_err(|failure| failure.to_string())?;
            (self.event, self.failure) = (self.event.max(event), failure);
            self.noted = noted(session, entered, suffix).await;
            begun = self.begun(workshop, entered, now).await;
        }
        // What was never asked comes first; a second look at facts must not keep costs unknown for ever.
        self.facts(workshop, entered, begun, now, false).await;
        self.cost(entered).await;
        self.facts(workshop, entered, begun, now, true).await;
        Ok(())
    }

    /// The last module that was begun.
    async fn begun(&mut self, workshop: &Workshop, entered: &Entered, now: SimTime) -> usize {
        if self.stacks.iter().any(Stack::goes)
            && let Some(place) = workshop.modules.iter().position(place::cleans)
        {
            return place;
        }
        for place in (1..workshop.modules.len()).rev() {
            let Some(check) = place::opening(workshop, place) else { continue };
            self.one(entered, check, now).await;
            let known = self.answers.get(&check.id).map(|(outcome, _)| outcome);
            if known.is_some_and(|outcome| !matches!(outcome, Outcome::Todo | Outcome::Unknown { .. })) {
                return place;
            }
        }
        0
    }

    /// Asks the checks of the module that was begun last, and of the next one when all of its facts hold: those that were
    /// never asked, or, `again`, what was asked longest ago first.
    async fn facts(&mut self, workshop: &Workshop, entered: &Entered, begun: usize, now: SimTime, again: bool) {
        let mut reached = self.reached(workshop, begun, entered.suffix.is_some());
        loop {
            let modules = workshop.modules.get(begun..=reached).unwrap_or_default();
            let age = |check: &&Check| self.answers.get(&check.id).map(|(_, at)| *at);
            let old = |check: &&Check| age(check).is_none_or(|at| again && at < now);
            let next = modules.iter().flat_map(place::checks).filter(old).min_by_key(age);
            let Some(check) = next else { break };
            if entered.reader.left() == 0 || !self.one(entered, check, now).await {
                break;
            }
            reached = self.reached(workshop, begun, entered.suffix.is_some());
        }
        self.module = reached;
    }

    /// Asks one check; false when the cycle has no read left for it.
    async fn one(&mut self, entered: &Entered, check: &Check, now: SimTime) -> bool {
        entered.reader.postponed();
        self.remember(entered, check);
        let outcome = entered.guide.evaluate(check).await;
        if entered.reader.postponed() {
            return false;
        }
        let before = self.answers.insert(check.id.clone(), (outcome.clone(), now));
        if before.is_some_and(|(before, _)| before.word() != outcome.word() || reason(&before) != reason(&outcome)) {
            self.seen = Some(now);
        }
        true
    }

    /// Tells the guide that a step was begun whose other checks hold: what is missing then is wrong, and not just to do.
    fn remember(&self, entered: &Entered, check: &Check) {
        let Some((step, _)) = check.id.split_once('/') else { return };
        let other = |id: &String| *id != check.id && id.split_once('/').is_some_and(|(of, _)| of == step);
        let begun = self.answers.iter().any(|(id, (outcome, _))| other(id) && outcome.passed());
        if let (true, Some(at)) = (begun, self.event.max(self.seen)) {
            entered.guide.remember_start(step, at);
        }
    }

    /// The module in which the learner stands: the one begun last, or, while all that can be read of it holds, the next.
    /// A module that makes nothing of its own and breaks what is there is reached with the last check of the one before it.
    fn reached(&self, workshop: &Workshop, begun: usize, runs: bool) -> usize {
        let mut place = begun;
        while runs
            && let Some((module, next)) = workshop.modules.get(place).zip(workshop.modules.get(place + 1))
            && !place::cleans(next)
            && !place::cleans(module)
            && (place::checks(module).all(|check| self.passed(check)) || self.breaks(workshop, place))
        {
            place += 1;
        }
        place
    }

    /// Whether the module after this one only breaks what is there, and this one was done to its end.
    fn breaks(&self, workshop: &Workshop, place: usize) -> bool {
        let last = workshop.modules.get(place).and_then(|module| place::checks(module).last());
        place > 0 && place::opening(workshop, place + 1).is_none() && last.is_some_and(|check| self.passed(check))
    }

    fn passed(&self, check: &Check) -> bool {
        self.answers.get(&check.id).is_some_and(|(outcome, _)| outcome.passed())
    }

    /// Reads what is in stacks that are new or have another state, as far as the cycle has reads left.
    async fn cost(&mut self, entered: &Entered) {
        let stacks = &self.stacks;
        self.types.retain(|(region, name), _| stacks.iter().any(|one| one.region == *region && one.name == *name));
        for stack in stacks {
            let key = (stack.region.clone(), stack.name.clone());
            if self.types.get(&key).is_some_and(|(status, _)| *status == stack.status) {
                continue;
            }
            if let Ok(types) = stacks::types(&entered.reader, stack).await {
                self.types.insert(key, (stack.status.clone(), types));
            }
        }
    }

    /// Whether everything was asked that can be known now.
    pub fn settled(&self, session: &Session) -> bool {
        let asked = |module: &Module| place::checks(module).all(|check| self.answers.contains_key(&check.id));
        let module = session.guide.workshop().modules.get(self.module);
        self.trouble.is_some() || (module.is_none_or(asked) && self.priced().is_some())
    }

    /// What stands in the stacks costs; none while a stack was not read.
    fn priced(&self) -> Option<Cost> {
        let mut all: BTreeMap<String, usize> = BTreeMap::new();
        for stack in &self.stacks {
            let (_, types) = self.types.get(&(stack.region.clone(), stack.name.clone()))?;
            for (name, count) in types {
                *all.entry(name.clone()).or_default() += count;
            }
        }
        Some(reset::cost(&all))
    }

    /// What is known of the seat.
    pub fn row(&self, session: &Session) -> Row {
        if let Some(why) = &self.trouble {
            return Row { name: self.seat.name.clone(), ..Row::unread(&self.seat.seat, &self.seat.account, why) };
        }
        let Some(module) = session.guide.workshop().modules.get(self.module) else {
            return Row::unread(&self.seat.seat, &self.seat.account, "the workshop has no modules");
        };
        let (facts, waits_for, pending) = self.standing(module);
        let noted = self.noted.as_ref().map(|(_, at)| *at);
        // The guide writes the manifest right after AWS has answered, so that an event of the same second stands for itself.
        let known = [(self.event, "events"), (noted, "manifest"), (self.seen, "seen")];
        let last = known
            .into_iter()
            .filter_map(|(at, from)| Some((at?, from)))
            .reduce(|best, one| if one.0 > best.0 { one } else { best });
        let stuck = match last {
            _ if pending || self.stacks.iter().any(Stack::moves) => Stuck::Working,
            Some((at, _)) => Stuck::Since(at),
            None => Stuck::Unknown,
        };
        let now = session.clock.now();
        let cost = self.priced();
        let oldest = place::checks(module).filter_map(|check| self.answers.get(&check.id)).map(|(_, at)| *at).min();
        Row {
            seat: self.seat.seat.clone(),
            name: self.seat.name.clone(),
            account: self.seat.account.clone(),
            module: Some(module.id.clone()),
            facts,
            waits_for,
            stuck,
            stuck_seconds: if let Stuck::Since(at) = stuck { Some(now.since(at).as_secs_f64()) } else { None },
            last_activity: last.map(|(at, _)| at),
            last_activity_from: last.map(|(_, from)| from),
            position: self.noted.as_ref().map(|(step, _)| step.clone()),
            dollars_per_hour: cost.as_ref().map(|cost| cost.dollars_per_hour),
            cost_unknown: cost.map(|cost| cost.unknown).unwrap_or_default(),
            errors: self.errors(module),
            reads: self.reads,
            age_seconds: oldest.map(|at| now.since(at).as_secs_f64()),
        }
    }

    /// The facts of a module, the first one that does not hold, and whether something of it is on its way.
    fn standing(&self, module: &Module) -> (Facts, Option<String>, bool) {
        let mut facts = Facts { total: module.gives.len(), ..Facts::default() };
        let (mut waits_for, mut pending) = (None, false);
        for fact in &module.gives {
            let checks = place::checks_of(module, fact);
            if checks.is_empty() {
                facts.not_asked.push(fact.to_string());
                continue;
            }
            let answers: Vec<Option<&Outcome>> =
                checks.iter().map(|check| self.answers.get(&check.id).map(|(outcome, _)| outcome)).collect();
            if answers.iter().all(|answer| answer.is_some_and(Outcome::passed)) {
                facts.passed += 1;
                continue;
            }
            pending |= answers.iter().any(|answer| matches!(answer, Some(Outcome::Pending { .. })));
            let bad = answers.iter().position(|answer| answer.is_some_and(|outcome| !outcome.passed()));
            let bad = bad.and_then(|place| answers.get(place).copied().flatten());
            if matches!(bad, None | Some(Outcome::Unknown { .. })) {
                facts.unknown.push(fact.to_string());
            }
            if waits_for.is_none() {
                waits_for = Some(words(fact, bad));
            }
        }
        (facts, waits_for, pending)
    }

    /// What is wrong, by name.
    fn errors(&self, module: &Module) -> Vec<String> {
        let mut errors: Vec<String> = self.failure.iter().cloned().collect();
        for stack in self.stacks.iter().filter(|stack| stack.failed()) {
            let told = self.failure.as_ref().is_some_and(|failure| failure.starts_with(&stack.name));
            if !told {
                let reason = if stack.reason.is_empty() { String::new() } else { format!(": {}", stack.reason) };
                errors.push(format!("{} in {}: {}{reason}", stack.name, stack.region, stack.status));
            }
        }
        for check in place::checks(module) {
            if let Some((outcome @ (Outcome::Fail { .. } | Outcome::Unknown { .. }), _)) = self.answers.get(&check.id) {
                errors.push(format!("{}: {}", check.id, reason(outcome).unwrap_or_default()));
            }
        }
        errors
    }
}

/// What the run's manifest says of its learner; none when it cannot be read.
async fn noted(session: &Session, entered: &Entered, suffix: &str) -> Option<(String, SimTime)> {
    let run = session.run_with(suffix, &entered.regions).ok()?;
    let read = reset::manifest::read_operation(run.manifest.as_deref()?, entered.regions.primary().as_str());
    let reply = entered.reader.call(&read).await.ok()?;
    let (manifest, written) = reset::manifest::of_reply(&reply)?;
    Some((manifest.position.filter(|_| manifest.suffix == suffix)?, written?))
}

/// What a fact waits for.
fn words(fact: &FactId, answer: Option<&Outcome>) -> String {
    match answer {
        None => format!("{fact}: not asked yet"),
        Some(outcome) => match reason(outcome) {
            Some(why) => format!("{fact}: {why}"),
            None => format!("{fact}: not done yet"),
        },
    }
}

/// Enters an account and looks whose it is.
async fn enter(session: &Session, seat: &Seat) -> Result<Entered, String> {
    let regions = resets::regions(session, seat)?;
    let region = regions.primary().as_str();
    let aws = doors::enter(session, seat, region, SESSION).await?;
    let reader = Arc::new(Reader::new(aws, READS));
    let who = reader.call(&operation("sts", "get-caller-identity", region, json!({}))).await;
    let who = who.map_err(|failure| {
        format!(
            "it cannot be entered ({}: {}); let its role be assumed by whoever looks",
            failure.code, failure.message
        )
    })?;
    let account = who.output.get("Account").and_then(Value::as_str).unwrap_or_default();
    if account != seat.account {
        return Err(format!(
            "these credentials belong to the account {account}, not to {}; mend the role, the profile or the account",
            seat.account
        ));
    }
    let suffix = match seat.suffix.as_str() {
        "" => find(session, seat, &reader, &regions).await?,
        known => Some(known.to_owned()),
    };
    open(session, reader, regions, suffix)
}

/// Finds the suffix of the account's run by its tags.
async fn find(
    session: &Session,
    seat: &Seat,
    reader: &Arc<Reader>,
    regions: &RegionPair,
) -> Result<Option<String>, String> {
    let aws = Arc::clone(reader) as Arc<dyn Operations>;
    let caller = Caller::new(aws, session.clock.clone(), &seat.account);
    resets::suffix_of(session, &caller, regions).await
}

/// A guide of the account's run.
fn open(
    session: &Session,
    reader: Arc<Reader>,
    regions: RegionPair,
    suffix: Option<String>,
) -> Result<Entered, String> {
    let vars = [("suffix".to_owned(), suffix.clone().unwrap_or_else(|| resets::NOTHING.to_owned()))].into();
    let bindings = Bindings::new(session.guide.workshop(), &regions, &vars)
        .map_err(|missing| format!("the workshop's {} has no value", missing.name))?;
    let aws = Arc::clone(&reader) as Arc<dyn Operations>;
    let guide = session.guide.for_run(aws, bindings, regions.clone());
    Ok(Entered { reader, regions, suffix, guide })
}
