//! How long answers are paged, as data.

use super::model::{self, Paginator};

/// How an operation's answer is paged; paths are JMESPaths into the output.
pub type PageSpec = Paginator;

/// How the answer of this operation is paged, when it is. `service` is our key (`s3`) or the AWS CLI's name (`s3api`).
pub fn paginator(service: &str, operation: &str) -> Option<&'static PageSpec> {
    let service = model::service(service).or_else(|| model::service_by_cli_name(service))?;
    service.paginators.iter().find(|pages| pages.operation == operation)
}
