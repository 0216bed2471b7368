//! Outputs: values that pages, checks and commands use, read from the account and never from a shell.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use serde_json::Value;

use super::ask::is_absence;
use super::compare::search;
use super::context::{Guide, Workspace};
use crate::content::model::Output;
use crate::content::{AssetError, Bindings, MissingBinding, names};
use crate::domain::{BoxFuture, Failure, Operation};
use crate::protocol::{Command, parse_command};

/// Why a value or a command could not be made ready.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// A value does not exist yet.
    #[error("{} is not known yet: what gives it has not been made, or is still being made", .0.name)]
    Missing(#[from] MissingBinding),
    /// An asset could not be written.
    #[error(transparent)]
    Asset(#[from] AssetError),
    /// The command is not one that this guide can run.
    #[error("{0}")]
    Command(String),
}

impl Guide {
    /// The values of the run with every output that these templates use, as far as the account has it.
    pub async fn bindings_for<'t>(&self, templates: impl IntoIterator<Item = &'t str>) -> Bindings {
        let wanted: BTreeSet<String> =
            templates.into_iter().flat_map(names).filter(|name| name.starts_with("out.")).map(str::to_owned).collect();
        let mut bindings = self.base().clone();
        for name in wanted {
            if let Some(value) = self.output(&name).await {
                bindings.set(name, value);
            }
        }
        bindings
    }

    /// The value of `out.<module>.<name>`, read from the account when it is not known; `None` while it does not exist.
    pub fn output<'g>(&'g self, name: &'g str) -> BoxFuture<'g, Option<String>> {
        Box::pin(async move {
            if let Some(value) = self.outputs.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
                return Some(value.clone());
            }
            let output = self.declared(name)?;
            // A read may itself use an output: bindings_for comes back here, and the loader has refused cycles.
            let bindings = self.bindings_for([output.read.as_str(), output.path.as_str()]).await;
            let operation = self.operation(&output.read, &bindings).await.ok()?;
            let path = bindings.render(&output.path).ok()?;
            let reply = self.call(&operation).await.ok()?;
            let value = match search(&path, &reply).ok()? {
                Value::String(text) if !text.is_empty() => text,
                Value::Number(number) => number.to_string(),
                _ => return None,
            };
            let mut known = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(name.to_owned(), value.clone());
            Some(value)
        })
    }

    /// Whether an output has no value because the account does not have it; false when the account could not be asked.
    pub(super) fn is_unmade<'g>(&'g self, name: &'g str) -> BoxFuture<'g, bool> {
        Box::pin(async move {
            let Some(output) = self.declared(name) else { return false };
            let bindings = self.bindings_for([output.read.as_str(), output.path.as_str()]).await;
            match self.operation(&output.read, &bindings).await {
                Ok(operation) => match self.call(&operation).await {
                    Ok(_) => true,
                    Err(failure) => is_absence(&failure),
                },
                Err(OutputError::Missing(missing)) => self.is_unmade(&missing.name).await,
                Err(_) => false,
            }
        })
    }

    /// Forgets what was read: after an action the account may have other values.
    pub fn forget_outputs(&self) {
        self.outputs.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Forgets the outputs that these templates use.
    pub(super) fn forget<'t>(&self, templates: impl IntoIterator<Item = &'t str>) {
        let mut known = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        for name in templates.into_iter().flat_map(names) {
            known.remove(name);
        }
    }

    fn declared(&self, name: &str) -> Option<&Output> {
        let (module, key) = name.strip_prefix("out.")?.split_once('.')?;
        let module = self.workshop().modules.iter().find(|candidate| candidate.id == module)?;
        module.steps.iter().find_map(|step| step.outputs.get(key))
    }

    /// The operation that a command template stands for.
    pub(super) async fn operation(&self, template: &str, bindings: &Bindings) -> Result<Operation, OutputError> {
        let text = bindings.render(template)?;
        if text.contains("file://") {
            self.prepare(std::slice::from_ref(&text)).await?;
        }
        match parse_command(&text, &Workspace(self.workspace())) {
            Ok(Command::Operation(operation)) => Ok(operation),
            Ok(_) => Err(OutputError::Command(format!("`{text}` is not a single call of an API"))),
            Err(error) => Err(OutputError::Command(format!("`{text}`: {error}"))),
        }
    }

    /// Calls AWS and gives the output, with all pages of a list joined.
    pub(super) async fn call(&self, operation: &Operation) -> Result<Value, Failure> {
        crate::protocol::call_all(self.aws().as_ref(), operation).await
    }

    /// The commands of an action, ready to run.
    pub async fn commands(&self, action: &crate::content::model::Action) -> Result<Vec<String>, OutputError> {
        let bindings = self.bindings_for(action.commands.iter().map(String::as_str)).await;
        let commands: Result<Vec<String>, MissingBinding> =
            action.commands.iter().map(|command| bindings.render(command)).collect();
        let commands = commands?;
        self.prepare(&commands).await?;
        Ok(commands)
    }
}
