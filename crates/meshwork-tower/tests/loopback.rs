//! Stacks over real sockets: both versions of HTTP, trailers, streaming, upgrades, a sidecar pair.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

mod common;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use common::{Backend, app, get, handler, live, post, routes, text};
use futures_util::{FutureExt as _, stream};
use http::{HeaderMap, Request, Response, Version};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use hyper_util::rt::TokioIo;
use meshwork_tower::{
    Body, BoxError, Clusters, ConnectionInfo, HttpServer, TcpConnector, TcpProxy, TcpTarget,
    UpstreamHost, inbound, outbound,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::ServiceExt as _;

fn echo() -> Backend {
    Backend::new(handler(|_, request| async move {
        let version = format!("{:?}", request.version());
        let host = request
            .uri()
            .authority()
            .map(ToString::to_string)
            .unwrap_or_else(|| request.headers()["host"].to_str().unwrap().to_owned());
        let path = request.uri().path_and_query().unwrap().to_string();
        let body = request.into_body().collect().await.unwrap();
        let mut trailers = body.trailers().cloned().unwrap_or_default();
        trailers.insert("grpc-status", "0".parse().unwrap());
        let data = format!("{version} {host} {path} {:?}", body.to_bytes());
        let frames = [Frame::data(Bytes::from(data)), Frame::trailers(trailers)];
        let frames = frames.map(Ok::<_, BoxError>);
        Response::new(Body::new(StreamBody::new(stream::iter(frames))))
    }))
}

#[tokio::test]
async fn http1_keeps_its_connection() {
    let backend = echo();
    let address = backend.listen().await;
    let client = outbound(live(&app("http", &[address]))).build();
    for _ in 0..3 {
        let response = client.clone().oneshot(post("/a/./b?q", "hi")).await.unwrap();
        assert_eq!(response.headers()["server"], "envoy");
        let host = response.extensions().get::<UpstreamHost>().unwrap();
        assert_eq!(*host.0, address.to_string());
        assert_eq!(text(response).await, "HTTP/1.1 app.example /a/b?q b\"hi\"");
        // The connection's own task has to see the end of the answer.
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(backend.connections.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[tokio::test]
async fn http2_carries_a_host_that_is_no_authority() {
    let backend = Backend::new(handler(|_, request| async move {
        let mut response = Response::new(Body::empty());
        assert_eq!(request.version(), Version::HTTP_2);
        response.headers_mut().insert("x-host", request.headers()["host"].clone());
        response
    }));
    let address = backend.listen().await;
    let config = app("grpc", &[address])
        + &routes(
            "  - headers: {request: {set: {host: 'a b'}}}
    route: [{destination: {host: app.example}}]
",
        );
    let client = outbound(live(&config)).build();
    let response = client.oneshot(get("/")).await.unwrap();
    assert_eq!(response.headers()["x-host"], "a b");
}

#[tokio::test]
async fn http2_answers_head_without_the_body_that_it_tells_of() {
    let backend = Backend::new(handler(|_, _| async {
        let mut response = Response::new(Body::from(Bytes::from("whole")));
        response.headers_mut().insert("content-length", 5.into());
        response
    }));
    let address = backend.listen().await;
    let io = TokioIo::new(tokio::net::TcpStream::connect(address).await.unwrap());
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    tokio::spawn(connection);
    for (method, body) in [("HEAD", ""), ("GET", "whole")] {
        let request = Request::builder().method(method).uri("http://app.example/");
        let request = request.version(Version::HTTP_2).body(Body::empty()).unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.headers()["content-length"], "5", "{method}");
        let got = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(got, body, "{method}");
    }
}

#[tokio::test]
async fn http2_carries_requests_at_once_with_trailers() {
    let backend = echo();
    let address = backend.listen().await;
    let client = outbound(live(&app("grpc", &[address]))).build();
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", "7".parse().unwrap());
    let call = |client: meshwork_tower::OutboundService| {
        let frames = [Frame::data(Bytes::from("hi")), Frame::trailers(trailers.clone())];
        let frames = frames.map(Ok::<_, BoxError>);
        let request = Request::post("http://app.example/pkg.Svc/Get")
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(Body::new(StreamBody::new(stream::iter(frames))))
            .unwrap();
        client.oneshot(request)
    };
    let answers = futures_util::future::join_all((0..20).map(|_| call(client.clone()))).await;
    for response in answers {
        let body = response.unwrap().into_body().collect().await.unwrap();
        assert_eq!(body.trailers().unwrap()["grpc-status"], "0");
        assert_eq!(body.trailers().unwrap()["x-sum"], "7");
        assert_eq!(body.to_bytes(), "HTTP/2.0 app.example /pkg.Svc/Get b\"hi\"");
    }
    assert_eq!(backend.connections.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_answer_streams_before_it_is_whole() {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel::<&'static str>();
    let receiver = std::sync::Mutex::new(Some(receiver));
    let backend = Backend::new(handler(move |_, _| {
        let receiver = receiver.lock().unwrap().take().unwrap();
        let chunks = stream::unfold(receiver, |mut receiver| async move {
            let chunk = receiver.recv().await?;
            Some((Ok::<_, BoxError>(Frame::data(Bytes::from(chunk))), receiver))
        });
        std::future::ready(Response::new(Body::new(StreamBody::new(chunks))))
    }));
    let address = backend.listen().await;
    let client = outbound(live(&app("http", &[address]))).build();
    let mut body = client.oneshot(get("/")).await.unwrap().into_body();
    assert!(body.frame().now_or_never().is_none());
    for chunk in ["one", "two"] {
        sender.send(chunk).unwrap();
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), chunk);
    }
    drop(sender);
    assert!(body.frame().await.is_none());
}

/// A client's connection to a sidecar's outbound stack, whose endpoint is an inbound stack.
#[tokio::test]
async fn an_upgrade_passes_two_stacks() {
    let application = Backend::new(handler(|_, mut request| async move {
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let mut io = TokioIo::new(upgrade.await.unwrap());
            let mut bytes = [0; 4];
            io.read_exact(&mut bytes).await.unwrap();
            io.write_all(&bytes).await.unwrap();
        });
        let switching = Response::builder().status(101);
        let switching = switching.header("connection", "Upgrade").header("upgrade", "websocket");
        switching.body(Body::empty()).unwrap()
    }));
    let address = application.listen().await;
    let config = app("http", &[address])
        + &routes(
            "  - rewrite: {uri: /room}
    headers: {response: {set: {x-b: '2'}}}
    route: [{destination: {host: app.example}}]
",
        );
    let stack = outbound(live(&config)).build();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let sidecar = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (io, peer) = listener.accept().await.unwrap();
        let info = Arc::new(ConnectionInfo::new(Some(peer), None));
        HttpServer::new().serve(io, info, stack, std::future::pending()).await;
    });
    let mut io = tokio::net::TcpStream::connect(sidecar).await.unwrap();
    io.write_all(
        b"GET /ws HTTP/1.1\r\nhost: app.example\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\nping",
    )
    .await
    .unwrap();
    let mut answer = Vec::new();
    io.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    assert!(answer.contains("x-b: 2"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nping"), "{answer}");
}

#[tokio::test]
async fn inbound_and_outbound_meet_and_the_trace_goes_on() {
    let ratings = Backend::new(handler(|_, request| {
        let id = request.headers()["x-request-id"].to_str().unwrap().to_owned();
        std::future::ready(Response::new(Body::from(Bytes::from(id))))
    }));
    let address = ratings.listen().await;
    let snapshot = live(&app("http", &[address]));
    let client = outbound(snapshot.clone()).build();
    let reviews = tower::service_fn(move |request: Request<meshwork_tower::CountedBody<Body>>| {
        assert_eq!(request.headers()["host"], "reviews");
        client.clone().oneshot(get("/ratings"))
    });
    let service = inbound(snapshot).port(9080).layer(reviews);
    let request = Request::get("/reviews")
        .header("host", "reviews")
        .header("x-request-id", "abc")
        .body(Body::empty())
        .unwrap();
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.headers()["server"], "istio-envoy");
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "abc");
}

#[tokio::test]
async fn bytes_are_passed_on_and_counted() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut io, _) = listener.accept().await.unwrap();
        let mut all = Vec::new();
        io.read_to_end(&mut all).await.unwrap();
        io.write_all(&[all.as_slice(), b"!"].concat()).await.unwrap();
    });
    let snapshot = common::compile(&app("tcp", &[address]));
    let clusters = Clusters::new(TcpConnector::new());
    let target = clusters.cluster(&snapshot, "outbound|80||app.example");
    assert!(target.is_some());
    let (mut client, server) = tokio::io::duplex(64);
    let proxied = tokio::spawn(async move {
        let info = ConnectionInfo::new(None, None);
        TcpProxy::new().proxy(server, &info, &TcpTarget::new(target, 0)).await
    });
    client.write_all(b"hello").await.unwrap();
    client.shutdown().await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "hello!");
    drop(client);
    let outcome = proxied.await.unwrap();
    assert_eq!((outcome.sent, outcome.received, outcome.connected), (5, 6, true));
    assert_eq!(*outcome.endpoint.unwrap(), address.to_string());
}

#[tokio::test]
async fn an_endpoint_that_resets_bytes_is_flagged() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for reset in [true, false] {
            let (mut io, _) = listener.accept().await.unwrap();
            io.read_u8().await.unwrap();
            if reset {
                socket2::SockRef::from(&io).set_linger(Some(Duration::ZERO)).unwrap();
            }
        }
    });
    let snapshot = live(&app("tcp", &[address])).load();
    let clusters = Clusters::new(TcpConnector::new());
    for flags in ["UR", "-"] {
        let target = clusters.cluster(&snapshot, "outbound|80||app.example");
        let (mut client, server) = tokio::io::duplex(64);
        let proxied = tokio::spawn(async move {
            let info = ConnectionInfo::new(None, None);
            TcpProxy::new().proxy(server, &info, &TcpTarget::new(target, 0)).await
        });
        client.write_all(b"x").await.unwrap();
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
        drop(client);
        assert_eq!(proxied.await.unwrap().flags.to_string(), flags);
    }
}

#[tokio::test]
async fn shutdown_lets_requests_finish() {
    let backend = Backend::new(handler(|_, _| async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Response::new(Body::from("done"))
    }));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (client, server) = tokio::io::duplex(1024);
    let stack = {
        let address = backend.listen().await;
        outbound(live(&app("http", &[address]))).build()
    };
    let served = tokio::spawn(async move {
        let info = Arc::new(ConnectionInfo::new(None, None));
        let stopped = async { drop(stopped.await) };
        HttpServer::new().serve(server, info, stack, stopped).await
    });
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(client)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("/").header("host", "app.example").body(Body::empty()).unwrap();
    let answer = tokio::spawn(async move { sender.send_request(request).await });
    tokio::time::sleep(Duration::from_millis(10)).await;
    stop.send(()).unwrap();
    let answer = answer.await.unwrap().unwrap();
    assert_eq!(answer.version(), Version::HTTP_11);
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "done");
    assert_eq!(served.await.unwrap(), meshwork_tower::ConnectionOutcome::default());
}

/// Always the last endpoint.
#[derive(Debug)]
struct Last;

impl meshwork_balance::Balance for Last {
    fn picker(&self, _: &meshwork_balance::Set<'_>) -> Box<dyn meshwork_balance::Picker> {
        Box::new(Self)
    }
}

impl meshwork_balance::Picker for Last {
    fn pick(
        &self,
        hosts: &[meshwork_balance::Host],
        _: &mut meshwork_balance::Choice<'_>,
    ) -> Option<usize> {
        hosts.len().checked_sub(1)
    }
}

#[tokio::test]
async fn clusters_are_balanced_by_an_algorithm_of_the_users() {
    let (first, last) = (echo().listen().await, echo().listen().await);
    let snapshot = live(&app("http", &[first, last]));
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let clusters = Clusters::new(TcpConnector::new());
    let own = clusters.balance({
        let asked = Arc::clone(&asked);
        move |cluster| {
            asked.lock().unwrap().push(cluster.name.to_string());
            Some(Arc::new(Last))
        }
    });
    let client = outbound(snapshot.clone()).clusters(own).build();
    for _ in 0..8 {
        let response = client.clone().oneshot(get("/")).await.unwrap();
        assert_eq!(*response.extensions().get::<UpstreamHost>().unwrap().0, last.to_string());
    }
    assert_eq!(*asked.lock().unwrap(), ["outbound|80||app.example"], "once for a cluster");

    let left = clusters.balance(|_| None);
    let client = outbound(snapshot).clusters(left).build();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..64 {
        let response = client.clone().oneshot(get("/")).await.unwrap();
        seen.insert(response.extensions().get::<UpstreamHost>().unwrap().0.to_string());
    }
    assert_eq!(seen.len(), 2, "the DestinationRule's algorithm stays");
}
