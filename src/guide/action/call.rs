//! One call of an API: retried while AWS refuses only for now, and done when it is so already.

use super::Outcome;
use super::error::{ActionError, LocalError};
use super::job::{Job, doing};
use super::output::print;
use super::settled::{Settled, found, settled};
use super::transient::transient;
use crate::domain::{Effect, Failure, Operation};

/// Calls `operation` and prints its answer, all pages of it.
pub async fn operation(job: &Job<'_>, operation: &Operation) -> Result<Outcome, ActionError> {
    let title = doing(operation);
    job.running(&title);
    let query = operation.query.as_deref();
    if operation.effect == Effect::Read {
        let output = job.all(operation).await?;
        job.ok(&title);
        return Ok(Outcome { output: print(&output, query)?, already: None });
    }
    let mut asked = operation.clone();
    loop {
        let failure = match job.ask(&asked).await? {
            Ok(reply) => {
                job.ok(format!("{title}: taken"));
                return Ok(Outcome { output: print(&reply.output, query)?, already: Some(false) });
            }
            Err(failure) => failure,
        };
        match verdict(job, &asked, &failure).await? {
            Some(Settled::Yes(note)) => {
                job.ok(format!("{title}: {note}"));
                return Ok(Outcome { output: String::new(), already: Some(true) });
            }
            Some(Settled::Partly(rest)) => {
                job.line(format!("{title}: part of it is so already; sending the rest"));
                asked = rest;
            }
            Some(_) => job.after(&asked, failure, transient).await?,
            None => job.after(&asked, failure, |_, _| Some("The one before is still being deleted")).await?,
        }
    }
}

/// What a refusal says; `None` when it must be asked again later.
async fn verdict(job: &Job<'_>, asked: &Operation, failure: &Failure) -> Result<Option<Settled>, ActionError> {
    match settled(asked, failure) {
        Settled::Look(look) => match job.ask(&look.read).await? {
            Ok(reply) => Ok(found(asked, look.want, &reply.output)),
            // It went in between, or may not be read; then the first refusal stands.
            Err(_) => Ok(Some(Settled::No)),
        },
        known => Ok(Some(known)),
    }
}

/// `s3api get-object … OUTFILE`.
pub async fn download(job: &Job<'_>, operation: &Operation, outfile: &str) -> Result<Outcome, ActionError> {
    let title = doing(operation);
    job.running(&title);
    let reply = job.call(operation).await?;
    let bytes = reply.payload.unwrap_or_default();
    if outfile == "-" {
        return Ok(Outcome { output: String::from_utf8_lossy(&bytes).into_owned(), already: None });
    }
    job.workspace.write(outfile, &bytes)?;
    job.ok(format!("{title}: {} bytes in {outfile}", bytes.len()));
    let printed: Result<String, LocalError> = print(&reply.output, operation.query.as_deref());
    Ok(Outcome { output: printed?, already: None })
}
