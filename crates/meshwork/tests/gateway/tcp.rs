//! Bytes, with and without TLS in front.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{Authority, Client, echo, edge, gateway, service};
use meshwork::tower::Io;

const SERVERS: &str = "  - port: {number: 9000, name: tcp, protocol: TCP}
    hosts: ['*']
  - port: {number: 9443, name: tls, protocol: TLS}
    hosts: [db.example]
    tls: {mode: SIMPLE, credentialName: db}
";

const ROUTES: &str = "
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: db, namespace: edge}
spec:
  hosts: [db.example]
  gateways: [g]
  tcp: [{route: [{destination: {host: db.example, port: {number: 80}}}]}]
";

async fn converse(io: &mut impl Io) -> String {
    // The server speaks first: nobody may wait for the client.
    let mut hello = [0; 6];
    io.read_exact(&mut hello).await.unwrap();
    io.write_all(b"world").await.unwrap();
    io.shutdown().await.unwrap();
    let mut rest = String::new();
    io.read_to_string(&mut rest).await.unwrap();
    format!("{}{rest}", String::from_utf8_lossy(&hello))
}

#[tokio::test]
async fn bytes_are_passed_on_plain_and_out_of_tls() {
    let authority = Authority::new();
    let mut yaml = gateway("g", SERVERS);
    yaml.push_str(&service("db.example", "TCP", echo().await));
    yaml.push_str(ROUTES);
    yaml.push_str(&authority.leaf("db.example").secret("db"));
    let (_mesh, gateway) = edge(&yaml).await;
    let mut plain = TcpStream::connect(gateway.address(9000).unwrap()).await.unwrap();
    assert_eq!(converse(&mut plain).await, "hello world");
    let to = gateway.address(9443).unwrap();
    let mut secured = Client::new(&authority).connect(to, "db.example").await.unwrap();
    assert_eq!(converse(&mut secured).await, "hello world");
    let mut plain = TcpStream::connect(to).await.unwrap();
    plain.write_all(b"no hello of TLS").await.unwrap();
    let mut said = Vec::new();
    let _ = plain.read_to_end(&mut said).await;
    assert!(said.is_empty(), "plaintext is not let in");
}
