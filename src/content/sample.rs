//! Sample values for every template name, so that commands can be parsed and measured before anything exists.

use std::collections::BTreeMap;

use super::assets::Assets;
use super::model::{Variable, Workshop};
use super::template::{self, Bindings, Part};
use crate::domain::{Effect, RegionPair};
use crate::protocol::{Command, CommandError, FileError, Files, parse_command};

/// Stands for outputs, whose values only an account knows.
const OUTPUT: &str = "sample";

/// Sample values and the assets that commands refer to.
pub(super) struct Sample<'a> {
    bindings: Bindings,
    assets: &'a Assets,
}

impl<'a> Sample<'a> {
    /// Sample values for a workshop whose modules need not be read yet.
    pub(super) fn new(workshop: &Workshop, assets: &'a Assets) -> Self {
        let mut given = BTreeMap::new();
        for (name, variable) in &workshop.vars {
            if let Variable::Random(length) = variable {
                given.insert(name.clone(), "k7m2x9q4w8".chars().cycle().take(*length).collect::<String>());
            }
        }
        let regions = RegionPair::new(&workshop.regions.0, &workshop.regions.1);
        let regions = regions.or_else(|_| RegionPair::new("eu-west-1", "ap-southeast-1"));
        let bindings = regions.ok().and_then(|regions| Bindings::new(workshop, &regions, &given).ok());
        Self { bindings: bindings.unwrap_or_default(), assets }
    }

    /// A template with sample values.
    pub(super) fn render(&self, text: &str) -> String {
        let parts = template::parts(text).unwrap_or_default();
        let fill = |part: &Part<'_>| match part {
            Part::Text(plain) => (*plain).to_owned(),
            Part::Name(name, _) => self.bindings.get(name).unwrap_or(OUTPUT).to_owned(),
        };
        parts.iter().map(fill).collect()
    }

    /// The command that a template makes.
    pub(super) fn parse(&self, template: &str) -> Result<Command, CommandError> {
        parse_command(&self.render(template), self)
    }
}

impl Files for Sample<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let missing = || FileError(format!("the workshop has no asset `{path}`"));
        if Assets::templated(path) {
            let raw = self.assets.raw(path).ok_or_else(missing)?;
            return Ok(self.render(&String::from_utf8_lossy(raw)).into_bytes());
        }
        self.assets.render(path, &self.bindings).map_err(|_| missing())
    }
}

/// What a command does to the account.
pub fn command_effect(command: &Command) -> Effect {
    match command {
        Command::Operation(operation) => operation.effect,
        Command::Deploy(deploy) if deploy.no_execute_changeset => Effect::Update,
        Command::Deploy(_) => Effect::Create,
        Command::S3Copy(copy) if copy.to.starts_with("s3://") => Effect::Create,
        Command::S3Sync(sync) if sync.to.starts_with("s3://") && sync.delete => Effect::Delete,
        Command::S3Sync(sync) if sync.to.starts_with("s3://") => Effect::Create,
        Command::S3Remove(_) | Command::Reset(_) => Effect::Delete,
        Command::Download { .. } | Command::Wait(_) | Command::S3Copy(_) | Command::S3Sync(_) => Effect::Read,
    }
}

/// The Region that a command names, empty when it names none.
pub fn command_region(command: &Command) -> &str {
    match command {
        Command::Operation(operation) | Command::Download { operation, .. } => &operation.region,
        Command::Wait(wait) => &wait.operation.region,
        Command::Deploy(deploy) => &deploy.region,
        Command::S3Copy(copy) => &copy.region,
        Command::S3Sync(sync) => &sync.region,
        Command::S3Remove(remove) => &remove.region,
        // It works in both Regions of the run, and asks their global services where those are.
        Command::Reset(_) => crate::domain::GLOBAL_REGION,
    }
}
