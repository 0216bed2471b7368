//! Owners and those who join them. "Killed" is an owner that is dropped without saving: what a kill leaves is the same,
//! the files as they were after the last answer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{OpenOptions, Opened, open};
use crate::clock::Rate;
use crate::domain::drill::{ClientClass, Probe, Signed, Vantage};
use crate::domain::{DataPlane as _, Faults as _, SimTime};
use crate::protocol::{Wire as _, WireError};
use crate::sandbox::faults;
use crate::sandbox::world::World;

const MINUTE: Duration = Duration::from_mins(1);

fn options() -> OpenOptions {
    OpenOptions { seed: 7, rate: Some(Rate::Stepped), speed: 60.0 }
}

async fn opened(directory: &Path) -> Opened {
    open(directory, options()).await.unwrap()
}

fn request(service: &str, method: &str, url: &str, body: &str) -> http::Request<Bytes> {
    let region = url.split('.').find(|part| part.contains("-west-") || part.contains("-southeast-")).unwrap();
    let scope = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260105/{region}/{service}/aws4_request, SignedHeaders=host, Signature=5ec2e7"
    );
    http::Request::builder()
        .method(method)
        .uri(url)
        .header("authorization", scope)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap()
}

fn make_bucket(name: &str) -> http::Request<Bytes> {
    let body =
        "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    request("s3", "PUT", &format!("https://s3.eu-west-1.amazonaws.com/{name}"), body)
}

fn put_object(bucket: &str, key: &str, body: &str) -> http::Request<Bytes> {
    request("s3", "PUT", &format!("https://s3.eu-west-1.amazonaws.com/{bucket}/{key}"), body)
}

async fn succeed(opened: &Opened, request: http::Request<Bytes>) {
    let answer = opened.simulator.send(request).await.unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
}

fn world(opened: &Opened) -> World {
    opened.simulator.owned().expect("this one owns the world").with_world(|world| world.clone())
}

/// Ends an owner without saving, and waits until its lock is free.
async fn kill(opened: Opened, directory: &Path) {
    drop(opened);
    for _ in 0..1000 {
        if super::store::lock(directory).unwrap().is_some() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the lock is still held");
}

fn logs(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("changes-")).collect()
}

#[tokio::test]
async fn a_kill_loses_nothing_that_was_acknowledged() {
    let folder = TempDir::new().unwrap();
    let first = opened(folder.path()).await;
    succeed(&first, make_bucket("one-bucket")).await;
    first.clock.advance(MINUTE).await;
    succeed(&first, put_object("one-bucket", "a/key%20with%20spaces", "hello")).await;
    let fault = first.simulator.start(faults::REPLICATION_PAUSE, "eu-west-1", json!(null), MINUTE).await.unwrap();
    first.clock.advance(MINUTE / 2).await;
    first.simulator.stop(&fault.id).await.unwrap();
    first.simulator.start(faults::REGION_LOSS, "ap-southeast-1", json!(null), MINUTE * 100).await.unwrap();
    first.clock.advance(MINUTE).await;
    // A read is no change, but the time of its answer was seen.
    succeed(&first, request("s3", "GET", "https://s3.eu-west-1.amazonaws.com/one-bucket", "")).await;
    let before = world(&first);
    kill(first, folder.path()).await;
    let second = opened(folder.path()).await;
    assert!(second.notes.is_empty());
    let mut after = world(&second);
    assert!(after.now >= before.now, "time went back from {} to {}", before.now, after.now);
    after.now = before.now;
    assert_eq!(after, before);
    assert_eq!(second.simulator.active().await.unwrap().len(), 1);
}

#[tokio::test]
async fn snapshots_replace_the_log_and_change_nothing() {
    let folder = TempDir::new().unwrap();
    let first = opened(folder.path()).await;
    succeed(&first, make_bucket("one-bucket")).await;
    for number in 0..450 {
        succeed(&first, put_object("one-bucket", &format!("k{number}"), "x")).await;
    }
    let left = logs(folder.path());
    assert_eq!(left.len(), 1, "{left:?}");
    let lines = fs::read_to_string(&left[0]).unwrap().lines().count();
    assert!(lines > 0 && lines < 400, "{lines} changes after the snapshot");
    let before = world(&first);
    kill(first, folder.path()).await;
    let second = opened(folder.path()).await;
    let mut after = world(&second);
    after.now = before.now;
    assert_eq!(after, before);
    second.simulator.save().unwrap();
    let left = logs(folder.path());
    assert_eq!(fs::read_to_string(&left[0]).unwrap(), "", "after saving there is nothing to replay");
}

#[tokio::test]
async fn the_end_of_a_line_that_was_being_written_is_forgotten() {
    let folder = TempDir::new().unwrap();
    let first = opened(folder.path()).await;
    succeed(&first, make_bucket("one-bucket")).await;
    kill(first, folder.path()).await;
    let log = logs(folder.path()).remove(0);
    let good = fs::read_to_string(&log).unwrap();
    fs::write(&log, format!("{good}{{\"at\":17676036")).unwrap();
    let second = opened(folder.path()).await;
    assert!(second.notes.is_empty(), "{:?}", second.notes);
    succeed(&second, make_bucket("two-bucket")).await;
    kill(second, folder.path()).await;
    let third = opened(folder.path()).await;
    assert_eq!(world(&third).buckets.len(), 2);
}

#[tokio::test]
async fn damage_is_kept_aside_and_said() {
    let folder = TempDir::new().unwrap();
    let first = opened(folder.path()).await;
    succeed(&first, make_bucket("one-bucket")).await;
    succeed(&first, make_bucket("two-bucket")).await;
    kill(first, folder.path()).await;
    let log = logs(folder.path()).remove(0);
    let good = fs::read_to_string(&log).unwrap();
    let (one, two) = good.split_once('\n').unwrap();
    fs::write(&log, format!("{one}\nnot json\n{two}")).unwrap();
    let second = opened(folder.path()).await;
    assert!(second.notes[0].contains("damaged after 1 changes"), "{:?}", second.notes);
    assert_eq!(world(&second).buckets.len(), 1);
    kill(second, folder.path()).await;
    fs::write(folder.path().join("world.json"), "{").unwrap();
    let third = opened(folder.path()).await;
    assert!(third.notes[0].contains("world.json.damaged-1"), "{:?}", third.notes);
    assert!(folder.path().join("world.json.damaged-1").exists());
}

#[tokio::test]
async fn the_log_holds_no_signature_and_nobody_else_may_read_it() {
    let folder = TempDir::new().unwrap();
    let directory = folder.path().join("state/world");
    let first = opened(&directory).await;
    succeed(&first, make_bucket("one-bucket")).await;
    let log = logs(&directory).remove(0);
    let text = fs::read_to_string(&log).unwrap();
    assert!(text.contains("one-bucket") && !text.contains("5ec2e7"), "{text}");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    for file in [log, directory.join("socket"), directory.join("world.json"), directory.join("time")] {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn who_comes_second_speaks_to_the_owner() {
    let folder = TempDir::new().unwrap();
    let first = opened(folder.path()).await;
    let second = opened(folder.path()).await;
    assert!(first.simulator.is_owner() && !second.simulator.is_owner());
    succeed(&second, make_bucket("one-bucket")).await;
    assert_eq!(world(&first).buckets.len(), 1);
    succeed(&second, put_object("one-bucket", "a%20key", "hello")).await;
    let read = request("s3", "GET", "https://s3.eu-west-1.amazonaws.com/one-bucket/a%20key", "");
    for opened in [&first, &second] {
        assert_eq!(opened.simulator.send(read.clone()).await.unwrap().body(), "hello");
    }
    let status = second.simulator.status().await.unwrap();
    assert_eq!((status.seed, status.resources, status.pid), (7, 1, std::process::id()));
    let error = second.simulator.start("no-such", "eu-west-1", json!(null), MINUTE).await.unwrap_err();
    assert!(error.message.contains("there is no fault 'no-such'"), "{error}");
    let fault = second.simulator.start(faults::REGION_LOSS, "eu-west-1", json!(null), MINUTE).await.unwrap();
    assert!(matches!(second.simulator.send(make_bucket("two")).await, Err(WireError::Connection(_))));
    second.simulator.stop(&fault.id).await.unwrap();
    succeed(&second, make_bucket("two-bucket")).await;
    let vantage = Vantage { name: "dublin".into(), nearest: "eu-west-1".into() };
    assert_eq!(second.simulator.resolve("nowhere.test", &vantage).await.unwrap(), None);
    let probe = Probe {
        signed: Signed::ByLearner,
        method: "POST".into(),
        url: "https://nowhere.test/orders".into(),
        body: None,
        vantage,
        class: ClientClass::Fresh,
        timeout: MINUTE,
    };
    assert_eq!(second.simulator.probe(&probe).await.unwrap(), first.simulator.probe(&probe).await.unwrap());
}

#[tokio::test]
async fn time_is_the_owners() {
    let folder = TempDir::new().unwrap();
    let first = opened(folder.path()).await;
    let second = opened(folder.path()).await;
    let sleeper = tokio::spawn({
        let clock = second.clock.clone();
        async move {
            let _participant = clock.participate();
            clock.sleep(MINUTE).await;
            clock.now()
        }
    });
    // The sleep arrives over the socket; a stepped clock waits for nobody, so wait for it here.
    let before = first.clock.now();
    while !sleeper.is_finished() {
        first.clock.advance(Duration::from_secs(1)).await;
        tokio::task::yield_now().await;
    }
    assert!(sleeper.await.unwrap() >= before.plus(MINUTE));
    second.clock.set_rate(Rate::Jump);
    while first.clock.rate() != Rate::Jump {
        tokio::task::yield_now().await;
    }
    let until = first.clock.now().plus(MINUTE * 60);
    second.clock.sleep_until(until).await;
    assert_eq!(first.clock.now(), until);
    assert_eq!(second.clock.now(), until);
    assert_eq!(second.clock.rate(), Rate::Jump);
}

#[tokio::test]
async fn when_the_owner_dies_the_next_one_takes_over() {
    let folder = TempDir::new().unwrap();
    let first = opened(folder.path()).await;
    let second = opened(folder.path()).await;
    let third = opened(folder.path()).await;
    succeed(&first, make_bucket("one-bucket")).await;
    first.clock.advance(MINUTE).await;
    succeed(&first, make_bucket("two-bucket")).await;
    let sleeper = tokio::spawn({
        let clock = third.clock.clone();
        async move {
            let _participant = clock.participate();
            clock.sleep_until(SimTime::WORLD_START.plus(MINUTE * 5)).await;
            clock.now()
        }
    });
    drop(first);
    // Whoever asks first becomes the owner; the connection may also break on the way, which the SDK tries again.
    while second.simulator.send(make_bucket("three-bucket")).await.is_err() {}
    succeed(&third, make_bucket("four-bucket")).await;
    assert_ne!(second.simulator.is_owner(), third.simulator.is_owner());
    let owner = if second.simulator.is_owner() { &second } else { &third };
    assert_eq!(world(owner).buckets.len(), 4);
    assert!(owner.clock.now() >= SimTime::WORLD_START.plus(MINUTE));
    while !sleeper.is_finished() {
        owner.clock.set_rate(Rate::Jump);
        tokio::task::yield_now().await;
    }
    assert!(sleeper.await.unwrap() >= SimTime::WORLD_START.plus(MINUTE * 5));
}

#[tokio::test]
async fn a_long_path_has_its_socket_elsewhere() {
    let folder = TempDir::new().unwrap();
    let directory = folder.path().join("d".repeat(120));
    let first = opened(&directory).await;
    let second = opened(&directory).await;
    assert!(!second.simulator.is_owner());
    succeed(&second, make_bucket("one-bucket")).await;
    let socket = super::server::socket_of(&directory);
    assert!(socket.as_os_str().len() <= 100 && socket.exists());
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    drop((first, second));
    fs::remove_dir_all(socket.parent().unwrap()).unwrap();
}

#[tokio::test]
async fn a_snapshot_can_be_taken_and_restored_by_anybody() {
    let folder = TempDir::new().unwrap();
    let first = opened(folder.path()).await;
    let second = opened(folder.path()).await;
    succeed(&first, make_bucket("one-bucket")).await;
    let saved = second.simulator.snapshot().await.unwrap();
    succeed(&first, make_bucket("two-bucket")).await;
    second.simulator.restore(&saved).await.unwrap();
    assert_eq!(world(&first).buckets.len(), 1);
    assert!(second.simulator.restore(b"{}").await.is_err());
    kill_all(vec![first, second], folder.path()).await;
    assert_eq!(world(&opened(folder.path()).await).buckets.len(), 1);
}

async fn kill_all(all: Vec<Opened>, directory: &Path) {
    drop(all);
    let again = opened(directory).await;
    kill(again, directory).await;
}

/// Sends text to a port and reads until the connection closes.
async fn talk(port: u16, text: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn the_loopback_endpoint_serves_aws_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let first = opened(folder.path()).await;
    let second = opened(folder.path()).await;
    let caller = "POST / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\
        authorization: AWS4-HMAC-SHA256 Credential=AKID/20260105/eu-west-1/sts/aws4_request, SignedHeaders=host, Signature=0\r\n\
        content-type: application/x-www-form-urlencoded\r\ncontent-length: 43\r\n\r\n\
        Action=GetCallerIdentity&Version=2011-06-15";
    for opened in [&first, &second] {
        let endpoint = opened.simulator.serve(0).unwrap();
        let answer = talk(endpoint.port, caller).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("111122223333"), "{answer}");
        let control = "POST /_sandbox/ HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: 16\r\n\r\n{\"ask\":\"status\"}";
        let answer = talk(endpoint.port, control).await;
        assert!(!answer.starts_with("HTTP/1.1 200"), "the control interface is only on the socket: {answer}");
        let taken = opened.simulator.serve(endpoint.port).unwrap_err();
        assert!(taken.to_string().contains("--port"), "{taken}");
    }
    let endpoint = first.simulator.serve(0).unwrap();
    first.simulator.start(faults::REGION_LOSS, "eu-west-1", json!(null), MINUTE).await.unwrap();
    assert_eq!(talk(endpoint.port, caller).await, "", "a lost Region closes the connection");
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = open(&file.join("world"), options()).await.unwrap_err();
    assert!(error.to_string().contains("--state") && error.to_string().contains("file"), "{error}");
}
