//! Ten thousand connections that say nothing, over sockets: bounded, and others are not slowed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

mod common;

use std::time::Duration;

use axum::{Router, routing::get};
use common::{STRICT, api, authority, call, client};
use http::StatusCode;
use meshwork::api::mesh::MeshConfig;
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, TcpStream},
    time::Instant,
};

/// How many connections this process may have to itself: ten thousand, or as many as the limit of
/// open files leaves, since each needs two.
fn affordable() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let soft = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .and_then(|line| line.split_whitespace().nth(3))
        .map_or(1024, |soft| soft.parse().unwrap_or(usize::MAX));
    (soft.saturating_sub(200) / 2).min(10_000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_connections_slow_nobody() {
    let authority = authority();
    let mesh = api(&authority).yaml("strict", STRICT).start().await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving =
        tokio::spawn(mesh.serve(listener, Router::new().route("/", get(async || "hello"))));
    let web = client(&authority, "web", ("HTTP", address)).await;
    let count = affordable();
    assert!(count >= 100, "too few open files are allowed: {count}");
    eprintln!("{count} connections that say nothing");
    let mut silent = Vec::with_capacity(count);
    for _ in 0..count {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    let began = Instant::now();
    for _ in 0..20 {
        // A client of its own each time: a handshake, not a connection that is there.
        let fresh = client(&authority, "web", ("HTTP", address)).await;
        assert_eq!(call(&fresh, "/").await, (StatusCode::OK, "hello".into()));
    }
    assert_eq!(call(&web, "/").await.0, StatusCode::OK);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    // They are nobody's request, and they do not hold up the end.
    mesh.shutdown();
    tokio::time::timeout(Duration::from_secs(20), serving).await.unwrap().unwrap().unwrap();
    drop(silent);
}

/// MeshConfig `protocolDetectionTimeout`: who says nothing is waited for no longer than that.
#[tokio::test]
async fn silent_connections_end_where_the_mesh_says_when() {
    let authority = authority();
    for (timeout, ends) in [(Some("0.1s"), true), (Some("0s"), false), (None, false)] {
        let config = MeshConfig {
            protocol_detection_timeout: timeout.map(|text| text.parse().unwrap()),
            ..MeshConfig::default()
        };
        let builder = api(&authority).mesh_config(config).yaml("strict", STRICT);
        let mesh = builder.start().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(mesh.serve(listener, Router::new()));
        let mut silent = TcpStream::connect(address).await.unwrap();
        let limit = Duration::from_secs(if ends { 20 } else { 1 });
        let mut answer = [0; 1];
        // An end or a reset, but not an answer.
        let ended = tokio::time::timeout(limit, silent.read(&mut answer)).await;
        assert_eq!(ended.is_ok(), ends, "{timeout:?}");
        assert!(!matches!(ended, Ok(Ok(1..))), "{timeout:?}");
    }
}
