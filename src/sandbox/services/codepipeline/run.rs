//! Executions: what each stage does, as the pipeline's role.

use std::io::{Cursor, Read as _};

use bytes::Bytes;
use serde_json::{Value, json};
use zip::ZipArchive;

use super::declare::{artifacts, setting};
use super::{Action, Execution, Revision, Transition, actions, find};
use crate::sandbox::call::{AwsError, Call, text};
use crate::sandbox::services::{dispatch, iam};
use crate::sandbox::world::What;

/// The largest archive that is unpacked. Source: AWS CodePipeline User Guide, "Quotas": 5 GB from S3; the sandbox keeps
/// objects in memory, and takes what Lambda takes.
const LARGEST: u64 = 250 * 1024 * 1024;
/// Types by the ends of names, as S3's deploy action gives them to what it extracts.
const TYPES: [(&str, &str); 8] = [
    ("css", "text/css"),
    ("html", "text/html"),
    ("ico", "image/x-icon"),
    ("js", "text/javascript"),
    ("json", "application/json"),
    ("mjs", "text/javascript"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain"),
];

/// Begins an execution, and gives its id.
pub(super) fn begin(
    call: &mut Call<'_>,
    name: &str,
    trigger: (&str, &str),
    token: Option<String>,
) -> Result<String, AwsError> {
    let (id, now) = (call.uuid(), call.now());
    let execution = Execution {
        id: id.clone(),
        token,
        trigger: (trigger.0.to_owned(), trigger.1.to_owned()),
        status: "InProgress".to_owned(),
        started: now,
        updated: now,
        stage: 0,
        waits: false,
        artifacts: std::collections::BTreeMap::new(),
        revision: None,
        actions: Vec::new(),
    };
    find(call, name)?.executions.push(execution);
    enter(call, name, &id);
    Ok(id)
}

/// An execution comes to its next stage: it waits at a closed door, or its actions begin.
fn enter(call: &mut Call<'_>, name: &str, id: &str) {
    let now = call.now();
    let ids: Vec<String> = (0..16).map(|_| call.uuid()).collect();
    let Ok(pipeline) = find(call, name) else { return };
    let Some(number) = pipeline.execution(id).map(|one| one.stage) else { return };
    let Some(stage) = pipeline.stage(number).cloned() else { return };
    let title = text(&stage, "name").unwrap_or_default().to_owned();
    let waits = pipeline.closed.contains_key(&title);
    let Some(execution) = pipeline.execution(id) else { return };
    execution.waits = waits;
    execution.updated = now;
    if waits {
        return;
    }
    for (action, id) in actions(&stage).zip(ids) {
        let name = text(action, "name").unwrap_or_default().to_owned();
        let status = "InProgress".to_owned();
        execution.actions.push(Action { stage: title.clone(), name, id, at: now, status, error: None });
    }
    let after = call.draw("codepipeline.action", &format!("{name}/{title}"));
    let what = Transition::Done { pipeline: name.to_owned(), execution: id.to_owned() };
    call.schedule(after, What::CodePipeline(what));
}

/// Lets in what waited at a door that is open now.
pub(super) fn resume(call: &mut Call<'_>, name: &str) {
    let Ok(pipeline) = find(call, name) else { return };
    let waiting: Vec<String> = pipeline.executions.iter().filter(|one| one.waits).map(|one| one.id.clone()).collect();
    for id in waiting {
        enter(call, name, &id);
    }
}

/// The actions of the stage are done: what they have done, and what comes next.
pub(super) fn done(call: &mut Call<'_>, name: &str, id: &str) {
    let Ok(pipeline) = find(call, name) else { return };
    let declared = pipeline.declared.clone();
    let Some(execution) = pipeline.execution(id).cloned() else { return };
    let Some(stage) = pipeline.stage(execution.stage).cloned() else { return };
    let last = pipeline.stage(execution.stage + 1).is_none();
    let title = text(&stage, "name").unwrap_or_default().to_owned();
    let mut failed = false;
    for action in actions(&stage) {
        let outcome = perform(call, &declared, id, action);
        let now = call.now();
        failed |= outcome.is_err();
        let own = text(action, "name").unwrap_or_default();
        let Some(execution) = find(call, name).ok().and_then(|pipeline| pipeline.execution(id)) else { return };
        if let Some(row) = execution.actions.iter_mut().rfind(|row| row.stage == title && row.name == own) {
            row.at = now;
            if outcome.is_ok() { "Succeeded" } else { "Failed" }.clone_into(&mut row.status);
            row.error = outcome.err();
        }
    }
    let now = call.now();
    let Some(execution) = find(call, name).ok().and_then(|pipeline| pipeline.execution(id)) else { return };
    execution.updated = now;
    if failed || last {
        let status = if failed { "Failed" } else { "Succeeded" };
        status.clone_into(&mut execution.status);
        call.log(format!("pipeline {name}: execution {id} {status}"));
    } else {
        execution.stage += 1;
        enter(call, name, id);
    }
}

/// Code and message of a failure.
type Failed = (String, String);

fn perform(call: &mut Call<'_>, declared: &Value, id: &str, action: &Value) -> Result<(), Failed> {
    let name = text(declared, "name").unwrap_or_default();
    let role = text(declared, "roleArn").unwrap_or_default();
    let store = declared.pointer("/artifactStore/location").and_then(Value::as_str).unwrap_or_default();
    let mut hand = Hand { call, role, session: name };
    if let Some(artifact) = artifacts(action, "outputArtifacts").next() {
        let (bucket, key) =
            (setting(action, "S3Bucket").unwrap_or_default(), setting(action, "S3ObjectKey").unwrap_or_default());
        let versioning = hand.ask("GetBucketVersioning", &json!({ "Bucket": bucket }), None)?.0;
        if text(&versioning, "Status") != Some("Enabled") {
            // Source: AWS CodePipeline User Guide, "Amazon S3 source action reference": the bucket must be versioned.
            let why = format!("The S3 bucket {bucket} must have versioning enabled to be the source of a pipeline.");
            return Err(("ConfigurationError".to_owned(), why));
        }
        let (found, body) = hand.ask("GetObject", &json!({ "Bucket": bucket, "Key": key }), None)?;
        let at = |text: &str, most: usize| text.chars().take(most).collect::<String>();
        // Source: keys in artifact buckets: the pipeline's name and the artifact's cut short, and seven characters.
        let place = format!("{}/{}/{}.zip", at(name, 20), at(artifact, 10), at(&id.replace('-', ""), 7));
        hand.ask("PutObject", &json!({ "Bucket": store, "Key": place }), Some(body))?;
        let version = text(&found, "VersionId").unwrap_or("null").to_owned();
        let summary = format!("Amazon S3 version id: {version}");
        let revision = Revision { artifact: artifact.to_owned(), id: version, summary };
        let execution = find(hand.call, name).ok().and_then(|pipeline| pipeline.execution(id));
        if let Some(execution) = execution {
            execution.artifacts.insert(artifact.to_owned(), place);
            execution.revision = Some(revision);
        }
        return Ok(());
    }
    let artifact = artifacts(action, "inputArtifacts").next().unwrap_or_default();
    let place =
        find(hand.call, name).ok().and_then(|pipeline| pipeline.execution(id)?.artifacts.get(artifact).cloned());
    let (_, body) = hand.ask("GetObject", &json!({ "Bucket": store, "Key": place.unwrap_or_default() }), None)?;
    deploy(&mut hand, action, body)
}

/// Puts an artifact into a bucket: its files, or itself.
fn deploy(hand: &mut Hand<'_, '_>, action: &Value, body: Bytes) -> Result<(), Failed> {
    let bucket = setting(action, "BucketName").unwrap_or_default();
    let prefix = setting(action, "ObjectKey").unwrap_or_default();
    if setting(action, "Extract") != Some("true") {
        return hand.ask("PutObject", &json!({ "Bucket": bucket, "Key": prefix }), Some(body)).map(drop);
    }
    let wrong =
        || ("ConfigurationError".to_owned(), "The artifact is no ZIP archive, and cannot be extracted.".to_owned());
    let mut archive = ZipArchive::new(Cursor::new(&body)).map_err(|_| wrong())?;
    let mut room = LARGEST;
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|_| wrong())?;
        let Some(path) = file.enclosed_name().filter(|_| file.is_file()) else { continue };
        let path = path.to_string_lossy().replace('\\', "/");
        let mut content = Vec::new();
        // The size in the archive's directory may lie; what is read counts.
        file.take(room + 1).read_to_end(&mut content).map_err(|_| wrong())?;
        room = room.checked_sub(content.len() as u64).ok_or_else(wrong)?;
        let key = if prefix.is_empty() { path.clone() } else { format!("{}/{path}", prefix.trim_end_matches('/')) };
        let end = path.rsplit('.').next().unwrap_or_default();
        let kind = TYPES.iter().find(|(known, _)| *known == end).map_or("application/octet-stream", |(_, kind)| kind);
        let mut input = json!({ "Bucket": bucket, "Key": key, "ContentType": kind });
        if let (Some(cache), Some(members)) = (setting(action, "CacheControl"), input.as_object_mut()) {
            members.insert("CacheControl".into(), json!(cache));
        }
        hand.ask("PutObject", &input, Some(content.into()))?;
    }
    Ok(())
}

/// Who acts: a session of the pipeline's role.
struct Hand<'h, 'w> {
    call: &'h mut Call<'w>,
    role: &'h str,
    session: &'h str,
}

impl Hand<'_, '_> {
    /// An operation of S3 in the bucket's own Region, if the role may.
    fn ask(&mut self, operation: &str, input: &Value, body: Option<Bytes>) -> Result<(Value, Bytes), Failed> {
        let bucket = text(input, "Bucket").unwrap_or_default();
        let region = self.call.world.buckets.get(bucket).map(|bucket| bucket.region.clone());
        let may = iam::authorize_role(self.call, self.role, self.session, "s3", operation, input);
        may.map_err(|error| {
            let why = format!(
                "The provided role does not have sufficient permissions to access Amazon S3: {}",
                error.message
            );
            ("PermissionError".to_owned(), why)
        })?;
        let mut inner = Call {
            account: self.call.account.clone(),
            region: region.unwrap_or_else(|| self.call.region.clone()),
            payload: body,
            reply_payload: None,
            principal: self.call.principal.clone(),
            world: self.call.world,
        };
        match dispatch(&mut inner, "s3", operation, input) {
            Ok(answer) => Ok((answer, inner.reply_payload.take().unwrap_or_default())),
            Err(error) => {
                let what = text(input, "Key").map_or_else(|| bucket.to_owned(), |key| format!("{bucket}/{key}"));
                Err(("ConfigurationError".to_owned(), format!("{what}: {} ({})", error.message, error.code)))
            }
        }
    }
}
