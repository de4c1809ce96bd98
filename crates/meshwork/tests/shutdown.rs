//! A server that ends: requests under way are answered, and nothing holds it up for ever.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

mod common;

use std::{net::SocketAddr, time::Duration};

use axum::{Router, routing::get};
use common::{api, authority, call, client};
use http::StatusCode;
use meshwork::{
    Mesh,
    api::mesh::{CertificateData, CertificateSource, MeshConfig, TlsConfig},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

type Serving = JoinHandle<std::io::Result<()>>;

async fn serve(mesh: &Mesh) -> (SocketAddr, Serving) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let slow = async |time| {
        sleep(Duration::from_millis(time)).await;
        "done"
    };
    let app = Router::new()
        .route("/", get(async || "hello"))
        .route("/slow", get(move || slow(400)))
        .route("/endless", get(move || slow(600_000)));
    (address, tokio::spawn(mesh.serve(listener, app)))
}

#[tokio::test]
async fn requests_under_way_are_answered() {
    let authority = authority();
    let mesh = api(&authority).start().await.unwrap();
    let (address, serving) = serve(&mesh).await;
    let web = client(&authority, "web", ("HTTP", address)).await;
    // A connection that is idle, and one that begins and says nothing.
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nhost: api\r\n\r\n").await.unwrap();
    let mut answer = [0; 1024];
    assert!(idle.read(&mut answer).await.unwrap() > 0);
    let mut silent = TcpStream::connect(address).await.unwrap();
    let under_way = tokio::spawn(async move { call(&web, "/slow").await });
    sleep(Duration::from_millis(150)).await;
    mesh.shutdown();
    assert_eq!(under_way.await.unwrap(), (StatusCode::OK, "done".into()));
    timeout(Duration::from_secs(5), serving).await.unwrap().unwrap().unwrap();
    for stream in [&mut idle, &mut silent] {
        let ended = timeout(Duration::from_secs(5), stream.read(&mut answer)).await.unwrap();
        assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    }
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn the_drain_time_bounds_it() {
    let authority = authority();
    let mesh = api(&authority).drain(Duration::from_millis(200)).start().await.unwrap();
    let (address, serving) = serve(&mesh).await;
    let web = client(&authority, "web", ("HTTP", address)).await;
    let under_way = tokio::spawn(async move { call(&web, "/endless").await });
    sleep(Duration::from_millis(150)).await;
    let began = Instant::now();
    mesh.shutdown();
    timeout(Duration::from_secs(10), serving).await.unwrap().unwrap().unwrap();
    assert!(began.elapsed() >= Duration::from_millis(150), "{:?}", began.elapsed());
    assert_eq!(under_way.await.unwrap().0, StatusCode::SERVICE_UNAVAILABLE);
}

/// What Istio's webhook refuses of MeshConfig is refused here, with the field.
#[tokio::test]
async fn curves_of_the_meshs_own_tls_are_refused() {
    let settings = TlsConfig { ecdh_curves: vec!["P-256".into()], ..Default::default() };
    let config = MeshConfig { mesh_mtls: Some(settings), ..Default::default() };
    let refused = api(&authority()).mesh_config(config).start().await.unwrap_err();
    assert!(refused.to_string().starts_with("meshMTLS.ecdhCurves: "), "{refused}");
}

/// Whom the mesh trusts besides cannot be left open.
#[tokio::test]
async fn roots_of_other_trust_domains_have_to_be_readable() {
    let with = |pem: &str| {
        let elsewhere = CertificateData {
            certificate_data: Some(CertificateSource::Pem(pem.into())),
            trust_domains: vec!["elsewhere".into()],
            ..Default::default()
        };
        let config = MeshConfig { ca_certificates: vec![elsewhere], ..Default::default() };
        api(&authority()).mesh_config(config).start()
    };
    let refused = with("nothing").await.unwrap_err();
    assert!(refused.to_string().starts_with("caCertificates: "), "{refused}");
}

/// A workload that says its trust domain expects peers of it.
#[tokio::test]
async fn the_trust_domain_of_the_workload_is_the_meshs() {
    let me = meshwork::Workload::new("shop", "web-1").trust_domain("shop.example");
    let mesh = Mesh::builder(me).start().await.unwrap();
    assert_eq!(mesh.snapshot().load().mesh.trust_domain, "shop.example");
}
