//! Answers of APIs that need not be made again.
//!
//! While the settings of a world stay as they are, an API leads a request that only looks to the same function with the
//! same event. When that invocation would go as it went (see `functions::Remembered`), the answer is the one that was
//! given, but for the time that it takes. What is remembered is no part of the world, and forgetting it changes no answer.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::functions::Remembered;
use super::http::{Request, Response};
use crate::sandbox::version::Version;
use crate::sandbox::world::World;

/// How many answers a thread remembers.
const KEPT: usize = 256;

/// An answer that was remembered.
struct Answer {
    settings: Version,
    invocation: Remembered,
    response: Response,
}

thread_local! {
    static ANSWERS: RefCell<HashMap<String, Answer>> = RefCell::default();
}

/// What an answer is remembered under; nothing when the request may change something.
pub fn key(region: &str, request: &Request) -> Option<String> {
    if request.method != "GET" || request.body.is_some() {
        return None;
    }
    let signer = request.signer.as_ref();
    let mut key = format!("{region}\n{}\n{}\n{signer:?}\n{}", request.host, request.path, request.checks_certificate);
    for (name, value) in &request.query {
        let _ = write!(key, "\n{name}\n{value}");
    }
    Some(key)
}

/// The answer that was given, when it is still the answer and takes less than `limit`.
pub fn again(world: &World, key: &str, limit: Duration) -> Option<Response> {
    ANSWERS.with_borrow(|answers| {
        let answer = answers.get(key).filter(|answer| answer.settings.is(world.settings))?;
        let took = answer.invocation.again(world).filter(|took| *took < limit)?;
        Some(Response { thinking: took, ..answer.response.clone() })
    })
}

/// Remembers an answer that was made in that state of the settings.
pub fn keep(key: String, settings: Version, invocation: Remembered, response: &Response) {
    ANSWERS.with_borrow_mut(|answers| {
        if answers.len() >= KEPT {
            answers.clear();
        }
        answers.insert(key, Answer { settings, invocation, response: response.clone() });
    });
}
