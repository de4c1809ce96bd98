//! Servers that come and go, ports that are taken, and the end.

use std::time::Duration;

use meshwork::{GatewayError, ListenerState, Mesh, Workload};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{
    ask, backend, builder, echo, edge, events, gateway, get_plain, listen, routed, service, start,
    status,
};

fn server(port: u16, bind: &str) -> String {
    let bind = if bind.is_empty() { String::new() } else { format!(", bind: {bind}") };
    format!("  - {{port: {{number: {port}, name: p{port}, protocol: HTTP}}, hosts: ['*']{bind}}}\n")
}

#[tokio::test]
async fn listeners_follow_the_configuration() {
    let to = backend("shop").await;
    let mut yaml = gateway("g", &server(80, ""));
    yaml.push_str(&service("shop.example", "HTTP", to));
    yaml.push_str(&routed("g", "shop.example"));
    let (mesh, running) = edge(&yaml).await;
    let first = running.address(80).unwrap();
    assert_eq!(running.address(9000), None);

    let two = format!("{}{}", server(80, ""), server(9000, ""));
    mesh.apply(events(&gateway("g", &two)));
    let second = running.listening(9000).await.unwrap();
    assert_eq!(status(&get_plain(second, "shop.example", "/").await.unwrap()), "200");
    assert_eq!(running.address(80), Some(first), "the other listener is not touched");

    let mut open = TcpStream::connect(second).await.unwrap();
    assert_eq!(status(&ask(&mut open, "shop.example").await), "200");
    mesh.apply(events(&gateway("g", &server(80, ""))));
    running.closed(9000).await;
    assert!(TcpStream::connect(second).await.is_err(), "nobody listens there any more");
    let mut rest = [0; 64];
    let ended = tokio::time::timeout(Duration::from_secs(20), open.read(&mut rest)).await.unwrap();
    assert_eq!(ended.unwrap(), 0, "an idle connection ends");
    assert_eq!(status(&get_plain(first, "shop.example", "/").await.unwrap()), "200");

    mesh.shutdown();
    tokio::time::timeout(Duration::from_secs(20), running.ended()).await.unwrap();
    assert!(TcpStream::connect(first).await.is_err());
}

#[tokio::test]
async fn the_end_waits_for_connections_within_bounds() {
    let servers = "  - {port: {number: 9000, name: tcp, protocol: TCP}, hosts: ['*']}\n";
    let yaml = [
        gateway("g", servers),
        service("db.example", "TCP", echo().await),
        "
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: db, namespace: edge}
spec:
  hosts: [db.example]
  gateways: [g]
  tcp: [{route: [{destination: {host: db.example, port: {number: 80}}}]}]
"
        .to_owned(),
    ];
    let drain = Duration::from_secs(2);
    let mesh = builder(&yaml.concat()).drain(drain).start().await.unwrap();
    let running = start(&mesh).await;
    let mut open = TcpStream::connect(running.address(9000).unwrap()).await.unwrap();
    open.read_exact(&mut [0; 6]).await.unwrap();
    let began = tokio::time::Instant::now();
    mesh.shutdown();
    open.write_all(b"still").await.unwrap();
    open.read_exact(&mut [0; 5]).await.unwrap();
    tokio::time::timeout(Duration::from_secs(20), running.ended()).await.unwrap();
    assert!(began.elapsed() >= drain, "the connection had its time");
    assert_eq!(open.read(&mut [0; 1]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn a_port_that_is_taken_is_told_of_and_tried_again() {
    let (taken, address) = listen().await;
    let servers = format!("{}{}", server(80, ""), server(9000, ""));
    let mesh = builder(&gateway("g", &servers)).start().await.unwrap();
    let running = mesh.gateway().address(address.ip()).port(80, 0).port(9000, address.port());
    let running = running.start().await.unwrap();
    assert_eq!(running.address(9000), None);
    let listeners = running.listeners();
    let failed = listeners.iter().find(|listener| listener.port == 9000).unwrap();
    assert!(matches!(failed.state, ListenerState::Failed(_)), "{failed:?}");
    let first = running.address(80).unwrap();
    assert_eq!(status(&get_plain(first, "any.example", "/").await.unwrap()), "404");
    drop(taken);
    let waited = tokio::time::timeout(Duration::from_secs(20), running.listening(9000));
    assert_eq!(waited.await.unwrap(), Some(address));
}

#[tokio::test]
async fn a_bind_is_an_address_of_its_own() {
    let to = backend("shop").await;
    let mut yaml = gateway("g", &server(80, "127.0.0.2"));
    yaml.push_str(&gateway("h", &server(80, "127.0.0.3")));
    yaml.push_str(&service("shop.example", "HTTP", to));
    yaml.push_str(&routed("h", "shop.example"));
    let (_mesh, running) = edge(&yaml).await;
    let listeners = running.listeners();
    let mut found = Vec::new();
    for listener in listeners.iter() {
        let address = listener.address().unwrap();
        let answer = get_plain(address, "shop.example", "/").await.unwrap();
        found.push((address.ip().to_string(), status(&answer).to_owned()));
    }
    let expected = [("127.0.0.2", "404"), ("127.0.0.3", "200")];
    assert_eq!(found, expected.map(|(ip, status)| (ip.to_owned(), status.to_owned())));
}

#[tokio::test]
async fn a_sidecar_is_no_gateway() {
    let mesh = Mesh::builder(Workload::new("edge", "web-1")).start().await.unwrap();
    let refused = mesh.gateway().start().await.unwrap_err();
    assert_eq!(refused, GatewayError::NotAGateway);
}
