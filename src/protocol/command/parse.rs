//! From words to a command: services, operations, waiters, and the flags of an operation.

use serde_json::{Map, Value};

use super::super::catalogue::{self, FlagKind, FlagSpec, OperationSpec, Scope};
use super::super::model::{self, Service};
use super::super::waiters;
use super::flags::{self, Line};
use super::values::Maker;
use super::words::{self, Word};
use super::{Command, CommandError, Files, Wait, deploy, reset, s3};
use crate::domain::{GLOBAL_REGION, Operation};

/// Parses the text of a command: a leading `$ `, `\` at line ends and a shell's quotes are understood, nothing else of a
/// shell is.
pub fn parse_command(text: &str, files: &dyn Files) -> Result<Command, CommandError> {
    let words = words::split(text)?;
    match words.split_first() {
        Some((first, rest)) if first.text == "aws" => parse(rest, files),
        Some((first, rest)) if first.text == "workshop" => reset::parse(rest, first.at),
        Some((first, _)) => {
            let message = format!("'{}' is no command of this guide; only aws commands run here", first.text);
            Err(CommandError::unknown(message, first.at, &first.text, ["aws", "workshop"]))
        }
        None => Err(CommandError::new("the command is empty; expected aws SERVICE OPERATION --flags", 0)),
    }
}

/// Parses words that a shell has split already; the first may be `aws`. Places in errors are numbers of words.
pub fn parse_words(words: &[String], files: &dyn Files) -> Result<Command, CommandError> {
    let words: Vec<_> = words.iter().enumerate().map(|(at, text)| Word { text: text.clone(), at }).collect();
    let rest = match words.split_first() {
        Some((first, rest)) if first.text == "aws" => rest,
        _ => words.as_slice(),
    };
    parse(rest, files)
}

fn parse(words: &[Word], files: &dyn Files) -> Result<Command, CommandError> {
    let mut line = Line::new(words)?;
    let mut next = |what: &str| {
        if line.plain.is_empty() {
            return Err(CommandError::new(format!("expected {what}; as in aws rds describe-db-clusters"), line.end));
        }
        Ok(line.plain.remove(0))
    };
    let service = next("the name of a service after 'aws'")?;
    let verb = next(&format!("an operation after 'aws {}'", service.text))?;
    if service.text == "s3" {
        return s3::parse(&verb, line);
    }
    let Some(known) = model::service_by_cli_name(&service.text) else {
        let known = flags::services().collect::<Vec<_>>().join(", ");
        let message = format!("the service '{}' is unknown to this guide, which knows {known}", service.text);
        return Err(CommandError::unknown(message, service.at, &service.text, flags::services()));
    };
    match (service.text.as_str(), verb.text.as_str()) {
        ("cloudformation", "deploy") => deploy::parse(line, files),
        (_, "wait") => {
            let name = next(&format!("a waiter after 'aws {} wait'", service.text))?;
            wait(known, &name, line, files)
        }
        _ => {
            let Some(spec) = catalogue::operation_by_cli(&service.text, &verb.text) else {
                let message = format!("'{}' is no operation of {} that this guide knows", verb.text, service.text);
                let known = known.operations().iter().map(|operation| operation.cli.as_str());
                let known = known.chain(["wait"]).chain((service.text == "cloudformation").then_some("deploy"));
                return Err(CommandError::unknown(message, verb.at, &verb.text, known));
            };
            operation(spec, line, &verb, files)
        }
    }
}

fn wait(service: &'static Service, name: &Word, line: Line, files: &dyn Files) -> Result<Command, CommandError> {
    let cli = service.cli_name();
    let Some(waiter) = waiters::waiter(&service.key, &name.text) else {
        let known: Vec<_> = service.waiters.iter().map(|waiter| waiter.cli.as_str()).collect();
        let message = match known.as_slice() {
            [] => format!("{cli} has no waiters"),
            names => format!("'{}' is no waiter of {cli}, which has {}", name.text, names.join(", ")),
        };
        return Err(CommandError::unknown(message, name.at, &name.text, known));
    };
    let polled =
        catalogue::operations().iter().find(|spec| spec.service == service.key && spec.api == waiter.operation);
    let spec =
        polled.ok_or_else(|| CommandError::new(format!("{cli} wait {}: unknown operation", name.text), name.at))?;
    match operation(spec, line, name, files)? {
        Command::Operation(operation) => {
            Ok(Command::Wait(Wait { service: cli.to_owned(), waiter: waiter.cli.to_owned(), operation }))
        }
        other => Ok(other),
    }
}

/// Operations of which the AWS CLI writes the streaming answer into a file.
fn has_outfile(spec: &OperationSpec) -> bool {
    spec.service == "s3" && spec.api == "GetObject"
}

fn operation(
    spec: &'static OperationSpec,
    mut line: Line,
    verb: &Word,
    files: &dyn Files,
) -> Result<Command, CommandError> {
    let command = format!("aws {} {}", spec.cli_service, spec.cli);
    let (input, payload) = input(spec, &mut line, files)?;
    let outfiles = usize::from(has_outfile(spec));
    line.finish(&command, outfiles, spec.flags.iter().map(|flag| flag.name))?;
    let lacks = |flag: &&FlagSpec| {
        flag.required && input.get(flag.member).is_none() && !(flag.kind == FlagKind::Bytes && payload.is_some())
    };
    let missing: Vec<_> = spec.flags.iter().filter(lacks).map(|flag| format!("--{}", flag.name)).collect();
    if !missing.is_empty() {
        return Err(CommandError::new(format!("{command} needs {}", missing.join(" and ")), verb.at));
    }
    let global = if spec.scope == Scope::Global { GLOBAL_REGION } else { "" };
    let operation = Operation {
        service: spec.cli_service.to_owned(),
        name: spec.cli.to_owned(),
        api: spec.api.to_owned(),
        region: line.region.unwrap_or_else(|| global.to_owned()),
        input: Value::Object(input),
        payload,
        query: line.query,
        effect: spec.effect,
    };
    match line.plain.first() {
        Some(outfile) => Ok(Command::Download { operation, outfile: outfile.text.clone() }),
        None if outfiles > 0 => {
            let message = format!("{command} needs a file for the object at its end, or - for standard output");
            Err(CommandError::new(message, verb.at))
        }
        None => Ok(Command::Operation(operation)),
    }
}

type Input = (Map<String, Value>, Option<Vec<u8>>);

/// The input from the flags, and the bytes of a streaming one.
fn input(spec: &'static OperationSpec, line: &mut Line, files: &dyn Files) -> Result<Input, CommandError> {
    let found = model::service(spec.service).and_then(|service| Some((service, service.operation(spec.api)?)));
    let Some((service, Some(side))) = found.map(|(service, operation)| (service, operation.input.as_ref())) else {
        return Ok((Map::new(), None));
    };
    let mut fields = Map::new();
    if let Some(word) = line.take_word("cli-input-json")? {
        let maker = Maker { service, flag: "--cli-input-json", files };
        let text = maker.text(&word)?;
        if let Value::Object(given) = maker.json(side, &word, &text)? {
            fields = given;
        }
    }
    let mut payload = None;
    for flag in &spec.flags {
        let shown = format!("--{}", flag.name);
        let maker = Maker { service, flag: &shown, files };
        let Some(member) = service.shape(side).get(flag.member) else { continue };
        let value = match flag.kind {
            FlagKind::Switch => switch(flag, line)?,
            FlagKind::List => match line.take(flag.name)? {
                Some(given) => Some(maker.value(member, &given.words)?),
                None => None,
            },
            FlagKind::Bytes => {
                if let Some(word) = line.take_word(flag.name)? {
                    let path = word.text.strip_prefix("fileb://").unwrap_or(&word.text);
                    payload = Some(files.read(path).map_err(|error| maker.error(&word, &error.0))?);
                }
                None
            }
            _ => match line.take_word(flag.name)? {
                Some(word) => Some(maker.value(member, &[word])?),
                None => None,
            },
        };
        if let Some(value) = value {
            fields.insert(flag.member.to_owned(), value);
        }
    }
    Ok((fields, payload))
}

/// `--flag` or the flag that says no.
fn switch(flag: &FlagSpec, line: &mut Line) -> Result<Option<Value>, CommandError> {
    let no = flag.negative();
    match (line.take_switch(flag.name)?, line.take_switch(&no)?) {
        (true, true) => Err(CommandError::new(format!("--{} and --{no} exclude each other", flag.name), line.end)),
        (false, false) => Ok(None),
        (yes, _) => Ok(Some(Value::Bool(yes))),
    }
}
