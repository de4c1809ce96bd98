//! Clients that say half of something, or nothing: bounded in time and size.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

mod common;

use std::time::Duration;

use common::{accept, api, authority, identity};
use meshwork_routing::{ConnectionAction, Inspection, MtlsMode};
use meshwork_tower::ConnectionInfo;
use meshwork_transport::{
    AcceptError, DetectError, DetectionLimits, HelloReader, HelloState, MeshAcceptor,
};
use tokio::{io::AsyncWriteExt as _, time::Instant};

/// The ClientHello of a real client.
fn hello(sni: &'static str, alpn: &[&str]) -> Vec<u8> {
    let provider = meshwork_identity::tls::provider();
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let name = sni.try_into().unwrap();
    let mut client = rustls::ClientConnection::new(std::sync::Arc::new(config), name).unwrap();
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes).unwrap();
    bytes
}

async fn acceptor() -> MeshAcceptor {
    MeshAcceptor::new(identity(&authority("cluster.local"), api()).await)
}

#[test]
fn a_hello_is_read_however_it_is_cut() {
    let bytes = hello("Web.Example", &["istio", "h2"]);
    let read = |pieces: &[&[u8]]| {
        let mut reader = HelloReader::default();
        pieces.iter().map(|piece| reader.read(piece)).last().unwrap()
    };
    let HelloState::Complete(whole) = read(&[&bytes]) else { panic!() };
    assert_eq!(whole.sni.as_deref(), Some("web.example"));
    assert_eq!(whole.alpn.iter().map(|name| &**name).collect::<Vec<_>>(), ["istio", "h2"]);
    let ones: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(read(&ones), HelloState::Complete(whole.clone()));
    assert_eq!(read(&[&bytes[..bytes.len() - 1]]), HelloState::Incomplete);
    // One byte in each TLS record.
    let records: Vec<u8> = bytes[5..].iter().flat_map(|byte| [0x16, 3, 1, 0, 1, *byte]).collect();
    assert_eq!(read(&[&records]), HelloState::Complete(whole));
}

#[test]
fn what_only_begins_like_tls_is_none() {
    let read = |bytes: &[u8]| HelloReader::default().read(bytes);
    for bytes in [
        &b"\x16text"[..],
        b"\x16\x03\x01\x00\x05hello",
        b"\x16\x03\x01\x00\x00",
        b"\x16\x03\x01\xff\xff",
        b"\x16\x03\x01\x00\x05\x01\xff\xff\xff\x00",
        b"\x15\x03\x01\x00\x02\x02\x28",
        b"GET / HTTP/1.1",
    ] {
        assert_eq!(read(bytes), HelloState::NotTls, "{bytes:?}");
    }
    for bytes in [&b"\x16"[..], b"\x16\x03", b"\x16\x03\x01\x00\x05\x01"] {
        assert_eq!(read(bytes), HelloState::Incomplete, "{bytes:?}");
    }
}

#[test]
fn a_hello_without_end_is_none() {
    // A message of 60,000 bytes that comes one byte a record never gets to its end.
    let mut reader = HelloReader::default();
    let mut state = reader.read(&[0x16, 3, 1, 0, 4, 1, 0, 0xea, 0x60]);
    let mut count = 9;
    while state == HelloState::Incomplete {
        state = reader.read(&[0x16, 3, 1, 0, 1, 0]);
        count += 6;
        assert!(count <= HelloReader::MAX_LEN + 6);
    }
    assert_eq!(state, HelloState::NotTls);
}

#[tokio::test(start_paused = true)]
async fn half_a_hello_is_closed_in_time() {
    let acceptor = acceptor().await;
    for mode in [MtlsMode::Permissive, MtlsMode::Strict] {
        for len in [1, 3, 50, 200] {
            let (mut client, server) = tokio::io::duplex(4096);
            client.write_all(&hello("web", &["istio"])[..len]).await.unwrap();
            let began = Instant::now();
            let refused = accept(&acceptor, server, mode).await.unwrap_err();
            assert!(matches!(refused, AcceptError::Detect(DetectError::TimedOut)), "{refused}");
            assert!(began.elapsed() <= Duration::from_secs(11), "{:?}", began.elapsed());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_hello_without_the_rest_of_the_handshake_is_closed_in_time() {
    let acceptor = acceptor().await;
    let (mut client, server) = tokio::io::duplex(1 << 16);
    client.write_all(&hello("web", &["istio"])).await.unwrap();
    let refused = accept(&acceptor, server, MtlsMode::Strict).await.unwrap_err();
    assert!(matches!(refused, AcceptError::TimedOut), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn silence_is_closed_in_time_and_slows_nobody() {
    let acceptor = acceptor().await;
    let decide = common::decide(MtlsMode::Permissive);
    let mut inspection = Inspection::default();
    (inspection.tls, inspection.http) = (true, true);
    let mut silent = Vec::new();
    for _ in 0..10_000 {
        let (client, server) = tokio::io::duplex(64);
        let (acceptor, decide) = (acceptor.clone(), decide.clone());
        let task = tokio::spawn(async move {
            acceptor.accept(server, ConnectionInfo::default(), inspection, decide).await
        });
        silent.push((client, task));
    }
    // Another client is served meanwhile.
    let (mut client, server) = tokio::io::duplex(1024);
    client.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let began = Instant::now();
    assert!(accept(&acceptor, server, MtlsMode::Permissive).await.is_ok());
    assert!(began.elapsed() < Duration::from_secs(1));
    for (client, task) in silent {
        let refused = task.await.unwrap().unwrap_err();
        assert!(matches!(refused, AcceptError::Detect(DetectError::TimedOut)));
        drop(client);
    }
    assert!(began.elapsed() <= Duration::from_secs(61));
}

#[tokio::test(start_paused = true)]
async fn the_detection_timeout_falls_to_plaintext_only_where_plaintext_is_taken() {
    let mut limits = DetectionLimits::default();
    limits.detection_timeout = Some(Duration::from_secs(2));
    let acceptor = acceptor().await.limits(limits);
    for (mode, passes) in [(MtlsMode::Permissive, true), (MtlsMode::Strict, false)] {
        let (mut client, server) = tokio::io::duplex(64);
        client.write_all(&[0x16, 3, 1]).await.unwrap();
        let accepted = accept(&acceptor, server, mode).await.unwrap();
        assert_eq!(matches!(accepted.action, ConnectionAction::Passthrough), passes, "{mode:?}");
        assert_eq!(matches!(accepted.action, ConnectionAction::Close(_)), !passes, "{mode:?}");
    }
}
