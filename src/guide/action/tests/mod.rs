//! Actions against a scripted AWS, in a jump of simulated time.

mod calls;
mod deploys;
mod explained;
mod s3;
mod waits;

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::clock::Rate;
use crate::domain::{BoxFuture, Failure, FailureClass, Operation, Reply, SimTime};

/// An AWS that gives, per operation, one answer after the other; the last one stays.
#[derive(Default)]
pub struct Script {
    answers: Mutex<BTreeMap<String, VecDeque<Result<Reply, Failure>>>>,
    pub calls: Mutex<Vec<Operation>>,
    /// Stops the run at that many calls of an operation.
    pub stop: Option<(&'static str, usize, CancellationToken)>,
}

impl Script {
    pub fn new() -> Self {
        Self::default()
    }

    fn push(self, api: &str, answer: Result<Reply, Failure>) -> Self {
        self.answers.lock().unwrap().entry(api.to_owned()).or_default().push_back(answer);
        self
    }

    pub fn ok(self, api: &str, output: Value) -> Self {
        self.push(api, Ok(Reply { output, payload: None, request_id: None }))
    }

    pub fn bytes(self, api: &str, bytes: &[u8]) -> Self {
        self.push(api, Ok(Reply { output: json!({}), payload: Some(bytes.to_vec()), request_id: None }))
    }

    pub fn fail(self, api: &str, class: FailureClass, code: &str, message: &str) -> Self {
        self.push(api, Err(failure(class, code, message)))
    }

    pub fn called(&self, api: &str) -> Vec<Operation> {
        self.calls.lock().unwrap().iter().filter(|call| call.api == api).cloned().collect()
    }
}

pub fn failure(class: FailureClass, code: &str, message: &str) -> Failure {
    let operation = "aws test".to_owned();
    Failure { class, code: code.to_owned(), message: message.to_owned(), operation, request_id: None }
}

impl Operations for Script {
    fn call<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Reply, Failure>> {
        self.calls.lock().unwrap().push(operation.clone());
        if let Some((api, count, cancel)) = &self.stop
            && self.called(api).len() >= *count
        {
            cancel.cancel();
        }
        let mut answers = self.answers.lock().unwrap();
        let queue = answers.get_mut(&operation.api);
        let answer = match queue {
            Some(queue) if queue.len() > 1 => queue.pop_front().unwrap(),
            Some(queue) => queue.front().unwrap().clone(),
            None => panic!("nobody scripted {} with {}", operation.api, operation.input),
        };
        Box::pin(async move { answer })
    }
}

/// What a run came to.
pub struct Ran {
    pub result: Result<Done, ActionError>,
    pub told: Vec<Told>,
    pub took: Duration,
}

impl Ran {
    pub fn done(&self) -> &Done {
        self.result.as_ref().unwrap()
    }

    pub fn lines(&self) -> Vec<&str> {
        self.told
            .iter()
            .filter_map(|told| if let Told::Line(line) = told { Some(line.as_str()) } else { None })
            .collect()
    }

    pub fn percents(&self) -> Vec<u8> {
        self.told
            .iter()
            .filter_map(|told| if let Told::Percent(percent) = told { Some(*percent) } else { None })
            .collect()
    }

    pub fn all(&self) -> String {
        format!("{:?}", self.told)
    }
}

/// Runs commands in `workspace` with 20 minutes.
pub fn run_in(script: &Script, workspace: &Path, effect: Effect, commands: &[&str]) -> Ran {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let clock = Clock::simulated(SimTime::WORLD_START, Rate::Jump);
    let commands: Vec<String> = commands.iter().map(|command| (*command).to_owned()).collect();
    let told = Mutex::new(Vec::new());
    let cancel = script.stop.as_ref().map_or_else(CancellationToken::new, |(_, _, cancel)| cancel.clone());
    let runner = Runner { aws: script, clock: &clock, workspace, resets: None };
    let tell = |one| told.lock().unwrap().push(one);
    let result = runtime.block_on(async {
        let _awake = clock.participate();
        runner.run(&commands, effect, Duration::from_mins(20), &cancel, &tell).await
    });
    let took = clock.now().since(SimTime::WORLD_START);
    Ran { result, told: told.into_inner().unwrap(), took }
}

/// Runs commands in an empty workspace.
pub fn run(script: &Script, effect: Effect, commands: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    run_in(script, folder.path(), effect, commands)
}
