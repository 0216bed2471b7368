//! The model: everything the screens show.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::content::model::{Hint, StepKind};
use crate::domain::{FactId, Outcome, RegionPair, SimTime, Way};

use super::drill::DrillView;
use super::job::{Job, JobId};
use super::msg::{Effect, Watched};
use super::outline::ModuleOutline;
use super::overlay::Overlay;
use super::page::Page;
use super::resources::{Change, ResourcesView};
use super::stuck::Stuck;
use super::{ModuleId, StepId};

/// What a program start knows.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The workshop's title.
    pub title: String,
    /// Its modules, from [`super::outline`].
    pub modules: Vec<ModuleOutline>,
    /// R1 and R2.
    pub regions: RegionPair,
    /// Where AWS is, and how fast time runs.
    pub world: WorldState,
    /// The world's time at the start.
    pub now: SimTime,
    /// The terminal's columns and rows.
    pub size: (u16, u16),
    /// Where the learner was; the program opens there. `None`: the home screen.
    pub position: Option<(ModuleId, StepId)>,
    /// Steps without checks that were read already (journal).
    pub read: BTreeSet<StepId>,
    /// Modules that were entered although facts were missing (journal).
    pub overridden: BTreeSet<ModuleId>,
    /// How many hints were opened by step (journal).
    pub hints: BTreeMap<StepId, usize>,
    /// The way of doing steps (journal).
    pub way: Way,
    /// Whether the clean-up was begun: a step of it was opened or run (journal).
    pub cleaning: bool,
    /// The drill at rest, with its faults and its budget.
    pub drill: DrillView,
    /// The first notice, e.g. how far the world moved while nobody was there.
    pub notice: Option<String>,
}

/// Where AWS is, and how fast time runs.
#[derive(Clone, Debug, PartialEq)]
pub struct WorldState {
    /// Which AWS answers.
    pub mode: Mode,
    /// Simulated seconds per second; 1 on real AWS.
    pub speed: f64,
    /// The loopback endpoint's URL while it is open.
    pub endpoint: Option<String>,
}

/// Which AWS answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The simulated one.
    Sandbox,
    /// The real one: account id and profile.
    Aws {
        /// Twelve digits.
        account: String,
        /// The profile, when one was named.
        profile: Option<String>,
    },
    /// A compatible endpoint.
    Endpoint(String),
}

/// A value with the moment it arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen<T> {
    /// The value.
    pub value: T,
    /// When it was read, simulated.
    pub at: SimTime,
    /// When it arrived, since the program's start; the age on the screen counts from here.
    pub wall: Duration,
}

/// A screen with its own state.
#[derive(Clone, Debug, PartialEq)]
pub enum Screen {
    /// A step.
    Step(StepScreen),
    /// Both Regions.
    Resources(ResourcesScreen),
    /// The failover drill.
    Drill(DrillScreen),
}

/// The panes of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// The text.
    #[default]
    Read,
    /// The fences and the job.
    Action,
    /// The checks.
    Checks,
}

/// A step on the screen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepScreen {
    /// The module's place in the list.
    pub module: usize,
    /// The step's place in its module.
    pub step: usize,
    /// Where the arrows go.
    pub pane: Pane,
    /// First line of the text shown.
    pub scroll: usize,
    /// The chosen fence among the visible ones.
    pub action: usize,
    /// The chosen check.
    pub check: usize,
    /// The text follows the chosen fence until it is scrolled by hand.
    pub follow: bool,
}

/// Both Regions on the screen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourcesScreen {
    /// The arrows are in R2.
    pub secondary: bool,
    /// The chosen row of the chosen Region, among those that match the filter.
    pub selected: usize,
    /// Only rows that contain this.
    pub filter: String,
    /// The filter is being typed.
    pub typing: bool,
}

/// The drill on the screen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DrillScreen {
    /// The chosen fault while idle.
    pub fault: usize,
    /// The guess of the recovery time as typed: `75` seconds or `1:15`.
    pub guess: String,
    /// First line of the log shown.
    pub scroll: usize,
}

/// What the last frame could show; lets the arrows stop at the end of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Viewports {
    /// Rows of the screen's main scrolling pane.
    pub main_rows: usize,
    /// Lines of its content.
    pub main_lines: usize,
    /// Where its text is scrolled to, after following the chosen fence.
    pub main_top: usize,
    /// Rows of the top overlay.
    pub overlay_rows: usize,
    /// Lines of its content.
    pub overlay_lines: usize,
}

/// Everything the screens show.
#[derive(Clone, Debug)]
pub struct Model {
    /// The workshop's title.
    pub title: String,
    /// Its modules.
    pub modules: Vec<ModuleOutline>,
    /// R1 and R2.
    pub regions: RegionPair,
    /// Where AWS is, and how fast time runs.
    pub world: WorldState,
    /// Since the program's start.
    pub wall: Duration,
    /// The world's time.
    pub now: SimTime,
    /// The terminal's columns and rows.
    pub size: (u16, u16),
    /// The chosen module on the home screen.
    pub selected: usize,
    /// The screens above home, the last one is shown; home when there is none.
    pub screens: Vec<Screen>,
    /// What lies over the screen, the last one on top.
    pub overlays: Vec<Overlay>,
    /// What the last frame could show.
    pub viewports: Viewports,
    /// Facts by name.
    pub facts: BTreeMap<FactId, Seen<Outcome>>,
    /// Checks by full id.
    pub checks: BTreeMap<String, Seen<Outcome>>,
    /// Rendered pages by step.
    pub pages: BTreeMap<StepId, Page>,
    /// Steps without checks that were read.
    pub read: BTreeSet<StepId>,
    /// Modules entered although facts were missing.
    pub overridden: BTreeSet<ModuleId>,
    /// Opened hints by step.
    pub hints: BTreeMap<StepId, usize>,
    /// The way of doing steps.
    pub way: Way,
    /// Whether the clean-up was begun. Before, what is not there was not cleaned up: it was not made yet.
    pub cleaning: bool,
    /// Jobs, oldest first.
    pub jobs: Vec<Job>,
    /// The Regions, once they were read.
    pub resources: Option<Seen<ResourcesView>>,
    /// State changes seen so far, newest last.
    pub changes: Vec<Change>,
    /// The resource screen keeps its picture.
    pub paused: bool,
    /// The drill.
    pub drill: DrillView,
    /// One line that shows for some seconds, with the moment it came.
    pub notice: Option<(String, Duration)>,
    /// The program should end.
    pub quitting: bool,
    pub(super) next_job: u64,
    pub(super) interrupted: Option<Duration>,
    pub(super) speed_before_drill: Option<f64>,
    pub(super) stuck: Stuck,
}

impl Model {
    /// The model at the program's start, and what to do first.
    pub fn new(setup: Setup) -> (Self, Vec<Effect>) {
        let mut model = Self {
            title: setup.title,
            modules: setup.modules,
            regions: setup.regions,
            world: setup.world,
            wall: Duration::ZERO,
            now: setup.now,
            size: setup.size,
            selected: 0,
            screens: Vec::new(),
            overlays: Vec::new(),
            viewports: Viewports::default(),
            facts: BTreeMap::new(),
            checks: BTreeMap::new(),
            pages: BTreeMap::new(),
            read: setup.read,
            overridden: setup.overridden,
            hints: setup.hints,
            way: setup.way,
            cleaning: setup.cleaning,
            jobs: Vec::new(),
            resources: None,
            changes: Vec::new(),
            paused: false,
            drill: setup.drill,
            notice: setup.notice.map(|text| (text, Duration::ZERO)),
            quitting: false,
            next_job: 1,
            interrupted: None,
            speed_before_drill: None,
            stuck: Stuck::default(),
        };
        let place = setup.position.and_then(|(_, step)| model.place_of(&step));
        let effects = match place {
            Some((module, step)) => super::update::open_step(&mut model, module, step),
            None => vec![Effect::Watch(Watched::Home)],
        };
        (model, effects)
    }

    /// The screen that is shown; `None` is home.
    pub fn screen(&self) -> Option<&Screen> {
        self.screens.last()
    }

    /// The step that is on the screen, or below the resources or the drill.
    pub fn step_screen(&self) -> Option<&StepScreen> {
        self.screens.iter().rev().find_map(|screen| match screen {
            Screen::Step(step) => Some(step),
            Screen::Resources(_) | Screen::Drill(_) => None,
        })
    }

    pub(super) fn step_screen_mut(&mut self) -> Option<&mut StepScreen> {
        self.screens.iter_mut().rev().find_map(|screen| match screen {
            Screen::Step(step) => Some(step),
            Screen::Resources(_) | Screen::Drill(_) => None,
        })
    }

    /// The place of a step: its module's and its own.
    pub fn place_of(&self, step: &str) -> Option<(usize, usize)> {
        self.modules.iter().enumerate().find_map(|(at, module)| {
            module.steps.iter().position(|candidate| candidate.id == step).map(|step| (at, step))
        })
    }

    /// The page of the step on the screen, once the engine has sent it.
    pub fn page(&self) -> Option<&Page> {
        let screen = self.step_screen()?;
        let step = self.modules.get(screen.module)?.steps.get(screen.step)?;
        self.pages.get(&step.id)
    }

    /// The way in which the step on the screen is done; there is no choice where nothing is to be run.
    pub fn way_here(&self) -> Option<Way> {
        let screen = self.step_screen()?;
        let step = self.modules.get(screen.module)?.steps.get(screen.step)?;
        let works = matches!(step.kind, StepKind::Do | StepKind::CleanUp);
        (works && self.page()?.visible().next().is_some()).then_some(self.way)
    }

    /// Whether commands of the step on the screen are run from here.
    pub fn guided(&self) -> bool {
        self.way_here().is_none_or(|way| way == Way::Guided)
    }

    /// The hints of a page that apply now, gentlest first, and of those the ones for a check before the others. One for a
    /// check applies while that check fails of its cause.
    pub fn hints_now<'a>(&self, page: &'a Page) -> Vec<&'a Hint> {
        let applies = |hint: &&Hint| {
            let Some((check, cause)) = &hint.of else { return true };
            match self.checks.get(check).map(|seen| &seen.value) {
                Some(Outcome::Fail { cause: found }) => cause.as_ref().is_none_or(|cause| *cause == found.id),
                _ => false,
            }
        };
        let mut hints: Vec<&Hint> = page.hints.iter().filter(applies).collect();
        hints.sort_by_key(|hint| (hint.help.tells(), hint.of.is_none()));
        hints
    }

    /// The last run of an action (`None`: of the step's solution) of a step.
    pub fn last_job(&self, step: &str, action: Option<&str>) -> Option<&Job> {
        self.jobs.iter().rev().find(|job| job.step == step && job.action.as_deref() == action)
    }

    /// The job that says most about an action now: its own last run, or the solution's when that is newer.
    pub fn job_for(&self, step: &str, action: Option<&str>) -> Option<&Job> {
        self.jobs.iter().rev().find(|job| job.step == step && (job.action.is_none() || job.action.as_deref() == action))
    }

    /// The job with that name.
    pub fn job(&self, id: JobId) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id == id)
    }

    /// The notice, while it is fresh.
    pub fn fresh_notice(&self) -> Option<&str> {
        self.notice
            .as_ref()
            .filter(|(_, since)| self.wall.saturating_sub(*since) < super::update::NOTICE_LASTS)
            .map(|(text, _)| text.as_str())
    }

    /// Whether time is simulated.
    pub fn simulated(&self) -> bool {
        self.world.mode == Mode::Sandbox
    }
}
