//! One HTTP request to an address that was resolved before, on a connection as the class of the client has it.

use std::collections::BTreeMap;
use std::error::Error;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{Request, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::domain::drill::{ClientClass, Probe, ProbeError};

/// How much of a body a probe keeps.
const BODY_KEPT: usize = 16 * 1024;

/// Connections that one client keeps.
pub(super) type Connections = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// What connects, by host name: each expects that name in the server's certificate.
#[derive(Default)]
pub(super) struct Http {
    connectors: Mutex<BTreeMap<String, HttpsConnector<HttpConnector>>>,
}

/// An answer as far as a probe is interested.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    pub(super) region: Option<String>,
}

impl Http {
    fn connector(&self, host: &str) -> Option<HttpsConnector<HttpConnector>> {
        let mut connectors = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connector) = connectors.get(host) {
            return Some(connector.clone());
        }
        // The name is checked against the certificate although the URL given to this client holds an address.
        let name = host.trim_matches(['[', ']']).to_owned().try_into().ok()?;
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .with_server_name_resolver(FixedServerNameResolver::new(name))
            .enable_http1()
            .build();
        connectors.insert(host.to_owned(), connector.clone());
        Some(connector)
    }

    /// New connections to `host` for a client of that class; `None` when that cannot be a server's name. A fresh client
    /// connects for every request; the others keep one connection for as long as they keep their answer of DNS.
    pub(super) fn connections(&self, host: &str, class: ClientClass) -> Option<Connections> {
        let idle = usize::from(class != ClientClass::Fresh);
        let mut client = Client::builder(TokioExecutor::new());
        // A request that fails is a measurement: it is never sent twice, not even on a connection that was closed meanwhile.
        client.pool_max_idle_per_host(idle).retry_canceled_requests(false);
        Some(client.build(self.connector(host)?))
    }

    /// Sends the probe to `address` in the name of `host`.
    pub(super) async fn send(
        probe: &Probe,
        url: &Uri,
        host: &str,
        address: IpAddr,
        connections: &Connections,
        signature: &[(String, String)],
    ) -> Result<Answer, ProbeError> {
        let request = request(probe, url, host, address, signature).ok_or(ProbeError::Refused)?;
        let response = connections.request(request).await.map_err(|error| cause(&error))?;
        let (parts, mut stream) = response.into_parts();
        let mut kept = Vec::new();
        // A body that is read to its end leaves a connection that can be used again.
        while let Some(frame) = stream.frame().await {
            let frame = frame.map_err(|error| cause(&error))?;
            let room = BODY_KEPT.saturating_sub(kept.len());
            kept.extend(frame.data_ref().into_iter().flatten().take(room));
        }
        let headers = parts.headers.iter();
        let headers: Vec<_> = headers
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let body = String::from_utf8_lossy(&kept).into_owned();
        let region = region(&headers, &body);
        Ok(Answer { status: parts.status.as_u16(), headers, body, region })
    }
}

/// The Region that answered, as the answer says: a field of its JSON, or a header.
fn region(headers: &[(String, String)], body: &str) -> Option<String> {
    let in_body = serde_json::from_str::<serde_json::Value>(body)
        .ok()
        .and_then(|value| value.get("region").and_then(serde_json::Value::as_str).map(str::to_owned));
    in_body.or_else(|| headers.iter().find(|(name, _)| name == "x-region").map(|(_, value)| value.clone()))
}

/// The request with the address in its URL and the name in its Host header; `None` when the parts do not fit together.
fn request(
    probe: &Probe,
    url: &Uri,
    host: &str,
    address: IpAddr,
    signature: &[(String, String)],
) -> Option<Request<Full<Bytes>>> {
    let port = url.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    let authority = match address {
        IpAddr::V4(address) => format!("{address}{port}"),
        IpAddr::V6(address) => format!("[{address}]{port}"),
    };
    let target = Uri::builder()
        .scheme(url.scheme_str()?)
        .authority(authority)
        .path_and_query(url.path_and_query().map_or("/", |path| path.as_str()))
        .build()
        .ok()?;
    let mut request = Request::builder()
        .method(probe.method.as_str())
        .uri(target)
        .header(header::HOST, format!("{host}{port}"))
        .header(header::USER_AGENT, "workshop-probe");
    for (name, value) in signature {
        request = request.header(name, value);
    }
    let body = match &probe.body {
        Some(body) => {
            request = request.header(header::CONTENT_TYPE, "application/json");
            Bytes::from(body.to_string())
        }
        None => Bytes::new(),
    };
    request.body(Full::new(body)).ok()
}

/// What a failed connection means to a client.
fn cause(error: &(dyn Error + 'static)) -> ProbeError {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            match io.kind() {
                std::io::ErrorKind::TimedOut => return ProbeError::Timeout,
                std::io::ErrorKind::InvalidData => return ProbeError::Tls,
                _ => {}
            }
            // An I/O error hides what it wraps from `source`.
            next = io.get_ref().map(|inner| inner as &(dyn Error + 'static)).or_else(|| io.source());
        } else {
            next = error.source();
        }
    }
    ProbeError::Refused
}
