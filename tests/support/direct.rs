//! Operations answered by the simulated AWS without the SDK and without a wire, for tests with very many calls.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::sync::Mutex;

use multi_region_workshop::aws::classify;
use multi_region_workshop::domain::{BoxFuture, Effect, Failure, Operation, Operations, Reply};
use multi_region_workshop::protocol::operation_by_cli;
use multi_region_workshop::sandbox::services::{dispatch, paging};
use multi_region_workshop::sandbox::{AwsError, Call, Sandbox, World, faults};

/// One account's way to the simulated AWS. It remembers every change with its answer.
pub struct Direct {
    pub sandbox: Sandbox,
    pub account: String,
    pub changes: Mutex<Vec<(Operation, Result<(), Failure>)>>,
    /// Every operation that was called, by service and API.
    pub called: Mutex<BTreeSet<(String, String)>>,
    /// Is called after each call, with the world.
    after: Mutex<Option<Hook>>,
}

type Hook = Box<dyn FnMut(&Operation, &mut World) + Send>;

impl Direct {
    pub fn new(sandbox: &Sandbox, account: &str) -> Self {
        Self {
            sandbox: sandbox.clone(),
            account: account.to_owned(),
            changes: Mutex::default(),
            called: Mutex::default(),
            after: Mutex::default(),
        }
    }

    /// Lets something happen after each call from now on.
    pub fn hook(&self, hook: Hook) {
        *self.after.lock().unwrap() = Some(hook);
    }

    fn answer(&self, operation: &Operation) -> Result<Reply, AwsError> {
        let spec = operation_by_cli(&operation.service, &operation.name).expect("an operation of the catalogue");
        self.sandbox.with_world(|world| {
            if let Some(error) = faults::throttled(world, spec.service, spec.api, &operation.region) {
                return Err(error);
            }
            let mut call = Call::new(world, &self.account, &operation.region);
            let output = dispatch(&mut call, spec.service, spec.api, &operation.input)?;
            let output = paging::page(spec.service, spec.api, &operation.input, output)?;
            Ok(Reply { output, payload: None, request_id: Some("direct".to_owned()) })
        })
    }
}

impl Operations for Direct {
    fn call<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Reply, Failure>> {
        self.called.lock().unwrap().insert((operation.service.clone(), operation.api.clone()));
        let answer = self.answer(operation).map_err(|error| Failure {
            class: classify(&error.code, &error.message, error.status),
            code: error.code,
            message: error.message,
            operation: operation.to_string(),
            request_id: None,
        });
        if operation.effect != Effect::Read {
            let outcome = answer.as_ref().map(|_| ()).map_err(Clone::clone);
            self.changes.lock().unwrap().push((operation.clone(), outcome));
        }
        if let Some(hook) = self.after.lock().unwrap().as_mut() {
            self.sandbox.with_world(|world| hook(operation, world));
        }
        Box::pin(async move { answer })
    }
}
