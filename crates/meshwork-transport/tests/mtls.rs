//! Handshakes over loopback between the connector and the acceptor.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

mod common;

use std::sync::Arc;

use common::{
    accept, api, authority, connect, dial, echo, id, identity, listener, serve_one, snapshot, web,
};
use meshwork_identity::{CertificateAuthority, CertificateService, StaticTokens, TrustBundle};
use meshwork_routing::{CloseReason, ConnectionAction, MtlsMode};
use meshwork_tower::DialProtocol;
use meshwork_transport::{
    AcceptError, Identity, IdentityOptions, MeshAcceptor, MeshConnector, TlsHandshake,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[tokio::test]
async fn both_sides_prove_who_they_are() {
    let authority = authority("cluster.local");
    let (server, client) = (identity(&authority, api()).await, identity(&authority, web()).await);
    let sni = "outbound_.80_._.api.shop.svc.cluster.local";
    for (protocol, agreed) in [
        (DialProtocol::Http1, Some("http/1.1")),
        (DialProtocol::Http2, Some("h2")),
        (DialProtocol::Tcp, None),
    ] {
        for mode in [MtlsMode::Permissive, MtlsMode::Strict] {
            let (listener, address) = listener().await;
            let snapshot = snapshot(address, "");
            let served = serve_one(listener, MeshAcceptor::new(server.clone()), mode);
            let connector = MeshConnector::new(client.clone());
            let mut io = connect(&connector, dial(&snapshot, protocol)).await.unwrap();
            echo(&mut *io).await.unwrap();
            let accepted = served.await.unwrap().unwrap();
            assert_eq!(accepted.protocol.as_deref(), agreed);
            let connection = &accepted.connection;
            assert!(connection.tls);
            assert_eq!(connection.sni.as_deref(), Some(sni));
            assert_eq!(connection.peer.as_deref(), Some(web().as_str()));
            let http = matches!(accepted.action, ConnectionAction::Http(_));
            assert_eq!(http, protocol != DialProtocol::Tcp);
            let element = connection.forwarded_client_cert.as_deref().unwrap();
            let (by, rest) = element.split_once(";Hash=").unwrap();
            assert_eq!(by, format!("By={}", api()));
            assert_eq!(&rest[64..], format!(";Subject=\"\";URI={}", web()));
        }
    }
}

#[tokio::test]
async fn permissive_takes_plaintext_and_strict_does_not() {
    let authority = authority("cluster.local");
    let acceptor = MeshAcceptor::new(identity(&authority, api()).await);
    let request = b"GET / HTTP/1.1\r\nhost: api\r\n\r\n";
    let (mut client, server) = tokio::io::duplex(1024);
    client.write_all(request).await.unwrap();
    let mut accepted = accept(&acceptor, server, MtlsMode::Permissive).await.unwrap();
    assert!(!accepted.connection.tls && accepted.connection.peer.is_none());
    assert!(matches!(accepted.action, ConnectionAction::Http(_)));
    let mut read = vec![0; request.len()];
    accepted.io.read_exact(&mut read).await.unwrap();
    assert_eq!(read, request);

    let (mut client, server) = tokio::io::duplex(1024);
    client.write_all(request).await.unwrap();
    let refused = accept(&acceptor, server, MtlsMode::Strict).await.unwrap();
    let ConnectionAction::Close(reason) = refused.action else { panic!("{refused:?}") };
    assert_eq!(reason, CloseReason::NoFilterChain);
    drop(refused.io);
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    assert!(answer.is_empty(), "nothing is said to whoever speaks plaintext");
}

#[tokio::test]
async fn another_trust_domain_is_refused_by_both_sides() {
    let (own, other) = (authority("cluster.local"), authority("elsewhere"));
    let (listener, address) = listener().await;
    let snapshot = snapshot(address, "");
    let server = MeshAcceptor::new(identity(&own, api()).await);
    let served = serve_one(listener, server, MtlsMode::Strict);
    let stranger = identity(&other, id("spiffe://elsewhere/ns/shop/sa/web")).await;
    let refused =
        connect(&MeshConnector::new(stranger), dial(&snapshot, DialProtocol::Http1)).await;
    let reason = refused.err().unwrap();
    assert!(reason.contains("trust domain `cluster.local` is not accepted"), "{reason}");
    assert!(matches!(served.await.unwrap(), Err(AcceptError::Handshake(_))));
}

#[tokio::test]
async fn a_client_of_another_trust_domain_is_refused_by_the_server_alone() {
    let (own, other) = (authority("cluster.local"), authority("elsewhere"));
    let federated =
        TrustBundle::new("cluster.local".parse().unwrap(), [own.authority().root().clone()])
            .unwrap();
    let stranger = common::source(&other, id("spiffe://elsewhere/ns/shop/sa/web"));
    let stranger = Identity::start(stranger.federate(federated)).await.unwrap();
    let (listener, address) = listener().await;
    let snapshot = snapshot(address, "");
    let server = MeshAcceptor::new(identity(&own, api()).await);
    let served = serve_one(listener, server, MtlsMode::Strict);
    // With TLS 1.3 a client is done before the server has looked at its certificate.
    let connected =
        connect(&MeshConnector::new(stranger), dial(&snapshot, DialProtocol::Http1)).await;
    assert!(echo(&mut *connected.unwrap()).await.is_err());
    let AcceptError::Handshake(error) = served.await.unwrap().unwrap_err() else { panic!() };
    assert!(error.contains("elsewhere"), "{error}");
}

#[tokio::test]
async fn a_federated_trust_domain_has_roots_of_its_own() {
    let stranger = id("spiffe://elsewhere/ns/shop/sa/web");
    // The mesh's own authority does not speak for another trust domain, though Envoy would let it.
    let tokens = [api(), stranger.clone()]
        .into_iter()
        .fold(StaticTokens::new(), |tokens, id| tokens.token(id.to_string(), id.clone()));
    let now = time::OffsetDateTime::now_utc();
    let trust_domain = "cluster.local".parse().unwrap();
    let own = CertificateAuthority::self_signed(&trust_domain, now, time::Duration::days(1));
    let own = Arc::new(CertificateService::new(own.unwrap(), tokens));
    let other = authority("elsewhere");
    let bundle = |trust_domain: &str, authority: &CertificateAuthority| {
        let roots = [authority.root().clone()];
        TrustBundle::new(trust_domain.parse().unwrap(), roots).unwrap()
    };
    let mut options = IdentityOptions::default();
    options.federated = vec![bundle("elsewhere", other.authority())];
    let server = common::source(&own, api());
    let server = Identity::start_with(server, options).await.unwrap();
    for (source, accepted) in [(&other, true), (&own, false)] {
        let stranger = common::source(source, stranger.clone())
            .federate(bundle("cluster.local", own.authority()));
        let stranger = Identity::start(stranger).await.unwrap();
        let (listener, address) = listener().await;
        let snapshot = snapshot(address, "");
        let served = serve_one(listener, MeshAcceptor::new(server.clone()), MtlsMode::Strict);
        let connector = MeshConnector::new(stranger);
        let mut io = connect(&connector, dial(&snapshot, DialProtocol::Http1)).await.unwrap();
        assert_eq!(echo(&mut *io).await.is_ok(), accepted);
        assert_eq!(served.await.unwrap().is_ok(), accepted);
    }
}

#[tokio::test]
async fn a_server_with_another_name_is_not_talked_to() {
    let authority = authority("cluster.local");
    let (listener, address) = listener().await;
    let snapshot = snapshot(address, "");
    let impostor = id("spiffe://cluster.local/ns/shop/sa/other");
    let impostor = MeshAcceptor::new(identity(&authority, impostor).await);
    let served = serve_one(listener, impostor, MtlsMode::Strict);
    let connector = MeshConnector::new(identity(&authority, web()).await);
    let refused = connect(&connector, dial(&snapshot, DialProtocol::Http1)).await.err().unwrap();
    assert!(refused.contains("sa/other`, which is not one of those expected"), "{refused}");
    assert!(refused.contains(api().as_str()), "{refused}");
    assert!(served.await.unwrap().is_err());
}

#[tokio::test]
async fn the_names_of_a_destination_rule_take_the_place_of_accounts() {
    let authority = authority("cluster.local");
    let (listener, address) = listener().await;
    let rule = r"---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: api, namespace: shop }
spec:
  host: api.shop.svc.cluster.local
  trafficPolicy:
    tls: { mode: ISTIO_MUTUAL, sni: api.example, subjectAltNames: ['spiffe://cluster.local/ns/shop/sa/other'] }
";
    let snapshot = snapshot(address, rule);
    let server = id("spiffe://cluster.local/ns/shop/sa/other");
    let server = MeshAcceptor::new(identity(&authority, server).await);
    let served = serve_one(listener, server, MtlsMode::Strict);
    let connector = MeshConnector::new(identity(&authority, web()).await);
    let mut io = connect(&connector, dial(&snapshot, DialProtocol::Http1)).await.unwrap();
    echo(&mut *io).await.unwrap();
    let accepted = served.await.unwrap().unwrap();
    assert_eq!(accepted.connection.sni.as_deref(), Some("api.example"));
}

#[tokio::test]
async fn without_an_identity_mesh_tls_is_not_spoken() {
    let (listener, address) = listener().await;
    let snapshot = snapshot(address, "");
    let dial = dial(&snapshot, DialProtocol::Http1);
    assert!(TlsHandshake::of(&dial).unwrap().is_some());
    let refused = connect(&MeshConnector::without_identity(), dial).await.err().unwrap();
    assert!(refused.contains("has no identity"), "{refused}");
    drop(listener);
}

#[tokio::test]
async fn endpoints_that_are_not_marked_get_plaintext() {
    let (_, address) = listener().await;
    let snapshot = snapshot(address, "    labels: { security.istio.io/tlsMode: disabled }");
    let dial = dial(&snapshot, DialProtocol::Http1);
    assert_eq!(TlsHandshake::of(&dial).unwrap(), None);
}
