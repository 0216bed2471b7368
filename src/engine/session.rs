//! One run, opened: its content, its state directory, its AWS, its clock. Everything else is built on it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::adopt::{self, Choose};
use crate::app::Mode;
use crate::aws::{Aws, AwsError, ConnectOptions};
use crate::clock::{Clock, Rate};
use crate::content::model::{Variable, Workshop};
use crate::content::{self, Bindings, Diagnostic, Source, SourceError};
use crate::domain::region::RegionError;
use crate::domain::{DataPlane, Faults, Operations, RegionPair, Signer, SimTime};
use crate::guide::{Guide, Setup};
use crate::net::Network;
use crate::progress::{self, Entry, Journal, ProgressError, Settings, StateDirectory};
use crate::protocol::operation;
use crate::reset::manifest::Manifest;
use crate::sandbox::World;
use crate::sandbox::handle::Sandbox;
use crate::sandbox::owner::{self, OpenOptions, OwnerError, Simulator};

/// Numbers the copies of runs, whose workspaces must not be the same folder.
static COPIES: AtomicU64 = AtomicU64::new(0);

/// What was asked for on the command line.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Real AWS.
    pub aws: bool,
    /// A compatible endpoint.
    pub endpoint_url: Option<String>,
    /// The profile to act as.
    pub profile: Option<String>,
    /// R1, when it is not the workshop's own.
    pub primary: Option<String>,
    /// R2, when it is not the workshop's own.
    pub secondary: Option<String>,
    /// Where the workshop comes from.
    pub source: Source,
    /// Where state directories stand.
    pub state: Option<PathBuf>,
    /// Simulated seconds per second.
    pub speed: Option<f64>,
    /// The seed.
    pub seed: Option<u64>,
    /// A world in memory that is thrown away.
    pub fresh: bool,
    /// Whether simulated time jumps instead of following the wall clock.
    pub jump: bool,
    /// Asks which run of the account is continued when nothing was done here yet; none where nobody can be asked.
    pub choose: Option<Choose>,
}

/// Why a run could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The Regions are wrong.
    #[error(transparent)]
    Region(#[from] RegionError),
    /// The content has errors.
    #[error("the workshop cannot be opened:\n{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Content(Vec<Diagnostic>),
    /// The content's files cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Local state cannot be used.
    #[error(transparent)]
    Progress(#[from] ProgressError),
    /// There is nowhere to keep state.
    #[error("no home directory was found; say where to keep state with --state DIR")]
    NoHome,
    /// The simulated account cannot be had.
    #[error(transparent)]
    World(#[from] OwnerError),
    /// AWS cannot be used.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// AWS does not say who we are.
    #[error(
        "AWS does not say who you are: {0}\nCheck the credentials, the profile and the Region; without --aws the workshop runs in its sandbox."
    )]
    Identity(crate::domain::Failure),
    /// The network cannot be used.
    #[error(transparent)]
    Network(#[from] crate::net::NetError),
    /// A variable of the workshop has no value.
    #[error("the workshop's {} has no value", .0.name)]
    Binding(#[from] content::MissingBinding),
}

/// One run.
pub struct Session {
    /// The guide.
    pub guide: Arc<Guide>,
    /// The same AWS as typed clients, for acting as somebody else.
    pub sdk: Arc<Aws>,
    /// Time.
    pub clock: Clock,
    /// Which AWS answers.
    pub mode: Mode,
    /// The simulated world's faults; none on real AWS.
    pub faults: Option<Arc<dyn Faults>>,
    /// The simulated account of the state directory; none on real AWS and for a throw-away world.
    pub simulator: Option<Simulator>,
    /// A throw-away world.
    pub throw_away: Option<Sandbox>,
    /// What was chosen once for the run.
    pub settings: Settings,
    /// The state directory; none for a throw-away world.
    pub state: Option<StateDirectory>,
    /// What people should know about the opening.
    pub notes: Vec<String>,
    journal: Mutex<Option<Journal>>,
}

/// Which AWS a session talks to, before it is known whose run it is.
struct Backend {
    aws: Arc<Aws>,
    network: Arc<dyn DataPlane>,
    faults: Option<Arc<dyn Faults>>,
    clock: Clock,
    simulator: Option<Simulator>,
    throw_away: Option<Sandbox>,
    notes: Vec<String>,
}

impl Session {
    /// Opens a run: reads the content, opens the state directory, and connects to AWS, real or simulated.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        let workshop = content::load(&options.source).map_err(OpenError::Content)?;
        let assets = content::assets(&options.source)?;
        let primary = options.primary.as_deref().unwrap_or(&workshop.regions.0);
        let secondary = options.secondary.as_deref().unwrap_or(&workshop.regions.1);
        let mut regions = RegionPair::new(primary, secondary)?;
        let real = match (options.aws, &options.endpoint_url) {
            (false, None) => None,
            _ => Some(connect(&options, &regions).await?),
        };
        let account = real.as_ref().map_or("sandbox", |(_, account)| account.as_str());
        let mut state = if options.fresh { None } else { Some(directory(&options, account, &regions)?) };
        let (mut adopted, mut notes) = (None, Vec::new());
        if let (Some((aws, _)), Some(here)) = (&real, &state)
            && here.journal()?.0.records().is_empty()
        {
            let before = here.settings()?.and_then(|known| known.vars.get("suffix").cloned());
            adopted = offered(&options, aws, &workshop, &regions, before.as_deref(), &mut notes).await;
        }
        if let Some(run) = &adopted {
            regions = RegionPair::new(&run.regions[0], &run.regions[1])?;
            state = Some(directory(&options, account, &regions)?);
        }
        let settings = settings(&options, &workshop, &regions, state.as_ref(), adopted.as_ref())?;
        let bindings = Bindings::new(&workshop, &regions, &settings.vars)?;
        let (mode, world) = match real {
            Some((aws, account)) => {
                let mode = match &options.endpoint_url {
                    Some(url) => Mode::Endpoint(url.clone()),
                    None => Mode::Aws { account, profile: options.profile.clone() },
                };
                (mode, on_the_network(aws)?)
            }
            None => (Mode::Sandbox, simulated(&options, &settings, state.as_ref()).await?),
        };
        let mut journal = None;
        if let Some(state) = &state {
            let (opened, recovery) = state.journal()?;
            notes.extend(recovery.message());
            journal = Some(opened);
        }
        if let (Some(run), Some(journal)) = (&adopted, &mut journal) {
            notes.push(format!("This goes on with the run {} of this account.", run.suffix));
            let steps = workshop.modules.iter().flat_map(|module| &module.steps);
            let place = steps.into_iter().find(|step| Some(&step.id) == run.position.as_ref());
            if let Some(step) = place.filter(|_| journal.records().is_empty()) {
                let (module, step) = (step.module.clone(), step.id.clone());
                journal.append(world.clock.now(), Entry::StepOpened { module, step })?;
            }
        }
        notes.extend(world.notes);
        let workspace = match &state {
            Some(state) => state.workspace(),
            None => std::env::temp_dir().join(format!("workshop-{}", std::process::id())),
        };
        let guide = Guide::new(Setup {
            workshop: Arc::new(workshop),
            assets,
            bindings,
            regions,
            aws: Arc::clone(&world.aws) as Arc<dyn Operations>,
            network: world.network,
            clock: world.clock.clone(),
            workspace,
        });
        for (step, at) in journal.iter().flat_map(starts) {
            guide.remember_start(&step, at);
        }
        Ok(Self {
            guide: Arc::new(guide),
            sdk: world.aws,
            clock: world.clock,
            mode,
            faults: world.faults,
            simulator: world.simulator,
            throw_away: world.throw_away,
            settings,
            state,
            notes,
            journal: Mutex::new(journal),
        })
    }

    /// Whether AWS is simulated.
    pub fn simulated(&self) -> bool {
        self.mode == Mode::Sandbox
    }

    /// Writes into the journal, when there is one. A journal that cannot be written is told and stops nothing.
    pub fn record(&self, entry: Entry) -> Option<String> {
        if let Entry::ActionStarted { action } = &entry {
            let step = action.split('#').next().unwrap_or_default();
            self.guide.remember_start(step, self.clock.now());
        }
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let written = journal.as_mut().map(|journal| journal.append(self.clock.now(), entry));
        written.and_then(Result::err).map(|error| error.to_string())
    }

    /// What the journal tells, by a question to it.
    pub fn ask_journal<T: Default>(&self, question: impl FnOnce(&Journal) -> T) -> T {
        let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        journal.as_ref().map(question).unwrap_or_default()
    }

    /// The run's suffix, which every name contains.
    pub fn suffix(&self) -> &str {
        self.settings.vars.get("suffix").map_or("", String::as_str)
    }

    /// Forgets where the learner was; the old journal is kept beside the new one.
    pub fn forget(&self) -> Result<Option<PathBuf>, ProgressError> {
        self.state.as_ref().map_or(Ok(None), StateDirectory::forget)
    }

    /// Whose things the clean-up looks for.
    pub fn run(&self) -> crate::reset::Run {
        run_of(self.guide.workshop(), self.guide.base(), self.guide.regions())
    }

    /// Whose things a clean-up looks for that concerns another run of the same workshop.
    pub fn run_with(&self, suffix: &str, regions: &RegionPair) -> Result<crate::reset::Run, content::MissingBinding> {
        let vars = [("suffix".to_owned(), suffix.to_owned())].into();
        let bindings = Bindings::new(self.guide.workshop(), regions, &vars)?;
        Ok(run_of(self.guide.workshop(), &bindings, regions))
    }

    /// The simulated world as it is now, wherever it is owned; `None` on real AWS.
    pub async fn world(&self) -> Result<Option<World>, String> {
        if let Some(sandbox) = &self.throw_away {
            return Ok(Some(sandbox.with_world(|world| world.clone())));
        }
        let Some(simulator) = &self.simulator else { return Ok(None) };
        if let Some(sandbox) = simulator.owned() {
            return Ok(Some(sandbox.with_world(|world| world.clone())));
        }
        let snapshot = simulator.snapshot().await.map_err(|failure| failure.to_string())?;
        serde_json::from_slice(&snapshot).map(Some).map_err(|error| error.to_string())
    }

    /// The same run in a world of its own, which time passes in a jump and which leaves nothing behind.
    #[must_use]
    pub fn in_copy(&self, world: World) -> Self {
        let clock = Clock::simulated(world.now, Rate::Jump);
        self.in_copy_by(world, clock)
    }

    /// As [`Session::in_copy`], in the time of this clock, which stands at the world's instant.
    #[must_use]
    pub fn in_copy_by(&self, world: World, clock: Clock) -> Self {
        let sandbox = Sandbox::new(world, clock.clone());
        let aws = Arc::new(Aws::in_sandbox(Arc::new(sandbox.clone()), &clock));
        let number = COPIES.fetch_add(1, Ordering::Relaxed);
        let workspace = self.guide.workspace().join(format!("copy-{number}"));
        Self {
            guide: Arc::new(self.guide.in_copy(
                Arc::clone(&aws) as Arc<dyn Operations>,
                Arc::new(sandbox.clone()),
                clock.clone(),
                workspace,
            )),
            sdk: aws,
            clock,
            mode: Mode::Sandbox,
            faults: Some(Arc::new(sandbox.clone())),
            simulator: None,
            throw_away: Some(sandbox),
            settings: self.settings.clone(),
            state: None,
            notes: Vec::new(),
            journal: Mutex::new(None),
        }
    }

    /// How many things the simulated world itself holds that are not built in; `None` when this process does not own it.
    pub fn world_count(&self) -> Option<usize> {
        let sandbox = self.throw_away.clone().or_else(|| self.simulator.as_ref().and_then(Simulator::owned))?;
        Some(sandbox.with_world(count))
    }
}

/// The names, tags and domain of a run, from the workshop's own templates.
fn run_of(workshop: &Workshop, values: &Bindings, regions: &RegionPair) -> crate::reset::Run {
    let value = |group: &str, key: &String| values.get(&format!("{group}.{key}")).map(str::to_owned);
    crate::reset::Run {
        workshop: workshop.id.clone(),
        suffix: values.get("vars.suffix").unwrap_or_default().to_owned(),
        tags: workshop.tags.keys().filter_map(|key| Some((key.clone(), value("tags", key)?))).collect(),
        names: workshop.names.keys().filter_map(|key| value("names", key)).collect(),
        manifest: workshop.manifest.as_deref().and_then(|template| values.render(template).ok()),
        domain: values.get("vars.domain").unwrap_or_default().to_owned(),
        regions: regions.clone(),
    }
}

/// Everything in the learner's account that was not there at the beginning.
fn count(world: &mut World) -> usize {
    let account = crate::sandbox::world::LEARNER_ACCOUNT;
    let mut regions: Vec<String> =
        world.accounts.get(account).map(|state| state.regions.keys().cloned().collect()).unwrap_or_default();
    if !regions.iter().any(|region| region == crate::domain::GLOBAL_REGION) {
        regions.push(crate::domain::GLOBAL_REGION.to_owned());
    }
    let mut total = 0;
    for region in regions {
        let mut call = crate::sandbox::Call::new(world, account, &region);
        let records = crate::sandbox::services::inventory(&mut call);
        total += records.iter().filter(|record| !record.built_in).count();
    }
    total
}

/// When each step's last action was started, from the journal.
fn starts(journal: &Journal) -> BTreeMap<String, SimTime> {
    let mut starts = BTreeMap::new();
    for record in journal.records() {
        if let Entry::ActionStarted { action } = &record.entry {
            starts.insert(action.split('#').next().unwrap_or_default().to_owned(), record.at);
        }
    }
    starts
}

/// The state directory of an account and a pair of Regions.
fn directory(options: &Options, account: &str, regions: &RegionPair) -> Result<StateDirectory, OpenError> {
    let base = options.state.clone().or_else(progress::default_base).ok_or(OpenError::NoHome)?;
    Ok(StateDirectory::open(StateDirectory::path(&base, account, regions))?)
}

/// The run of the account that the learner chose to go on with. Regions that were asked for are not changed. Where nobody
/// can be asked, or the account cannot be looked into, it is noted, and a new run begins.
async fn offered(
    options: &Options,
    aws: &Aws,
    workshop: &Workshop,
    regions: &RegionPair,
    own: Option<&str>,
    notes: &mut Vec<String>,
) -> Option<Manifest> {
    let mut runs = match adopt::runs(aws, workshop, regions).await {
        Ok(runs) => runs,
        Err(failure) => {
            notes.push(format!("Whether this account holds a run already could not be read: {failure}"));
            return None;
        }
    };
    let fits = |asked: &Option<String>, found: &str| asked.as_deref().is_none_or(|asked| asked == found);
    runs.retain(|run| {
        let [primary, secondary] = &run.regions;
        Some(run.suffix.as_str()) != own && fits(&options.primary, primary) && fits(&options.secondary, secondary)
    });
    if runs.is_empty() {
        return None;
    }
    let Some(choose) = options.choose else {
        let names: Vec<&str> = runs.iter().map(|run| run.suffix.as_str()).collect();
        notes.push(format!(
            "This account holds a run of this workshop ({}), and this is another one. To go on with it, start the guide \
             itself, without a subcommand.",
            names.join(", ")
        ));
        return None;
    };
    choose(&runs).and_then(|place| runs.get(place).cloned())
}

/// The settings of the run: those of the state directory, or new ones from the seed.
fn settings(
    options: &Options,
    workshop: &Workshop,
    regions: &RegionPair,
    state: Option<&StateDirectory>,
    adopted: Option<&Manifest>,
) -> Result<Settings, OpenError> {
    let known = state.map(StateDirectory::settings).transpose()?.flatten();
    let mut settings = known.unwrap_or_else(|| {
        let seed = options.seed.unwrap_or_else(progress::random_seed);
        Settings::new(&workshop.id, regions, seed)
    });
    if let Some(speed) = options.speed {
        settings.speed = speed;
    }
    if let Some(run) = adopted {
        settings.vars.insert("suffix".to_owned(), run.suffix.clone());
    }
    settings.choose(workshop.vars.iter().filter_map(|(name, variable)| match variable {
        Variable::Random(length) => Some((name.as_str(), *length)),
        Variable::Default(_) => None,
    }));
    if let Some(state) = state {
        state.save_settings(&settings)?;
    }
    Ok(settings)
}

/// Real AWS, or a compatible endpoint, and the account that the credentials belong to.
async fn connect(options: &Options, regions: &RegionPair) -> Result<(Aws, String), OpenError> {
    let aws = Aws::connect(&ConnectOptions {
        profile: options.profile.clone(),
        endpoint_url: options.endpoint_url.clone(),
        region: regions.primary().to_string(),
    })
    .await?;
    let who = operation("sts", "get-caller-identity", regions.primary().as_str(), serde_json::json!({}));
    let reply = aws.call(&who).await.map_err(OpenError::Identity)?;
    let account = reply.output.get("Account").and_then(serde_json::Value::as_str).unwrap_or("unknown").to_owned();
    Ok((aws, account))
}

fn on_the_network(aws: Aws) -> Result<Backend, OpenError> {
    let aws = Arc::new(aws);
    Ok(Backend {
        network: Arc::new(Network::system()?.signed_by(Arc::clone(&aws) as Arc<dyn Signer>)),
        aws,
        faults: None,
        clock: Clock::wall(),
        simulator: None,
        throw_away: None,
        notes: Vec::new(),
    })
}

/// The simulated AWS: a throw-away world in memory, or the one of the state directory.
async fn simulated(
    options: &Options,
    settings: &Settings,
    state: Option<&StateDirectory>,
) -> Result<Backend, OpenError> {
    let rate = if options.jump { Rate::Jump } else { Rate::Paced(settings.speed) };
    let Some(state) = state else {
        let clock = Clock::simulated(SimTime::WORLD_START, rate);
        let sandbox = Sandbox::new(World::new(settings.seed), clock.clone());
        return Ok(Backend {
            aws: Arc::new(Aws::in_sandbox(Arc::new(sandbox.clone()), &clock)),
            network: Arc::new(sandbox.clone()),
            faults: Some(Arc::new(sandbox.clone())),
            clock,
            simulator: None,
            throw_away: Some(sandbox),
            notes: Vec::new(),
        });
    };
    let asked = (options.jump || options.speed.is_some()).then_some(rate);
    let opened =
        owner::open(&state.world(), OpenOptions { seed: settings.seed, rate: asked, speed: settings.speed }).await?;
    let simulator = opened.simulator;
    // A world that was left in a jump goes on at the run's own speed: people have to see time pass. Whoever joins a world that
    // another process owns leaves its time alone.
    if !options.jump && opened.clock.rate() == Rate::Jump && simulator.owned().is_some() {
        opened.clock.set_rate(Rate::Paced(settings.speed));
    }
    let mut notes = opened.notes;
    if !opened.caught_up.is_zero() {
        notes.push(format!(
            "While nobody was here, {} of simulated time passed.",
            crate::domain::time::spell(opened.caught_up)
        ));
    }
    Ok(Backend {
        aws: Arc::new(Aws::in_sandbox(Arc::new(simulator.clone()), &opened.clock)),
        network: Arc::new(simulator.clone()),
        faults: Some(Arc::new(simulator.clone())),
        clock: opened.clock,
        simulator: Some(simulator),
        throw_away: None,
        notes,
    })
}
