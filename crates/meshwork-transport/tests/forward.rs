//! Handing on: requests and bytes to an application, addresses to a proxy behind.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

mod common;

use std::{convert::Infallible, sync::Arc, time::Duration};

use common::{accept, api, authority, connect, dial, echo, identity, listener, snapshot, web};
use http::{Request, Response, Version};
use http_body_util::BodyExt as _;
use meshwork_routing::MtlsMode;
use meshwork_tower::{Body, ConnectionInfo, DialProtocol, HttpServer};
use meshwork_transport::{MeshAcceptor, MeshConnector, accept_proxy_header, forward_to};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::ServiceExt as _;

/// An application that says what it was asked.
async fn app() -> std::net::SocketAddr {
    let (listener, address) = listener().await;
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let stack = tower::service_fn(|request: Request<Body>| async move {
                let host = request.headers().get("host").map(|host| host.to_str().unwrap());
                let host = host
                    .or(request.uri().authority().map(http::uri::Authority::as_str))
                    .unwrap_or("-");
                let text = format!(
                    "{:?} {} {host}{}",
                    request.version(),
                    request.method(),
                    request.uri().path()
                );
                Ok::<_, Infallible>(Response::new(Body::from(text)))
            });
            let connection = Arc::new(ConnectionInfo::default());
            tokio::spawn(async move {
                HttpServer::new().serve(stream, connection, stack, std::future::pending()).await
            });
        }
    });
    address
}

#[tokio::test]
async fn requests_keep_what_they_ask_for() {
    let forward = forward_to(app().await);
    for (version, shown) in [(Version::HTTP_11, "HTTP/1.1"), (Version::HTTP_2, "HTTP/2.0")] {
        let mut request = Request::get("/some/path").body(Body::empty()).unwrap();
        request.headers_mut().insert("host", "api.example:8080".parse().unwrap());
        *request.version_mut() = version;
        let response = forward.clone().oneshot(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, format!("{shown} GET api.example:8080/some/path"));
    }
    let hostless = Request::get("/").body(Body::empty()).unwrap();
    let refused = forward.clone().oneshot(hostless).await.unwrap_err();
    assert_eq!(refused.to_string(), "the request names no host");
    let nobody = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
    let request = Request::get("http://api.example/").body(Body::empty()).unwrap();
    assert!(forward_to(nobody).oneshot(request).await.is_err());
}

#[tokio::test]
async fn bytes_are_counted_both_ways() {
    let (listener, address) = listener().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.unwrap();
        stream.write_all(&heard).await.unwrap();
        stream.write_all(b" heard").await.unwrap();
    });
    let (mut client, server) = tokio::io::duplex(64);
    let spliced = tokio::spawn(async move { forward_to(address).splice(server).await });
    client.write_all(b"something").await.unwrap();
    client.shutdown().await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "something heard");
    let spliced = spliced.await.unwrap().unwrap();
    assert_eq!((spliced.sent, spliced.received), (9, 15));
}

#[tokio::test]
async fn a_proxy_header_stands_before_tls() {
    let authority = authority("cluster.local");
    for version in ["V1", "V2"] {
        let (listener, address) = listener().await;
        let rule = format!(
            "---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{ name: api, namespace: shop }}
spec:
  host: api.shop.svc.cluster.local
  trafficPolicy: {{ proxyProtocol: {{ version: {version} }} }}
"
        );
        let snapshot = snapshot(address, &rule);
        let acceptor = MeshAcceptor::new(identity(&authority, api()).await);
        let served = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let limit = Duration::from_secs(5);
            let (addresses, stream) = accept_proxy_header(stream, limit).await.unwrap();
            let mut accepted = accept(&acceptor, stream, MtlsMode::Strict).await.unwrap();
            let mut word = [0; 4];
            accepted.io.read_exact(&mut word).await.unwrap();
            accepted.io.write_all(&word).await.unwrap();
            accepted.io.flush().await.unwrap();
            (addresses, accepted.connection.peer)
        });
        let connector = MeshConnector::new(identity(&authority, web()).await);
        let mut dial = dial(&snapshot, DialProtocol::Tcp);
        let client = version == "V2";
        let ends = ("192.0.2.1:4000".parse().unwrap(), "192.0.2.2:80".parse().unwrap());
        dial.client = client.then_some(ends);
        let mut io = connect(&connector, dial).await.unwrap();
        echo(&mut *io).await.unwrap();
        let (addresses, peer) = served.await.unwrap();
        let read = addresses.map(|addresses| (addresses.source, addresses.destination));
        assert_eq!(read, client.then_some(ends));
        assert_eq!(peer.as_deref(), Some(web().as_str()));
    }
}
