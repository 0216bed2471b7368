//! Tests: every operation of the models, with every member filled, through the wire and back.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::model::{self, Kind, Location, Member, OperationModel, Service};
use super::*;

/// 2026-01-05T09:00:00Z; HTTP dates carry whole seconds, so no fraction.
const AT: i64 = 1_767_603_600;

/// A value with every member of `member`'s shape, distinct by place. Recursive shapes end after two turns.
fn full(service: &Service, member: &Member, place: &str, stack: &mut Vec<String>, stamp: &Value) -> Option<Value> {
    let shape = service.shape(member);
    if stack.iter().filter(|name| **name == shape.name).count() > 1 {
        return None;
    }
    stack.push(shape.name.clone());
    let value = match shape.kind {
        Kind::Structure if shape.document => json!({"any": ["thing", 1, null]}),
        Kind::Structure => {
            let fill = |inner: &Member| {
                let value = full(service, inner, &format!("{place}/{}", inner.name), stack, stamp)?;
                Some((inner.name.clone(), value))
            };
            Value::Object(shape.members.iter().filter_map(fill).collect())
        }
        Kind::List => {
            let element = shape.member.as_ref().unwrap();
            (1..3).filter_map(|n| full(service, element, &format!("{place}/{n}"), stack, stamp)).collect()
        }
        Kind::Map => {
            let element = shape.value.as_ref().unwrap();
            let one =
                |key: &str, stack: &mut Vec<String>| full(service, element, &format!("{place}/{key}"), stack, stamp);
            ["one", "two"].iter().filter_map(|key| Some(((*key).to_owned(), one(key, stack)?))).collect()
        }
        Kind::Boolean => json!(true),
        Kind::Integer => json!(7),
        Kind::Long => json!(5_000_000_000_i64),
        Kind::Double => json!(0.25),
        Kind::Timestamp => stamp.clone(),
        Kind::Blob => json!("AAEC/w=="),
        // Header lists are split at commas and header values are trimmed; everything else bears odd characters.
        Kind::String if matches!(member.location, Some(Location::Header)) || place.contains("headers") => {
            json!("plain")
        }
        Kind::String => json!(format!("{place} é<&>\"'%+=")),
    };
    stack.pop();
    Some(value)
}

fn filled(service: &Service, side: Option<&Member>, stamp: &Value) -> Value {
    let Some(side) = side else { return json!({}) };
    let shape = service.shape(side);
    let mut fields = Map::new();
    for member in &shape.members {
        // Streams travel beside the JSON.
        if service.shape(member).kind == Kind::Blob && shape.payload.as_deref() == Some(&member.name) {
            continue;
        }
        let place = match member.location {
            Some(Location::Header | Location::Headers) => "headers".to_owned(),
            _ => member.name.clone(),
        };
        if let Some(value) = full(service, member, &place, &mut Vec::new(), stamp) {
            fields.insert(member.name.clone(), value);
        }
    }
    Value::Object(fields)
}

fn protocols(service: &Service) -> Vec<Option<WireProtocol>> {
    match service.key.as_str() {
        "cloudwatch" => vec![Some(WireProtocol::Cbor), Some(WireProtocol::Json10), Some(WireProtocol::Query)],
        _ => vec![None],
    }
}

fn every(mut check: impl FnMut(&'static Service, &'static OperationModel, Option<WireProtocol>)) {
    for service in &model::models().services {
        for operation in service.operations() {
            for protocol in protocols(service) {
                check(service, operation, protocol);
            }
        }
    }
}

fn request(
    service: &Service,
    operation: &OperationModel,
    protocol: Option<WireProtocol>,
    input: &Value,
) -> DecodedRequest {
    let stream = ["PutObject", "UploadPart"].contains(&operation.name.as_str());
    let payload = stream.then(|| Bytes::from_static(b"\x00body\xff"));
    let http =
        encode_request(&service.key, &operation.name, protocol, "eu-west-1", "AK", input, payload.clone()).unwrap();
    let decoded = decode_request(&http).unwrap_or_else(|error| panic!("{error}\n{http:?}"));
    assert_eq!(decoded.payload, payload, "{}", operation.name);
    decoded
}

#[test]
fn every_input_comes_back() {
    let mut count = 0;
    every(|service, operation, protocol| {
        let mut input = filled(service, operation.input.as_ref(), &json!(AT));
        if operation.name == "PutObject" {
            input.as_object_mut().unwrap().insert("ContentLength".into(), json!(6));
        }
        let decoded = request(service, operation, protocol, &input);
        let name = format!("{}:{} {protocol:?}", service.key, operation.name);
        assert_eq!((decoded.service, decoded.operation), (service.key.as_str(), operation.name.as_str()), "{name}");
        assert_eq!((decoded.region.as_str(), decoded.access_key.as_str()), ("eu-west-1", "AK"), "{name}");
        similar(&decoded.input, &input, &name);
        count += 1;
    });
    // CloudWatch speaks three protocols, everything else one.
    let all = model::models().services.iter().map(|service| service.operations().len()).sum::<usize>();
    let cloudwatch = model::service("cloudwatch").unwrap().operations().len();
    assert!(all > 250, "only {all} operations");
    assert_eq!(count, all + 2 * cloudwatch);
}

#[test]
fn every_output_comes_back() {
    every(|service, operation, protocol| {
        let input = filled(service, operation.input.as_ref(), &json!(AT));
        let mut decoded = request(service, operation, protocol, &input);
        // Names in listings are only encoded when the client asks.
        if let Value::Object(fields) = &mut decoded.input {
            fields.remove("EncodingType");
        }
        let output = filled(service, operation.output.as_ref(), &json!(AT));
        let answer = encode_response(&decoded, &output, Some(Bytes::from_static(b"stream")), "req-1");
        let name = format!("{}:{} {protocol:?}", service.key, operation.name);
        assert!(answer.status().is_success(), "{name}");
        let shown = filled(service, operation.output.as_ref(), &json!("2026-01-05T09:00:00+00:00"));
        let read = decode_response(&service.key, &operation.name, answer.status(), answer.headers(), answer.body());
        similar(&read.unwrap_or_else(|error| panic!("{name}: {error}\n{answer:?}")), &shown, &name);
    });
}

#[test]
fn every_error_comes_back() {
    every(|service, operation, protocol| {
        let input = filled(service, operation.input.as_ref(), &json!(AT));
        let decoded = request(service, operation, protocol, &input);
        let unlisted = [("AccessDenied".to_owned(), 403, false)];
        let listed = operation.errors(service).map(|shape| {
            let error = shape.error.as_ref().unwrap();
            // Some errors of the Parameter Store have no members: they say nothing but their name.
            let silent = shape.members.iter().all(|member| !member.name.eq_ignore_ascii_case("message"));
            (error.code.clone(), error.status, silent && service.key == "ssm")
        });
        for (code, status, silent) in listed.chain(unlisted) {
            let name = format!("{}:{} {protocol:?} {code}", service.key, operation.name);
            let error = ServiceError::new(&code, "No <such> thing.", 0);
            let answer =
                encode_error(&decoded, &ServiceError { status: if status == 403 { 403 } else { 0 }, ..error }, "req-1");
            assert_eq!(answer.status().as_u16(), status, "{name}");
            let read = decode_response(&service.key, &operation.name, answer.status(), answer.headers(), answer.body());
            let read = read.unwrap_err();
            if operation.method == "HEAD" {
                assert_eq!((answer.body().len(), read.code.as_str()), (0, status.to_string().as_str()), "{name}");
            } else {
                assert_eq!(
                    (read.code.as_str(), read.message.as_str()),
                    (code.as_str(), if silent { "" } else { "No <such> thing." }),
                    "{name}"
                );
            }
        }
    });
}

#[test]
fn a_short_request_is_refused_and_never_panics() {
    every(|service, operation, protocol| {
        let input = filled(service, operation.input.as_ref(), &json!(AT));
        let http = encode_request(&service.key, &operation.name, protocol, "eu-west-1", "AK", &input, None).unwrap();
        for cut in [1, 7, 23, http.body().len().saturating_sub(3)] {
            let mut short = http.clone();
            *short.body_mut() = http.body().slice(..cut.min(http.body().len()));
            if let Err(error) = decode_request(&short) {
                assert!(error.response("r").status().is_client_error(), "{error}");
            }
        }
    });
}

/// Equal, with the place of the first difference in the message.
fn similar(left: &Value, right: &Value, place: &str) {
    match (left, right) {
        (Value::Object(a), Value::Object(b)) => {
            let names = |map: &Map<String, Value>| {
                let mut names: Vec<_> = map.keys().cloned().collect();
                names.sort();
                names
            };
            assert_eq!(names(a), names(b), "{place}");
            for (name, value) in a {
                similar(value, &b[name], &format!("{place}.{name}"));
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len(), "{place}");
            for (x, y) in a.iter().zip(b) {
                similar(x, y, place);
            }
        }
        _ => assert_eq!(left, right, "{place}"),
    }
}

#[test]
fn an_operation_outside_the_models_is_named_in_the_services_own_shape() {
    let authorization =
        |service: &str| format!("AWS4-HMAC-SHA256 Credential=AK/20260105/eu-west-1/{service}/aws4_request, x");
    let form = |service: &str, body: &'static str| {
        http::Request::post("/").header("authorization", authorization(service)).body(Bytes::from(body)).unwrap()
    };
    let error = decode_request(&form("rds", "Action=StartDBCluster&Version=2014-10-31")).unwrap_err();
    let answer = error.response("r-1");
    let text = String::from_utf8(answer.body().to_vec()).unwrap();
    assert!(text.contains("<Code>SandboxUnsupportedOperation</Code><Message>rds:StartDBCluster is not"), "{text}");
    let target = http::Request::post("/")
        .header("authorization", authorization("kms"))
        .header("x-amz-target", "TrentService.Encrypt");
    let error = decode_request(&target.body(Bytes::from_static(b"{}")).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "kms:Encrypt is not simulated by this sandbox");
    let answer = error.response("r-1");
    assert_eq!(answer.headers()["x-amzn-errortype"], "SandboxUnsupportedOperation");
    let acl = http::Request::get("/b?acl").header("authorization", authorization("s3")).body(Bytes::new()).unwrap();
    let answer = decode_request(&acl).unwrap_err().response("r-1");
    let read =
        decode_response("s3", "GetObject", StatusCode::BAD_REQUEST, answer.headers(), answer.body()).unwrap_err();
    assert_eq!(read.message, "s3:GET /b?acl is not simulated by this sandbox");
    assert!(matches!(
        decode_request(&http::Request::new(Bytes::new())),
        Err(RequestError::NoService { garbled: false, .. })
    ));
}

#[test]
fn a_missing_member_is_named() {
    let http = encode_request("rds", "DeleteDBCluster", None, "eu-west-1", "AK", &json!({}), None).unwrap();
    let error = decode_request(&http).unwrap_err();
    assert!(matches!(&error, RequestError::Missing { member, .. } if member == "DBClusterIdentifier"), "{error}");
    let answer = error.response("r");
    let read = decode_response("rds", "DeleteDBCluster", answer.status(), answer.headers(), answer.body()).unwrap_err();
    assert_eq!(read.code, "MissingParameter");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_are_refused_and_never_panic(
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80),
        near in "[<>/a-z{}\\[\\]\",:&=%.0-9;\\r\\n]{0,80}",
    ) {
        for body in [Bytes::from(bytes), Bytes::from(near)] {
            every(|service, operation, protocol| {
                let mut http =
                    encode_request(&service.key, &operation.name, protocol, "eu-west-1", "AK", &json!({}), None).unwrap();
                if operation.name == "PutObject" {
                    http.headers_mut().insert("content-encoding", http::HeaderValue::from_static("aws-chunked"));
                }
                let mut answer = http::Response::new(body.clone());
                if let Some(kind) = http.headers().get("content-type") {
                    answer.headers_mut().insert("content-type", kind.clone());
                }
                *http.body_mut() = body.clone();
                if let Err(error) = decode_request(&http) {
                    assert!(error.response("r").status().is_client_error());
                }
                for status in [StatusCode::OK, StatusCode::BAD_REQUEST] {
                    let _ = decode_response(&service.key, &operation.name, status, answer.headers(), &body);
                }
            });
        }
    }
}
