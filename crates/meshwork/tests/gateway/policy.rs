//! Policies of the gateway's workload.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{
    ask, backend, builder, echo, edge, events, gateway, routed, service, start, status,
};

const SERVERS: &str = "  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}
  - {port: {number: 9000, name: tcp, protocol: TCP}, hosts: ['*']}
";

const TCP_ROUTE: &str = "
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: db, namespace: edge}
spec:
  hosts: [db.example]
  gateways: [g]
  tcp: [{route: [{destination: {host: db.example, port: {number: 80}}}]}]
";

const NOBODY: &str = "
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: nobody, namespace: edge}
spec: {selector: {matchLabels: {istio: edge}}}
";

async fn world() -> String {
    let mut yaml = gateway("g", SERVERS);
    yaml.push_str(&service("shop.example", "HTTP", backend("shop").await));
    yaml.push_str(&routed("g", "shop.example"));
    yaml.push_str(&service("db.example", "TCP", echo().await));
    yaml.push_str(TCP_ROUTE);
    yaml
}

#[tokio::test]
async fn a_policy_that_comes_later_ends_what_it_forbids() {
    let (mesh, gateway) = edge(&world().await).await;
    let (http, tcp) = (gateway.address(80).unwrap(), gateway.address(9000).unwrap());
    let mut request = TcpStream::connect(http).await.unwrap();
    assert_eq!(status(&ask(&mut request, "shop.example").await), "200");
    let mut bytes = TcpStream::connect(tcp).await.unwrap();
    bytes.read_exact(&mut [0; 6]).await.unwrap();

    mesh.apply(events(NOBODY));
    let mut rest = [0; 16];
    let end = tokio::time::timeout(Duration::from_secs(20), bytes.read(&mut rest));
    assert_eq!(end.await.unwrap().unwrap_or(0), 0, "the connection of bytes ends");
    let answer = ask(&mut request, "shop.example").await;
    assert_eq!(status(&answer), "403");
    assert_eq!(status(&ask(&mut request, "nobody.example").await), "403", "before the route");
    let mut bytes = TcpStream::connect(tcp).await.unwrap();
    assert_eq!(bytes.read(&mut [0; 16]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn observed_policies_refuse_nothing() {
    let yaml = format!("{}---{NOBODY}", world().await);
    let mesh = builder(&yaml).enforce(false).start().await.unwrap();
    let gateway = start(&mesh).await;
    let mut request = TcpStream::connect(gateway.address(80).unwrap()).await.unwrap();
    assert_eq!(status(&ask(&mut request, "shop.example").await), "200");
    let mut bytes = TcpStream::connect(gateway.address(9000).unwrap()).await.unwrap();
    bytes.read_exact(&mut [0; 6]).await.unwrap();
    bytes.write_all(b"x").await.unwrap();
    assert_eq!(bytes.read(&mut [0; 16]).await.unwrap(), 1);
    let mut told = mesh.observed_refusals().refusals;
    told.sort_by_key(|refusal| refusal.port);
    let told: Vec<_> =
        told.iter().map(|refusal| (refusal.port, refusal.request.as_deref())).collect();
    assert_eq!(told, [(80, Some("GET /")), (9000, None)]);
}
