//! Signatures: who asks which service in which Region. They are read, not verified.

use super::model::{self, Service};
use super::percent;

/// What a credential scope says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The access key.
    pub access_key: String,
    /// The Region; empty for signatures that hold in all Regions.
    pub region: String,
    /// The service's signing name.
    pub service: String,
}

/// The scope of a request's `Authorization` header, or of a presigned query string.
pub fn scope<B>(request: &http::Request<B>) -> Option<Scope> {
    let header = request.headers().get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some((_, rest)) = header.and_then(|header| header.split_once("Credential=")) {
        return parse(rest.split([',', ' ']).next().unwrap_or_default());
    }
    let mut pairs = percent::pairs(request.uri().query().unwrap_or_default());
    parse(&pairs.find(|(name, _)| name.eq_ignore_ascii_case("X-Amz-Credential"))?.1)
}

/// The access key and the Region of an `Authorization` header.
pub fn credential(header: &str) -> Option<(String, String)> {
    let (_, rest) = header.split_once("Credential=")?;
    parse(rest.split([',', ' ']).next().unwrap_or_default()).map(|scope| (scope.access_key, scope.region))
}

/// The scope of a request that needs no signature, because whoever sends it has no credentials yet. The Region is that of
/// the host; empty at an address that tells none.
pub fn nobody<B>(request: &http::Request<B>) -> Option<Scope> {
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let (_, operation) = text("x-amz-target")?.rsplit_once('.')?;
    let service = guess(request).filter(|_| !is_claimed(request))?;
    service.operation(operation).filter(|operation| operation.unsigned)?;
    let host = text("host").or(request.uri().host()).unwrap_or_default();
    let region = host.split_once(".amazonaws.com").and_then(|(name, _)| name.split_once('.'));
    let region = region.map(|(_, region)| region.to_owned()).unwrap_or_default();
    Some(Scope { access_key: String::new(), region, service: service.signing_name().to_owned() })
}

/// Whether a request carries something that is meant as a signature.
pub fn is_claimed<B>(request: &http::Request<B>) -> bool {
    let query = request.uri().query().unwrap_or_default();
    request.headers().contains_key(http::header::AUTHORIZATION)
        || percent::pairs(query).any(|(name, _)| name.eq_ignore_ascii_case("X-Amz-Credential"))
}

/// Whether a request is signed by version 2, as boto3 signs addresses of S3 when it is not told otherwise.
pub fn is_version_2<B>(request: &http::Request<B>) -> bool {
    let header = request.headers().get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let query = request.uri().query().unwrap_or_default();
    header.is_some_and(|header| header.starts_with("AWS "))
        || percent::pairs(query).any(|(name, _)| name == "AWSAccessKeyId")
}

/// The service that an unsigned request is meant for, as far as it shows: by its target, its host or its path.
pub fn guess<B>(request: &http::Request<B>) -> Option<&'static Service> {
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some((prefix, _)) = text("x-amz-target").and_then(|target| target.rsplit_once('.')) {
        return model::models().services.iter().find(|s| s.metadata.target_prefix.as_deref() == Some(prefix));
    }
    let host = text("host").or(request.uri().host()).unwrap_or_default();
    let of_aws = host.contains(".amazonaws.com").then(|| host.split('.').next()).flatten();
    let named = |name: &str| model::models().services.iter().find(|s| s.metadata.endpoint_prefix == name);
    let form = text("content-type").is_some_and(|kind| kind.contains("x-www-form-urlencoded"));
    of_aws.and_then(named).or_else(|| if form { None } else { model::service("s3") })
}

/// `KEY/20260105/eu-west-1/rds/aws4_request`, or without the Region for SigV4A.
fn parse(credential: &str) -> Option<Scope> {
    let parts: Vec<&str> = credential.split('/').collect();
    let (access_key, region, service) = match parts.as_slice() {
        [key, _date, region, service, "aws4_request"] => (key, *region, service),
        [key, _date, service, "aws4_request"] => (key, "", service),
        _ => return None,
    };
    Some(Scope { access_key: (*access_key).to_owned(), region: region.to_owned(), service: (*service).to_owned() })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn of(authorization: Option<&str>, uri: &str) -> Option<Scope> {
        let mut request = http::Request::builder().uri(uri);
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        scope(&request.body(()).unwrap())
    }

    #[test]
    fn headers_and_presigned_queries_are_read() {
        let expected = Scope { access_key: "AK".into(), region: "eu-west-1".into(), service: "s3".into() };
        let header =
            "AWS4-HMAC-SHA256 Credential=AK/20260105/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=0";
        assert_eq!(of(Some(header), "/"), Some(expected.clone()));
        let uri = "/k?X-Amz-Credential=AK%2F20260105%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Signature=0";
        assert_eq!(of(None, uri), Some(expected));
        let everywhere = of(Some("AWS4-ECDSA-P256-SHA256 Credential=AK/20260105/s3/aws4_request, x"), "/").unwrap();
        assert_eq!((everywhere.region.as_str(), everywhere.service.as_str()), ("", "s3"));
    }

    #[test]
    fn anything_else_has_no_scope() {
        for header in [None, Some("Bearer x"), Some("AWS4-HMAC-SHA256 Credential=AK"), Some("Credential=")] {
            assert_eq!(of(header, "/?a=b"), None);
        }
    }

    #[test]
    fn who_signs_in_has_nothing_to_sign_with() {
        let of = |target: &str, host: &str| {
            let request = http::Request::builder().uri("/").header("host", host).header("x-amz-target", target);
            nobody(&request.body(()).unwrap()).map(|scope| (scope.service, scope.region))
        };
        let sign_in = "AWSCognitoIdentityProviderService.InitiateAuth";
        let expected = |region: &str| Some(("cognito-idp".to_owned(), region.to_owned()));
        assert_eq!(of(sign_in, "cognito-idp.eu-west-1.amazonaws.com"), expected("eu-west-1"));
        assert_eq!(of(sign_in, "127.0.0.1:4566"), expected(""));
        assert_eq!(of("AWSCognitoIdentityProviderService.DeleteUserPool", "127.0.0.1:4566"), None);
    }
}
