//! The client of a case: raw HTTP/1 bytes, HTTP/2, or bytes that are not HTTP.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Collected, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use indexmap::IndexMap;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use meshwork_tower::Io;

use crate::vectors::scenario::{OneOrMany, Request, Send};

use super::{
    backend::headers_of,
    reply::Reply,
    tls::{SERVER_HELLO, client_hello},
};

/// What a client got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Got {
    /// An HTTP answer.
    Http {
        /// Its status.
        status: u16,
        /// Its headers, names in lower case.
        headers: IndexMap<String, OneOrMany>,
        /// Its body.
        body: String,
    },
    /// Bytes that are no HTTP answer.
    Bytes,
    /// The connection ended without an answer.
    Closed,
    /// Nothing, for a long time.
    Silence,
}

/// What ends the head of an answer that is not HTTP.
const LONGEST: usize = 1 << 20;

/// Begins TLS by the model, where the case speaks it; `false` where nobody ends it.
pub(super) async fn modelled_tls(send: &Send, io: &mut (impl Io + ?Sized)) -> bool {
    let Some(hello) = &send.tls else { return true };
    let bytes = client_hello(hello, &alpn(send));
    let mut answer = [0; SERVER_HELLO.len()];
    let sent = io.write_all(&bytes).await.is_ok();
    sent && io.read_exact(&mut answer).await.is_ok() && answer == SERVER_HELLO
}

/// Sends what the case says, once TLS is begun, and waits for an answer, for `patience` at most.
pub(super) async fn send(send: &Send, io: Box<dyn Io>, patience: Duration) -> Got {
    let asked = async {
        match (&send.request, &send.tcp) {
            (Some(request), _) if version(request) == "2" => http2(request, io).await,
            (Some(request), _) => {
                let head = request.method.as_deref() == Some("HEAD");
                bytes(&http1(request), io, true, head).await
            }
            (None, Some(text)) => bytes(words(text).as_bytes(), io, false, false).await,
            (None, None) => bytes(b"", io, false, false).await,
        }
    };
    timeout(patience, asked).await.unwrap_or(Got::Silence)
}

/// The protocols that the client offers: those of the scenario, else those of the mesh where it
/// shows a certificate.
pub(super) fn alpn(send: &Send) -> Vec<String> {
    let Some(hello) = &send.tls else { return Vec::new() };
    if let Some(alpn) = &hello.alpn {
        return alpn.clone();
    }
    let mesh = match &send.request {
        Some(request) if version(request) == "2" => "istio-h2",
        Some(_) => "istio-http/1.1",
        None => "istio",
    };
    let is_peer = send.inbound.is_some() && hello.principal.is_some();
    if is_peer { vec![mesh.to_owned()] } else { Vec::new() }
}

/// The first bytes of the connection, before any TLS is ended.
pub(super) fn first_bytes(send: &Send) -> Vec<u8> {
    match (&send.tls, &send.request) {
        (Some(hello), _) => client_hello(hello, &alpn(send)),
        (None, Some(request)) if version(request) == "2" => {
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()
        }
        (None, Some(request)) => http1(request),
        (None, None) => words(send.tcp.as_deref().unwrap_or_default()).into_bytes(),
    }
}

/// What is said where it is not HTTP: whole lines, since Envoy's inspector waits for the end of one.
fn words(text: &str) -> String {
    let ends = text.is_empty() || text.ends_with('\n');
    if ends { text.to_owned() } else { format!("{text}\n") }
}

fn version(request: &Request) -> &str {
    request.version.as_ref().map_or("1.1", |version| version.0.as_str())
}

/// The request as HTTP/1 bytes, exactly as the scenario writes it.
fn http1(request: &Request) -> Vec<u8> {
    let method = request.method.as_deref().unwrap_or("GET");
    let path = request.path.as_deref().unwrap_or("/");
    let mut text = format!("{method} {path} HTTP/{}\r\n", version(request));
    let mut line = |name: &str, value: &str| {
        text.push_str(name);
        text.push_str(": ");
        text.push_str(value);
        text.push_str("\r\n");
    };
    if let Some(authority) = &request.authority {
        line("Host", authority);
    }
    for (name, OneOrMany(values)) in &request.headers {
        values.iter().for_each(|value| line(name, value));
    }
    let body = request.body.as_deref().unwrap_or_default();
    if !body.is_empty() {
        line("Content-Length", &body.len().to_string());
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

/// Writes the bytes and reads one answer.
async fn bytes(text: &[u8], mut io: Box<dyn Io>, http: bool, head: bool) -> Got {
    if io.write_all(text).await.is_err() || io.flush().await.is_err() {
        return Got::Closed;
    }
    let mut read = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let length = match io.read(&mut chunk).await {
            Ok(0) | Err(_) => return ended(&read, http, head),
            Ok(length) => length,
        };
        read.extend_from_slice(chunk.get(..length).unwrap_or_default());
        match Reply::parse(&read, head) {
            Reply::Whole(status, headers, body) => return Got::Http { status, headers, body },
            Reply::NotHttp if !http => return Got::Bytes,
            Reply::NotHttp => return Got::Closed,
            Reply::Partial if read.len() > LONGEST => return Got::Closed,
            Reply::Partial | Reply::UntilEnd(..) => {}
        }
    }
}

/// What was read when the connection ended.
fn ended(read: &[u8], http: bool, head: bool) -> Got {
    match Reply::parse(read, head) {
        Reply::Whole(status, headers, body) | Reply::UntilEnd(status, headers, body) => {
            Got::Http { status, headers, body }
        }
        _ if !http && !read.is_empty() => Got::Bytes,
        _ => Got::Closed,
    }
}

async fn http2(request: &Request, io: Box<dyn Io>) -> Got {
    let scheme = request.scheme.as_deref().unwrap_or("http");
    let method = request.method.as_deref().unwrap_or("GET");
    let path = request.path.as_deref().unwrap_or("/");
    let authority = request.authority.as_deref().unwrap_or_default();
    let (uri, version) = match (method, authority) {
        ("CONNECT", _) => (authority.to_owned(), http::Version::HTTP_2),
        // So that the client sends no `:authority` at all.
        (_, "") => (path.to_owned(), http::Version::HTTP_11),
        _ => (format!("{scheme}://{authority}{path}"), http::Version::HTTP_2),
    };
    let mut builder = http::Request::builder().method(method).uri(uri).version(version);
    for (name, OneOrMany(values)) in &request.headers {
        for value in values {
            builder = builder.header(name, value);
        }
    }
    let body = Bytes::from(request.body.clone().unwrap_or_default());
    let Ok(request) = builder.body(Full::new(body)) else { return Got::Closed };
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(io));
    let Ok((mut sender, connection)) = handshake.await else { return Got::Closed };
    let driver = tokio::spawn(connection);
    let got = match sender.send_request(request).await {
        Ok(response) => {
            let (head, body) = response.into_parts();
            let mut headers = headers_of(&head.headers);
            let body = body.collect().await;
            if let Some(trailers) = body.as_ref().ok().and_then(|body| body.trailers()) {
                for (name, OneOrMany(values)) in headers_of(trailers) {
                    headers.entry(name).or_default().0.extend(values);
                }
            }
            let body = body.map(Collected::to_bytes).unwrap_or_default();
            // In HTTP/2 a cookie may come in pieces, whoever sends it.
            if let Some(OneOrMany(pieces)) = headers.get_mut("cookie") {
                *pieces = vec![pieces.join("; ")];
            }
            Got::Http {
                status: head.status.as_u16(),
                headers,
                body: String::from_utf8_lossy(&body).into_owned(),
            }
        }
        Err(_) => Got::Closed,
    };
    drop(sender);
    driver.abort();
    got
}
