//! What the AWS CLI prints.

use serde_json::Value;

use super::error::LocalError;

/// `output` as the AWS CLI prints it, after `--query`. An answer without members prints nothing.
pub fn print(output: &Value, query: Option<&str>) -> Result<String, LocalError> {
    if output.as_object().is_some_and(serde_json::Map::is_empty) || output.is_null() {
        return Ok(String::new());
    }
    let picked = match query {
        Some(query) => pick(output, query)?,
        None => output.clone(),
    };
    Ok(pretty(&picked))
}

/// The value that a JMESPath gives.
pub fn pick(output: &Value, query: &str) -> Result<Value, LocalError> {
    let wrong = |why: String| LocalError::Query { query: query.to_owned(), why };
    let path = jmespath::compile(query).map_err(|error| wrong(error.reason.to_string()))?;
    let found = path.search(output).map_err(|error| wrong(error.reason.to_string()))?;
    serde_json::to_value(&*found).map_err(|error| wrong(error.to_string()))
}

/// JSON with the AWS CLI's indent of four.
pub fn pretty(value: &Value) -> String {
    use serde::Serialize as _;
    let mut bytes = Vec::new();
    let format = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let written = value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, format));
    match written {
        Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => value.to_string(),
    }
}
