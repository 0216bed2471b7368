//! What a client remembers of DNS: nothing, for the TTL, or for too long.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::domain::drill::ClientClass;
use crate::domain::ports::DnsAnswer;

/// Vantage, class of client and name.
type Key = (String, ClientClass, String);

/// Answers by vantage, class of client and name, each with the instant until which it is used.
#[derive(Default)]
pub(super) struct Cache {
    answers: Mutex<BTreeMap<Key, (DnsAnswer, Instant)>>,
}

impl Cache {
    /// What this client still remembers at `now`.
    pub(super) fn get(&self, vantage: &str, class: ClientClass, name: &str, now: Instant) -> Option<DnsAnswer> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let (answer, until) = answers.get(&(vantage.to_owned(), class, name.to_owned()))?;
        (now < *until).then(|| answer.clone())
    }

    /// Remembers an answer that came at `now`, for as long as this class of client does.
    pub(super) fn put(&self, vantage: &str, class: ClientClass, name: &str, answer: &DnsAnswer, now: Instant) {
        let times = match class {
            ClientClass::Fresh => return,
            ClientClass::TtlHonouring => 1,
            ClientClass::Sticky => 2,
        };
        let entry = (answer.clone(), now + answer.ttl * times);
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert((vantage.to_owned(), class, name.to_owned()), entry);
    }
}
