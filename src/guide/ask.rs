//! Asks what a check asks: AWS, the network, or both.

use std::collections::BTreeSet;
use std::time::Duration;

use super::compare::{Compared, compare, filled, nothing, search, show};
use super::context::Guide;
use super::outputs::OutputError;
use super::verdict::{Finding, Then, outcome, unanswered};
use crate::content::Bindings;
use crate::content::model::{Ask, Check, Expectation};
use crate::domain::drill::{ClientClass, Probe, Vantage};
use crate::domain::{BoxFuture, Failure, FailureClass, Outcome, Role, Unknown};

/// How long a check's HTTP request may take.
const HTTP_TIMEOUT: Duration = Duration::from_secs(10);

impl Guide {
    /// Evaluates a check now. It reads and changes nothing.
    pub async fn evaluate(&self, check: &Check) -> Outcome {
        let mut templates = Vec::new();
        collect(&check.ask, &mut templates);
        templates.extend(
            check.fail.iter().flat_map(|message| [message.say.as_str()].into_iter().chain(message.why.as_deref())),
        );
        let bindings = self.bindings_for(templates).await;
        let finding = self.find(check, &check.ask, &bindings).await;
        let step = check.id.split('/').next().unwrap_or_default();
        let then = Then { started: self.started(step), now: self.clock().now() };
        outcome(check, finding, then, &bindings)
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
                    Finding::Holds => Finding::StillThere,
                    unanswered @ Finding::Unanswered(..) => unanswered,
                    _ => Finding::Holds,
                },
            }
        })
    }

    /// One read and what is expected of it; when nothing is found, a look into the other Regions named.
    async fn read(&self, check: &Check, command: &str, expect: &[Expectation], bindings: &Bindings) -> Finding {
        let operation = match self.operation(command, bindings) {
            Ok(operation) => operation,
            Err(error) => return not_ready(error),
        };
        match self.call(&operation).await {
            Ok(output) => judge(expect, &output, bindings),
            Err(failure) if is_absence(&failure) => {
                for role in &check.elsewhere {
                    let mut other = operation.clone();
                    other.region = self.regions().of(*role).to_string();
                    if other.region != operation.region && self.call(&other).await.is_ok() {
                        return Finding::Elsewhere { region: other.region };
                    }
                }
                Finding::Missing { cause: "not_found".to_owned(), want: None }
            }
            Err(failure) => unanswered(&failure),
        }
    }

    /// A read that should find nothing, or something that satisfies the expectations.
    async fn absent(&self, command: &str, expect: &[Expectation], bindings: &Bindings) -> Finding {
        let operation = match self.operation(command, bindings) {
            Ok(operation) => operation,
            // What it names does not exist, so nothing of it is left.
            Err(OutputError::Missing(_)) => return Finding::Holds,
            Err(error) => return not_ready(error),
        };
        match self.call(&operation).await {
            Ok(_) if expect.is_empty() => Finding::StillThere,
            Ok(output) => match judge(expect, &output, bindings) {
                Finding::Wrong { .. } | Finding::Missing { .. } if self.still_going(expect, &output) => {
                    Finding::StillThere
                }
                finding => finding,
            },
            Err(failure) if is_absence(&failure) => Finding::Holds,
            Err(failure) => unanswered(&failure),
        }
    }

    /// What should be gone is pending while it is going, so a value that does not hold yet is not a failure at once.
    fn still_going(&self, expect: &[Expectation], output: &serde_json::Value) -> bool {
        !expect.is_empty() && !nothing(output)
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
        let Compared::Not(want) = compare(&expectation.operator, &found, bindings) else { continue };
        if expectation.pending.iter().any(|value| filled(value, bindings) == found) {
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

/// Some services say *invalid* where others say *not found*: a stack that does not exist, a bucket without a rule.
fn is_absence(failure: &Failure) -> bool {
    failure.class == FailureClass::NotFound
        || (failure.code == "ValidationError" && failure.message.contains("does not exist"))
}

fn not_ready(error: OutputError) -> Finding {
    match error {
        OutputError::Missing(_) => Finding::Unanswered(Unknown::Waiting, error.to_string()),
        other => Finding::Unanswered(Unknown::Service, other.to_string()),
    }
}
