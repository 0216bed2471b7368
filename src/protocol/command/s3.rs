//! `aws s3 cp`, `sync` and `rm`, which the AWS CLI composes of many calls, and `mb`, which is one.

use serde_json::json;

use super::flags::Line;
use super::words::Word;
use super::{Command, CommandError, S3Copy, S3Remove, S3Sync};
use crate::domain::GLOBAL_REGION;
use crate::protocol::list;

/// What this guide knows of `aws s3`.
const VERBS: [&str; 4] = ["cp", "sync", "rm", "mb"];
/// Flags that only change what the AWS CLI prints.
const QUIET: &[&str] = &["quiet", "only-show-errors", "no-progress"];

/// Parses what follows `aws s3`.
pub fn parse(verb: &Word, mut line: Line) -> Result<Command, CommandError> {
    let command = format!("aws s3 {}", verb.text);
    if !VERBS.contains(&verb.text.as_str()) {
        let message =
            format!("'{command}' is not known to this guide; it knows cp, sync, rm and mb, and all of 'aws s3api'");
        return Err(CommandError::unknown(message, verb.at, &verb.text, VERBS));
    }
    if verb.text == "mb" {
        return make_bucket(&command, &line);
    }
    for name in QUIET {
        line.take_switch(name)?;
    }
    let filters = filters(&mut line)?;
    let recursive = verb.text != "sync" && line.take_switch("recursive")?;
    let delete = verb.text == "sync" && line.take_switch("delete")?;
    let uploads = verb.text != "rm";
    let mut text = |name| Ok::<_, CommandError>(line.take_word(name)?.map(|word| word.text));
    let cache_control = if uploads { text("cache-control")? } else { None };
    let content_type = if verb.text == "cp" { text("content-type")? } else { None };
    let known = match verb.text.as_str() {
        "cp" => ["recursive", "content-type", "cache-control"].as_slice(),
        "sync" => &["delete", "cache-control"],
        _ => &["recursive"],
    };
    let places = if uploads { 2 } else { 1 };
    line.finish(&command, places, known.iter().chain(&["exclude", "include"]).chain(QUIET).copied())?;
    let region = line.region.clone().unwrap_or_default();
    match (verb.text.as_str(), line.plain.as_slice()) {
        ("rm", [uri]) => {
            check_uri(&command, uri)?;
            Ok(Command::S3Remove(S3Remove { uri: uri.text.clone(), recursive, filters, region }))
        }
        ("cp" | "sync", [from, to]) => {
            if !is_s3(from) && !is_s3(to) {
                return Err(CommandError::new(
                    format!("{command}: one of the two places must begin with s3://"),
                    from.at,
                ));
            }
            for place in [from, to].into_iter().filter(|place| is_s3(place)) {
                check_uri(&command, place)?;
            }
            let (from, to) = (from.text.clone(), to.text.clone());
            Ok(if verb.text == "cp" {
                Command::S3Copy(S3Copy { from, to, recursive, filters, content_type, cache_control, region })
            } else {
                Command::S3Sync(S3Sync { from, to, delete, filters, cache_control, region })
            })
        }
        _ => {
            let expected = if uploads { "two places, as in FILE s3://bucket/key" } else { "one s3://bucket/key" };
            Err(CommandError::new(format!("{command} needs {expected}"), line.end))
        }
    }
}

/// `aws s3 mb s3://bucket`. The AWS CLI names the Region in the call, but for us-east-1, which S3 does not take there.
fn make_bucket(command: &str, line: &Line) -> Result<Command, CommandError> {
    line.finish(command, 1, std::iter::empty())?;
    let [uri] = line.plain.as_slice() else {
        return Err(CommandError::new(format!("{command} needs one s3://bucket"), line.end));
    };
    check_uri(command, uri)?;
    let bucket = uri.text.trim_start_matches("s3://").trim_end_matches('/');
    if bucket.contains('/') {
        let message = format!("{command}: expected s3://bucket without a key, found '{}'", uri.text);
        return Err(CommandError::new(message, uri.at));
    }
    let region = line.region.clone().unwrap_or_default();
    let input = if [GLOBAL_REGION, ""].contains(&region.as_str()) {
        json!({ "Bucket": bucket })
    } else {
        json!({ "Bucket": bucket, "CreateBucketConfiguration": { "LocationConstraint": region } })
    };
    Ok(Command::Operation(list::operation("s3api", "create-bucket", &region, input)))
}

/// `--exclude` and `--include` in the order in which they stand: a later one wins.
fn filters(line: &mut Line) -> Result<Vec<(bool, String)>, CommandError> {
    let mut found = Vec::new();
    let mut rest = Vec::new();
    for mut flag in std::mem::take(&mut line.flags) {
        if flag.name != "exclude" && flag.name != "include" {
            rest.push(flag);
            continue;
        }
        if flag.words.is_empty() {
            return Err(CommandError::new(format!("--{} needs a pattern", flag.name), flag.at));
        }
        found.push((flag.name == "include", flag.words.remove(0).text));
        line.give_back(flag.words);
    }
    line.flags = rest;
    Ok(found)
}

fn is_s3(word: &Word) -> bool {
    word.text.starts_with("s3://")
}

fn check_uri(command: &str, word: &Word) -> Result<(), CommandError> {
    let bucket = word.text.strip_prefix("s3://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    if bucket.is_empty() {
        let message = format!("{command}: expected s3://bucket/key, found '{}'", word.text);
        return Err(CommandError::new(message, word.at));
    }
    Ok(())
}
