//! `trafficPolicy.tunnel`: bytes that go to their endpoint through an HTTP proxy.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

mod common;

use std::convert::Infallible;

use bytes::Bytes;
use common::{Notes, app, live};
use http::Response;
use http_body_util::{BodyExt, Collected, StreamBody};
use hyper_util::rt::{TokioExecutor, TokioIo};
use meshwork_tower::{
    Body, Clusters, ConnectionInfo, Dial, DialProtocol, TcpOutcome, TcpProxy, TcpTarget,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

const CLUSTER: &str = "outbound|80||app.example";

fn rule(tunnel: &str) -> String {
    format!(
        "---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: app}}
spec:
  host: app.example
  trafficPolicy: {{tunnel: {tunnel}}}
  subsets: [{{name: plain}}, {{name: own, trafficPolicy: {{tunnel: {{targetHost: own.example, targetPort: 7}}}}}}]
"
    )
}

/// Says hello to `cluster`, and returns what comes back.
async fn hello(config: &str, cluster: &str, proxy: impl Proxy) -> (Vec<u8>, TcpOutcome) {
    let snapshot = live(config).load();
    let connector = tower::service_fn(move |dial: Dial| {
        let (near, far) = tokio::io::duplex(1 << 16);
        proxy.clone().serve(dial.protocol, far);
        std::future::ready(Ok::<_, Infallible>(near))
    });
    let clusters = Clusters::new(connector);
    let target = TcpTarget::new(clusters.cluster(&snapshot, cluster), 0);
    let (mut client, server) = tokio::io::duplex(1 << 16);
    let served = tokio::spawn(async move {
        let connection = ConnectionInfo::new(None, None);
        TcpProxy::new().proxy(server, &connection, &target).await
    });
    // The proxy may refuse.
    let _ = client.write_all(b"hello").await;
    let _ = client.shutdown().await;
    let mut back = Vec::new();
    client.read_to_end(&mut back).await.unwrap();
    (back, served.await.unwrap())
}

trait Proxy: Clone + Send + Sync + 'static {
    fn serve(self, protocol: DialProtocol, io: DuplexStream);
}

/// Notes the bytes that come, and answers them.
#[derive(Clone, Default)]
struct Raw {
    notes: Notes,
    answers: &'static [&'static str],
}

impl Proxy for Raw {
    fn serve(self, protocol: DialProtocol, mut io: DuplexStream) {
        self.notes.add(format!("{protocol:?}"));
        tokio::spawn(async move {
            for answer in self.answers {
                let mut buffer = vec![0; 4096];
                let count = io.read(&mut buffer).await.unwrap();
                self.notes.add(String::from_utf8_lossy(&buffer[..count]));
                io.write_all(answer.as_bytes()).await.unwrap();
            }
        });
    }
}

fn http1(notes: &Notes) -> Vec<String> {
    // Where one write ends and the next begins is nobody's affair.
    let all = notes.all();
    vec![all[0].clone(), all[1..].join("")]
}

#[tokio::test(start_paused = true)]
async fn connect_makes_the_connection_the_tunnel() {
    let config = app("tcp", &["10.0.0.1:3128".parse().unwrap()])
        + &rule("{protocol: CONNECT, targetHost: target.example, targetPort: 443}");
    let proxy = Raw { answers: &["HTTP/1.1 200 OK\r\n\r\n", "welcome"], ..Raw::default() };
    let (back, outcome) = hello(&config, CLUSTER, proxy.clone()).await;
    assert_eq!((&back[..], outcome.flags.to_string()), (&b"welcome"[..], "-".to_owned()));
    let head = "CONNECT target.example:443 HTTP/1.1\r\nhost: target.example:443\r\n\r\n";
    assert_eq!(http1(&proxy.notes), ["Http1".to_owned(), format!("{head}hello")]);
}

#[tokio::test(start_paused = true)]
async fn post_carries_bytes_in_bodies() {
    let config = app("tcp", &["10.0.0.1:3128".parse().unwrap()])
        + &rule("{protocol: POST, targetHost: '2001:db8::1', targetPort: 443}");
    let answers =
        &["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "7\r\nwelcome\r\n0\r\n\r\n"];
    let proxy = Raw { answers, ..Raw::default() };
    let (back, _) = hello(&config, CLUSTER, proxy.clone()).await;
    assert_eq!(back, b"welcome");
    let [protocol, text] = &http1(&proxy.notes)[..] else { panic!() };
    assert_eq!(protocol, "Http1");
    let head = "POST / HTTP/1.1\r\nhost: [2001:db8::1]:443\r\ntransfer-encoding: chunked\r\n\r\n";
    assert!(text.starts_with(&format!("{head}5\r\nhello\r\n")), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_proxy_may_refuse() {
    let config = app("tcp", &["10.0.0.1:3128".parse().unwrap()])
        + &rule("{targetHost: target.example, targetPort: 443}");
    let answers = &["HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"];
    let (back, outcome) = hello(&config, CLUSTER, Raw { answers, ..Raw::default() }).await;
    assert_eq!((back, outcome.connected), (Vec::new(), false));
    assert_eq!(outcome.flags.to_string(), "UF,URX");
}

#[tokio::test(start_paused = true)]
async fn a_subset_has_a_tunnel_of_its_own_or_none() {
    let config = app("tcp", &["10.0.0.1:3128".parse().unwrap()])
        + &rule("{targetHost: target.example, targetPort: 443}");
    let proxy = Raw { answers: &["welcome"], ..Raw::default() };
    let (back, _) = hello(&config, "outbound|80|plain|app.example", proxy.clone()).await;
    assert_eq!(back, b"welcome");
    assert_eq!(proxy.notes.all(), ["Tcp", "hello"]);
    let proxy = Raw { answers: &["HTTP/1.1 200 OK\r\n\r\n", "welcome"], ..Raw::default() };
    hello(&config, "outbound|80|own|app.example", proxy.clone()).await;
    assert!(proxy.notes.all()[1].starts_with("CONNECT own.example:7 HTTP/1.1\r\n"));
}

/// A proxy that speaks HTTP/2.
#[derive(Clone, Default)]
struct Http2(Notes);

impl Proxy for Http2 {
    fn serve(self, protocol: DialProtocol, io: DuplexStream) {
        self.0.add(format!("{protocol:?}"));
        let service = hyper::service::service_fn(move |request: http::Request<_>| {
            let notes = self.0.clone();
            async move {
                notes.add(format!("{} {}", request.method(), request.uri()));
                if request.method() == http::Method::CONNECT {
                    tokio::spawn(async move {
                        let mut io = TokioIo::new(hyper::upgrade::on(request).await.unwrap());
                        let mut buffer = [0; 5];
                        io.read_exact(&mut buffer).await.unwrap();
                        assert_eq!(&buffer, b"hello");
                        io.write_all(b"welcome").await.unwrap();
                        io.shutdown().await.unwrap();
                    });
                    return Ok::<_, Infallible>(Response::new(Body::empty()));
                }
                let body = request.into_body();
                let answer = async move {
                    let sent = BodyExt::collect(body).await.map(Collected::to_bytes);
                    assert_eq!(sent.ok(), Some(Bytes::from_static(b"hello")));
                    Ok::<_, Infallible>(http_body::Frame::data(Bytes::from_static(b"welcome")))
                };
                let body = StreamBody::new(futures_util::stream::once(Box::pin(answer)));
                let response = Response::new(Body::new(body));
                Ok(response)
            }
        });
        tokio::spawn(async move {
            let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            let _ = builder.serve_connection(TokioIo::new(io), service).await;
        });
    }
}

#[tokio::test(start_paused = true)]
async fn http2_carries_tunnels_in_streams() {
    for (protocol, request) in
        [("CONNECT", "CONNECT target.example:443"), ("POST", "POST http://target.example:443/")]
    {
        let tunnel =
            format!("{{protocol: {protocol}, targetHost: target.example, targetPort: 443}}");
        let config = app("http2", &["10.0.0.1:3128".parse().unwrap()]) + &rule(&tunnel);
        let proxy = Http2::default();
        let (back, _) = hello(&config, CLUSTER, proxy.clone()).await;
        assert_eq!(back, b"welcome", "{protocol}");
        assert_eq!(proxy.0.all(), ["Http2", request]);
    }
}
