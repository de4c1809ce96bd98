//! Plain HTTP.

use meshwork::{
    api::mesh::{MeshConfig, ProxyConfig, ProxyProtocolConfiguration, Topology},
    transport::{ProxiedAddresses, ProxyProtocolVersion, proxy_header},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{
    backend, builder, edge, gateway, get, get_plain, routed, service, start, status,
};

fn http(host: &str, more: &str) -> String {
    format!("  - {{port: {{number: 80, name: http, protocol: HTTP}}, hosts: [{host}]{more}}}\n")
}

#[tokio::test]
async fn requests_are_routed_or_redirected_to_https() {
    let to = backend("shop").await;
    let mut yaml = gateway("g", &http("shop.example", ""));
    yaml.push_str(&gateway("secure", &http("safe.example", ", tls: {httpsRedirect: true}")));
    yaml.push_str(&service("shop.example", "HTTP", to));
    yaml.push_str(&routed("g", "shop.example"));
    let (_mesh, gateway) = edge(&yaml).await;
    let to = gateway.address(80).unwrap();
    let answer = get_plain(to, "shop.example", "/").await.unwrap();
    assert!(answer.contains("shop xfcc=- xff=127.0.0.1 proto=http"), "{answer}");
    assert!(answer.contains("server: istio-envoy"), "{answer}");
    assert_eq!(status(&get_plain(to, "nobody.example", "/").await.unwrap()), "404");
    // T107: the port stays.
    let redirect = get_plain(to, "safe.example:80", "/a?b=c").await.unwrap();
    assert_eq!(status(&redirect), "301");
    assert!(redirect.contains("location: https://safe.example:80/a?b=c"), "{redirect}");
}

#[tokio::test]
async fn a_proxy_in_front_says_who_calls() {
    let to = backend("shop").await;
    let mut yaml = gateway("g", &http("shop.example", ""));
    yaml.push_str(&service("shop.example", "HTTP", to));
    yaml.push_str(&routed("g", "shop.example"));
    yaml.push_str(BOTH);
    let topology = Topology {
        proxy_protocol: Some(ProxyProtocolConfiguration::default()),
        ..Topology::default()
    };
    let own = ProxyConfig { gateway_topology: Some(topology), ..ProxyConfig::default() };
    let config = MeshConfig { default_config: Some(own), ..MeshConfig::default() };
    let mesh = builder(&yaml).mesh_config(config).start().await.unwrap();
    let gateway = start(&mesh).await;
    let to = gateway.address(80).unwrap();
    let said =
        ProxiedAddresses::new("192.0.2.7:5000".parse().unwrap(), "192.0.2.1:80".parse().unwrap());
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(&proxy_header(ProxyProtocolVersion::V2, Some(said))).await.unwrap();
    let answer = get(&mut stream, "shop.example", "/").await.unwrap();
    assert!(answer.contains("xff=192.0.2.7"), "{answer}");
    assert!(get_plain(to, "shop.example", "/").await.is_err(), "without a header");
}

/// Policies can tell the client from the proxy that speaks for it.
const BOTH: &str = "
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: both, namespace: edge}
spec:
  rules:
  - from: [{source: {ipBlocks: [127.0.0.0/8], remoteIpBlocks: [192.0.2.7]}}]
";

/// Serves `shop.example` by a gateway with this ProxyConfig; what a request with `headers` brings.
async fn asked(config: &str, headers: &str) -> String {
    let to = backend("shop").await;
    let mut yaml = gateway("g", &http("shop.example", ""));
    yaml.push_str(&service("shop.example", "HTTP", to));
    yaml.push_str(&routed("g", "shop.example"));
    let config = format!(r#"{{"defaultConfig":{{{config}}}}}"#);
    let config: MeshConfig = serde_json::from_str(&config).unwrap();
    let mesh = builder(&yaml).mesh_config(config).start().await.unwrap();
    let gateway = start(&mesh).await;
    let mut stream = TcpStream::connect(gateway.address(80).unwrap()).await.unwrap();
    stream.write_all(format!("GET / HTTP/1.1\r\n{headers}").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

const WHOLE: &str = "host: shop.example\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn client_certificates_are_told_of_as_the_topology_says() {
    let headers = format!("x-forwarded-client-cert: Hash=0\r\n{WHOLE}");
    let sidecars = r#""proxyHeaders":{"forwardedClientCert":"ALWAYS_FORWARD_ONLY"}"#;
    for (config, told) in [
        ("", "-"),
        (r#""gatewayTopology":{"forwardClientCertDetails":"ALWAYS_FORWARD_ONLY"}"#, "Hash=0"),
        (r#""gatewayTopology":{"forwardClientCertDetails":"FORWARD_ONLY"}"#, "-"),
        // It is a setting of sidecars.
        (sidecars, "-"),
    ] {
        let answer = asked(config, &headers).await;
        assert!(answer.contains(&format!("xfcc={told} ")), "{config} {answer}");
    }
}

#[tokio::test]
async fn settings_of_the_proxy_hold_for_a_gateway() {
    let server = r#""proxyHeaders":{"server":{"value":"edge"}}"#;
    let answer = asked(server, WHOLE).await;
    assert!(answer.contains("server: edge\r\n"), "{answer}");
    let limit = r#""connectionSettings":{"httpRequestHeadersTimeout":"0.05s"}"#;
    let answer = asked(limit, "host: ").await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}
