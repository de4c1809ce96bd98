//! `ProxyConfig.connectionSettings`: how long connections and requests may take, in virtual time.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

mod common;

use std::{sync::Arc, time::Duration};

use common::{Backend, app, compile_for, handler};
use http::{Request, Response, Version};
use http_body_util::{BodyExt as _, StreamBody};
use hyper_util::rt::{TokioExecutor, TokioIo};
use meshwork_core::Publisher;
use meshwork_registry::Proxy;
use meshwork_tower::{
    Body, ConnectionInfo, ConnectionOutcome, CountedBody, Direction, HttpServer, HttpSettings,
    gateway, inbound, outbound,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream},
    task::JoinHandle,
    time::{Instant, sleep},
};

const SLOW: u64 = 4000;

/// `/slow` takes four seconds; `/drip` sends half of its answer and waits.
fn backend() -> Backend {
    Backend::new(handler(|_, request: Request<Body>| async move {
        let path = request.uri().path().to_owned();
        let _ = request.into_body().collect().await;
        if path == "/drip" {
            let half = futures_util::stream::once(std::future::ready(Ok::<_, std::io::Error>(
                http_body::Frame::data(bytes::Bytes::from_static(b"half")),
            )));
            let rest = futures_util::stream::pending();
            let body = StreamBody::new(futures_util::StreamExt::chain(half, rest));
            return Response::new(Body::new(body));
        }
        if path == "/slow" {
            sleep(Duration::from_millis(SLOW)).await;
        }
        Response::new(Body::from("done"))
    }))
}

/// A connection to a sidecar's listener with these settings.
fn connect(settings: &str, direction: Direction) -> (DuplexStream, JoinHandle<ConnectionOutcome>) {
    let mut proxy = Proxy::sidecar("default");
    let config = format!(r#"{{"connectionSettings":{{{settings}}}}}"#);
    proxy.metadata.insert("PROXY_CONFIG".into(), config.into());
    let snapshot = compile_for(&app("http", &["10.0.0.1:8080".parse().unwrap()]), &proxy);
    let http = HttpServer::new().settings(&HttpSettings::of_snapshot(&snapshot, direction));
    let live = Publisher::new(snapshot).live();
    let (client, server) = tokio::io::duplex(1 << 16);
    let info = Arc::new(ConnectionInfo::new(None, None));
    let connector = backend().connector();
    let served = tokio::spawn(async move {
        if direction == Direction::Inbound {
            let stack = inbound(live).port(8080);
            let slow = tower::service_fn(|_: Request<CountedBody<Body>>| async move {
                sleep(Duration::from_millis(SLOW)).await;
                Ok::<_, std::convert::Infallible>(Response::new(Body::from("done")))
            });
            http.serve(server, info, stack.layer(slow), std::future::pending()).await
        } else {
            let stack = outbound(live).connector(connector).build();
            http.serve(server, info, stack, std::future::pending()).await
        }
    });
    (client, served)
}

fn request(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: app.example\r\n{headers}\r\n").into_bytes()
}

/// What one read brings and when, in milliseconds.
async fn next(client: &mut DuplexStream) -> (u128, String) {
    let began = Instant::now();
    let mut buffer = vec![0; 1 << 16];
    let count = client.read(&mut buffer).await.unwrap();
    (began.elapsed().as_millis(), String::from_utf8_lossy(&buffer[..count]).into_owned())
}

async fn ask(settings: &str, bytes: &[u8]) -> (u128, String, DuplexStream) {
    let (mut client, _) = connect(settings, Direction::Outbound);
    client.write_all(bytes).await.unwrap();
    let (took, answer) = next(&mut client).await;
    (took, answer, client)
}

fn assert_says(answer: &str, status: u16, body: &str, closes: bool) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert!(answer.ends_with(&format!("\r\n\r\n{body}")), "{answer}");
    assert_eq!(answer.contains("connection: close\r\n"), closes, "{answer}");
    assert!(answer.contains("server: envoy\r\n"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_request_has_to_arrive_in_time() {
    let limit = r#""httpRequestTimeout":"1s""#;
    let (took, answer, _) = ask(limit, &request("/", "content-length: 5\r\n")).await;
    assert_says(&answer, 408, "request timeout", true);
    assert_eq!(took, 1000);
    let (took, answer, _) = ask(limit, &request("/slow", "")).await;
    assert_says(&answer, 200, "done", false);
    assert_eq!(took, u128::from(SLOW));
    let (took, answer, _) = ask(limit, b"GET / HT").await;
    assert_says(&answer, 408, "request timeout", true);
    assert_eq!(took, 1000);
}

#[tokio::test(start_paused = true)]
async fn a_head_has_to_arrive_in_time() {
    let limit = r#""httpRequestHeadersTimeout":"1s""#;
    let (took, answer, mut client) = ask(limit, b"GET / HT").await;
    assert_says(&answer, 408, "request header timeout", true);
    assert_eq!((took, next(&mut client).await), (1000, (0, String::new())));
    // Silence before a head is none of its time.
    let (mut client, served) = connect(limit, Direction::Outbound);
    for _ in 0..2 {
        sleep(Duration::from_secs(5)).await;
        client.write_all(&request("/", "")).await.unwrap();
        assert_says(&next(&mut client).await.1, 200, "done", false);
    }
    client.write_all(b"GET").await.unwrap();
    sleep(Duration::from_millis(900)).await;
    client.write_all(b" / HTTP/1.1\r\nhost: app.example\r\n\r\n").await.unwrap();
    assert_says(&next(&mut client).await.1, 200, "done", false);
    client.write_all(b"GET").await.unwrap();
    assert_says(&next(&mut client).await.1, 408, "request header timeout", true);
    drop(client);
    assert_eq!(served.await.unwrap().details, Some("request_header_timeout"));
}

#[tokio::test(start_paused = true)]
async fn a_stream_must_not_be_silent() {
    let limit = r#""httpStreamIdleTimeout":"1s""#;
    let (took, answer, _) = ask(limit, &request("/slow", "")).await;
    assert_says(&answer, 504, "stream timeout", false);
    assert_eq!(took, 1000);
    let (took, answer, mut client) = ask(limit, &request("/", "content-length: 5\r\n")).await;
    assert_says(&answer, 408, "stream timeout", true);
    assert_eq!((took, next(&mut client).await), (1000, (0, String::new())));
    // What is under way is cut off.
    let (_, answer, mut client) = ask(limit, &request("/drip", "")).await;
    assert!(answer.contains("half"), "{answer}");
    assert_eq!(next(&mut client).await, (1000, String::new()));
    // Every part of the body counts.
    let (mut client, _) = connect(limit, Direction::Outbound);
    client.write_all(&request("/", "content-length: 5\r\n")).await.unwrap();
    for byte in b"12345" {
        sleep(Duration::from_millis(900)).await;
        client.write_all(&[*byte]).await.unwrap();
    }
    assert_says(&next(&mut client).await.1, 200, "done", false);
}

#[tokio::test(start_paused = true)]
async fn a_stream_must_not_last() {
    let limit = r#""httpMaxStreamDuration":"1s""#;
    let (took, answer, _) = ask(limit, &request("/slow", "")).await;
    assert_says(&answer, 504, "downstream duration timeout", false);
    assert_eq!(took, 1000);
    let (_, answer, _) = ask(limit, &request("/", "content-length: 5\r\n")).await;
    assert_says(&answer, 408, "downstream duration timeout", true);
    let (_, answer, mut client) = ask(limit, &request("/drip", "")).await;
    assert!(answer.contains("half"), "{answer}");
    assert_eq!(next(&mut client).await, (1000, String::new()));
    let grpc = "content-type: application/grpc\r\n";
    let (_, answer, _) = ask(limit, &request("/slow", grpc)).await;
    assert!(answer.contains("grpc-status: 4\r\n"), "{answer}");
    assert!(answer.contains("grpc-message: downstream duration timeout\r\n"), "{answer}");
    // Istio's inbound routes put no limit in its place.
    let (mut client, _) = connect(limit, Direction::Inbound);
    client.write_all(&request("/slow", "")).await.unwrap();
    let (took, _) = next(&mut client).await;
    assert_eq!(took, u128::from(SLOW));
}

#[tokio::test(start_paused = true)]
async fn inbound_streams_are_held_to_their_limits_too() {
    let (mut client, _) = connect(r#""httpStreamIdleTimeout":"1s""#, Direction::Inbound);
    client.write_all(&request("/slow", "")).await.unwrap();
    let (took, answer) = next(&mut client).await;
    assert_eq!(took, 1000);
    assert!(answer.starts_with("HTTP/1.1 504 "), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_drained() {
    let limit = r#""httpIdleTimeout":"1s","httpDrainTimeout":"2s""#;
    // Idle for a second, drained for two.
    let (_, answer, mut client) = ask(limit, &request("/", "")).await;
    assert_says(&answer, 200, "done", false);
    assert_eq!(next(&mut client).await, (3000, String::new()));
    // A request while it is drained is the last one.
    let (_, _, mut client) = ask(limit, &request("/", "")).await;
    sleep(Duration::from_secs(2)).await;
    client.write_all(&request("/", "")).await.unwrap();
    assert_says(&next(&mut client).await.1, 200, "done", true);
    assert_eq!(next(&mut client).await, (0, String::new()));
    // One that never said anything ends at once.
    let (mut client, _) = connect(limit, Direction::Outbound);
    assert_eq!(next(&mut client).await, (1000, String::new()));
    // Whoever is served is not idle.
    let (took, answer, _) = ask(limit, &request("/slow", "")).await;
    assert_says(&answer, 200, "done", false);
    assert_eq!(took, u128::from(SLOW));
    // An hour unless said otherwise, and never for zero.
    let (_, _, mut client) = ask("", &request("/", "")).await;
    assert_eq!(next(&mut client).await, (3_605_000, String::new()));
    let (_, _, mut client) = ask(r#""httpIdleTimeout":"0s""#, &request("/", "")).await;
    let day = Duration::from_secs(86_400);
    assert!(tokio::time::timeout(day, next(&mut client)).await.is_err());
}

#[test]
fn the_proxys_metadata_say_how_long_connections_idle() {
    let idle = |text: &str, config: &str, direction| {
        let mut proxy = Proxy::sidecar("default");
        proxy.metadata.insert("IDLE_TIMEOUT".into(), text.into());
        let config = format!(r#"{{"connectionSettings":{{{config}}}}}"#);
        proxy.metadata.insert("PROXY_CONFIG".into(), config.into());
        let limits = HttpSettings::of_snapshot(&compile_for("", &proxy), direction).limits;
        limits.idle_timeout.as_secs()
    };
    let side = Direction::Inbound;
    assert_eq!(idle("90s", "", side), 90);
    assert_eq!(idle("90s", r#""httpIdleTimeout":"10s""#, side), 10);
    assert_eq!(idle("90s", r#""httpDrainTimeout":"10s""#, side), 90);
    assert_eq!(idle("soon", "", side), 3600);
    let edge = r#""profile":"EDGE""#;
    assert_eq!((idle("90s", edge, side), idle("90s", edge, Direction::Gateway)), (90, 3600));
}

#[tokio::test(start_paused = true)]
async fn an_old_connection_is_drained() {
    let limit = r#""httpMaxConnectionDuration":"1s","httpDrainTimeout":"2s""#;
    let (_, _, mut client) = ask(limit, &request("/", "")).await;
    assert_eq!(next(&mut client).await, (3000, String::new()));
    // What is under way ends as it should.
    let (took, answer, mut client) = ask(limit, &request("/slow", "")).await;
    assert_says(&answer, 200, "done", true);
    assert_eq!((took, next(&mut client).await), (u128::from(SLOW), (0, String::new())));
    let (mut client, _) = connect(limit, Direction::Outbound);
    assert_eq!(next(&mut client).await, (1000, String::new()));
}

#[tokio::test(start_paused = true)]
async fn an_old_http2_connection_says_goaway() {
    let limit = r#""httpMaxConnectionDuration":"1s","httpDrainTimeout":"2s""#;
    let (client, _served) = connect(limit, Direction::Outbound);
    let builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    let (mut sender, connection) = builder.handshake(TokioIo::new(client)).await.unwrap();
    let connection = tokio::spawn(connection);
    let slow = Request::get("http://app.example/slow").body(Body::empty()).unwrap();
    let began = Instant::now();
    let answer = sender.send_request(slow).await.unwrap();
    assert_eq!((answer.status().as_u16(), began.elapsed().as_millis()), (200, u128::from(SLOW)));
    assert!(sender.ready().await.is_err());
    drop(answer);
    assert!(connection.await.unwrap().is_ok());
}

/// The settings that an HTTP/2 server tells: identifiers and values.
async fn http2_settings(settings: &str) -> (Vec<(u16, u32)>, u32) {
    let (mut client, _served) = connect(settings, Direction::Outbound);
    client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut told = Vec::new();
    let _ = tokio::time::timeout(Duration::from_millis(100), client.read_to_end(&mut told)).await;
    let (mut rest, mut found, mut window) = (&told[..], Vec::new(), 65_535);
    while rest.len() >= 9 {
        let length = usize::from(rest[1]) << 8 | usize::from(rest[2]);
        let (kind, ack, body) = (rest[3], rest[4] & 1 == 1, &rest[9..9 + length]);
        let number = |bytes: &[u8]| bytes.iter().fold(0_u32, |n, byte| n << 8 | u32::from(*byte));
        if kind == 4 && !ack {
            found = body
                .chunks(6)
                .map(|one| (u16::try_from(number(&one[..2])).unwrap(), number(&one[2..])))
                .collect();
        }
        if kind == 8 {
            window += number(body);
        }
        rest = &rest[9 + length..];
    }
    (found, window)
}

#[tokio::test(start_paused = true)]
async fn http2_is_told_its_limits() {
    let limits = r#""httpMaxConcurrentStreams":7,"http2InitialStreamWindowSize":70000,
        "http2InitialConnectionWindowSize":200000"#;
    let (settings, window) = http2_settings(limits).await;
    assert!(settings.contains(&(3, 7)), "{settings:?}");
    assert!(settings.contains(&(4, 70_000)), "{settings:?}");
    assert_eq!(window, 200_000);
    let (settings, _) = http2_settings("").await;
    assert!(!settings.iter().any(|(name, _)| *name == 3), "{settings:?}");
}

/// How often a request with a body of so many bytes is tried at a gateway, where every try fails.
async fn tries(settings: &str, version: Version, length: usize) -> usize {
    let config = app("http", &["10.0.0.1:8080".parse().unwrap()])
        + "---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: ingress}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [app.example]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: app}
spec:
  hosts: [app.example]
  gateways: [edge]
  http:
  - retries: {attempts: 2, retryOn: '5xx', backoff: 10ms}
    route: [{destination: {host: app.example}}]
";
    let mut proxy = Proxy::gateway("default");
    proxy.labels = [("istio", "ingress")].into_iter().collect();
    let own = format!(r#"{{"connectionSettings":{{{settings}}}}}"#);
    proxy.metadata.insert("PROXY_CONFIG".into(), own.into());
    let live = Publisher::new(compile_for(&config, &proxy)).live();
    let fails = Backend::new(handler(|_, request: Request<Body>| async move {
        let _ = request.into_body().collect().await;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
        response
    }));
    let stack = gateway(live).port(80).connector(fails.connector()).build();
    let request = Request::post("http://app.example/").version(version);
    let request = request.body(Body::from(bytes::Bytes::from(vec![b'x'; length]))).unwrap();
    let answer = tower::ServiceExt::oneshot(stack, request).await.unwrap();
    assert_eq!(answer.status(), 503);
    fails.count()
}

#[tokio::test(start_paused = true)]
async fn what_is_not_kept_is_not_sent_again() {
    let (http1, http2) = (Version::HTTP_11, Version::HTTP_2);
    assert_eq!(tries("", http1, 100_000).await, 3);
    let limits = r#""listenerPerConnectionBufferLimitBytes":10,
        "http2InitialStreamWindowSize":65535"#;
    for (version, kept) in [(http1, 10), (http2, 65_535)] {
        assert_eq!(tries(limits, version, kept).await, 3, "{version:?}");
        assert_eq!(tries(limits, version, kept + 1).await, 1, "{version:?}");
    }
}
