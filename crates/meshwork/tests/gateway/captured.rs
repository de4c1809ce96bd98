//! Connections that a proxy of one's own captured.

use std::net::SocketAddr;

use meshwork::{Captured, Mesh, Proxied, ProxyError, Workload};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream},
    task::JoinHandle,
};

use crate::support::{Authority, Client, backend, echo, events, get, listen, status, tls_backend};

fn entry(name: &str, virtual_ip: &str, protocol: &str, to: SocketAddr) -> String {
    format!(
        "
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: {name}, namespace: shop}}
spec:
  hosts: [{name}.example]
  addresses: [{virtual_ip}]
  ports: [{{number: 80, name: port, protocol: {protocol}, targetPort: {}}}]
  resolution: STATIC
  endpoints: [{{address: {}}}]
",
        to.port(),
        to.ip()
    )
}

const REGISTRY_ONLY: &str = "
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec:
  outboundTrafficPolicy: {mode: REGISTRY_ONLY}
";

async fn mesh(yaml: &str) -> Mesh {
    mesh_with(yaml, "{}").await
}

/// The mesh of a workload with a ProxyConfig of its own.
async fn mesh_with(yaml: &str, config: &str) -> Mesh {
    let me = Workload::new("shop", "web-1").label("app", "web");
    let config = serde_json::from_str(config).unwrap();
    let me = me.address([127, 0, 0, 1].into()).proxy_config(&config);
    let mesh = Mesh::builder(me).yaml("test", yaml).start().await.unwrap();
    assert!(mesh.health().is_good(), "{:?}", mesh.health());
    mesh
}

type Passing = JoinHandle<Result<Proxied, ProxyError>>;

/// A connection that the workload opened to an address.
fn open(mesh: &Mesh, destination: &str) -> (DuplexStream, Passing) {
    let (client, captured) = tokio::io::duplex(64 * 1024);
    let captured = Captured::outbound(captured, destination.parse().unwrap());
    let proxy = mesh.tcp_proxy();
    (client, tokio::spawn(async move { proxy.proxy(captured).await }))
}

#[tokio::test]
async fn the_original_destination_decides() {
    let authority = Authority::new();
    let leaf = authority.leaf("secret.example");
    let yaml = [
        entry("web", "10.1.0.1", "HTTP", backend("web").await),
        entry("db", "10.1.0.2", "TCP", echo().await),
        entry("secret", "10.1.0.3", "TLS", tls_backend(&leaf, b"sealed").await),
    ];
    let mesh = mesh(&yaml.concat()).await;

    let (mut client, passing) = open(&mesh, "10.1.0.1:80");
    let answer = get(&mut client, "web.example", "/").await.unwrap();
    assert!(answer.contains("web xfcc"), "{answer}");
    assert!(passing.await.unwrap().unwrap().http);

    let (mut client, passing) = open(&mesh, "10.1.0.2:80");
    client.read_exact(&mut [0; 6]).await.unwrap();
    client.write_all(b"four").await.unwrap();
    client.read_exact(&mut [0; 4]).await.unwrap();
    drop(client);
    let passed = passing.await.unwrap().unwrap();
    assert_eq!((passed.sent, passed.received), (4, 10));
    assert_eq!(passed.cluster.as_deref(), Some("outbound|80||db.example"));

    let (client, passing) = open(&mesh, "10.1.0.3:80");
    let mut client = Client::new(&authority).secure(client, "secret.example").await.unwrap();
    let mut said = String::new();
    client.read_to_string(&mut said).await.unwrap();
    assert_eq!(said, "sealed");
    drop(client);
    let passed = passing.await.unwrap().unwrap();
    assert_eq!(passed.cluster.as_deref(), Some("outbound|80||secret.example"));
}

#[tokio::test]
async fn unknown_destinations_are_dialled_or_refused() {
    let to = echo().await;
    let mesh = mesh("").await;
    let (mut client, passing) = open(&mesh, &to.to_string());
    // Nobody declared the port: the first bytes show what is spoken.
    client.write_all(b"\0bytes").await.unwrap();
    let mut said = [0; 12];
    client.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"hello \0bytes");
    // The destination is refused from now on, and the connection ends.
    mesh.apply(events(REGISTRY_ONLY));
    let passed = passing.await.unwrap().unwrap();
    assert_eq!(passed.cluster.as_deref(), Some("PassthroughCluster"));
    let (mut client, passing) = open(&mesh, &to.to_string());
    let _ = client.write_all(b"\0bytes").await;
    assert!(matches!(passing.await.unwrap(), Err(ProxyError::Closed(_))));
}

#[tokio::test]
async fn what_was_not_captured_does_not_come_back_for_ever() {
    let mesh = mesh("").await;
    let (listener, address) = listen().await;
    let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
    client.write_all(b"\0bytes").await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let captured = Captured::outbound_stream(stream).unwrap();
    let refused = mesh.tcp_proxy().proxy(captured).await;
    assert!(matches!(refused, Err(ProxyError::NotCaptured(own)) if own == address));
}

#[tokio::test]
async fn connections_to_the_workload_go_to_its_ports() {
    let (web, db) = (backend("web").await, echo().await);
    let yaml = format!(
        "
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: web, namespace: shop}}
spec:
  workloadSelector: {{labels: {{app: web}}}}
  ingress:
  - {{port: {{number: 8080, name: http, protocol: HTTP}}, defaultEndpoint: '127.0.0.1:{}'}}
  - {{port: {{number: 5432, name: tcp, protocol: TCP}}, defaultEndpoint: '127.0.0.1:{}'}}
",
        web.port(),
        db.port()
    );
    let mesh = mesh(&yaml).await;
    let open = |destination: &str| {
        let (client, captured) = tokio::io::duplex(64 * 1024);
        let captured = Captured::inbound(captured, destination.parse().unwrap());
        let captured = captured.source("10.9.9.9:4000".parse().unwrap());
        let proxy = mesh.tcp_proxy();
        (client, tokio::spawn(async move { proxy.proxy(captured).await }))
    };
    let (mut client, _) = open("127.0.0.1:8080");
    let answer = get(&mut client, "web.example", "/").await.unwrap();
    assert_eq!(status(&answer), "200");
    let (mut client, passing) = open("127.0.0.1:5432");
    client.write_all(b"x").await.unwrap();
    let mut said = [0; 7];
    client.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"hello x");
    // A policy that comes later ends what it forbids, and keeps the next one out.
    mesh.apply(events(
        "
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: nobody, namespace: shop}
spec: {}
",
    ));
    assert_eq!(passing.await.unwrap().unwrap().sent, 1);
    let (mut client, passing) = open("127.0.0.1:5432");
    let _ = client.write_all(b"x").await;
    assert!(matches!(passing.await.unwrap(), Err(ProxyError::NotAllowed(_))));
}

#[tokio::test]
async fn there_are_no_more_connections_than_allowed() {
    let limit = r#"{"connectionSettings":{"globalDownstreamConnectionLimit":1}}"#;
    let mesh = mesh_with(&entry("tcp", "240.1.1.1", "TCP", echo().await), limit).await;
    let (first, passing) = open(&mesh, "240.1.1.1:80");
    tokio::task::yield_now().await;
    let (_second, refused) = open(&mesh, "240.1.1.1:80");
    let refused = refused.await.unwrap();
    assert!(matches!(refused, Err(ProxyError::TooMany)), "{refused:?}");
    drop(first);
    assert!(passing.await.unwrap().is_ok());
    let (third, passing) = open(&mesh, "240.1.1.1:80");
    drop(third);
    assert!(passing.await.unwrap().is_ok());
}
