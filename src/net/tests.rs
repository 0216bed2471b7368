//! Tests with a name server and an HTTP server of our own on the loopback interface.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::proto::op::{Message, MessageType, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, CNAME, NS};
use hickory_resolver::proto::rr::{Name, RData, Record};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};

use super::Network;
use super::cache::Cache;
use crate::domain::drill::{AUTHORITATIVE, ClientClass, HOST, Probe, ProbeError, Signed, Vantage};
use crate::domain::{BoxFuture, DataPlane as _, DnsAnswer, Failure, Signer};

/// Names, each with its TTL and where it leads to.
type Zone = Vec<(&'static str, u32, RData)>;

/// Answers from `zone`, following CNAMEs as a recursive resolver does. Gives its address and counts its answers.
async fn name_server(zone: Zone) -> (SocketAddr, Arc<Mutex<usize>>) {
    server_at((Ipv4Addr::LOCALHOST, 0).into(), zone, true).await
}

/// A name server at an address: a recursive one, or one that answers for its own zone only.
async fn server_at(at: SocketAddr, zone: Zone, recurses: bool) -> (SocketAddr, Arc<Mutex<usize>>) {
    let socket = UdpSocket::bind(at).await.unwrap();
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
            let mut name = query.name().to_utf8();
            let mut known = false;
            while let Some((_, ttl, data)) = zone.iter().find(|(from, ..)| *from == name) {
                known = true;
                let record = Record::from_rdata(Name::from_utf8(&name).unwrap(), *ttl, data.clone());
                let next = if let RData::CNAME(next) = data { Some(next.0.to_utf8()) } else { None };
                if next.is_some() || query.query_type() == data.record_type() {
                    reply.add_answer(record);
                }
                // Only who recurses follows a name out of what was asked for.
                let Some(next) = next.filter(|_| recurses) else { break };
                name = next;
            }
            reply.metadata.recursion_available = recurses;
            let missing = if recurses { ResponseCode::NXDomain } else { ResponseCode::Refused };
            reply.metadata.response_code = if known { ResponseCode::NoError } else { missing };
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
    Probe {
        signed: Signed::ByLearner,
        method: "GET".into(),
        url,
        body: None,
        vantage: vantage(),
        class,
        timeout: Duration::from_secs(10),
    }
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
        cache.put("here", class, "a", &answer, class, now);
    }
    let kept = |class, seconds| {
        let held = cache.get("here", class, "a", now + Duration::from_secs(seconds));
        held.inspect(|(_, connections)| assert_eq!(*connections, class)).is_some()
    };
    assert!(!kept(ClientClass::Fresh, 0));
    assert!(kept(ClientClass::TtlHonouring, 59) && !kept(ClientClass::TtlHonouring, 60));
    assert!(kept(ClientClass::Sticky, 119) && !kept(ClientClass::Sticky, 120));
    assert!(cache.get("there", ClientClass::Sticky, "a", now).is_none(), "each vantage has its own");
}

fn place(name: &str) -> Vantage {
    Vantage { name: name.into(), nearest: "eu-west-1".into() }
}

fn ns(name: &str) -> RData {
    RData::NS(NS(Name::from_utf8(name).unwrap()))
}

#[tokio::test]
async fn the_zone_s_own_name_servers_the_machine_s_resolver_and_a_public_one_are_three_places() {
    let (r1, r2) = ("d-1.execute-api.eu-west-1.amazonaws.com.", "d-2.execute-api.ap-southeast-1.amazonaws.com.");
    // The machine's resolver still has the answer from before the failover; the zone's name servers have moved on.
    let machine: Zone = vec![
        ("api.shop.test.", 17, cname(r1)),
        ("shop.test.", 300, ns("ns-1.shop.test.")),
        ("ns-1.shop.test.", 300, RData::A(A(Ipv4Addr::new(127, 0, 0, 2)))),
        (r1, 60, loopback()),
        (r2, 60, RData::A(A(Ipv4Addr::new(127, 0, 0, 9)))),
    ];
    let (server, _) = name_server(machine.clone()).await;
    let own = SocketAddr::from((Ipv4Addr::new(127, 0, 0, 2), server.port()));
    let (_, asked) =
        server_at(own, vec![("api.shop.test.", 60, cname(r2)), ("here.shop.test.", 5, loopback())], false).await;
    let public = SocketAddr::from((Ipv4Addr::new(127, 0, 0, 3), server.port()));
    server_at(public, machine, true).await;
    let mut udp = ConnectionConfig::udp();
    udp.port = server.port();
    let host = NameServerConfig::new(server.ip(), true, vec![udp]);
    let network = Network::with_port(ResolverConfig::from_parts(None, vec![], vec![host]), server.port()).unwrap();

    let answer = network.resolve("api.shop.test", &vantage()).await.unwrap().unwrap();
    assert_eq!((answer.region.as_deref(), answer.ttl), (Some("ap-southeast-1"), Duration::from_mins(1)), "{answer:?}");
    assert_eq!(answer.chain, ["api.shop.test", r2.trim_end_matches('.')], "what is outside the zone is followed");
    assert_eq!(answer.targets, ["127.0.0.9"]);
    let count = *asked.lock().unwrap();
    assert!(count > 0);
    let answer = network.resolve("here.shop.test", &vantage()).await.unwrap().unwrap();
    assert_eq!((answer.targets, answer.ttl), (vec!["127.0.0.1".to_owned()], Duration::from_secs(5)));
    let answer = network.resolve("gone.test", &vantage()).await.unwrap();
    assert_eq!(answer, None, "without a zone, the machine's resolver says so");

    for (from, region) in [(AUTHORITATIVE, "ap-southeast-1"), (HOST, "eu-west-1"), ("127.0.0.3", "eu-west-1")] {
        let mut asking = probe("http://api.shop.test:1/".into(), ClientClass::TtlHonouring);
        asking.vantage = place(from);
        let reply = network.probe(&asking).await.unwrap();
        assert!(reply.resolved.as_ref().is_some_and(|name| name.contains(region)), "{from}: {reply:?}");
    }
}

/// Answers requests on connections that stay open, and counts connections and requests.
async fn keeping_server() -> (u16, Arc<Mutex<(usize, usize)>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let counts = Arc::new(Mutex::new((0, 0)));
    let counted = Arc::clone(&counts);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counted.lock().unwrap().0 += 1;
            let counted = Arc::clone(&counted);
            tokio::spawn(async move {
                let mut buffer = vec![0; 4096];
                while stream.read(&mut buffer).await.is_ok_and(|length| length > 0) {
                    counted.lock().unwrap().1 += 1;
                    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
                }
            });
        }
    });
    (port, counts)
}

#[tokio::test]
async fn a_connection_lives_as_long_as_the_answer_that_led_to_it() {
    let (server, _) = name_server(vec![("long.test.", 60, loopback()), ("short.test.", 0, loopback())]).await;
    let network = network(server);
    for (name, class, connections) in [
        ("long.test", ClientClass::Fresh, 3),
        ("long.test", ClientClass::TtlHonouring, 1),
        ("long.test", ClientClass::Sticky, 1),
        ("short.test", ClientClass::TtlHonouring, 3),
    ] {
        let (port, counts) = keeping_server().await;
        for _ in 0..3 {
            let reply = network.probe(&probe(format!("http://{name}:{port}/"), class)).await.unwrap();
            assert_eq!((reply.status, reply.body.as_str()), (Ok(200), "ok"), "{reply:?}");
        }
        assert_eq!(*counts.lock().unwrap(), (connections, 3), "{name}, {class:?}");
    }
}

#[tokio::test]
async fn a_request_that_fails_on_a_kept_connection_is_not_sent_again() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&seen);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = vec![0; 4096];
            // The second request of a connection is read and never answered.
            for answers in [true, false] {
                if stream.read(&mut buffer).await.unwrap_or(0) == 0 {
                    break;
                }
                *counted.lock().unwrap() += 1;
                if answers {
                    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
                }
            }
        }
    });
    let (server, _) = name_server(vec![("shop.test.", 60, loopback())]).await;
    let network = network(server);
    let ask = probe(format!("http://shop.test:{port}/"), ClientClass::TtlHonouring);
    assert_eq!(network.probe(&ask).await.unwrap().status, Ok(200));
    assert_eq!(network.probe(&ask).await.unwrap().status, Err(ProbeError::Refused));
    assert_eq!(*seen.lock().unwrap(), 2, "each request was sent once");
}

/// Signs with the Region that it is given.
struct Stamp;

impl Signer for Stamp {
    fn headers<'a>(&'a self, _: &'a Probe, region: &'a str) -> BoxFuture<'a, Result<Vec<(String, String)>, Failure>> {
        Box::pin(async move { Ok(vec![("authorization".to_owned(), format!("for {region}"))]) })
    }
}

#[tokio::test]
async fn requests_are_signed_for_the_region_that_dns_returned_and_only_for_an_api() {
    let (port, seen) = http_server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let regional = "d-2.execute-api.ap-southeast-1.amazonaws.com.";
    let balancer = "blog-1.eu-west-1.elb.amazonaws.com.";
    let (server, _) = name_server(vec![
        ("api.shop.test.", 60, cname(regional)),
        (regional, 60, loopback()),
        ("blog.shop.test.", 60, cname(balancer)),
        (balancer, 60, loopback()),
    ])
    .await;
    let network = network(server).signed_by(Arc::new(Stamp));
    network.probe(&probe(format!("http://api.shop.test:{port}/cart"), ClientClass::Fresh)).await.unwrap();
    let request = seen.lock().unwrap().to_ascii_lowercase();
    assert!(request.contains("authorization: for ap-southeast-1\r\n"), "{request}");
    network.probe(&probe(format!("http://blog.shop.test:{port}/"), ClientClass::Fresh)).await.unwrap();
    let request = seen.lock().unwrap().to_ascii_lowercase();
    assert!(!request.contains("authorization"), "{request}");
}
