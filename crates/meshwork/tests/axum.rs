//! `axum::serve` on a listener of the mesh, with the mesh's layer and the peer as an extractor.

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
use common::{STRICT, WEB_ONLY, api, authority, call, client, id, plaintext};
use http::StatusCode;
use meshwork::{Mesh, MeshBuilder, Peer};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
    time::{Instant, timeout},
};

async fn whoami(peer: Peer) -> String {
    let identity = peer.identity().unwrap_or("nobody");
    format!("{identity} {:?} {}", peer.trust_domain(), peer.is_mtls())
}

async fn maybe(peer: Option<Peer>) -> String {
    peer.is_some().to_string()
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_millis(300)).await;
    "done"
}

fn router() -> Router {
    let router = Router::new().route("/", get(whoami)).route("/maybe", get(maybe));
    router.route("/slow", get(slow))
}

/// Serves the router on the mesh's listener.
async fn serve(builder: MeshBuilder) -> (Mesh, SocketAddr, JoinHandle<()>) {
    let mesh = builder.start().await.unwrap();
    let listener = mesh.listener("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = router().layer(mesh.inbound(address.port()));
    let stopped = mesh.stopped();
    let serving = tokio::spawn(async move {
        let app = app.into_make_service_with_connect_info::<Peer>();
        axum::serve(listener, app).with_graceful_shutdown(stopped).await.unwrap();
    });
    (mesh, address, serving)
}

#[tokio::test]
async fn handlers_see_who_calls_and_policies_decide() {
    let authority = authority();
    let builder = api(&authority).yaml("strict", STRICT).yaml("web-only", WEB_ONLY);
    let (_mesh, address, _) = serve(builder).await;
    let web = client(&authority, "web", ("HTTP", address)).await;
    let expected = format!("{} Some(\"cluster.local\") true", id("web"));
    assert_eq!(call(&web, "/").await, (StatusCode::OK, expected));
    assert_eq!(call(&web, "/maybe").await, (StatusCode::OK, "true".into()));
    let stranger = client(&authority, "stranger", ("HTTP", address)).await;
    let denied = (StatusCode::FORBIDDEN, "RBAC: access denied".to_owned());
    assert_eq!(call(&stranger, "/").await, denied);
    assert_eq!(plaintext(address, "GET /").await, "", "reset before a byte is said");
}

#[tokio::test]
async fn permissive_takes_plaintext_without_a_name() {
    let authority = authority();
    let (mesh, address, _) = serve(api(&authority)).await;
    let answer = plaintext(address, "GET /").await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("nobody None false"),
        "{answer}"
    );
    assert_eq!(mesh.plaintext_callers().callers.len(), 1);
}

/// Without the mesh's listener nobody vouches for the connection: STRICT refuses, and so does the
/// extractor where the layer lets it pass.
#[tokio::test]
async fn a_listener_of_somebody_else_is_not_trusted() {
    let authority = authority();
    for (yaml, expected) in [(STRICT, "HTTP/1.1 403"), ("", "HTTP/1.1 500")] {
        let mesh = api(&authority).yaml("policy", yaml).start().await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = router().layer(mesh.inbound(address.port()));
        let serving = tokio::spawn(async move { axum::serve(listener, app).await });
        let answer = plaintext(address, "GET /").await;
        assert!(answer.starts_with(expected), "{answer}");
        serving.abort();
    }
}

/// Silent clients keep nobody waiting, and no more handshakes are under way than are allowed.
#[tokio::test]
async fn silent_clients_slow_nobody_and_the_oldest_give_way() {
    let authority = authority();
    let mesh = api(&authority).start().await.unwrap();
    let listener = mesh.listener("127.0.0.1:0").await.unwrap().max_handshakes(8);
    let address = listener.local_addr().unwrap();
    let app = router().into_make_service_with_connect_info::<Peer>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    let web = client(&authority, "web", ("HTTP", address)).await;
    let began = Instant::now();
    assert_eq!(call(&web, "/maybe").await.0, StatusCode::OK);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    // The first of them was given up.
    let mut byte = [0];
    let ended = timeout(Duration::from_secs(5), silent[0].read(&mut byte)).await.unwrap();
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    let last = silent.last_mut().unwrap();
    assert!(timeout(Duration::from_millis(50), last.read(&mut byte)).await.is_err(), "still open");
}

#[tokio::test]
async fn shutdown_lets_requests_end() {
    let authority = authority();
    let (mesh, address, serving) = serve(api(&authority)).await;
    let web = client(&authority, "web", ("HTTP", address)).await;
    let under_way = tokio::spawn(async move { call(&web, "/slow").await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    mesh.shutdown();
    assert_eq!(under_way.await.unwrap(), (StatusCode::OK, "done".into()));
    timeout(Duration::from_secs(5), serving).await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

/// A server that speaks no HTTP has policies asked by the listener.
#[tokio::test]
async fn judged_connections_need_no_layer() {
    let authority = authority();
    for (enforce, judged) in [(true, true), (true, false), (false, true)] {
        let builder = api(&authority).yaml("web-only", WEB_ONLY).enforce(enforce);
        let mesh = builder.start().await.unwrap();
        let listener = mesh.listener("127.0.0.1:0").await.unwrap();
        let mut listener = if judged { listener.judged() } else { listener };
        let address = listener.local_addr().unwrap();
        let accepting = tokio::spawn(async move { listener.accept().await.is_some() });
        let mut nobody = TcpStream::connect(address).await.unwrap();
        nobody.write_all(b"EHLO mail\r\n").await.unwrap();
        let mut byte = [0];
        let reset = timeout(Duration::from_millis(500), nobody.read(&mut byte)).await;
        let refused = enforce && judged;
        assert_eq!(matches!(reset, Ok(Err(_))), refused, "{enforce} {judged}: {reset:?}");
        assert_eq!(accepting.is_finished(), !refused);
        assert_eq!(mesh.observed_refusals().refusals.len(), usize::from(!enforce));
        accepting.abort();
    }
}

/// An open plaintext connection meets 403 at once when the mode becomes STRICT, and ends.
#[tokio::test]
async fn strict_ends_open_plaintext_connections() {
    let authority = authority();
    let (mesh, address, _) = serve(api(&authority).drain(Duration::from_millis(200))).await;
    let mut plain = TcpStream::connect(address).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: api\r\n\r\n";
    let mut answer = [0; 1024];
    plain.write_all(request).await.unwrap();
    let read = plain.read(&mut answer).await.unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 200"));
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(request).await.unwrap();
    assert!(idle.read(&mut answer).await.unwrap() > 0);
    let report =
        mesh.apply(meshwork::events_of(&meshwork::Reader::default(), "strict", STRICT.as_bytes()));
    assert!(report.diagnostics.is_empty(), "{report:?}");
    plain.write_all(request).await.unwrap();
    let read = plain.read(&mut answer).await.unwrap_or_default();
    assert!(read == 0 || answer[..read].starts_with(b"HTTP/1.1 403"), "refused or ended");
    let ended = timeout(Duration::from_secs(5), idle.read(&mut answer)).await.unwrap();
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
}
