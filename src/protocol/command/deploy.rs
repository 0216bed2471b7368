//! `aws cloudformation deploy`, which the AWS CLI composes of a change set and its execution.

use serde_json::Value;

use super::flags::Line;
use super::words::Word;
use super::{Command, CommandError, Deploy, Files};

const COMMAND: &str = "aws cloudformation deploy";

/// Flags of the AWS CLI's command, in its order.
const FLAGS: &[&str] = &[
    "template-file",
    "stack-name",
    "s3-bucket",
    "s3-prefix",
    "parameter-overrides",
    "capabilities",
    "no-execute-changeset",
    "disable-rollback",
    "no-disable-rollback",
    "role-arn",
    "fail-on-empty-changeset",
    "no-fail-on-empty-changeset",
    "tags",
];

/// The longest template that CloudFormation takes in a request (CloudFormation quotas, "Template body size in a request").
const MOST_INLINE: usize = 51_200;

/// Parses the flags of `deploy`.
pub fn parse(mut line: Line, files: &dyn Files) -> Result<Command, CommandError> {
    let text = |line: &mut Line, name| Ok::<_, CommandError>(line.take_word(name)?.map(|word| word.text));
    let needs = |name: &str, line: &Line| CommandError::new(format!("{COMMAND} needs --{name}"), line.end);
    let Some(file) = line.take_word("template-file")? else { return Err(needs("template-file", &line)) };
    let Some(stack_name) = text(&mut line, "stack-name")? else { return Err(needs("stack-name", &line)) };
    let path = file.text.strip_prefix("file://").unwrap_or(&file.text);
    let template_body = read(files, "template-file", path, &file)?;
    let s3_bucket = text(&mut line, "s3-bucket")?;
    if template_body.len() > MOST_INLINE && s3_bucket.is_none() {
        let size = template_body.len();
        let message = format!(
            "--template-file: {path} has {size} bytes; a template of more than {MOST_INLINE} needs --s3-bucket BUCKET"
        );
        return Err(CommandError::new(message, file.at));
    }
    let deploy = Deploy {
        stack_name,
        template_file: path.to_owned(),
        template_body,
        parameters: pairs(&mut line, "parameter-overrides", files)?,
        capabilities: line.take_words("capabilities")?.into_iter().map(|word| word.text).collect(),
        tags: pairs(&mut line, "tags", files)?,
        s3_bucket,
        s3_prefix: text(&mut line, "s3-prefix")?,
        role_arn: text(&mut line, "role-arn")?,
        fail_on_empty_changeset: chosen(&mut line, "fail-on-empty-changeset")?,
        no_execute_changeset: line.take_switch("no-execute-changeset")?,
        disable_rollback: chosen(&mut line, "disable-rollback")?,
        region: line.region.clone().unwrap_or_default(),
    };
    line.finish(COMMAND, 0, FLAGS.iter().copied())?;
    match line.query {
        Some(_) => Err(CommandError::new(format!("{COMMAND} prints no JSON that --query could pick from"), line.end)),
        None => Ok(Command::Deploy(deploy)),
    }
}

fn read(files: &dyn Files, flag: &str, path: &str, word: &Word) -> Result<String, CommandError> {
    let wrong = |message: &str| CommandError::new(format!("--{flag}: {message}"), word.at);
    let bytes = files.read(path).map_err(|error| wrong(&error.0))?;
    String::from_utf8(bytes).map_err(|_| wrong(&format!("{path} is not UTF-8 text")))
}

/// A switch that has a `--no-` form; both are taken, the positive one counts.
fn chosen(line: &mut Line, name: &str) -> Result<bool, CommandError> {
    let no = line.take_switch(&format!("no-{name}"))?;
    let yes = line.take_switch(name)?;
    if yes && no {
        return Err(CommandError::new(format!("--{name} and --no-{name} exclude each other"), line.end));
    }
    Ok(yes)
}

/// `Key=Value` words, or a JSON file: a list of `{ParameterKey, ParameterValue}` or of such words, or an object.
fn pairs(line: &mut Line, flag: &str, files: &dyn Files) -> Result<Vec<(String, String)>, CommandError> {
    let mut found = Vec::new();
    for word in line.take_words(flag)? {
        let json = match word.text.strip_prefix("file://") {
            Some(path) => Some(read(files, flag, path, &word)?),
            None if word.text.starts_with(['[', '{']) => Some(word.text.clone()),
            None => None,
        };
        let wrong = |what: &str| {
            CommandError::new(format!("--{flag}: expected Key=Value, found {what} (in '{}')", word.text), word.at)
        };
        match json {
            None => found.push(pair(&word.text).ok_or_else(|| wrong("no '='"))?),
            Some(text) => {
                let value: Value =
                    serde_json::from_str(&text).map_err(|error| wrong(&format!("JSON that breaks: {error}")))?;
                found.extend(json_pairs(&value).ok_or_else(|| wrong("JSON of another form"))?);
            }
        }
    }
    Ok(found)
}

fn pair(text: &str) -> Option<(String, String)> {
    text.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()))
}

fn json_pairs(value: &Value) -> Option<Vec<(String, String)>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| Some((key.clone(), text(value)?))).collect(),
        Value::Array(items) => {
            let one = |item: &Value| match item {
                Value::String(word) => pair(word),
                item => {
                    let key = item.get("ParameterKey").or(item.get("Key"))?;
                    let value = item.get("ParameterValue").or(item.get("Value"))?;
                    Some((text(key)?, text(value)?))
                }
            };
            items.iter().map(one).collect()
        }
        _ => None,
    }
}
