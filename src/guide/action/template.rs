//! What `aws cloudformation deploy` needs to know of a template: the names of its parameters.

use serde_yaml::Value as Yaml;

use super::error::LocalError;

/// The names of the template's parameters, in its order. JSON is YAML, too.
pub fn parameters(path: &str, body: &str) -> Result<Vec<String>, LocalError> {
    let wrong = |why: String| LocalError::Template { path: path.to_owned(), why };
    let template: Yaml = serde_yaml::from_str(body).map_err(|error| wrong(error.to_string()))?;
    if template.get("Resources").is_none() {
        return Err(wrong("it has no Resources".to_owned()));
    }
    let names = template.get("Parameters").and_then(Yaml::as_mapping);
    Ok(names.into_iter().flatten().filter_map(|(name, _)| name.as_str().map(str::to_owned)).collect())
}
