//! Tests with a name server and an HTTP server of our own on the loopback interface.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::proto::op::{Message, MessageType, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, CNAME};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};

use super::Network;
use super::cache::Cache;
use crate::domain::DataPlane as _;
use crate::domain::drill::{ClientClass, Probe, ProbeError, Vantage};
use crate::domain::ports::DnsAnswer;

/// Names, each with its TTL and where it leads to.
type Zone = Vec<(&'static str, u32, RData)>;

/// Answers from `zone`, following CNAMEs as a recursive resolver does. Gives its address and counts its answers.
async fn name_server(zone: Zone) -> (SocketAddr, Arc<Mutex<usize>>) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    let count = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        let mut buffer = [0; 4096];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            let question = Message::from_vec(&buffer[..length]).unwrap();
            *counted.lock().unwrap() += 1;
            let query = question.queries[0].clone();
            let mut reply = Message::response(question.metadata.id, question.metadata.op_code);
            reply.metadata.message_type = MessageType::Response;
            reply.metadata.recursion_available = true;
            let mut name = query.name().to_utf8();
            let mut known = false;
            while let Some((_, ttl, data)) = zone.iter().find(|(from, ..)| *from == name) {
                known = true;
                let record = Record::from_rdata(Name::from_utf8(&name).unwrap(), *ttl, data.clone());
                let next = if let RData::CNAME(next) = data { Some(next.0.to_utf8()) } else { None };
                if next.is_some() || query.query_type() == RecordType::A {
                    reply.add_answer(record);
                }
                let Some(next) = next else { break };
                name = next;
            }
            reply.metadata.response_code = if known { ResponseCode::NoError } else { ResponseCode::NXDomain };
            reply.add_query(query);
            socket.send_to(&reply.to_vec().unwrap(), from).await.unwrap();
        }
    });
    (address, count)
}

fn network(server: SocketAddr) -> Network {
    let mut udp = ConnectionConfig::udp();
    udp.port = server.port();
    let server = NameServerConfig::new(server.ip(), true, vec![udp]);
    Network::with_name_servers(ResolverConfig::from_parts(None, vec![], vec![server])).unwrap()
}

/// Answers every request on a port of its own with this text, and keeps the last request.
async fn http_server(answer: &'static str) -> (u16, Arc<Mutex<String>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&seen);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = vec![0; 4096];
            let length = stream.read(&mut buffer).await.unwrap();
            *kept.lock().unwrap() = String::from_utf8_lossy(&buffer[..length]).into_owned();
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (port, seen)
}

fn vantage() -> Vantage {
    Vantage { name: "here".into(), nearest: "eu-west-1".into() }
}

fn probe(url: String, class: ClientClass) -> Probe {
    Probe { method: "GET".into(), url, body: None, vantage: vantage(), class, timeout: Duration::from_secs(10) }
}

fn cname(to: &str) -> RData {
    RData::CNAME(CNAME(Name::from_utf8(to).unwrap()))
}

fn loopback() -> RData {
    RData::A(A(Ipv4Addr::LOCALHOST))
}

#[tokio::test]
async fn a_name_resolves_with_its_chain_its_ttl_and_its_region() {
    let regional = "d-1.execute-api.eu-west-1.amazonaws.com.";
    let (server, _) = name_server(vec![
        ("api.shop.test.", 60, cname("api-r1.shop.test.")),
        ("api-r1.shop.test.", 300, cname(regional)),
        (regional, 60, loopback()),
    ])
    .await;
    let network = network(server);
    let answer = network.resolve("api.shop.test", &vantage()).await.unwrap().unwrap();
    assert_eq!(answer.chain, ["api.shop.test", "api-r1.shop.test", regional.trim_end_matches('.')]);
    assert_eq!(answer.targets, ["127.0.0.1"]);
    assert_eq!(answer.ttl, Duration::from_mins(1));
    assert_eq!(answer.region.as_deref(), Some("eu-west-1"));
    assert_eq!(network.resolve("gone.shop.test", &vantage()).await.unwrap(), None);
}

#[tokio::test]
async fn a_probe_tells_status_body_and_the_region_that_answered() {
    let answer = "HTTP/1.1 200 OK\r\nX-Region: header\r\nContent-Length: 26\r\n\r\n{\"region\":\"ap-southeast-1\"}";
    let (port, seen) = http_server(answer).await;
    let (server, questions) = name_server(vec![("shop.test.", 60, loopback())]).await;
    let network = network(server);
    let mut post = probe(format!("http://shop.test:{port}/orders?x=1"), ClientClass::Fresh);
    (post.method, post.body) = ("POST".into(), Some(json!({ "id": 1 })));
    let reply = network.probe(&post).await.unwrap();
    assert_eq!(reply.status, Ok(200), "{reply:?}");
    assert_eq!(reply.resolved.as_deref(), Some("127.0.0.1"));
    assert!(reply.headers.contains(&("x-region".into(), "header".into())));
    let request = seen.lock().unwrap().to_ascii_lowercase();
    assert!(request.starts_with("post /orders?x=1 http/1.1"), "{request}");
    assert!(request.contains(&format!("host: shop.test:{port}\r\n")), "{request}");
    assert!(request.ends_with("{\"id\":1}"), "{request}");
    let before = *questions.lock().unwrap();
    network.probe(&post).await.unwrap();
    assert_eq!(*questions.lock().unwrap(), before + 1, "a fresh client asks every time");
}

#[tokio::test]
async fn the_region_of_the_body_counts_before_the_header() {
    let whole = "HTTP/1.1 200 OK\r\nx-region: header\r\nContent-Length: 26\r\n\r\n{\"region\":\"eu-central-1\" }";
    let (port, _) = http_server(whole).await;
    let plain = "HTTP/1.1 503 Unavailable\r\nx-region: header\r\nContent-Length: 2\r\n\r\nno";
    let (other, _) = http_server(plain).await;
    let (server, _) = name_server(vec![]).await;
    let network = network(server);
    let reply = network.probe(&probe(format!("http://127.0.0.1:{port}/"), ClientClass::Fresh)).await.unwrap();
    assert_eq!(reply.region.as_deref(), Some("eu-central-1"));
    let reply = network.probe(&probe(format!("http://127.0.0.1:{other}/"), ClientClass::Fresh)).await.unwrap();
    assert_eq!((reply.status, reply.region.as_deref()), (Ok(503), Some("header")));
    assert!(!reply.ok());
}

#[tokio::test]
async fn failures_are_told_apart() {
    let (server, _) = name_server(vec![("shop.test.", 60, loopback())]).await;
    let network = network(server);
    let unbound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap().port();
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let silent_port = silent.local_addr().unwrap().port();
    let (no_tls, _) = http_server("this is not TLS at all, whatever was asked").await;
    for (url, error) in [
        ("http://gone.test/".to_owned(), ProbeError::Dns),
        (format!("http://shop.test:{unbound}/"), ProbeError::Refused),
        (format!("https://shop.test:{no_tls}/"), ProbeError::Tls),
    ] {
        let reply = network.probe(&probe(url.clone(), ClientClass::Fresh)).await.unwrap();
        assert_eq!(reply.status, Err(error), "{url}");
    }
    let mut waiting = probe(format!("http://shop.test:{silent_port}/"), ClientClass::Fresh);
    waiting.timeout = Duration::from_millis(50);
    let reply = network.probe(&waiting).await.unwrap();
    assert_eq!(reply.status, Err(ProbeError::Timeout));
    assert!(reply.latency >= Duration::from_millis(50));
}

#[test]
fn a_client_remembers_as_long_as_its_class_does() {
    let (cache, now) = (Cache::default(), Instant::now());
    let answer = DnsAnswer {
        chain: vec!["a".into()],
        targets: vec!["127.0.0.1".into()],
        ttl: Duration::from_mins(1),
        region: None,
    };
    for class in [ClientClass::Fresh, ClientClass::TtlHonouring, ClientClass::Sticky] {
        cache.put("here", class, "a", &answer, now);
    }
    let kept = |class, seconds| cache.get("here", class, "a", now + Duration::from_secs(seconds)).is_some();
    assert!(!kept(ClientClass::Fresh, 0));
    assert!(kept(ClientClass::TtlHonouring, 59) && !kept(ClientClass::TtlHonouring, 60));
    assert!(kept(ClientClass::Sticky, 119) && !kept(ClientClass::Sticky, 120));
    assert!(cache.get("there", ClientClass::Sticky, "a", now).is_none(), "each vantage has its own");
}
