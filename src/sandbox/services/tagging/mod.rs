//! Resource Groups Tagging: what carries a tag.

use serde_json::{Value, json};

use super::{Handler, inventory};
use crate::sandbox::call::{AwsError, Call, tag_list, text};

/// How many resources a page has when the request does not say. Source: Resource Groups Tagging API, GetResources.
const PAGE: usize = 50;
/// Types that GetResources never lists although they carry tags. Source: Resource Groups Tagging API, supported services.
const NEVER_LISTED: &[&str] = &["AWS::IAM::Role", "AWS::IAM::Policy"];

/// The handler of an operation.
pub fn handler(operation: &str) -> Option<Handler> {
    match operation {
        "GetResources" => Some(get_resources),
        _ => None,
    }
}

fn get_resources(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let filters: Vec<&Value> = input.get("TagFilters").and_then(Value::as_array).into_iter().flatten().collect();
    let types: Vec<&str> = input
        .get("ResourceTypeFilters")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let size = input.get("ResourcesPerPage").and_then(Value::as_u64).map_or(Ok(PAGE), page_size)?;
    let start = match text(input, "PaginationToken").filter(|token| !token.is_empty()) {
        None => 0,
        Some(token) => token.parse::<usize>().map_err(|_| {
            AwsError::client(
                "PaginationTokenExpiredException",
                "The pagination token is not one that this API gave out",
            )
        })?,
    };
    // A resource that never had a tag is not listed: tags alone cannot prove that nothing is left.
    let mut found: Vec<_> = inventory(call)
        .into_iter()
        .filter(|record| !record.built_in && !record.tags.is_empty() && !NEVER_LISTED.contains(&record.type_name))
        .filter(|record| filters.iter().all(|filter| carries(&record.tags, filter)))
        .filter(|record| types.is_empty() || types.iter().any(|kind| is_of(&record.arn, kind)))
        .collect();
    found.sort_by(|a, b| a.arn.cmp(&b.arn));
    let page: Vec<Value> = found
        .iter()
        .skip(start)
        .take(size)
        .map(|record| json!({ "ResourceARN": record.arn, "Tags": tag_list(&record.tags) }))
        .collect();
    let next = start + page.len();
    let token = if next < found.len() { next.to_string() } else { String::new() };
    Ok(json!({ "ResourceTagMappingList": page, "PaginationToken": token }))
}

fn page_size(asked: u64) -> Result<usize, AwsError> {
    match usize::try_from(asked) {
        Ok(size @ 1..=100) => Ok(size),
        _ => Err(AwsError::client("InvalidParameterException", "ResourcesPerPage must be from 1 to 100")),
    }
}

/// Whether a tag filter holds: the key is there, with one of the values when values are given.
fn carries(tags: &[(String, String)], filter: &Value) -> bool {
    let values: Vec<&str> =
        filter.get("Values").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    tags.iter().any(|(key, value)| {
        Some(key.as_str()) == text(filter, "Key") && (values.is_empty() || values.contains(&value.as_str()))
    })
}

/// Whether an ARN is of a type such as `rds` or `rds:cluster`.
fn is_of(arn: &str, kind: &str) -> bool {
    let mut parts = arn.splitn(6, ':').skip(2);
    let (service, rest) = (parts.next().unwrap_or_default(), parts.nth(2).unwrap_or_default());
    let resource = rest.split([':', '/']).next().unwrap_or_default();
    match kind.split_once(':') {
        Some((wanted, wanted_resource)) => wanted == service && wanted_resource == resource,
        None => kind == service,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::sandbox::World;

    #[test]
    fn only_what_carries_the_tag_is_listed_page_by_page() {
        let mut world = World::new(1);
        let mut call = Call::new(&mut world, "111122223333", "eu-west-1");
        for n in 0..3 {
            let group = json!({ "logGroupName": format!("g{n}"), "tags": { "run": "abc" } });
            call.invoke("logs", "CreateLogGroup", &group).unwrap();
        }
        call.invoke("logs", "CreateLogGroup", &json!({ "logGroupName": "other" })).unwrap();
        let filter = json!([{ "Key": "run", "Values": ["abc"] }]);
        let ask = |call: &mut Call<'_>, token: &Value| {
            let input = json!({ "TagFilters": filter, "ResourcesPerPage": 2, "PaginationToken": token });
            call.invoke("resourcegroupstaggingapi", "GetResources", &input).unwrap()
        };
        let first = ask(&mut call, &json!(""));
        let second = ask(&mut call, &first["PaginationToken"]);
        let count = |page: &Value| page["ResourceTagMappingList"].as_array().unwrap().len();
        assert_eq!((count(&first), count(&second)), (2, 1));
        assert_eq!(second["PaginationToken"], "");
    }

    #[test]
    fn types_are_read_off_the_arn() {
        assert!(is_of("arn:aws:rds:eu-west-1:1:cluster:x", "rds:cluster"));
        assert!(is_of("arn:aws:dynamodb:eu-west-1:1:table/x", "dynamodb:table"));
        assert!(!is_of("arn:aws:rds:eu-west-1:1:db:x", "rds:cluster"));
        assert!(is_of("arn:aws:s3:::bucket", "s3"));
    }
}
