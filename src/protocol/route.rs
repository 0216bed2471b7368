//! From method, path and query string to an operation of a REST service.

use http::HeaderMap;

use super::model::{Location, OperationModel, Service};
use super::{percent, s3};

/// An operation with the labels of its path.
pub struct Route {
    /// The operation.
    pub operation: &'static OperationModel,
    /// The decoded labels.
    pub labels: Vec<(&'static str, String)>,
}

/// What chooses an operation.
pub struct Asked<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The path, still percent-encoded; for S3 with the bucket in front.
    pub path: &'a str,
    /// The decoded query string.
    pub query: &'a [(String, String)],
    /// The headers.
    pub headers: &'a HeaderMap,
}

/// The operation that is asked for: of those that match, the one that says the most.
pub fn find(service: &'static Service, asked: &Asked<'_>) -> Option<Route> {
    let candidates = service.operations().iter().filter(|operation| operation.method == asked.method);
    let matching = candidates.filter_map(|operation| {
        let (path, literal) = operation.uri.split_once('?').unwrap_or((&operation.uri, ""));
        let wanted: Vec<_> = percent::pairs(literal).collect();
        let given = |pair: &(String, String)| {
            asked.query.iter().any(|(name, value)| *name == pair.0 && (pair.1.is_empty() || *value == pair.1))
        };
        if !wanted.iter().all(given) || (service.key == "s3" && !is_s3_choice(service, operation, &wanted, asked)) {
            return None;
        }
        let (labels, literals) = match_path(path, asked.path)?;
        Some(((wanted.len(), literals), Route { operation, labels }))
    });
    matching.max_by_key(|(weight, _)| *weight).map(|(_, route)| route)
}

/// S3 tells many operations apart by a key in the query string, and copies by a header. A key that an operation does not
/// have means another operation, perhaps one that is not in the models; so does a key that it needs and that is not there.
fn is_s3_choice(
    service: &Service,
    operation: &OperationModel,
    literals: &[(String, String)],
    asked: &Asked<'_>,
) -> bool {
    let input = operation.input.as_ref().map(|input| service.shape(input));
    let takes = |name: &str| {
        let members = input.into_iter().flat_map(|shape| &shape.members);
        members.filter(|m| m.location == Some(Location::Querystring)).any(|member| member.wire_name() == name)
    };
    let explained = |name: &str| literals.iter().any(|(literal, _)| literal == name) || takes(name);
    let needed = input.into_iter().flat_map(|shape| &shape.members).filter(|member| member.required);
    let is_there = |name: &str| asked.query.iter().any(|(given, _)| given == name);
    let mut keys = needed.filter(|m| m.location == Some(Location::Querystring));
    let copies = asked.headers.contains_key("x-amz-copy-source");
    let header_fits = match operation.name.as_str() {
        "CopyObject" | "UploadPartCopy" => copies,
        "PutObject" | "UploadPart" => !copies,
        _ => true,
    };
    header_fits
        && keys.all(|member| is_there(member.wire_name()))
        && asked.query.iter().all(|(name, _)| s3::is_neutral_query(name) || explained(name))
}

/// The labels of `path` by `template`, and how many literal segments they share.
fn match_path(template: &'static str, path: &str) -> Option<(Vec<(&'static str, String)>, usize)> {
    let mut labels = Vec::new();
    let mut literals = 0;
    let mut rest = path.strip_prefix('/').unwrap_or(path);
    for segment in template.split('/').skip(1).filter(|segment| !segment.is_empty()) {
        let label = segment.strip_prefix('{').and_then(|label| label.strip_suffix('}'));
        if let Some(greedy) = label.and_then(|label| label.strip_suffix('+')) {
            if rest.is_empty() {
                return None;
            }
            labels.push((greedy, percent::decode(rest)));
            return Some((labels, literals));
        }
        let (head, tail) = rest.split_once('/').unwrap_or((rest, ""));
        match label {
            _ if head.is_empty() => return None,
            Some(label) => labels.push((label, percent::decode(head))),
            None if segment == head => literals += 1,
            None => return None,
        }
        rest = tail;
    }
    // One slash at the end makes no difference to AWS.
    rest.is_empty().then_some((labels, literals))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::super::model;
    use super::*;

    fn route(service: &str, method: &str, target: &str, header: Option<&'static str>) -> Option<(String, Vec<String>)> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query: Vec<_> = percent::pairs(query).collect();
        let mut headers = HeaderMap::new();
        if let Some(name) = header {
            headers.insert(name, http::HeaderValue::from_static("x"));
        }
        let asked = Asked { method, path, query: &query, headers: &headers };
        let route = find(model::service(service).unwrap(), &asked)?;
        Some((route.operation.name.clone(), route.labels.into_iter().map(|(_, text)| text).collect()))
    }

    #[test]
    fn s3_operations_are_told_apart() {
        for (method, target, expected) in [
            ("GET", "/", "ListBuckets"),
            ("GET", "/?x-id=ListBuckets", "ListBuckets"),
            ("PUT", "/b", "CreateBucket"),
            ("PUT", "/b/", "CreateBucket"),
            ("GET", "/b", "ListObjects"),
            ("GET", "/b?list-type=2&prefix=a", "ListObjectsV2"),
            ("GET", "/b?versions", "ListObjectVersions"),
            ("GET", "/b?versioning=", "GetBucketVersioning"),
            ("PUT", "/b?versioning", "PutBucketVersioning"),
            ("POST", "/b?delete", "DeleteObjects"),
            ("HEAD", "/b", "HeadBucket"),
            ("HEAD", "/b/k", "HeadObject"),
            ("GET", "/b/k?x-id=GetObject&X-Amz-Signature=1", "GetObject"),
            ("PUT", "/b/k?x-id=PutObject", "PutObject"),
            ("DELETE", "/b/k?versionId=v", "DeleteObject"),
            ("DELETE", "/b/k?uploadId=u", "AbortMultipartUpload"),
            ("GET", "/b/k?partNumber=1", "GetObject"),
            ("GET", "/b/k?uploadId=u", "ListParts"),
            ("GET", "/b?uploads", "ListMultipartUploads"),
            ("POST", "/b/k?uploads", "CreateMultipartUpload"),
            ("POST", "/b/k?uploadId=u", "CompleteMultipartUpload"),
            ("PUT", "/b/k?partNumber=1&uploadId=u", "UploadPart"),
            ("PUT", "/b/k?tagging", "PutObjectTagging"),
        ] {
            assert_eq!(route("s3", method, target, None).map(|r| r.0).as_deref(), Some(expected), "{method} {target}");
        }
        assert_eq!(route("s3", "PUT", "/b/k", Some("x-amz-copy-source")).unwrap().0, "CopyObject");
        let part = route("s3", "PUT", "/b/k?partNumber=1&uploadId=u", Some("x-amz-copy-source"));
        assert_eq!(part.unwrap().0, "UploadPartCopy");
        for (method, target) in [("GET", "/b?acl"), ("PUT", "/b/k?partNumber=1"), ("POST", "/b/k?restore")] {
            assert!(route("s3", method, target, None).is_none(), "{method} {target}");
        }
    }

    #[test]
    fn labels_are_decoded_and_keys_keep_their_slashes() {
        assert_eq!(route("s3", "GET", "/b/a//b%20c/", None).unwrap().1, ["b", "a//b c/"]);
        let tags = route("apigateway", "PUT", "/tags/arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2Frestapis%2Fa", None);
        assert_eq!(tags.unwrap().1, ["arn:aws:apigateway:eu-west-1::/restapis/a"]);
        assert!(route("s3", "GET", "//k", None).is_none_or(|(name, _)| name != "GetObject"));
    }

    #[test]
    fn slashes_at_the_end_do_not_matter() {
        for target in ["/2013-04-01/hostedzone/Z1/rrset", "/2013-04-01/hostedzone/Z1/rrset/"] {
            assert_eq!(route("route53", "POST", target, None).unwrap().0, "ChangeResourceRecordSets");
            assert_eq!(route("route53", "GET", target, None).unwrap().0, "ListResourceRecordSets");
        }
        assert_eq!(route("apigateway", "GET", "/restapis/a/stages/prod", None).unwrap().0, "GetStage");
        assert!(route("apigateway", "GET", "/nowhere", None).is_none());
    }
}
