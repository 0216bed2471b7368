//! The guide of one run: its workshop, its values, and what it talks to.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::Clock;
use crate::content::model::{Action, Step, Workshop};
use crate::content::{AssetError, Assets, Bindings};
use crate::domain::{DataPlane, Operations, RegionPair, SimTime};
use crate::protocol::{FileError, Files};

/// What a guide is made of.
pub struct Setup {
    /// The workshop.
    pub workshop: Arc<Workshop>,
    /// Its assets.
    pub assets: Assets,
    /// The values of the run, without outputs.
    pub bindings: Bindings,
    /// R1 and R2.
    pub regions: RegionPair,
    /// AWS.
    pub aws: Arc<dyn Operations>,
    /// The network.
    pub network: Arc<dyn DataPlane>,
    /// Time.
    pub clock: Clock,
    /// Where rendered assets are written, and where `file://` points.
    pub workspace: PathBuf,
}

/// The guide of one run. Shared by everything that asks or acts.
pub struct Guide {
    pub(super) setup: Setup,
    /// Outputs that were read, by their full name.
    pub(super) outputs: Mutex<BTreeMap<String, String>>,
    /// When each step's last action was started.
    started: Mutex<BTreeMap<String, SimTime>>,
    /// How many actions of each step run in this process.
    running: Mutex<BTreeMap<String, usize>>,
}

/// An action of a step runs while this lives; what it is changing is *pending* meanwhile, not wrong.
#[must_use = "the step counts as running only while this lives"]
pub struct Running<'g> {
    guide: &'g Guide,
    step: String,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut running = self.guide.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = running.get_mut(&self.step) {
            *count = count.saturating_sub(1);
        }
    }
}

impl Guide {
    /// A guide that has not read or run anything yet.
    pub fn new(setup: Setup) -> Self {
        Self { setup, outputs: Mutex::default(), started: Mutex::default(), running: Mutex::default() }
    }

    /// The same guide for another AWS that has the same things: a copy of a simulated world. Assets are filled in with the
    /// values of that world, so it has a workspace of its own.
    #[must_use]
    pub fn in_copy(
        &self,
        aws: Arc<dyn Operations>,
        network: Arc<dyn DataPlane>,
        clock: Clock,
        workspace: PathBuf,
    ) -> Self {
        Self::new(Setup {
            workshop: Arc::clone(&self.setup.workshop),
            assets: self.setup.assets.clone(),
            bindings: self.setup.bindings.clone(),
            regions: self.setup.regions.clone(),
            aws,
            network,
            clock,
            workspace,
        })
    }

    /// A guide of the same workshop for another run: another account, with names and Regions of its own.
    #[must_use]
    pub fn for_run(&self, aws: Arc<dyn Operations>, bindings: Bindings, regions: RegionPair) -> Self {
        Self::new(Setup {
            workshop: Arc::clone(&self.setup.workshop),
            assets: self.setup.assets.clone(),
            bindings,
            regions,
            aws,
            network: Arc::clone(&self.setup.network),
            clock: self.setup.clock.clone(),
            workspace: self.setup.workspace.clone(),
        })
    }

    /// The workshop.
    pub fn workshop(&self) -> &Workshop {
        &self.setup.workshop
    }

    /// AWS.
    pub fn aws(&self) -> &Arc<dyn Operations> {
        &self.setup.aws
    }

    /// The network.
    pub fn network(&self) -> &Arc<dyn DataPlane> {
        &self.setup.network
    }

    /// Time.
    pub fn clock(&self) -> &Clock {
        &self.setup.clock
    }

    /// R1 and R2.
    pub fn regions(&self) -> &RegionPair {
        &self.setup.regions
    }

    /// Where rendered assets are written.
    pub fn workspace(&self) -> &Path {
        &self.setup.workspace
    }

    /// The values of the run, without outputs.
    pub fn base(&self) -> &Bindings {
        &self.setup.bindings
    }

    /// The step with that id.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.workshop().modules.iter().flat_map(|module| &module.steps).find(|step| step.id == id)
    }

    /// The action with that id, and its step.
    pub fn action(&self, id: &str) -> Option<(&Step, &Action)> {
        let steps = self.workshop().modules.iter().flat_map(|module| &module.steps);
        steps.flat_map(|step| step.actions.iter().map(move |action| (step, action))).find(|(_, action)| action.id == id)
    }

    /// Remembers that an action of that step was started then. The journal tells it again after a restart.
    pub fn remember_start(&self, step: &str, at: SimTime) {
        self.started.lock().unwrap_or_else(PoisonError::into_inner).insert(step.to_owned(), at);
    }

    /// Says that an action of that step runs until the result is dropped.
    pub fn running(&self, step: &str) -> Running<'_> {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner).entry(step.to_owned()).or_insert(0) += 1;
        Running { guide: self, step: step.to_owned() }
    }

    /// Whether an action of that step runs in this process.
    pub fn is_running(&self, step: &str) -> bool {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).get(step).is_some_and(|count| *count > 0)
    }

    /// When an action of that step was last started.
    pub fn started(&self, step: &str) -> Option<SimTime> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner).get(step).copied()
    }

    /// When each step's last action was started, for a copy of the run that is to know it, too.
    pub fn starts(&self) -> BTreeMap<String, SimTime> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether any action of the run was ever started.
    pub fn ever_started(&self) -> bool {
        !self.started.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Writes the assets that these commands name into the workspace, filled in with the values of now.
    pub async fn prepare(&self, commands: &[String]) -> Result<(), super::OutputError> {
        let text = commands.join("\n");
        let names: Vec<String> = self
            .setup
            .assets
            .names()
            .into_iter()
            .filter(|name| {
                // A command names a file, or the folder that is synchronised.
                let folder = name.split('/').next().unwrap_or(name);
                text.contains(name) || (name.contains('/') && text.contains(&format!("{folder} ")))
            })
            .map(str::to_owned)
            .collect();
        let needed: Vec<String> = names
            .iter()
            .flat_map(|name| self.setup.assets.needs(name))
            .map(|name| format!("{{{{ {name} }}}}"))
            .collect();
        let bindings = self.bindings_for(needed.iter().map(String::as_str)).await;
        for name in names {
            match self.setup.assets.write(&name, &self.setup.workspace, &bindings) {
                Ok(_) => {}
                // A file of a synchronised folder may wait for a value of a later module; a named one may not.
                Err(AssetError::Missing { .. }) if !text.contains(&name) => {}
                Err(error) => return Err(super::OutputError::Asset(error)),
            }
        }
        Ok(())
    }
}

/// The files of the workspace, for commands that name them.
pub(super) struct Workspace<'w>(pub(super) &'w Path);

impl Files for Workspace<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !inside {
            return Err(FileError(format!("{path}: a workshop reads files of its workspace only; name one of them")));
        }
        let full = self.0.join(path);
        std::fs::read(&full).map_err(|error| FileError(format!("{}: {error}", full.display())))
    }
}
