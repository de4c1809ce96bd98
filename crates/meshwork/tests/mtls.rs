//! Two workloads that speak mutual TLS: who is let in, and whom policies see.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

mod common;

use std::{net::SocketAddr, sync::Arc};

use axum::{Extension, Router, routing::get};
use base64::Engine as _;
use common::{STRICT, WEB_ONLY, api, authority, call, client, client_of, id, source};
use http::StatusCode;
use meshwork::{
    Mesh, Peer, Workload,
    api::mesh::{CertificateData, CertificateSource, MeshConfig},
    identity::{
        AuthoritySource, CertificateAuthority, CertificateService, SpiffeId, StaticTokens,
        TrustBundle,
    },
};
use time::{Duration, OffsetDateTime};
use tokio::net::TcpListener;

/// Says who called.
async fn caller(Extension(peer): Extension<Peer>) -> String {
    assert!(peer.is_mtls() && peer.trust_domain() == Some("cluster.local"));
    peer.identity().unwrap_or("nobody").to_owned()
}

async fn server(authority: &Arc<CertificateService>, account: &str) -> (Mesh, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let workload = Workload::new("shop", "api-1").service_account(account);
    let builder = Mesh::builder(workload).yaml("strict", STRICT).yaml("web-only", WEB_ONLY);
    let mesh = builder.identity(source(authority, account)).start().await.unwrap();
    tokio::spawn(mesh.serve(listener, Router::new().route("/", get(caller))));
    (mesh, address)
}

#[tokio::test]
async fn policies_see_who_calls() {
    let authority = authority();
    let (_server, address) = server(&authority, "api").await;
    let web = client(&authority, "web", ("HTTP", address)).await;
    assert_eq!(call(&web, "/").await, (StatusCode::OK, id("web").to_string()));
    let stranger = client(&authority, "stranger", ("HTTP", address)).await;
    let refused = (StatusCode::FORBIDDEN, "RBAC: access denied".to_owned());
    assert_eq!(call(&stranger, "/").await, refused);
}

#[tokio::test]
async fn strict_refuses_plaintext() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let authority = authority();
    let (_server, address) = server(&authority, "api").await;
    let mut plain = tokio::net::TcpStream::connect(address).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\nhost: api\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let ended = plain.read_to_end(&mut answer).await.unwrap_err();
    assert_eq!(ended.kind(), std::io::ErrorKind::ConnectionReset);
    assert!(answer.is_empty(), "nothing is said");
}

#[tokio::test]
async fn plaintext_connections_end_when_mutual_tls_becomes_strict() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let builder = Mesh::builder(Workload::new("shop", "api-1").service_account("api"));
    let mesh = builder.identity(source(&authority(), "api")).start().await.unwrap();
    tokio::spawn(mesh.serve(listener, Router::new().route("/", get(async || "hello"))));
    let mut plain = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: api\r\n\r\n";
    plain.write_all(request).await.unwrap();
    let mut answer = [0; 1024];
    let read = plain.read(&mut answer).await.unwrap();
    assert!(answer[..read].ends_with(b"hello"), "PERMISSIVE");
    let reader = meshwork::Reader::default();
    let report = mesh.apply(meshwork::events_of(&reader, "strict", STRICT.as_bytes()));
    assert!(report.diagnostics.is_empty(), "{report:?}");
    let end = tokio::time::timeout(std::time::Duration::from_secs(3), plain.read(&mut answer));
    assert_eq!(end.await.unwrap().unwrap(), 0, "an idle connection ends at once");
}

#[tokio::test]
async fn a_server_with_another_identity_is_not_talked_to() {
    let authority = authority();
    let (_server, address) = server(&authority, "stranger").await;
    let web = client(&authority, "web", ("HTTP", address)).await;
    let (status, body) = call(&web, "/").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(body.contains("remote connection failure"), "{body}");
}

#[tokio::test]
async fn a_workload_without_a_certificate_does_not_start() {
    let builder = Mesh::builder(Workload::new("shop", "web-1"));
    let guessed = AuthoritySource::new(authority(), id("web"), "guessed");
    tokio::time::pause();
    let refused = builder.identity(guessed).start().await.unwrap_err();
    assert!(refused.to_string().contains("the credential is not known"), "{refused}");
}

/// An authority of the trust domain `elsewhere`.
fn abroad() -> Arc<CertificateService> {
    let domain = "elsewhere".parse().unwrap();
    let now = OffsetDateTime::now_utc();
    let authority = CertificateAuthority::self_signed(&domain, now, Duration::days(1)).unwrap();
    let tokens = StaticTokens::new().token("web", foreigner());
    Arc::new(CertificateService::new(authority, tokens))
}

fn foreigner() -> SpiffeId {
    "spiffe://elsewhere/ns/shop/sa/web".parse().unwrap()
}

/// MeshConfig `caCertificates`: certificates speak for the trust domains that they come with.
#[tokio::test]
async fn trust_domains_with_authorities_of_their_own() {
    let authority = authority();
    let (theirs, strangers) = (abroad(), abroad());
    let pem = base64::engine::general_purpose::STANDARD.encode(theirs.authority().root());
    let pem = format!("-----BEGIN CERTIFICATE-----\n{pem}\n-----END CERTIFICATE-----");
    // Who comes from there trusts the servers of this mesh.
    let own = [authority.authority().root().clone()];
    let own = TrustBundle::new("cluster.local".parse().unwrap(), own).unwrap();
    let from = |authority: &Arc<CertificateService>| {
        AuthoritySource::new(Arc::clone(authority), foreigner(), "web").federate(own.clone())
    };
    let further = |domain: &str| {
        let pem = Some(CertificateSource::Pem(pem.clone()));
        let trust_domains = vec![domain.to_owned()];
        vec![CertificateData { certificate_data: pem, trust_domains, ..Default::default() }]
    };
    for (ca_certificates, accepts) in [
        (Vec::new(), false),
        (further("elsewhere"), true),
        (further("nowhere"), false),
        // They do not speak for the mesh itself.
        (further("cluster.local"), false),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = ("HTTP", listener.local_addr().unwrap());
        let config = MeshConfig { ca_certificates, ..MeshConfig::default() };
        let builder = api(&authority).mesh_config(config).yaml("strict", STRICT);
        let mesh = builder.start().await.unwrap();
        tokio::spawn(mesh.serve(listener, Router::new().route("/", get(async || "hello"))));
        let served = async |client: Mesh| call(&client, "/").await.0 == StatusCode::OK;
        assert!(served(client(&authority, "web", to).await).await);
        assert_eq!(served(client_of(from(&theirs), to).await).await, accepts);
        assert!(!served(client_of(from(&strangers), to).await).await);
    }
}
