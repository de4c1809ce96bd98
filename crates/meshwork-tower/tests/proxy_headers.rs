//! `ProxyConfig.proxyHeaders`: what forwarding adds, and what it does not when told so.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

mod common;

use std::{convert::Infallible, sync::Arc};

use common::{Backend, Notes, app, compile_for, get, handler, routes};
use http::{HeaderMap, HeaderValue, Request, Response};
use meshwork_core::Publisher;
use meshwork_registry::Proxy;
use meshwork_tower::{
    Body, ConnectionInfo, Dial, Direction, HttpServer, HttpSettings, OutboundService, Seeds,
    inbound, outbound,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::ServiceExt as _;

const ENDPOINT: &str = "10.0.0.1:8080";
const PLAIN: &str = "  - route: [{destination: {host: app.example}}]\n";
const REWRITE: &str = "  - rewrite: {uri: /new, authority: new.example}
    timeout: 5s
    route: [{destination: {host: app.example}}]
";
const HOST: &str = "  - headers: {request: {set: {Host: new.example}}}
    route: [{destination: {host: app.example}}]
";

fn proxy(headers: &str) -> Proxy {
    let mut proxy = Proxy::sidecar("default");
    let config = format!(r#"{{"proxyHeaders":{{{headers}}}}}"#);
    proxy.metadata.insert("PROXY_CONFIG".into(), config.into());
    proxy
}

/// Answers with the headers of the request, each with `seen-` before its name.
fn echo() -> Backend {
    Backend::new(handler(|_, request: Request<Body>| async move {
        let mut response = Response::new(Body::empty());
        for (name, value) in request.headers() {
            let name: http::HeaderName = format!("seen-{name}").parse().unwrap();
            response.headers_mut().insert(name, value.clone());
        }
        response.headers_mut().insert("server", HeaderValue::from_static("app"));
        response
    }))
}

fn client(headers: &str, http: &str, more: &str) -> OutboundService {
    let config = app("http", &[ENDPOINT.parse().unwrap()]) + &routes(http) + more;
    let live = Publisher::new(compile_for(&config, &proxy(headers))).live();
    outbound(live).seeds(Seeds::from_seed(1)).connector(echo().connector()).build()
}

async fn answer(headers: &str, http: &str, request: Request<Body>) -> HeaderMap {
    client(headers, http, "").oneshot(request).await.unwrap().headers().clone()
}

/// Whether a header is there with nothing set, and whether it is with `headers`.
async fn check(headers: &str, name: &str, expected: (Option<&str>, Option<&str>)) {
    let before = answer("", REWRITE, get("/old")).await;
    let after = answer(headers, REWRITE, get("/old")).await;
    let value = |headers: &HeaderMap| headers.get(name).map(|v| v.to_str().unwrap().to_owned());
    let (before, after) = (value(&before), value(&after));
    assert_eq!((before.as_deref(), after.as_deref()), expected, "{name} {headers}");
}

#[tokio::test(start_paused = true)]
async fn attempts_are_not_counted_when_told_so() {
    let off = r#""attemptCount":{"disabled":true}"#;
    check(off, "seen-x-envoy-attempt-count", (Some("1"), None)).await;
    let mut request = get("/");
    request.headers_mut().insert("x-envoy-attempt-count", HeaderValue::from_static("7"));
    // What the client says is passed on then.
    assert_eq!(answer(off, PLAIN, request).await["seen-x-envoy-attempt-count"], "7");
}

#[tokio::test(start_paused = true)]
async fn debug_headers_are_left_out_when_told_so() {
    let off = r#""envoyDebugHeaders":{"disabled":true}"#;
    check(off, "seen-x-envoy-original-path", (Some("/old"), None)).await;
    check(off, "seen-x-envoy-original-host", (Some("app.example"), None)).await;
    check(off, "seen-x-envoy-expected-rq-timeout-ms", (Some("5000"), None)).await;
    check(off, "x-envoy-upstream-service-time", (Some("0"), None)).await;
    // The number of the attempt has a setting of its own.
    check(off, "seen-x-envoy-attempt-count", (Some("1"), Some("1"))).await;
}

#[tokio::test(start_paused = true)]
async fn an_overflow_is_not_marked_when_told_so() {
    let none = "---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: app}
spec:
  host: app.example
  trafficPolicy: {connectionPool: {http: {http1MaxPendingRequests: 1, http2MaxRequests: 1}}}
";
    for (headers, marked) in [("", true), (r#""envoyDebugHeaders":{"disabled":true}"#, false)] {
        let config = app("http", &[ENDPOINT.parse().unwrap()]) + none;
        let live = Publisher::new(compile_for(&config, &proxy(headers))).live();
        let hangs = Backend::new(handler(|_, _| std::future::pending()));
        let client = outbound(live).connector(hangs.connector()).build();
        let first = tokio::spawn(client.clone().oneshot(get("/")));
        tokio::task::yield_now().await;
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        let second = client.oneshot(get("/")).await.unwrap();
        assert_eq!(second.status(), 503);
        assert_eq!(second.headers().contains_key("x-envoy-overloaded"), marked);
        first.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn the_original_host_is_told_where_a_rewrite_sends_another() {
    let on = r#""xForwardedHost":{"enabled":true}"#;
    check(on, "seen-x-forwarded-host", (None, Some("app.example"))).await;
    for (before, after) in [
        ("a", "a,app.example"),
        ("a,app.example", "a,app.example"),
        ("a, app.example", "a, app.example,app.example"),
    ] {
        let mut request = get("/old");
        request.headers_mut().insert("x-forwarded-host", HeaderValue::from_static(before));
        assert_eq!(answer(on, REWRITE, request).await["seen-x-forwarded-host"], after);
    }
    // A Host that header operations set is none of a rewrite.
    let set = answer(on, HOST, get("/")).await;
    assert_eq!(set["seen-x-envoy-original-host"], "app.example");
    assert!(!set.contains_key("seen-x-forwarded-host"));
}

#[tokio::test(start_paused = true)]
async fn port_and_request_id_are_switched() {
    let on = r#""xForwardedPort":{"enabled":true}"#;
    check(on, "seen-x-forwarded-port", (None, Some("80"))).await;
    let off = r#""requestId":{"disabled":true}"#;
    let with = answer("", PLAIN, get("/")).await;
    let without = answer(off, PLAIN, get("/")).await;
    let name = "seen-x-request-id";
    assert_eq!((with.contains_key(name), without.contains_key(name)), (true, false));
}

#[tokio::test(start_paused = true)]
async fn the_server_header_is_ours_or_the_applications() {
    check(r#""server":{"disabled":true}"#, "server", (Some("envoy"), Some("app"))).await;
    check(r#""server":{"value":"mine"}"#, "server", (Some("envoy"), Some("mine"))).await;
    // An answer of the mesh itself has none then.
    let nowhere = "  - directResponse: {status: 404}\n";
    let own = answer(r#""server":{"disabled":true}"#, nowhere, get("/")).await;
    assert!(!own.contains_key("server"));
}

/// Sends bytes through a sidecar's stack to an endpoint that notes what it reads.
async fn raw(headers: &str, towards: bool) -> (String, String) {
    let service = "---
apiVersion: v1
kind: Service
metadata: {name: own}
spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80, targetPort: 8080}], selector: {app: own}}
";
    let config = app("http", &[ENDPOINT.parse().unwrap()]) + service;
    let mut proxy = proxy(headers);
    proxy.labels = [("app", "own")].into_iter().collect();
    proxy.addresses.push("10.0.0.9".parse().unwrap());
    let snapshot = compile_for(&config, &proxy);
    let direction = if towards { Direction::Inbound } else { Direction::Outbound };
    let settings = HttpSettings::of_snapshot(&snapshot, direction);
    let live = Publisher::new(snapshot).live();
    let read = Notes::default();
    let notes = read.clone();
    let connector = tower::service_fn(move |_: Dial| {
        let (near, mut far) = tokio::io::duplex(1 << 16);
        let notes = notes.clone();
        tokio::spawn(async move {
            let mut buffer = vec![0; 1 << 16];
            let count = far.read(&mut buffer).await.unwrap();
            notes.add(String::from_utf8_lossy(&buffer[..count]));
            far.write_all(b"HTTP/1.1 200 OK\r\nX-ThatCase: 1\r\nContent-Length: 0\r\n\r\n")
                .await
                .unwrap();
            let _ = far.read(&mut buffer).await;
        });
        std::future::ready(Ok::<_, Infallible>(near))
    });
    let (mut client, server) = tokio::io::duplex(1 << 16);
    let http = HttpServer::new().settings(&settings);
    tokio::spawn(async move {
        let info = Arc::new(ConnectionInfo::new(None, None));
        let pending = std::future::pending;
        if towards {
            let clusters = meshwork_tower::Clusters::new(connector);
            let stack = inbound(live).port(8080).clusters(clusters).forward();
            http.serve(server, info, stack, pending()).await;
        } else {
            let stack = outbound(live).connector(connector).build();
            http.serve(server, info, stack, pending()).await;
        }
    });
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: app.example\r\nX-ThisCase: 1\r\n\r\n")
        .await
        .unwrap();
    let mut buffer = vec![0; 1 << 16];
    let count = client.read(&mut buffer).await.unwrap();
    (read.all().join(""), String::from_utf8_lossy(&buffer[..count]).into_owned())
}

#[tokio::test(start_paused = true)]
async fn the_case_of_names_is_kept_when_told_so() {
    for towards in [false, true] {
        let (request, response) = raw(r#""preserveHttp1HeaderCase":true"#, towards).await;
        assert!(request.contains("\r\nX-ThisCase: 1\r\n"), "{towards} {request}");
        assert!(request.contains("\r\nHost: app.example\r\n"), "{request}");
        assert!(response.contains("\r\nX-ThatCase: 1\r\n"), "{response}");
        let (request, response) = raw("", towards).await;
        assert!(request.contains("\r\nx-thiscase: 1\r\n"), "{request}");
        assert!(response.contains("\r\nx-thatcase: 1\r\n"), "{response}");
    }
}
