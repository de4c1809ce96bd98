//! TLS that passes through.

use tokio::io::AsyncReadExt as _;

use crate::support::{Authority, Client, edge, gateway, service, tls_backend};

const SERVER: &str = "  - port: {number: 443, name: tls, protocol: TLS}
    hosts: ['*.example']
    tls: {mode: PASSTHROUGH}
";

fn tls_route(hosts: &[&str]) -> String {
    let routes: String = hosts
        .iter()
        .map(|host| {
            format!(
                "  - match: [{{port: 443, sniHosts: [{host}]}}]
    route: [{{destination: {{host: {host}, port: {{number: 80}}}}}}]
"
            )
        })
        .collect();
    format!(
        "
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: tls, namespace: edge}}
spec:
  hosts: ['*.example']
  gateways: [g]
  tls:
{routes}"
    )
}

#[tokio::test]
async fn the_backends_own_certificate_is_shown() {
    let authority = Authority::new();
    let (a, b) = (authority.leaf("a.example"), authority.leaf("b.example"));
    let mut yaml = gateway("g", SERVER);
    yaml.push_str(&service("a.example", "TLS", tls_backend(&a, b"this is a").await));
    yaml.push_str(&service("b.example", "TLS", tls_backend(&b, b"this is b").await));
    yaml.push_str(&tls_route(&["a.example", "b.example"]));
    let (_mesh, gateway) = edge(&yaml).await;
    let to = gateway.address(443).unwrap();
    let client = Client::new(&authority);
    for (leaf, name, word) in [(&a, "a.example", "this is a"), (&b, "b.example", "this is b")] {
        let mut stream = client.connect(to, name).await.unwrap();
        assert_eq!(stream.get_ref().1.peer_certificates().unwrap()[0], leaf.der);
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        assert_eq!(said, word);
    }
    assert!(client.connect(to, "c.example").await.is_err(), "no route has this name");
}
