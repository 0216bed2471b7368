//! The compiled workshop: modules, steps, actions and checks as values. Texts may hold `{{ }}` templates;
//! they are filled in when they are used, because outputs become known only while the learner works.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::domain::{Effect, FactId, Role};

/// A whole workshop.
#[derive(Clone, Debug)]
pub struct Workshop {
    /// `bookstore`.
    pub id: String,
    /// The title on the home screen.
    pub title: String,
    /// What the drill is measured against.
    pub objectives: Objectives,
    /// The default Regions: primary, secondary.
    pub regions: (String, String),
    /// Variables with how they get their value.
    pub vars: BTreeMap<String, Variable>,
    /// Names as templates, e.g. `stack_primary: "bookstore-{{ vars.suffix }}"`.
    pub names: BTreeMap<String, String>,
    /// Tags that everything made by a run carries, as templates.
    pub tags: BTreeMap<String, String>,
    /// The bucket that holds the run's manifest, as a template.
    pub manifest: Option<String>,
    /// What asks for a confirmation.
    pub effects: BTreeMap<Effect, Confirmations>,
    /// What the drill probes and breaks.
    pub drill: DrillSpec,
    /// The modules in order.
    pub modules: Vec<Module>,
    /// Terms and their one-line meanings.
    pub glossary: BTreeMap<String, String>,
}

impl Workshop {
    /// All checks, in the order of the pages.
    pub fn checks(&self) -> impl Iterator<Item = &Check> {
        self.modules.iter().flat_map(|module| &module.steps).flat_map(|step| &step.checks)
    }
}

/// The recovery objectives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Objectives {
    /// The time until the shop works again.
    pub rto: Duration,
    /// The time whose writes may be lost.
    pub rpo: Duration,
}

/// How a variable gets its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variable {
    /// That many random lower-case letters and digits, chosen once per run; begins with a letter.
    Random(usize),
    /// A template that may use other variables.
    Default(String),
}

/// What an effect asks for before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmations {
    /// In the sandbox.
    pub sandbox: Confirmation,
    /// On real AWS.
    pub aws: Confirmation,
}

/// How a learner confirms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confirmation {
    /// Not at all.
    Auto,
    /// With one key.
    Ask,
    /// By typing the name of what is touched.
    TypeName,
}

/// What the drill probes and breaks.
#[derive(Clone, Debug, Default)]
pub struct DrillSpec {
    /// The journeys of a shopper: name, URL template, method.
    pub journeys: Vec<Journey>,
    /// The stores whose writes are counted: `dynamodb`, `aurora`, `s3`.
    pub stores: Vec<Store>,
    /// The faults by name.
    pub faults: BTreeMap<String, FaultSpec>,
    /// The id of the hosted zone, as an output template.
    pub zone: Option<String>,
    /// The ids of the health checks of R1 and R2, as output templates.
    pub health_checks: BTreeMap<Role, String>,
    /// What mends a fault should the guide die.
    pub revert: Option<RevertSpec>,
}

/// The schedules that mend a fault should the guide die.
#[derive(Clone, Debug, PartialEq)]
pub struct RevertSpec {
    /// What their names begin with, as a template; `-` and a number follow.
    pub schedule: String,
    /// The ARN of the role that they act with, as an output template.
    pub role: String,
}

/// What a shopper does, as a request.
#[derive(Clone, Debug)]
pub struct Journey {
    /// `books`.
    pub name: String,
    /// HTTP method.
    pub method: String,
    /// URL template.
    pub url: String,
    /// A JSON body as text (template), for methods that carry one.
    pub body: Option<String>,
    /// The same request sent to each Region's own endpoint, as URL templates.
    pub direct: BTreeMap<Role, String>,
    /// Faults (by name) that should break it.
    pub broken_by: Vec<String>,
}

/// A store whose acknowledged writes are counted.
#[derive(Clone, Debug)]
pub struct Store {
    /// `dynamodb`, `s3`, `aurora`.
    pub name: String,
    /// Templates that the canary needs: `table`, `bucket`, `cluster`, by role name where they differ.
    pub parameters: BTreeMap<String, String>,
}

/// A fault of the drill.
#[derive(Clone, Debug)]
pub struct FaultSpec {
    /// One line for the learner.
    pub title: String,
    /// The fences that start and undo it, `m5.break-api#break`.
    pub fences: Option<(String, String)>,
    /// The sandbox's own fault kinds (`region-loss`, `replication-pause`) that it starts together.
    pub ports: Vec<String>,
    /// Whether its `ports` begin in both Regions; otherwise in R1 only.
    pub both_regions: bool,
    /// Its `ports` end and begin again, each time after so long.
    pub flaps: Option<Duration>,
    /// Whether only the sandbox can do it.
    pub sandbox_only: bool,
    /// Whether it cuts replication, so that RPO is exercised.
    pub cuts_replication: bool,
}

/// One module.
#[derive(Clone, Debug)]
pub struct Module {
    /// `m2`.
    pub id: String,
    /// 2.
    pub number: u8,
    /// `Multi-Region data`.
    pub title: String,
    /// One or two sentences.
    pub summary: String,
    /// Facts that must hold before it makes sense.
    pub needs: Vec<FactId>,
    /// Facts that hold when it is done.
    pub gives: Vec<FactId>,
    /// Facts that must not be lost from here on.
    pub invariants: Vec<FactId>,
    /// How long it takes: half of all learners, nineteen of twenty.
    pub time: (Duration, Duration),
    /// What it builds.
    pub changes: Vec<String>,
    /// Its panels.
    pub panels: Vec<Panel>,
    /// Its steps in order.
    pub steps: Vec<Step>,
}

/// What a step asks of the learner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Read.
    Read,
    /// Run or type commands.
    Do,
    /// Watch something happen.
    Observe,
    /// Predict or choose.
    Decide,
    /// Run the drill.
    Drill,
    /// Remove what was made.
    CleanUp,
}

/// One step: one page.
#[derive(Clone, Debug)]
pub struct Step {
    /// `m2.aurora-replica`.
    pub id: String,
    /// The module's id.
    pub module: String,
    /// The heading.
    pub title: String,
    /// What it asks.
    pub kind: StepKind,
    /// Facts that hold when its checks pass.
    pub gives: Vec<FactId>,
    /// The aim in one sentence (template).
    pub goal: String,
    /// Its checks.
    pub checks: Vec<Check>,
    /// Why it has no check, when it has none.
    pub no_check: Option<String>,
    /// Its visible and hidden fences that run.
    pub actions: Vec<Action>,
    /// The anchors of the actions that do the step when run in order.
    pub solution: Vec<String>,
    /// Outputs that later pages use.
    pub outputs: BTreeMap<String, Output>,
    /// Hints: nudge, look, show.
    pub hints: Vec<Hint>,
    /// Why the step exists.
    pub why: Option<String>,
    /// For a drill step: the faults to run, in order.
    pub drills: Vec<String>,
    /// Panels beside the text.
    pub panels: Vec<Panel>,
    /// The page's markdown, with templates.
    pub body: String,
    /// The file it came from, relative to the workshop's folder.
    pub file: PathBuf,
}

/// A fence that runs.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools)] // each is an attribute of the fence, independent of the others
pub struct Action {
    /// `m2.aurora-replica#create-cluster`.
    pub id: String,
    /// The part after `#`.
    pub anchor: String,
    /// The commands as templates, one AWS command each, in order.
    pub commands: Vec<String>,
    /// The Region it works in.
    pub role: Option<Role>,
    /// What it does.
    pub effect: Effect,
    /// The anchor of the fence that undoes it.
    pub undo: Option<String>,
    /// After how long it is given up.
    pub timeout: Duration,
    /// Whether it ends only when the step's checks pass.
    pub wait: bool,
    /// Whether an error is what the page expects.
    pub expect_error: bool,
    /// Not shown on the page.
    pub hidden: bool,
    /// Asked about first, whatever the workshop's policy says of its effect.
    pub asks: bool,
    /// To be read and copied; the guide does not run it.
    pub never: bool,
    /// Line in the file.
    pub line: usize,
}

/// A question about AWS's state.
#[derive(Clone, Debug)]
pub struct Check {
    /// `m2.aurora-replica/replica-cluster`.
    pub id: String,
    /// One line for the learner (template).
    pub title: String,
    /// The check of checks.yaml that it is a use of.
    pub shared: Option<String>,
    /// What is asked.
    pub ask: Ask,
    /// How long until it passes, as a rule.
    pub within: Option<Duration>,
    /// Roles to look in when nothing is found (template text of the read is re-rendered for that Region).
    pub elsewhere: Vec<Role>,
    /// Why it may pass before its step is done, when it does: `workshop content test` expects it to fail then.
    pub already: Option<String>,
    /// Messages by cause.
    pub fail: Vec<FailMessage>,
}

/// What a check asks.
#[derive(Clone, Debug)]
pub enum Ask {
    /// An AWS read and what to expect of its output.
    Read {
        /// The command as a template.
        command: String,
        /// What to expect.
        expect: Vec<Expectation>,
    },
    /// A read that should find nothing: not found, or the expectations hold.
    Absent {
        /// The command as a template.
        command: String,
        /// What to expect when the read succeeds (an empty list, say); none means that only *not found* passes.
        expect: Vec<Expectation>,
    },
    /// An HTTP request from a vantage near each Region.
    Http {
        /// URL template.
        url: String,
        /// Accepted statuses.
        status: Vec<u16>,
        /// Text the body must contain (template).
        body: Option<String>,
        /// The Region that must answer (template).
        region: Option<String>,
    },
    /// DNS answers.
    Dns {
        /// Name template.
        name: String,
        /// Regions (templates) that must all appear among the answers seen from vantages near both Regions.
        regions: Vec<String>,
        /// Regions that must not appear.
        not_regions: Vec<String>,
    },
    /// Written in one Region, read in another.
    Canary {
        /// The command that reads in the other Region.
        read: String,
        /// What to expect of it.
        expect: Vec<Expectation>,
    },
    /// All of them.
    All(Vec<Ask>),
    /// At least one.
    Any(Vec<Ask>),
    /// The opposite.
    Not(Box<Ask>),
}

/// A condition on an output.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// JMESPath (template).
    pub path: String,
    /// The comparison.
    pub operator: Operator,
    /// Values that mean *on its way*.
    pub pending: Vec<Value>,
}

/// A comparison. Texts in values are templates.
#[derive(Clone, Debug, PartialEq)]
pub enum Operator {
    /// Equal.
    Eq(Value),
    /// Not equal.
    Ne(Value),
    /// One of.
    In(Vec<Value>),
    /// A regular expression on a text.
    Matches(String),
    /// Present and not null.
    Exists(bool),
    /// A list or text that contains it.
    Contains(Value),
    /// A number at least.
    Gte(f64),
    /// A number at most.
    Lte(f64),
    /// A list of that length.
    Count(usize),
}

/// What to say for a cause.
#[derive(Clone, Debug)]
pub struct FailMessage {
    /// `not_found`, `found_elsewhere`, or the JMESPath that does not hold.
    pub when: String,
    /// What is, against what should be (template).
    pub say: String,
    /// Why it matters (template).
    pub why: Option<String>,
    /// The anchor that mends it.
    pub fix: Option<String>,
}

/// A value that later pages use, read from the account.
#[derive(Clone, Debug)]
pub struct Output {
    /// The read as a template.
    pub read: String,
    /// JMESPath of the value.
    pub path: String,
}

/// One level of help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The check, and the cause of its failure if only one is meant, that the hint is for; else it is for the step.
    pub of: Option<(String, Option<String>)>,
    /// What it says.
    pub help: Help,
}

/// What a hint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Help {
    /// A question that points the way.
    Nudge(String),
    /// Where to look.
    Look(String),
    /// The anchor of the fence that does it.
    Show(String),
}

impl Help {
    /// How much it tells: the less, the gentler.
    pub fn tells(&self) -> u8 {
        match self {
            Help::Nudge(_) => 0,
            Help::Look(_) => 1,
            Help::Show(_) => 2,
        }
    }
}

/// Something live beside the text.
#[derive(Clone, Debug)]
pub enum Panel {
    /// Resources of some services in both Regions: `rds`, `s3`, …
    Resources(Vec<String>),
    /// A measured series with a limit.
    Series {
        /// `aurora.replica_lag`, `dynamodb.replication_latency`, `s3.replication_latency`.
        source: String,
        /// The limit.
        limit: Duration,
    },
}

/// A test beside the content: what somebody did, and what a check must say then.
#[derive(Clone, Debug)]
pub struct WrongAnswer {
    /// The file and the case's place in it.
    pub id: String,
    /// Modules and steps that are solved before it, with everything before them.
    pub given: Vec<String>,
    /// What is done, in order.
    pub deeds: Vec<Deed>,
    /// What is expected, in order of time.
    pub expect: Vec<Expected>,
}

/// Something that is done in a test.
#[derive(Clone, Debug)]
pub enum Deed {
    /// A command (template) that AWS takes.
    Command(String),
    /// A command (template) that fails.
    Refused(String),
    /// A fence, or all fences of a step's solution, as the guide runs it.
    Run(String),
    /// The same, ending in a failure.
    Attempt(String),
    /// Simulated time that passes.
    Wait(Duration),
    /// A fault of the sandbox.
    Fault {
        /// The kind, as `workshop sandbox fault list` names it.
        kind: String,
        /// The Region (template).
        region: String,
        /// Its parameters.
        parameters: Value,
    },
}

/// The word of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Nothing was done yet.
    Todo,
    /// On its way.
    Pending,
    /// As it should be.
    Pass,
    /// Wrong.
    Fail,
    /// Not answered.
    Unknown,
}

impl Asked {
    /// The word that outcomes have for it.
    pub fn word(self) -> &'static str {
        match self {
            Asked::Todo => "todo",
            Asked::Pending => "pending",
            Asked::Pass => "pass",
            Asked::Fail => "fail",
            Asked::Unknown => "unknown",
        }
    }
}

/// What a check must say.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The check's id.
    pub check: String,
    /// Its outcome.
    pub is: Asked,
    /// The cause of a failure.
    pub cause: Option<String>,
    /// How long after the last deed, or the expectation before.
    pub after: Duration,
}
