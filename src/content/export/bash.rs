//! One script that does the workshop's steps with the AWS CLI: the pages' own commands in order, the values that they use
//! read from the account, and a wait until the checks pass that read from AWS.

use std::collections::BTreeSet;
use std::time::Duration;

use super::shell::{command, document, quoted, variable};
use crate::content::assets::Assets;
use crate::content::model::{Action, Ask, Check, Expectation, Module, Operator, Step, Variable, Workshop};
use crate::content::template::names;
use crate::domain::{GLOBAL_REGION, RegionPair};

/// A check that says nothing of its time is waited for this long.
const PATIENCE: Duration = Duration::from_mins(10);

/// What the script can do, before the workshop's own part.
const PRELUDE: &str = include_str!("prelude.sh");

/// The script. The workshop's assets stand beside it.
pub fn script(workshop: &Workshop, assets: &Assets, regions: &RegionPair) -> String {
    let export = Export { workshop, assets };
    let mut out = vec![
        "#!/usr/bin/env bash".to_owned(),
        format!("# {}, with the AWS CLI. Written by `workshop content export --bash`.", workshop.title),
        "# It creates things that cost money, and its last module deletes them with all their data.".to_owned(),
        format!("# Usage: run.sh [{}]; without a module, all of them in order.", ids(workshop, "|")),
        PRELUDE.trim_end().to_owned(),
        String::new(),
    ];
    out.extend(export.values(regions));
    for check in workshop.checks() {
        out.extend(export.check(check));
    }
    for module in &workshop.modules {
        out.extend(export.module(module));
    }
    out.push(format!("[ $# -gt 0 ] || set -- {}", ids(workshop, " ")));
    out.push("for module in \"$@\"; do".to_owned());
    out.push("  case $module in".to_owned());
    out.push(format!("    {}) \"module_$module\" ;;", ids(workshop, " | ")));
    out.push("    *) echo \"there is no module '$module'\" >&2; exit 2 ;;".to_owned());
    out.extend(["  esac".to_owned(), "done".to_owned(), String::new()]);
    out.join("\n")
}

fn ids(workshop: &Workshop, between: &str) -> String {
    workshop.modules.iter().map(|module| module.id.as_str()).collect::<Vec<_>>().join(between)
}

struct Export<'a> {
    workshop: &'a Workshop,
    assets: &'a Assets,
}

impl Export<'_> {
    /// Regions, variables, names and tags, each after what it uses.
    fn values(&self, regions: &RegionPair) -> Vec<String> {
        let mut out = vec![
            format!("REGION_PRIMARY=${{REGION_PRIMARY:-{}}}", regions.primary()),
            format!("REGION_SECONDARY=${{REGION_SECONDARY:-{}}}", regions.secondary()),
            format!("REGION_GLOBAL={GLOBAL_REGION}"),
        ];
        let mut open: Vec<(String, &str, bool)> = Vec::new();
        for (name, value) in &self.workshop.vars {
            let full = format!("vars.{name}");
            match value {
                Variable::Random(length) => out.push(format!("random_value {} {length}", variable(&full))),
                Variable::Default(text) => open.push((full, text, true)),
            }
        }
        open.extend(self.workshop.names.iter().map(|(name, text)| (format!("names.{name}"), text.as_str(), false)));
        open.extend(self.workshop.tags.iter().map(|(name, text)| (format!("tags.{name}"), text.as_str(), false)));
        // The lints have refused circles; what is left after as many rounds as there are values would be one.
        for _ in 0..open.len() {
            let waiting: BTreeSet<String> = open.iter().map(|(name, ..)| name.clone()).collect();
            open.retain(|(name, text, given)| {
                if names(text).iter().any(|used| waiting.contains(*used)) {
                    return true;
                }
                let name = variable(name);
                out.push(if *given {
                    format!("[ -n \"${{{name}:-}}\" ] || {name}={}", quoted(text))
                } else {
                    format!("{name}={}", quoted(text))
                });
                false
            });
        }
        out.push(String::new());
        out
    }

    fn module(&self, module: &Module) -> Vec<String> {
        let mut out = Vec::new();
        for step in &module.steps {
            out.extend(self.step(step));
        }
        out.push(format!("module_{}() {{", variable(&module.id).to_lowercase()));
        out.push(format!("  say {}", quoted(&format!("Module {}: {}", module.number, module.title))));
        out.extend(module.steps.iter().map(|step| format!("  {}", function("step", &step.id))));
        out.extend(["}".to_owned(), String::new()]);
        out
    }

    fn step(&self, step: &Step) -> Vec<String> {
        let mut out = vec![format!("{}() {{", function("step", &step.id))];
        out.push(format!("  say {}", quoted(&format!("{} - {}", step.id, step.title))));
        let reads: Vec<&Check> = step.checks.iter().filter(|check| answerable(&check.ask)).collect();
        if reads.len() == step.checks.len() && !reads.is_empty() {
            let all: Vec<String> = reads.iter().map(|check| function("check", &check.id)).collect();
            out.push(format!("  if {}; then echo 'it is so already'; return; fi", all.join(" && ")));
        }
        for anchor in &step.solution {
            let Some(action) = step.actions.iter().find(|action| action.anchor == *anchor) else { continue };
            out.extend(self.action(action));
        }
        if !step.drills.is_empty() {
            out.push("  echo 'the drill is measured by `workshop drill`; a script has no stopwatch'".to_owned());
        }
        for check in &step.checks {
            if answerable(&check.ask) {
                let within = check.within.unwrap_or(PATIENCE).as_secs();
                out.push(format!("  wait_for {} {within} {}", quoted(&check.title), function("check", &check.id)));
            } else {
                out.push(format!("  echo {}", quoted(&format!("to be looked at: {}", check.title))));
            }
        }
        out.extend(["}".to_owned(), String::new()]);
        out
    }

    fn action(&self, action: &Action) -> Vec<String> {
        let mut out = vec![format!("  # {}", action.id)];
        let text = action.commands.join("\n");
        for asset in self.assets.names().into_iter().filter(|name| text.contains(*name) && Assets::templated(name)) {
            out.extend(self.outputs(&self.assets.needs(asset), "need"));
            let body = self.assets.raw(asset).map(String::from_utf8_lossy).unwrap_or_default();
            out.push(format!("  mkdir -p policies; cat >{} <<END_OF_ASSET", quoted(asset)));
            out.push(document(body.trim_end()));
            out.push("END_OF_ASSET".to_owned());
        }
        for template in &action.commands {
            let used: Vec<String> = names(template).into_iter().map(str::to_owned).collect();
            out.extend(self.outputs(&used, "need"));
            let accepted = if action.expect_error { " || true" } else { "" };
            let waits = template.split_whitespace().nth(2) == Some("wait");
            let patience = if waits { format!("patiently {} ", action.timeout.as_secs()) } else { String::new() };
            out.push(format!("  {patience}{}{accepted}", command(template)));
        }
        out
    }

    /// Reads the outputs that are used, those that they use first. `read` says what happens when one is missing.
    fn outputs(&self, used: &[String], read: &str) -> Vec<String> {
        let (mut out, mut seen) = (Vec::new(), BTreeSet::new());
        for name in used {
            self.output(name, read, &mut seen, &mut out);
        }
        out
    }

    fn output(&self, name: &str, read: &str, seen: &mut BTreeSet<String>, out: &mut Vec<String>) {
        let Some((module, key)) = name.strip_prefix("out.").and_then(|rest| rest.split_once('.')) else { return };
        let module = self.workshop.modules.iter().find(|known| known.id == module);
        let output = module.and_then(|module| module.steps.iter().find_map(|step| step.outputs.get(key)));
        let Some(output) = output.filter(|_| seen.insert(name.to_owned())) else { return };
        for inner in names(&output.read).into_iter().chain(names(&output.path)) {
            self.output(inner, read, seen, out);
        }
        let tail = if read == "look" { " || return 1" } else { "" };
        out.push(format!("  {read} {} {} {}{tail}", variable(name), quoted(&output.path), command(&output.read)));
    }

    /// A function that tells whether a check passes, for checks that read from AWS.
    fn check(&self, check: &Check) -> Vec<String> {
        if !answerable(&check.ask) {
            return Vec::new();
        }
        let mut out = vec![format!("{}() {{", function("check", &check.id))];
        out.extend(self.ask(&check.ask));
        out.extend(["}".to_owned(), String::new()]);
        out
    }

    fn ask(&self, ask: &Ask) -> Vec<String> {
        match ask {
            Ask::Read { command: text, expect } | Ask::Canary { read: text, expect } => {
                let mut out = self.needs(text, expect);
                out.push(format!("  {}", all(text, expect)));
                out
            }
            Ask::Absent { command: text, expect } => {
                // A value that does not exist names something that does not exist.
                let needs = self.needs(text, &[]);
                let mut out: Vec<String> = needs.iter().map(|line| line.replace("return 1", "return 0")).collect();
                let gone = format!("gone {}", command(text));
                let line = if expect.is_empty() { gone } else { format!("{gone} || {{ {}; }}", all(text, expect)) };
                out.push(format!("  {line}"));
                out
            }
            Ask::Any(parts) => {
                let parts =
                    parts.iter().map(|part| format!("(\n{}\n  )", self.ask(part).join("\n").replace("return", "exit")));
                vec![format!("  {}", parts.collect::<Vec<_>>().join(" || "))]
            }
            Ask::All(_) | Ask::Not(_) | Ask::Http { .. } | Ask::Dns { .. } => Vec::new(),
        }
    }

    fn needs(&self, text: &str, expect: &[Expectation]) -> Vec<String> {
        let texts = expect.iter().flat_map(|one| [Some(one.path.as_str()), wanted(&one.operator)]).flatten();
        let used: Vec<String> = std::iter::once(text).chain(texts).flat_map(names).map(str::to_owned).collect();
        let mut out = self.outputs(&used, "look");
        for asset in self.assets.names().into_iter().filter(|name| text.contains(*name) && Assets::templated(name)) {
            let body = self.assets.raw(asset).map(String::from_utf8_lossy).unwrap_or_default();
            out.push(format!("  mkdir -p policies; cat >{} <<END_OF_ASSET", quoted(asset)));
            out.push(document(body.trim_end()));
            out.push("END_OF_ASSET".to_owned());
        }
        out
    }
}

/// Whether the AWS CLI alone can answer it.
fn answerable(ask: &Ask) -> bool {
    match ask {
        Ask::Read { .. } | Ask::Absent { .. } | Ask::Canary { .. } => true,
        Ask::Any(parts) => parts.iter().all(|part| matches!(part, Ask::Read { .. } | Ask::Absent { .. })),
        Ask::All(_) | Ask::Not(_) | Ask::Http { .. } | Ask::Dns { .. } => false,
    }
}

fn function(kind: &str, id: &str) -> String {
    format!("{kind}_{}", variable(id).to_lowercase())
}

fn wanted(operator: &Operator) -> Option<&str> {
    match operator {
        Operator::Eq(value) | Operator::Ne(value) | Operator::Contains(value) => value.as_str(),
        Operator::Matches(pattern) => Some(pattern),
        _ => None,
    }
}

/// All expectations of a read, each a read of its own.
fn all(text: &str, expect: &[Expectation]) -> String {
    let one = |expectation: &Expectation| {
        let (word, value) = compared(&expectation.operator);
        format!("holds {} {word} {} {}", quoted(&expectation.path), quoted(&value), command(text))
    };
    expect.iter().map(one).collect::<Vec<_>>().join(" && ")
}

/// A comparison in the words of the script's prelude.
fn compared(operator: &Operator) -> (&'static str, String) {
    let plain = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match operator {
        Operator::Eq(value) => ("eq", plain(value)),
        Operator::Ne(value) => ("ne", plain(value)),
        Operator::In(values) => ("in", values.iter().map(plain).collect::<Vec<_>>().join(" ")),
        Operator::Matches(pattern) => ("matches", pattern.clone()),
        Operator::Exists(wanted) => (if *wanted { "ne" } else { "eq" }, "None".to_owned()),
        Operator::Contains(value) => ("contains", plain(value)),
        Operator::Gte(limit) => ("gte", limit.to_string()),
        Operator::Lte(limit) => ("lte", limit.to_string()),
        Operator::Count(count) => ("count", count.to_string()),
    }
}
