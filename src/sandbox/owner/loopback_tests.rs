//! The loopback endpoint under hostile, slow and many clients.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::ErrorKind;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::clock::Rate;
use crate::domain::BoxFuture;
use crate::sandbox::owner::{OpenOptions, Opened, open};

/// Answers everything with the number of bytes that it was given.
struct Counts;

impl Wire for Counts {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, WireError>> {
        Box::pin(async move { Ok(Response::new(Bytes::from(request.body().len().to_string()))) })
    }
}

fn small() -> Limits {
    let patience = Duration::from_millis(200);
    Limits { connections: 16, body: 1 << 20, bodies: 2 << 20, patience, whole: Duration::from_secs(20) }
}

async fn connect(port: u16) -> TcpStream {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap()
}

/// Sends bytes to a port, and reads until the connection closes.
async fn talk(port: u16, bytes: &[u8]) -> String {
    let mut stream = connect(port).await;
    // A refused sender may find the connection closed before it has sent everything.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer).await {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
        _ => String::from_utf8_lossy(&answer).into_owned(),
    }
}

fn signature(service: &str, region: &str) -> String {
    format!(
        "authorization: AWS4-HMAC-SHA256 Credential=AK/20260105/{region}/{service}/aws4_request, SignedHeaders=host, \
         Signature=0\r\n"
    )
}

/// A request with a body, on a connection that closes after it.
fn post(path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

#[test]
fn loopback_and_the_names_of_aws_are_ours() {
    for host in [
        "127.0.0.1",
        "127.0.0.1:4566",
        "LOCALHOST:1",
        "[::1]:80",
        "[::1]",
        "b.s3.localhost:4566",
        "rds.eu-west-1.amazonaws.com",
        "b.s3.eu-west-1.amazonaws.com:443",
    ] {
        assert!(is_ours(host), "{host}");
    }
    for host in [
        "",
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "notlocalhost",
        "0.0.0.0",
        "amazonaws.com.evil.example",
        "xamazonaws.com",
        "192.168.0.1:4566",
        "[::2]",
    ] {
        assert!(!is_ours(host), "{host}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_names_and_foreign_pages_are_refused() {
    let endpoint = serve(0, Arc::new(Counts), small()).unwrap();
    let ask = |headers: &'static str| async move {
        talk(endpoint.port, format!("GET / HTTP/1.1\r\nconnection: close\r\n{headers}\r\n").as_bytes()).await
    };
    for headers in [
        "host: rebound.example:4566\r\n",
        "host: 127.0.0.1\r\norigin: https://evil.example\r\n",
        "host: 127.0.0.1\r\norigin: null\r\n",
        "host: 127.0.0.1\r\nsec-fetch-site: cross-site\r\n",
    ] {
        let answer = ask(headers).await;
        assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("SandboxForeignRequest"), "{headers}: {answer}");
    }
    for headers in ["host: localhost:4566\r\n", "host: 127.0.0.1\r\norigin: http://localhost:3000\r\n"] {
        let answer = ask(headers).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{headers}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_requests_end() {
    let endpoint = serve(0, Arc::new(Counts), small()).unwrap();
    for half in ["", "POST / HTT", "POST / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-a"] {
        let answer = talk(endpoint.port, half.as_bytes()).await;
        assert!(!answer.contains("200 OK"), "{half:?}: {answer}");
    }
    let head = "PUT /b/k HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n";
    let answer = talk(endpoint.port, format!("{head}{}\r\nhalf", signature("s3", "eu-west-1")).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("<Code>RequestTimeout</Code>"), "{answer}");
    // More half connections than there are slots delay others, and do not shut them out.
    let mut half = Vec::new();
    for _ in 0..40 {
        let mut stream = connect(endpoint.port).await;
        stream.write_all(b"GET / HT").await.unwrap();
        half.push(stream);
    }
    let answer = talk(endpoint.port, &post("/", "", b"abc")).await;
    assert!(answer.ends_with("\r\n3"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_bounded_one_by_one() {
    let endpoint = serve(0, Arc::new(Counts), Limits { patience: Duration::from_secs(20), ..small() }).unwrap();
    let large = vec![b'x'; (1 << 20) + 1];
    let answer = talk(endpoint.port, &post("/b/k", &signature("s3", "eu-west-1"), &large)).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("<Code>EntityTooLarge</Code>"), "{answer}");
    let dynamodb = format!("x-amz-target: DynamoDB_20120810.PutItem\r\n{}", signature("dynamodb", "eu-west-1"));
    let answer = talk(endpoint.port, &post("/", &dynamodb, &large)).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("RequestEntityTooLarge"), "{answer}");
    let answer = talk(endpoint.port, &post("/b/k", "", &large[..1 << 20])).await;
    assert!(answer.ends_with("1048576"), "{}", clip(&answer));
}

/// Says how many bodies have come in, and answers them when it may.
struct Gate {
    arrived: Semaphore,
    open: Semaphore,
}

impl Wire for Gate {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, WireError>> {
        self.arrived.add_permits(1);
        Box::pin(async move {
            self.open.acquire().await.unwrap().forget();
            Ok(Response::new(Bytes::from(request.body().len().to_string())))
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_bounded_together_until_they_are_answered() {
    let gate = Arc::new(Gate { arrived: Semaphore::new(0), open: Semaphore::new(0) });
    let limits = Limits { patience: Duration::from_secs(20), ..small() };
    let endpoint = serve(0, Arc::clone(&gate) as Arc<dyn Wire>, limits).unwrap();
    let (port, body) = (endpoint.port, vec![b'x'; 1 << 20]);
    // Two bodies of a mebibyte fill the pool, as long as they are not answered.
    let mut clients = JoinSet::new();
    for _ in 0..2 {
        let request = post("/b/k", "", &body);
        clients.spawn(async move { talk(port, &request).await });
    }
    gate.arrived.acquire_many(2).await.unwrap().forget();
    let dynamodb = format!("x-amz-target: DynamoDB_20120810.PutItem\r\n{}", signature("dynamodb", "eu-west-1"));
    let answer = talk(port, &post("/", &dynamodb, b"one more")).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("ServiceUnavailable"), "{answer}");
    let answer = talk(port, &post("/b/k", &signature("s3", "eu-west-1"), b"one more")).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("<Code>SlowDown</Code>"), "{answer}");
    gate.open.add_permits(3);
    while let Some(answer) = clients.join_next().await {
        assert!(answer.unwrap().ends_with("1048576"));
    }
    let answer = talk(port, &post("/", &dynamodb, b"one more")).await;
    assert!(answer.ends_with("\r\n8"), "{answer}");
}

/// As many file descriptors as the system lets this process have.
fn descriptors() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// The memory of this process in KiB; zero where the system does not tell.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|text| text.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_requests_at_once_are_all_answered_in_bounded_memory() {
    let endpoint = serve(0, Arc::new(Counts), Limits::default()).unwrap();
    let most = usize::try_from(descriptors()).unwrap_or(usize::MAX).saturating_sub(1500);
    let count = 10_000.min(most);
    let before = resident();
    let port = endpoint.port;
    let mut clients = JoinSet::new();
    for _ in 0..count {
        clients.spawn(async move { talk(port, &post("/", "", &[b'x'; 2000])).await });
    }
    let mut peak = before;
    let mut answered = 0;
    while let Some(answer) = clients.join_next().await {
        let answer = answer.unwrap();
        assert!(answer.ends_with("\r\n2000"), "{answer}");
        answered += 1;
        if answered % 500 == 0 {
            peak = peak.max(resident());
        }
    }
    assert_eq!(answered, count);
    assert!(peak.saturating_sub(before) < 400 << 10, "{} KiB more", peak - before);
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let first = serve(0, Arc::new(Counts), small()).unwrap();
    let error = serve(first.port, Arc::new(Counts), small()).unwrap_err().to_string();
    assert!(error.contains(&first.port.to_string()) && error.contains("--port"), "{error}");
}

async fn sandbox(folder: &TempDir) -> Opened {
    let options = OpenOptions { seed: 7, rate: Some(Rate::Stepped), speed: 60.0 };
    open(folder.path(), options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_gets_the_error_of_its_service_and_the_next_request_an_answer() {
    let folder = TempDir::new().unwrap();
    let opened = sandbox(&folder).await;
    let port = opened.simulator.serve(0).unwrap();
    let signed = |service: &str, more: &str| format!("{more}{}", signature(service, "eu-west-1"));
    let json = |operation: &str| {
        signed(
            "dynamodb",
            &format!("x-amz-target: DynamoDB_20120810.{operation}\r\ncontent-type: application/x-amz-json-1.0\r\n"),
        )
    };
    let form = |service: &str| signed(service, "content-type: application/x-www-form-urlencoded\r\n");
    let cbor = signed("monitoring", "smithy-protocol: rpc-v2-cbor\r\ncontent-type: application/cbor\r\n");
    let metrics = "/service/GraniteServiceVersion20100801/operation/ListMetrics";
    let deep = |open: &str, close: &str, times: usize| format!("{}{}", open.repeat(times), close.repeat(times));
    let item = |inner: &str| format!(r#"{{"TableName":"t","Item":{{"id":{inner}}}}}"#);
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">\
        <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><Delete><Object><Key>&c;</Key></Object></Delete>";
    let xml_depth = deep("<a>", "</a>", 50_000);
    let aliases = (1..40).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, n| {
        let last = n - 1;
        format!("{text}a{n}: &a{n} [*a{last},*a{last},*a{last},*a{last},*a{last},*a{last},*a{last},*a{last}]\n")
    });
    let template = |text: &str| {
        format!("Action=ValidateTemplate&Version=2010-05-15&TemplateBody={}", protocol::percent::encode(text))
    };
    let cases: Vec<(&str, String, Vec<u8>, &str, &str)> = vec![
        ("/", json("PutItem"), b"{\"TableName\": ".to_vec(), "400", "SerializationException"),
        ("/", json("PutItem"), vec![0xff, 0xfe, 0x00], "400", "SerializationException"),
        ("/", json("PutItem"), b"[]".to_vec(), "400", "SerializationException"),
        ("/", json("PutItem"), b"{\"TableName\": 5, \"Item\": {}}".to_vec(), "400", "SerializationException"),
        ("/", json("PutItem"), item(&deep("{\"M\":{\"a\":", "}}", 50_000)).into(), "400", "SerializationException"),
        ("/", json("PutItem"), deep("[", "]", 200_000).into(), "400", "SerializationException"),
        ("/", json("PutItem"), b"{}".to_vec(), "400", "ValidationException"),
        ("/", json("EatItem"), b"{}".to_vec(), "400", "SandboxUnsupportedOperation"),
        ("/", form("rds"), b"Version=2014-10-31".to_vec(), "400", "SandboxUnsupportedOperation"),
        ("/", form("rds"), b"Action=MakeCluster&Version=2014-10-31".to_vec(), "400", "MakeCluster"),
        ("/", form("rds"), b"Action=DescribeDBClusters&MaxRecords=many".to_vec(), "400", "MalformedInput"),
        (
            "/",
            form("rds"),
            [b"Action=DescribeDBClusters&Filters".as_slice(), &b".a".repeat(100_000), b"=1"].concat(),
            "",
            "",
        ),
        ("/", form("cloudformation"), template(&deep("[", "]", 100_000)).into(), "400", "<Code>"),
        ("/", form("cloudformation"), template(&aliases).into(), "400", "<Code>"),
        ("/", form("nosuch"), b"Action=Guess".to_vec(), "400", "nosuch"),
        ("/b?delete", signed("s3", ""), b"<Delete><Object>".to_vec(), "400", "MalformedXML"),
        ("/b?delete", signed("s3", ""), bomb.into(), "400", "MalformedXML"),
        ("/b?delete", signed("s3", ""), xml_depth.into(), "400", "MalformedXML"),
        ("/b?uploadz", signed("s3", ""), Vec::new(), "400", "SandboxUnsupportedOperation"),
        (
            "/b?delete",
            signed("s3", "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"),
            b"zz\r\n".to_vec(),
            "400",
            "MalformedXML",
        ),
        (metrics, cbor.clone(), vec![0xa1], "400", "SerializationException"),
        (metrics, cbor.clone(), [vec![0x81; 100_000], vec![0x80]].concat(), "400", "SerializationException"),
        (
            metrics,
            cbor.clone(),
            vec![0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            "400",
            "SerializationException",
        ),
        (
            "/",
            "content-type: application/x-www-form-urlencoded\r\n".into(),
            b"Action=ListUsers".to_vec(),
            "403",
            "MissingAuthenticationToken",
        ),
        (
            "/",
            "x-amz-target: DynamoDB_20120810.ListTables\r\n".into(),
            b"{}".to_vec(),
            "403",
            "MissingAuthenticationTokenException",
        ),
        ("/b/k", String::new(), Vec::new(), "403", "<Code>AccessDenied</Code>"),
        (
            "/b/k?AWSAccessKeyId=AK&Expires=1&Signature=x",
            String::new(),
            Vec::new(),
            "400",
            "Please use AWS4-HMAC-SHA256",
        ),
        ("/b/k", "authorization: AWS AK:x\r\n".into(), Vec::new(), "400", "<Code>InvalidRequest</Code>"),
        (
            "/b/k",
            "authorization: AWS4-HMAC-SHA256 rubbish\r\n".into(),
            Vec::new(),
            "400",
            "AuthorizationHeaderMalformed",
        ),
        (
            "/",
            "x-amz-target: DynamoDB_20120810.ListTables\r\nauthorization: \u{1}\r\n".into(),
            b"{}".to_vec(),
            "400",
            "",
        ),
        (
            "/",
            "authorization: AWS4-HMAC-SHA256 Credential=AK/x\r\ncontent-type: application/x-www-form-urlencoded\r\n"
                .into(),
            b"Action=GetCallerIdentity".to_vec(),
            "400",
            "IncompleteSignature",
        ),
        (
            "/",
            signature("sts", "eu-wset-1") + "content-type: application/x-www-form-urlencoded\r\n",
            b"Action=GetCallerIdentity".to_vec(),
            "403",
            "did you mean &apos;eu-west-1&apos;",
        ),
        ("/b", signature("s3", "mars-north-1"), Vec::new(), "400", "AuthorizationHeaderMalformed"),
    ];
    for (path, headers, body, status, word) in cases {
        let answer = talk(port.port, &post(path, &headers, &body)).await;
        let place = format!("{path} {headers:?} {}: {}", clip(&String::from_utf8_lossy(&body)), clip(&answer));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{place}");
        assert!(answer.contains(word), "{place} has no {word}");
        let caller = post("/", &form("sts"), b"Action=GetCallerIdentity&Version=2011-06-15");
        assert!(talk(port.port, &caller).await.contains("111122223333"), "after {place}");
    }
}
