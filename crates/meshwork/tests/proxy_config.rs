//! What ProxyConfig says of the connections of a served workload.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

mod common;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, http::HeaderMap, routing::get};
use common::{api, authority, call, client, id, plaintext};
use meshwork::{Mesh, api::mesh::MeshConfig, identity::CertificateService};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// Says what is told of the client.
async fn told(headers: HeaderMap) -> String {
    let told = headers.get("x-forwarded-client-cert");
    told.map_or("nothing", |told| told.to_str().unwrap()).to_owned()
}

/// A server whose mesh says `config` of every proxy.
async fn server(authority: &Arc<CertificateService>, config: &str) -> (Mesh, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = format!(r#"{{"defaultConfig":{{{config}}}}}"#);
    let config: MeshConfig = serde_json::from_str(&config).unwrap();
    // Plaintext is HTTP only where the port is declared.
    let service = format!(
        "{{apiVersion: v1, kind: Service, metadata: {{name: api, namespace: shop}}, spec: {{clusterIP: 10.96.0.1, \
         ports: [{{name: http, port: 80, targetPort: {}}}], selector: {{app: api}}}}}}",
        address.port()
    );
    let builder = api(authority).yaml("service", &service).mesh_config(config);
    let mesh = builder.start().await.unwrap();
    tokio::spawn(mesh.serve(listener, Router::new().route("/", get(told))));
    (mesh, address)
}

#[tokio::test]
async fn a_client_is_told_of_as_the_settings_say() {
    let authority = authority();
    let details =
        |set: &str| format!(r#""proxyHeaders":{{"setCurrentClientCertDetails":{{{set}}}}}"#);
    let pem = "\"-----BEGIN%20CERTIFICATE-----%0A";
    for (set, keys, pems) in [
        ("", "Subject URI", 0),
        (r#""subject":false"#, "URI", 0),
        (r#""uri":false"#, "Subject", 0),
        (r#""cert":true,"subject":false,"uri":false"#, "Cert", 1),
        (r#""chain":true,"dns":false"#, "Chain Subject URI", 1),
    ] {
        let (_server, address) = server(&authority, &details(set)).await;
        let web = client(&authority, "web", ("HTTP", address)).await;
        let (_, told) = call(&web, "/").await;
        let mut parts = told.split(';').map(|part| part.split_once('=').unwrap());
        assert_eq!(parts.next(), Some(("By", id("api").as_str())), "{told}");
        assert_eq!(parts.next().unwrap().0, "Hash");
        let found: Vec<&str> = parts.map(|(key, _)| key).collect();
        assert_eq!(found.join(" "), keys, "{set} {told}");
        assert_eq!(told.matches(pem).count(), pems, "{told}");
    }
}

#[tokio::test]
async fn there_are_no_more_connections_than_allowed() {
    let limit = r#""connectionSettings":{"globalDownstreamConnectionLimit":1}"#;
    let (_server, address) = server(&authority(), limit).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    first.write_all(b"GET / HTTP/1.1\r\nhost: api\r\n\r\n").await.unwrap();
    let mut answer = [0; 1024];
    let read = first.read(&mut answer).await.unwrap();
    assert!(answer[..read].ends_with(b"nothing"));
    assert_eq!(plaintext(address, "GET /").await, "", "one is open");
    drop(first);
    // The place is free once the server has seen the end.
    for _ in 0..500 {
        if plaintext(address, "GET /").await.ends_with("nothing") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the place of a connection that ended is not free");
}

#[tokio::test]
async fn connections_are_held_to_their_limits() {
    let limit = r#""connectionSettings":{"httpRequestHeadersTimeout":"0.05s"}"#;
    let (_server, address) = server(&authority(), limit).await;
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nhost: ").await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nrequest header timeout"), "{answer}");
}
