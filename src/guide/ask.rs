//! Asks what a check asks: AWS, the network, or both.

use std::collections::BTreeSet;
use std::time::Duration;

use super::compare::{Compared, compare, filled, nothing, same, search, show};
use super::context::Guide;
use super::outputs::OutputError;
use super::verdict::{Finding, Then, outcome, unanswered};
use crate::content::model::{Ask, Check, Expectation, Step};
use crate::content::{AssetError, Bindings};
use crate::domain::drill::{ClientClass, Probe, Signed, Vantage};
use crate::domain::{BoxFuture, Effect, Failure, FailureClass, Operation, Outcome, Role, Unknown};

/// How long a check's HTTP request may take.
const HTTP_TIMEOUT: Duration = Duration::from_secs(10);

impl Guide {
    /// Evaluates a check now. It reads and changes nothing.
    pub async fn evaluate(&self, check: &Check) -> Outcome {
        let mut templates = Vec::new();
        collect(&check.ask, &mut templates);
        let used: Vec<&str> = templates.clone();
        templates.extend(
            check.fail.iter().flat_map(|message| [message.say.as_str()].into_iter().chain(message.why.as_deref())),
        );
        let bindings = self.bindings_for(templates).await;
        let finding = self.find(check, &check.ask, &bindings).await;
        let then = self.then(check.id.split('/').next().unwrap_or_default());
        if then.started.is_some() && !matches!(finding, Finding::Holds | Finding::OnItsWay(_)) {
            // What gave these values may have been made anew behind the guide's back.
            self.forget(used);
        }
        outcome(check, finding, then, &bindings)
    }

    /// When what the step's checks look at was begun: by the step itself, or, when it only watches, by the nearest step
    /// before it in its module that acts.
    fn then(&self, id: &str) -> Then {
        let module = self.workshop().modules.iter().find(|module| module.steps.iter().any(|step| step.id == id));
        let steps = module.map(|module| module.steps.as_slice()).unwrap_or_default();
        let place = steps.iter().position(|step| step.id == id).unwrap_or_default();
        let until = steps.get(..=place).unwrap_or_default();
        let acts = |step: &&Step| step.actions.iter().any(|action| action.effect != Effect::Read);
        let origin = until.iter().rev().find(acts).map_or(id, |step| step.id.as_str());
        Then {
            started: self.started(id).max(self.started(origin)),
            running: self.is_running(id) || self.is_running(origin),
            watches: origin != id,
            now: self.clock().now(),
        }
    }

    fn find<'g>(&'g self, check: &'g Check, ask: &'g Ask, bindings: &'g Bindings) -> BoxFuture<'g, Finding> {
        Box::pin(async move {
            match ask {
                Ask::Read { command, expect } => self.read(check, command, expect, bindings).await,
                Ask::Canary { read, expect } => self.read(check, read, expect, bindings).await,
                Ask::Absent { command, expect } => self.absent(command, expect, bindings).await,
                Ask::Http { url, status, body, region } => {
                    self.http(url, status, body.as_deref(), region.as_deref(), bindings).await
                }
                Ask::Dns { name, regions, not_regions } => self.dns(name, regions, not_regions, bindings).await,
                Ask::All(all) => {
                    for part in all {
                        let finding = self.find(check, part, bindings).await;
                        if finding != Finding::Holds {
                            return finding;
                        }
                    }
                    Finding::Holds
                }
                Ask::Any(any) => {
                    let mut last = Finding::Missing { cause: "not_found".to_owned(), want: None };
                    for part in any {
                        last = self.find(check, part, bindings).await;
                        if last == Finding::Holds {
                            return last;
                        }
                    }
                    last
                }
                Ask::Not(inner) => match self.find(check, inner, bindings).await {
                    Finding::Holds => still_there(),
                    unanswered @ Finding::Unanswered(..) => unanswered,
                    _ => Finding::Holds,
                },
            }
        })
    }

    /// One read and what is expected of it; when nothing is found, a look into the other Regions named.
    async fn read(&self, check: &Check, command: &str, expect: &[Expectation], bindings: &Bindings) -> Finding {
        let operation = match self.operation(command, bindings).await {
            Ok(operation) => operation,
            // What the value is read from does not exist, so neither does what it names.
            Err(OutputError::Missing(missing)) if self.is_unmade(&missing.name).await => {
                return Finding::Missing { cause: "not_found".to_owned(), want: None };
            }
            Err(error) => return not_ready(error),
        };
        match self.call(&operation).await {
            Ok(output) => match judge(expect, &output, bindings) {
                // A list without the thing, rather than an error: some services answer so.
                missing @ Finding::Missing { .. } if !shows(expect, &output, bindings) => {
                    self.elsewhere(check, &operation, expect, bindings).await.unwrap_or(missing)
                }
                finding => finding,
            },
            Err(failure) if is_absence(&failure) => self
                .elsewhere(check, &operation, expect, bindings)
                .await
                .unwrap_or(Finding::Missing { cause: "not_found".to_owned(), want: None }),
            Err(failure) => unanswered(&failure),
        }
    }

    /// Looks for what was not found in the other Regions that the check names.
    async fn elsewhere(
        &self,
        check: &Check,
        operation: &Operation,
        expect: &[Expectation],
        bindings: &Bindings,
    ) -> Option<Finding> {
        for role in &check.elsewhere {
            let mut other = operation.clone();
            other.region = self.regions().of(*role).to_string();
            if other.region == operation.region {
                continue;
            }
            if let Ok(output) = self.call(&other).await
                && (expect.is_empty() || shows(expect, &output, bindings))
            {
                return Some(Finding::Elsewhere { region: other.region });
            }
        }
        None
    }

    /// A read that should find nothing, or something that satisfies the expectations.
    async fn absent(&self, command: &str, expect: &[Expectation], bindings: &Bindings) -> Finding {
        let operation = match self.operation(command, bindings).await {
            Ok(operation) => operation,
            // What it names does not exist, so nothing of it is left.
            Err(OutputError::Missing(_)) => return Finding::Holds,
            Err(error) => return not_ready(error),
        };
        match self.call(&operation).await {
            Ok(_) if expect.is_empty() => still_there(),
            Ok(output) => match judge(expect, &output, bindings) {
                // What should be gone takes its time to go, so a value that does not hold yet is no failure at once.
                Finding::Wrong { cause, got, want } => Finding::StillThere { cause, got: Some(got), want: Some(want) },
                Finding::Missing { cause, want } => Finding::StillThere { cause, got: None, want },
                finding => finding,
            },
            Err(failure) if is_absence(&failure) => Finding::Holds,
            Err(failure) => unanswered(&failure),
        }
    }

    /// One request from a place near each Region.
    async fn http(
        &self,
        url: &str,
        status: &[u16],
        body: Option<&str>,
        region: Option<&str>,
        bindings: &Bindings,
    ) -> Finding {
        let rendered =
            bindings.render(url).and_then(|url| Ok((url, region.map(|region| bindings.render(region)).transpose()?)));
        let (url, region) = match rendered {
            Ok(rendered) => rendered,
            Err(missing) => return not_ready(OutputError::Missing(missing)),
        };
        for vantage in self.vantages() {
            let probe = Probe {
                signed: Signed::ByLearner,
                method: "GET".to_owned(),
                url: url.clone(),
                body: None,
                vantage,
                class: ClientClass::Fresh,
                timeout: HTTP_TIMEOUT,
            };
            let reply = match self.network().probe(&probe).await {
                Ok(reply) => reply,
                Err(failure) => return unanswered(&failure),
            };
            let wanted = status.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ");
            let got = match reply.status {
                Ok(code) if status.contains(&code) => None,
                Ok(code) => Some(format!("status {code}")),
                Err(error) => Some(format!("no answer ({error:?})")),
            };
            if let Some(got) = got {
                return Finding::NotYet { got, want: format!("status {wanted}") };
            }
            if let Some(body) = body.map(|body| bindings.render_lossy(body)).filter(|body| !reply.body.contains(body)) {
                return Finding::NotYet { got: "another page".to_owned(), want: format!("a page with \"{body}\"") };
            }
            if let Some(region) = region.as_ref().filter(|region| reply.region.as_ref() != Some(region)) {
                let got = reply.region.unwrap_or_else(|| "no Region named".to_owned());
                return Finding::NotYet { got, want: region.clone() };
            }
        }
        Finding::Holds
    }

    /// Answers of DNS, uncached, from a place near each Region.
    async fn dns(&self, name: &str, regions: &[String], not_regions: &[String], bindings: &Bindings) -> Finding {
        let name = match bindings.render(name) {
            Ok(name) => name,
            Err(missing) => return not_ready(OutputError::Missing(missing)),
        };
        let mut seen = BTreeSet::new();
        for vantage in self.vantages() {
            match self.network().resolve(&name, &vantage).await {
                Ok(Some(answer)) => seen.extend(answer.region),
                Ok(None) => {}
                Err(failure) => return unanswered(&failure),
            }
        }
        let wanted: Vec<String> = regions.iter().map(|region| bindings.render_lossy(region)).collect();
        let unwanted: Vec<String> = not_regions.iter().map(|region| bindings.render_lossy(region)).collect();
        let complete = wanted.iter().all(|region| seen.contains(region));
        if complete && !unwanted.iter().any(|region| seen.contains(region)) {
            return Finding::Holds;
        }
        let list = |items: &[String]| if items.is_empty() { "no Region".to_owned() } else { items.join(" and ") };
        let got: Vec<String> = seen.into_iter().collect();
        Finding::NotYet { got: list(&got), want: list(&wanted) }
    }

    /// A place near each Region.
    fn vantages(&self) -> Vec<Vantage> {
        let near = |role: Role| {
            let region = self.regions().of(role);
            Vantage { name: region.city().to_lowercase(), nearest: region.to_string() }
        };
        vec![near(Role::Primary), near(Role::Secondary)]
    }
}

/// The texts of a question that may hold templates.
fn collect<'a>(ask: &'a Ask, templates: &mut Vec<&'a str>) {
    let mut add = |expect: &'a [Expectation]| {
        for expectation in expect {
            templates.push(&expectation.path);
            templates.extend(texts_of(&expectation.operator));
        }
    };
    match ask {
        Ask::Read { command, expect } | Ask::Absent { command, expect } => {
            add(expect);
            templates.push(command);
        }
        Ask::Canary { read, expect } => {
            add(expect);
            templates.push(read);
        }
        Ask::Http { url, body, region, .. } => {
            templates.push(url);
            templates.extend(body.as_deref());
            templates.extend(region.as_deref());
        }
        Ask::Dns { name, regions, not_regions } => {
            templates.push(name);
            templates.extend(regions.iter().chain(not_regions).map(String::as_str));
        }
        Ask::All(parts) | Ask::Any(parts) => parts.iter().for_each(|part| collect(part, templates)),
        Ask::Not(inner) => collect(inner, templates),
    }
}

fn texts_of(operator: &crate::content::model::Operator) -> Vec<&str> {
    use crate::content::model::Operator;
    match operator {
        Operator::Eq(value) | Operator::Ne(value) | Operator::Contains(value) => value.as_str().into_iter().collect(),
        Operator::In(values) => values.iter().filter_map(serde_json::Value::as_str).collect(),
        Operator::Matches(pattern) => vec![pattern],
        Operator::Exists(_) | Operator::Gte(_) | Operator::Lte(_) | Operator::Count(_) => Vec::new(),
    }
}

/// The first expectation that does not hold decides.
fn judge(expect: &[Expectation], output: &serde_json::Value, bindings: &Bindings) -> Finding {
    for expectation in expect {
        let path = match bindings.render(&expectation.path) {
            Ok(path) => path,
            Err(missing) => return not_ready(OutputError::Missing(missing)),
        };
        let found = match search(&path, output) {
            Ok(found) => found,
            Err(error) => return Finding::Unanswered(Unknown::Service, error),
        };
        let unknown = texts_of(&expectation.operator).into_iter().find_map(|text| bindings.render(text).err());
        if let Some(missing) = unknown.filter(|_| !nothing(&found)) {
            return not_ready(OutputError::Missing(missing));
        }
        let Compared::Not(want) = compare(&expectation.operator, &found, bindings) else { continue };
        if expectation.pending.iter().any(|value| same(&found, &filled(value, bindings))) {
            return Finding::OnItsWay(show(&found));
        }
        let cause = expectation.path.clone();
        return if nothing(&found) {
            Finding::Missing { cause, want: Some(want) }
        } else {
            Finding::Wrong { cause, got: show(&found), want }
        };
    }
    Finding::Holds
}

/// Whether any of the expectations' paths finds something.
fn shows(expect: &[Expectation], output: &serde_json::Value, bindings: &Bindings) -> bool {
    expect.iter().any(|expectation| {
        let path = bindings.render(&expectation.path).ok();
        path.and_then(|path| search(&path, output).ok()).is_some_and(|found| !nothing(&found))
    })
}

fn still_there() -> Finding {
    Finding::StillThere { cause: "not_found".to_owned(), got: None, want: None }
}

/// Some services say *invalid* where others say *not found*: a stack that does not exist, a bucket without a rule.
pub(super) fn is_absence(failure: &Failure) -> bool {
    failure.class == FailureClass::NotFound
        || (failure.code == "ValidationError" && failure.message.contains("does not exist"))
}

fn not_ready(error: OutputError) -> Finding {
    match error {
        OutputError::Missing(_) | OutputError::Asset(AssetError::Missing { .. }) => {
            Finding::Unanswered(Unknown::Waiting, error.to_string())
        }
        other => Finding::Unanswered(Unknown::Service, other.to_string()),
    }
}
