//! Lambda code that stands in the template: an archive of one file, and AWS's helper for custom resources beside it.

use std::io::{Cursor, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{Request, unsupported};
use crate::sandbox::call::{AwsError, text};

/// The longest code inside of a template, in characters. Source: CloudFormation User Guide, `AWS::Lambda::Function Code`.
const LONGEST: usize = 4 * 1024 * 1024;

/// The module that CloudFormation adds for Node.js code that asks for it. Written here from its documented behaviour.
/// Source: CloudFormation User Guide, "cfn-response module".
const RESPONSE_MODULE: &str = r#"exports.SUCCESS = "SUCCESS";
exports.FAILED = "FAILED";
exports.send = async function (event, context, status, data, physicalResourceId, noEcho) {
  const body = JSON.stringify({
    Status: status,
    Reason: "See the details in CloudWatch Log Stream: " + context.logStreamName,
    PhysicalResourceId: physicalResourceId || context.logStreamName,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    NoEcho: noEcho || false,
    Data: data,
  });
  const headers = { "content-type": "", "content-length": String(body.length) };
  await fetch(event.ResponseURL, { method: "PUT", headers, body });
  if (context.done) context.done();
};
"#;

/// Puts an archive where a template has source text: the API takes archives. CloudFormation names the file `index`.
pub fn packed(request: &Request<'_>) -> Result<Option<String>, AwsError> {
    let Some(source) = request.properties.pointer("/Code/ZipFile").and_then(Value::as_str) else { return Ok(None) };
    if source.chars().count() > LONGEST {
        let why = format!("ZipFile may have {LONGEST} characters at most.");
        return Err(AwsError::client("InvalidParameterValueException", why));
    }
    let runtime = text(request.properties, "Runtime").unwrap_or_default();
    let extension = match runtime {
        nodejs if nodejs.starts_with("nodejs") => "js",
        python if python.starts_with("python") => "py",
        other => return Err(unsupported(&format!("inline code (Code.ZipFile) for the runtime {other}"))),
    };
    let mut files = vec![(format!("index.{extension}"), source)];
    if extension == "js" && source.contains("cfn-response") {
        files.push(("cfn-response.js".to_owned(), RESPONSE_MODULE));
    }
    let archive = archive(&files).map_err(|error| AwsError::with_status(500, "ServiceException", error.to_string()))?;
    Ok(Some(STANDARD.encode(&archive)))
}

fn archive(files: &[(String, &str)]) -> zip::result::ZipResult<Vec<u8>> {
    // The same text gives the same bytes.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o644);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        archive.start_file(name.as_str(), options)?;
        archive.write_all(text.as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}

/// Replaces the source text in the input of CreateFunction by its archive.
pub fn pack(request: &Request<'_>, input: &mut Map<String, Value>) -> Result<(), AwsError> {
    if let (Some(archive), Some(code)) = (packed(request)?, input.get_mut("Code").and_then(Value::as_object_mut)) {
        code.insert("ZipFile".into(), archive.into());
    }
    Ok(())
}
