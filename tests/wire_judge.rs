//! The Rust half of `tests/judges/wire.py` and `tests/judges/endpoint.py`, in which botocore, boto3 and the AWS CLI judge
//! the codec, the loopback endpoint and the command line.
//!
//! It answers JSON lines of the file in `WIRE_JUDGE_IN` into the file in `WIRE_JUDGE_OUT`; without them there is nothing to
//! judge.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use multi_region_workshop::domain::BoxFuture;
use multi_region_workshop::protocol::{
    self, Command, FileError, Files, ServiceError, Wire, WireError, decode_request, decode_response, encode_error,
    encode_response,
};
use multi_region_workshop::sandbox::owner::loopback::{self, Limits};
use serde_json::{Value, json};
use tokio::sync::Notify;

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        fs::read(path).map_err(|error| FileError(error.to_string()))
    }
}

fn headers(of: &Value) -> HeaderMap {
    let pairs = of.as_array().into_iter().flatten();
    let header = |pair: &Value| {
        let name = HeaderName::try_from(pair[0].as_str()?).ok()?;
        Some((name, HeaderValue::try_from(pair[1].as_str()?).ok()?))
    };
    pairs.filter_map(header).collect()
}

fn bytes(of: &Value) -> Bytes {
    STANDARD.decode(of.as_str().unwrap_or_default()).unwrap().into()
}

fn written(answer: &Response<Bytes>) -> Value {
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let headers: Vec<_> = answer.headers().iter().map(|(name, value)| json!([name.as_str(), text(value)])).collect();
    json!({"status": answer.status().as_u16(), "headers": headers, "body": STANDARD.encode(answer.body())})
}

/// A request of an SDK, with the output or error that is to be answered.
fn request(line: &Value) -> Value {
    let mut request = Request::builder().method(line["method"].as_str().unwrap()).uri(line["url"].as_str().unwrap());
    *request.headers_mut().unwrap() = headers(&line["headers"]);
    let decoded = match decode_request(&request.body(bytes(&line["body"])).unwrap()) {
        Ok(decoded) => decoded,
        Err(error) => return json!({"error": error.to_string()}),
    };
    let stream = line["stream"].as_str().map(|_| bytes(&line["stream"]));
    let answer = encode_response(&decoded, &line["output"], stream, "req-1");
    let refusal = ServiceError::new(line["code"].as_str().unwrap_or_default(), "No <such> thing.", 0);
    let refusal = encode_error(&decoded, &refusal, "req-1");
    json!({
        "service": decoded.service, "operation": decoded.operation, "region": decoded.region, "input": decoded.input,
        "payload": decoded.payload.map(|payload| STANDARD.encode(payload)),
        "answer": written(&answer), "refusal": written(&refusal),
    })
}

/// A response, as the AWS CLI would print it.
fn response(line: &Value) -> Value {
    let (service, operation) = (line["service"].as_str().unwrap(), line["operation"].as_str().unwrap());
    let status = StatusCode::from_u16(u16::try_from(line["status"].as_u64().unwrap()).unwrap()).unwrap();
    match decode_response(service, operation, status, &headers(&line["headers"]), &bytes(&line["body"])) {
        Ok(output) => json!({"output": output}),
        Err(error) => json!({"code": error.code, "message": error.message}),
    }
}

fn command(line: &Value) -> Value {
    match protocol::parse_command(line["text"].as_str().unwrap(), &NoFiles) {
        Ok(Command::Operation(operation) | Command::Download { operation, .. }) => {
            let payload = operation.payload.map(|payload| STANDARD.encode(payload));
            json!({"operation": operation.api, "input": operation.input, "region": operation.region, "payload": payload})
        }
        Ok(other) => json!({"other": format!("{other:?}")}),
        Err(error) => json!({"error": error.to_string()}),
    }
}

#[test]
fn answer_the_judge() {
    let (Ok(questions), Ok(answers)) = (std::env::var("WIRE_JUDGE_IN"), std::env::var("WIRE_JUDGE_OUT")) else {
        return;
    };
    let questions = fs::read_to_string(questions).unwrap();
    let answered = questions.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        match line["kind"].as_str().unwrap() {
            "request" => request(&line),
            "response" => response(&line),
            _ => command(&line),
        }
    });
    let lines: Vec<_> = answered.map(|answer| answer.to_string()).collect();
    fs::write(answers, lines.join("\n")).unwrap();
}

/// Answers what a script says, and keeps what was asked.
#[derive(Default)]
struct Scripted {
    script: Mutex<Vec<Value>>,
    asked: Mutex<Vec<Value>>,
    end: Notify,
}

impl Scripted {
    /// Takes the next script, and gives what was asked during the last.
    fn control(&self, body: &[u8]) -> Response<Bytes> {
        let script: Vec<Value> = serde_json::from_slice(body).unwrap();
        if script.first().is_some_and(|line| line["end"] == true) {
            self.end.notify_one();
        }
        *self.script.lock().unwrap() = script;
        Response::new(Value::Array(std::mem::take(&mut self.asked.lock().unwrap())).to_string().into())
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let decoded = match decode_request(request) {
            Ok(decoded) => decoded,
            Err(error) => {
                self.asked.lock().unwrap().push(json!({"error": error.to_string()}));
                return error.response("req-1");
            }
        };
        let payload = decoded.payload.as_ref().map(|payload| STANDARD.encode(payload));
        let asked = json!({"operation": decoded.operation, "input": decoded.input, "payload": payload});
        self.asked.lock().unwrap().push(asked);
        let mut script = self.script.lock().unwrap();
        let line = if script.len() > 1 { script.remove(0) } else { script[0].clone() };
        if let Some(code) = line["code"].as_str() {
            let status = u16::try_from(line["status"].as_u64().unwrap_or(0)).unwrap();
            let error = ServiceError::new(code, line["message"].as_str().unwrap_or_default(), status);
            return encode_error(&decoded, &error, "req-1");
        }
        encode_response(&decoded, &line["output"], line["stream"].as_str().map(|_| bytes(&line["stream"])), "req-1")
    }
}

impl Wire for Scripted {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, WireError>> {
        Box::pin(async move {
            Ok(if request.uri().path() == "/_judge" { self.control(request.body()) } else { self.answer(&request) })
        })
    }
}

/// Serves `tests/judges/endpoint.py`, which starts it and says in `WIRE_JUDGE_PORT` where the port is to be written.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "started by tests/judges/endpoint.py"]
async fn serve_the_judge() {
    let told = std::env::var("WIRE_JUDGE_PORT").expect("WIRE_JUDGE_PORT, as tests/judges/endpoint.py sets it");
    let scripted = Arc::new(Scripted::default());
    let endpoint = loopback::serve(0, Arc::clone(&scripted) as Arc<dyn Wire>, Limits::default()).unwrap();
    let draft = format!("{told}.draft");
    fs::write(&draft, endpoint.port.to_string()).unwrap();
    fs::rename(draft, told).unwrap();
    scripted.end.notified().await;
}
