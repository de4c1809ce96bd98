//! An axum service behind the mesh, over mutual TLS.
//!
//! `axum::serve` takes its connections from `Mesh::listener`, and the router bears `Mesh::inbound`
//! as a layer. Handlers ask who calls by the extractor `Peer`. Each workload has a certificate from
//! an authority of this process (`custom_identity` shows one that is elsewhere); STRICT mutual TLS
//! and an AuthorizationPolicy say who may call what.

use std::{error::Error, future::IntoFuture as _, sync::Arc};

use axum::{Router, routing::get};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use meshwork::identity::{
    AuthoritySource, CertificateAuthority, CertificateService, ParseSpiffeIdError, SpiffeId,
    StaticTokens,
};
use meshwork::{Body, Mesh, Peer, Workload};
use time::{Duration, OffsetDateTime};
use tokio::net::TcpListener;

const YAML: &str = "
apiVersion: v1
kind: Service
metadata: {name: orders, namespace: shop}
spec: {clusterIP: 10.96.0.1, selector: {app: orders}, ports: [{name: http, port: 80, targetPort: PORT}]}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: orders-1, namespace: shop}
spec: {address: 127.0.0.1, labels: {app: orders}, serviceAccount: orders}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: orders, namespace: shop}
spec:
  selector: {matchLabels: {app: orders}}
  rules:
  - from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]
    to: [{operation: {methods: [GET]}}]
";

/// `GET /orders`; the extractor fails where the connection did not come through the mesh.
async fn orders(peer: Peer) -> String {
    format!("orders for {} over mTLS: {}", peer.identity().unwrap_or("nobody"), peer.is_mtls())
}

/// An authority for this process, by whose tokens workloads get their certificates.
fn authority() -> Result<Arc<CertificateService>, Box<dyn Error + Send + Sync>> {
    let (now, life) = (OffsetDateTime::now_utc(), Duration::days(1));
    let authority = CertificateAuthority::self_signed(&"cluster.local".parse()?, now, life)?;
    let mut tokens = StaticTokens::new();
    for account in ["orders", "web", "guest"] {
        tokens = tokens.token(account, id(account)?);
    }
    Ok(Arc::new(CertificateService::new(authority, tokens)))
}

fn id(account: &str) -> Result<SpiffeId, ParseSpiffeIdError> {
    format!("spiffe://cluster.local/ns/shop/sa/{account}").parse()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let runs_on = std::env::args().any(|argument| argument == "--serve");
    let socket = TcpListener::bind(("127.0.0.1", if runs_on { 8080 } else { 0 })).await?;
    let port = socket.local_addr()?.port();
    let yaml = YAML.replace("PORT", &port.to_string());
    let authority = authority()?;
    let mesh = async |account: &str| {
        let me = Workload::new("shop", account).label("app", account).service_account(account);
        let certificates = AuthoritySource::new(authority.clone(), id(account)?, account);
        let mesh = Mesh::builder(me).yaml("mesh.yaml", &yaml).identity(certificates);
        Ok::<_, Box<dyn Error + Send + Sync>>(mesh.start().await?)
    };

    let server = mesh("orders").await?;
    let app = Router::new().route("/orders", get(orders).post(orders)).layer(server.inbound(port));
    let serving =
        axum::serve(server.listen_on(socket)?, app.into_make_service_with_connect_info::<Peer>());
    let serving = tokio::spawn(serving.with_graceful_shutdown(server.stopped()).into_future());

    for (account, method, expected) in [
        ("web", Method::GET, StatusCode::OK),
        ("web", Method::POST, StatusCode::FORBIDDEN),
        ("guest", Method::GET, StatusCode::FORBIDDEN),
    ] {
        let request = Request::builder().method(&method).uri("http://orders/orders");
        let Ok(answer) = mesh(account).await?.client().send(request.body(Body::empty())?).await;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        println!("{account} {method}: {status} {}", String::from_utf8_lossy(&body));
        assert_eq!(status, expected, "{account} {method}");
    }

    if runs_on {
        println!("the mesh serves on {port}; plaintext is refused, try curl");
        tokio::signal::ctrl_c().await?;
    }
    server.shutdown();
    serving.await??;
    Ok(())
}
