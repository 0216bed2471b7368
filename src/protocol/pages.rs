//! Long answers: the AWS CLI asks for page after page and prints them as one.

use serde_json::{Map, Value};

use super::model::{self, Paginator};

/// How an operation's answer is paged, as botocore records it; tokens are JMESPaths into the output.
pub type PageSpec = Paginator;

/// How the answer of this operation is paged, when it is. `service` is our key (`s3`) or the AWS CLI's name (`s3api`).
pub fn paginator(service: &str, operation: &str) -> Option<&'static PageSpec> {
    let service = model::service(service).or_else(|| model::service_by_cli_name(service))?;
    service.paginators.iter().find(|pages| pages.operation == operation)
}

/// Collects the pages of one operation.
///
/// ```
/// use multi_region_workshop::protocol::Pages;
/// use serde_json::json;
///
/// let mut pages = Pages::of("rds", "DescribeDBClusters", &json!({})).unwrap();
/// let next = pages.add(json!({"DBClusters": [{"Status": "available"}], "Marker": "m"}));
/// assert_eq!(next, Some(json!({"Marker": "m"})));
/// assert_eq!(pages.add(json!({"DBClusters": [{"Status": "creating"}]})), None);
/// assert_eq!(pages.finish(), json!({"DBClusters": [{"Status": "available"}, {"Status": "creating"}]}));
/// ```
pub struct Pages {
    spec: &'static PageSpec,
    input: Value,
    joined: Map<String, Value>,
    /// What is taken from the first page only; printed behind the lists.
    kept: Option<Map<String, Value>>,
}

impl Pages {
    /// `None` when the operation is not paged, or when `input` asks for one page itself by a token or a limit: the AWS
    /// CLI then prints that page as it came.
    pub fn of(service: &str, operation: &str, input: &Value) -> Option<Self> {
        let spec = paginator(service, operation)?;
        let by_hand = spec.input_token.iter().chain(&spec.limit_key).any(|name| input.get(name).is_some());
        let new = || Self { spec, input: input.clone(), joined: Map::new(), kept: None };
        (!by_hand).then(new)
    }

    /// Takes a page; gives the input of the next one, or `None` after the last.
    pub fn add(&mut self, page: Value) -> Option<Value> {
        let next = self.next_input(&page);
        let Value::Object(mut page) = page else { return None };
        let first = |name: &String| (name.clone(), page.get(name).cloned().unwrap_or(Value::Null));
        self.kept.get_or_insert_with(|| self.spec.non_aggregate_keys.iter().map(first).collect());
        for name in &self.spec.result_key {
            let Some(found) = page.remove(name) else { continue };
            match (self.joined.get_mut(name), found) {
                (Some(Value::Array(items)), Value::Array(more)) => items.extend(more),
                (Some(Value::Number(sum)), Value::Number(more)) => {
                    if let (Some(a), Some(b)) = (sum.as_i64(), more.as_i64()) {
                        *sum = a.saturating_add(b).into();
                    }
                }
                (Some(_), _) => {}
                (None, found) => {
                    self.joined.insert(name.clone(), found);
                }
            }
        }
        self.input = next?;
        Some(self.input.clone())
    }

    /// All pages as the AWS CLI prints them.
    pub fn finish(self) -> Value {
        let mut joined = self.joined;
        joined.extend(self.kept.unwrap_or_default());
        Value::Object(joined)
    }

    fn next_input(&self, page: &Value) -> Option<Value> {
        if let Some(more) = &self.spec.more_results {
            page.get(more).filter(|value| **value == Value::Bool(true))?;
        }
        let mut input = self.input.clone();
        let fields = input.as_object_mut()?;
        let mut any = false;
        for (path, name) in self.spec.output_token.iter().zip(&self.spec.input_token) {
            let token = search(path, page).filter(|token| !is_nothing(token));
            any |= token.is_some();
            match token {
                Some(token) => fields.insert(name.clone(), token),
                None => fields.remove(name),
            };
        }
        // The same token again would go round for ever.
        (any && input != self.input).then_some(input)
    }
}

fn is_nothing(token: &Value) -> bool {
    match token {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn search(path: &str, page: &Value) -> Option<Value> {
    // Most tokens are a member by name; a JMESPath would copy the whole page to look at it.
    if path.chars().all(|letter| letter.is_ascii_alphanumeric()) {
        return page.get(path).cloned();
    }
    let found = jmespath::compile(path).ok()?.search(page).ok()?;
    serde_json::to_value(&*found).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn several_tokens_move_together_and_end_with_the_flag() {
        let input = json!({"HostedZoneId": "Z1"});
        let mut pages = Pages::of("route53", "ListResourceRecordSets", &input).unwrap();
        let next = pages.add(json!({"ResourceRecordSets": [1], "IsTruncated": true, "NextRecordName": "a",
            "NextRecordType": "A", "NextRecordIdentifier": "r1", "MaxItems": "1"}));
        let expected = json!({"HostedZoneId": "Z1", "StartRecordName": "a", "StartRecordType": "A", "StartRecordIdentifier": "r1"});
        assert_eq!(next, Some(expected));
        let next = pages
            .add(json!({"ResourceRecordSets": [2], "IsTruncated": true, "NextRecordName": "b", "NextRecordType": "A"}));
        assert_eq!(next, Some(json!({"HostedZoneId": "Z1", "StartRecordName": "b", "StartRecordType": "A"})));
        assert_eq!(pages.add(json!({"ResourceRecordSets": [3], "IsTruncated": false, "NextRecordName": "c"})), None);
        assert_eq!(pages.finish(), json!({"ResourceRecordSets": [1, 2, 3]}));
    }

    #[test]
    fn counts_are_added_and_keys_are_tokens() {
        let mut pages = Pages::of("dynamodb", "Scan", &json!({"TableName": "t"})).unwrap();
        let next =
            pages.add(json!({"Items": [], "Count": 2, "ScannedCount": 3, "LastEvaluatedKey": {"id": {"S": "1"}}}));
        assert_eq!(next, Some(json!({"TableName": "t", "ExclusiveStartKey": {"id": {"S": "1"}}})));
        assert_eq!(pages.add(json!({"Items": [7], "Count": 1, "ScannedCount": 1})), None);
        let expected = json!({"Items": [7], "Count": 3, "ScannedCount": 4, "ConsumedCapacity": null});
        assert_eq!(pages.finish(), expected);
    }

    #[test]
    fn a_token_may_be_the_last_key() {
        let mut pages = Pages::of("s3api", "ListObjects", &json!({"Bucket": "b"})).unwrap();
        let next = pages.add(json!({"Contents": [{"Key": "a"}, {"Key": "b"}], "IsTruncated": true, "Prefix": ""}));
        assert_eq!(next, Some(json!({"Bucket": "b", "Marker": "b"})));
        assert_eq!(pages.add(json!({"Contents": [{"Key": "c"}], "IsTruncated": true})).unwrap()["Marker"], "c");
        assert_eq!(pages.add(json!({"IsTruncated": true, "NextMarker": "c"})), None, "the same token again");
        assert_eq!(pages.finish()["Contents"].as_array().unwrap().len(), 3);
    }

    #[test]
    fn one_page_by_hand_stays_one() {
        assert!(Pages::of("dynamodb", "Query", &json!({"Limit": 1})).is_none());
        assert!(Pages::of("rds", "DescribeDBClusters", &json!({"Marker": "m"})).is_none());
        assert!(Pages::of("rds", "CreateDBCluster", &json!({})).is_none());
    }

    #[test]
    fn lists_and_flags_of_the_models_are_plain_names() {
        for spec in model::models().services.iter().flat_map(|service| &service.paginators) {
            let names = spec.result_key.iter().chain(&spec.more_results).chain(&spec.non_aggregate_keys);
            for name in names {
                assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{}: {name}", spec.operation);
            }
            assert_eq!(spec.input_token.len(), spec.output_token.len(), "{}", spec.operation);
        }
    }
}
