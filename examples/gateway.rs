//! A gateway: TLS ended by server name with certificates of Secrets, VirtualServices bound to it.
//!
//! `cargo run --example gateway -- FOLDER` serves the Gateways of a folder until ctrl-c, on the
//! ports that they name, and follows the folder: servers, routes and certificates change while
//! connections go on. Without an argument it shows itself on loopback and ends.

use std::{error::Error, net::SocketAddr, sync::Arc};

use axum::{Router, extract::Path, routing::get};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use meshwork::{Mesh, Reader, Workload, events_of, identity::tls::provider};
use rcgen::{CertificateParams, KeyPair};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsConnector, rustls, rustls::pki_types::CertificateDer};

type Failure = Box<dyn Error>;

const YAML: &str = "
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - {port: {number: 443, name: shop, protocol: HTTPS}, hosts: [shop.example], tls: {mode: SIMPLE, credentialName: shop-cert}}
  - {port: {number: 443, name: blog, protocol: HTTPS}, hosts: [blog.example], tls: {mode: SIMPLE, credentialName: blog-cert}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: edge}
spec:
  hosts: [shop.example, blog.example]
  gateways: [front]
  http:
  - {match: [{authority: {exact: blog.example}}], rewrite: {uri: /blog}, route: [{destination: {host: pages.example}}]}
  - {rewrite: {uri: /shop}, route: [{destination: {host: pages.example}}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: pages, namespace: edge}
spec:
  hosts: [pages.example]
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: PORT}]
  resolution: STATIC
  endpoints: [{address: 127.0.0.1}]
";

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let me = Workload::gateway("edge", "gateway-1").label("istio", "ingressgateway");
    if let Some(folder) = std::env::args().nth(1) {
        let mesh = Mesh::builder(me).watch_folder(folder).start().await?;
        let gateway = mesh.gateway().start().await?;
        println!("{:#?}", gateway.listeners());
        return Ok(tokio::signal::ctrl_c().await?);
    }
    let pages = TcpListener::bind("127.0.0.1:0").await?;
    let yaml = YAML.replace("PORT", &pages.local_addr()?.port().to_string());
    let page = get(|Path(name): Path<String>| async move { format!("the {name}") });
    tokio::spawn(async move { axum::serve(pages, Router::new().route("/{name}", page)).await });

    let (shop, blog) = (secret("shop")?, secret("blog")?);
    let builder = Mesh::builder(me).yaml("mesh.yaml", &yaml);
    let mesh = builder.yaml("shop", &shop.1).yaml("blog", &blog.1).start().await?;
    // As a Service's targetPort: 443 in the resources, any port that is free on this machine.
    let gateway = mesh.gateway().address([127, 0, 0, 1]).port(443, 0).start().await?;
    let address = gateway.address(443).ok_or("443 is not bound")?;
    for (name, certificate) in [("shop", &shop.0), ("blog", &blog.0)] {
        let answer = ask(address, name, certificate).await?;
        println!("https://{name}.example/ answers {:?}", answer.lines().last());
        assert!(answer.ends_with(&format!("the {name}")), "{answer}");
    }
    assert!(ask(address, "nobody", &shop.0).await.is_err(), "no server has this name");
    // The certificate is replaced: the next handshake shows the new one.
    let renewed = secret("shop")?;
    mesh.apply(events_of(&Reader::default(), "renewed", renewed.1.as_bytes()));
    assert!(ask(address, "shop", &shop.0).await.is_err(), "the old one is not shown any more");
    assert!(ask(address, "shop", &renewed.0).await.is_ok());
    mesh.shutdown();
    gateway.ended().await;
    Ok(())
}

/// A certificate of NAME.example that nobody else signed, and the Secret `NAME-cert` with it.
fn secret(name: &str) -> Result<(CertificateDer<'static>, String), rcgen::Error> {
    let key = KeyPair::generate()?;
    let params = CertificateParams::new([format!("{name}.example")])?;
    let certificate = params.self_signed(&key)?.der().clone();
    let pem = |label: &str, der: &[u8]| {
        let body = STANDARD.encode(der);
        STANDARD.encode(format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"))
    };
    let (chain, key) = (pem("CERTIFICATE", &certificate), pem("PRIVATE KEY", key.serialized_der()));
    let secret = format!("kind: Secret\nmetadata: {{name: {name}-cert, namespace: edge}}\n");
    let data = format!("data: {{tls.crt: {chain}, tls.key: {key}}}\n");
    Ok((certificate, format!("apiVersion: v1\n{secret}{data}")))
}

/// GETs `https://NAME.example/` from a server that has to show this certificate.
async fn ask(to: SocketAddr, name: &str, shown: &CertificateDer<'_>) -> Result<String, Failure> {
    let host = format!("{name}.example");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(shown.clone().into_owned())?;
    let config = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tls = TlsConnector::from(Arc::new(config));
    let mut stream = tls.connect(host.clone().try_into()?, TcpStream::connect(to).await?).await?;
    let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
