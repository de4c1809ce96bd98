//! Workloads of the namespace `shop` with identities of one authority.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::{net::SocketAddr, sync::Arc};

use http::StatusCode;
use http_body_util::BodyExt as _;
use meshwork::{
    Mesh, MeshBuilder, Workload,
    identity::{AuthoritySource, CertificateAuthority, CertificateService, SpiffeId, StaticTokens},
};
use time::{Duration, OffsetDateTime};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

pub(crate) const STRICT: &str = "
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
";

pub(crate) const WEB_ONLY: &str = "
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: web-only, namespace: shop}
spec:
  action: ALLOW
  rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]}]
";

pub(crate) fn id(account: &str) -> SpiffeId {
    format!("spiffe://cluster.local/ns/shop/sa/{account}").parse().unwrap()
}

pub(crate) fn authority() -> Arc<CertificateService> {
    let own = "cluster.local".parse().unwrap();
    let now = OffsetDateTime::now_utc();
    let authority = CertificateAuthority::self_signed(&own, now, Duration::days(1)).unwrap();
    let tokens = ["web", "api", "stranger"]
        .into_iter()
        .fold(StaticTokens::new(), |tokens, account| tokens.token(account, id(account)));
    Arc::new(CertificateService::new(authority, tokens))
}

pub(crate) fn source(authority: &Arc<CertificateService>, account: &str) -> AuthoritySource {
    AuthoritySource::new(Arc::clone(authority), id(account), account)
}

/// The workload `api`, about to start.
pub(crate) fn api(authority: &Arc<CertificateService>) -> MeshBuilder {
    let me = Workload::new("shop", "api-1").label("app", "api").service_account("api");
    Mesh::builder(me).identity(source(authority, "api"))
}

/// A workload that calls `api.example`, an endpoint with an identity.
pub(crate) async fn client(
    authority: &Arc<CertificateService>,
    account: &str,
    to: (&str, SocketAddr),
) -> Mesh {
    client_of(source(authority, account), to).await
}

/// The same with a certificate of this source.
pub(crate) async fn client_of(source: AuthoritySource, (protocol, to): (&str, SocketAddr)) -> Mesh {
    let service = format!(
        "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: api, namespace: shop}}
spec:
  hosts: [api.example]
  location: MESH_INTERNAL
  ports: [{{number: 80, name: port, protocol: {protocol}, targetPort: {}}}]
  resolution: STATIC
  endpoints: [{{address: {}, serviceAccount: api}}]
",
        to.port(),
        to.ip()
    );
    Mesh::builder(Workload::new("shop", "client-1"))
        .yaml("service", &service)
        .identity(source)
        .start()
        .await
        .unwrap()
}

pub(crate) async fn call(mesh: &Mesh, path: &str) -> (StatusCode, String) {
    let url = format!("http://api.example{path}");
    text(mesh.client().get(&url).await.unwrap()).await
}

pub(crate) async fn text(response: http::Response<meshwork::Body>) -> (StatusCode, String) {
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

/// What a request over plaintext is answered with, `connection: close` said; nothing where the
/// connection is reset.
pub(crate) async fn plaintext(to: SocketAddr, line: &str) -> String {
    let mut stream = TcpStream::connect(to).await.unwrap();
    let request = format!("{line} HTTP/1.1\r\nhost: api\r\nconnection: close\r\n\r\n");
    let mut answer = Vec::new();
    if stream.write_all(request.as_bytes()).await.is_ok() {
        // A reset after an answer is an end as good as another.
        let _ = stream.read_to_end(&mut answer).await;
    }
    String::from_utf8_lossy(&answer).into_owned()
}
