//! Lists of AWS in which what does not exist is empty.

use serde_json::Value;

use crate::domain::{Failure, FailureClass, Operations};
use crate::protocol::List;

/// All items of a list, page by page. A list of something that does not exist is empty.
pub(super) async fn all(aws: &dyn Operations, list: &List, region: &str, input: Value) -> Result<Vec<Value>, Failure> {
    match list.all(aws, region, input).await {
        Err(failure) if failure.class == FailureClass::NotFound => Ok(Vec::new()),
        found => found,
    }
}
