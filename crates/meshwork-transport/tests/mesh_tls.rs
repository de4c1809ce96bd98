//! MeshConfig `meshMTLS`: the versions and cipher suites of the mesh's own TLS.

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

use common::{PORT, api, authority, identity, web};
use meshwork_api::mesh::{MeshConfig, TlsConfig, TlsProtocol};
use meshwork_config::{ConfigStore, Snapshot};
use meshwork_identity::{
    ExpectedNames,
    tls::{ServerVerifier, WorkloadCertificate},
};
use meshwork_registry::Proxy;
use meshwork_routing::MtlsMode;
use meshwork_tower::ConnectionInfo;
use meshwork_transport::{AcceptError, Identity, MeshAcceptor};
use rustls::{
    CipherSuite, ClientConfig, SupportedProtocolVersion,
    version::{TLS12, TLS13},
};
use tokio_rustls::TlsConnector;

/// A client of the mesh that speaks one version; the cipher suite that was agreed on.
async fn handshake(
    (server, client): (&Identity, &Identity),
    version: &'static SupportedProtocolVersion,
    settings: Option<TlsConfig>,
) -> Result<CipherSuite, AcceptError> {
    let mesh = MeshConfig { mesh_mtls: settings, ..Default::default() };
    let snapshot = Snapshot::compile(&ConfigStore::new(mesh), &Proxy::sidecar("shop"), None).0;
    let provider = Arc::clone(client.provider());
    let names = ExpectedNames::new([api().as_str()]);
    let verifier = ServerVerifier::new(client.live(), Arc::clone(&provider), names);
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(Arc::new(WorkloadCertificate::new(client.live())));
    let (near, far) = tokio::io::duplex(1 << 16);
    let calling = tokio::spawn(async move {
        let stream = TlsConnector::from(Arc::new(config)).connect("api".try_into().unwrap(), near);
        stream.await.ok()
    });
    let mut connection = ConnectionInfo::default();
    connection.listener_port = Some(PORT);
    let mode = MtlsMode::Strict;
    let inspection = snapshot.routes.inbound_inspection(PORT, mode);
    let accepted = MeshAcceptor::new(server.clone())
        .accept(far, connection, inspection, |connection| {
            connection.with_attributes(|attributes| {
                snapshot.routes.inbound(PORT, attributes, connection.first_bytes, mode)
            })
        })
        .await?;
    // The client stays until the server is done with it.
    let stream = calling.await.unwrap().unwrap();
    drop(accepted);
    Ok(stream.get_ref().1.negotiated_cipher_suite().unwrap().suite())
}

fn settings(min: TlsProtocol, suites: &[&str]) -> Option<TlsConfig> {
    let cipher_suites = suites.iter().map(|&name| name.to_owned()).collect();
    Some(TlsConfig { min_protocol_version: min, cipher_suites, ..Default::default() })
}

#[tokio::test]
async fn versions_and_cipher_suites_are_the_meshs() {
    let authority = authority("cluster.local");
    let (server, client) = (identity(&authority, api()).await, identity(&authority, web()).await);
    let both = (&server, &client);
    // Istio's defaults take TLS 1.2.
    assert!(handshake(both, &TLS12, None).await.is_ok());
    assert!(handshake(both, &TLS13, None).await.is_ok());
    let newest = || settings(TlsProtocol::Tlsv13, &[]);
    let refused = handshake(both, &TLS12, newest()).await.unwrap_err();
    assert!(matches!(refused, AcceptError::Handshake(_)), "{refused}");
    assert!(handshake(both, &TLS13, newest()).await.is_ok());
    // Cipher suites are those of TLS 1.2; unknown ones are passed over.
    for (name, suite) in [
        ("ECDHE-ECDSA-AES128-GCM-SHA256", CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
        ("ECDHE-ECDSA-AES256-GCM-SHA384", CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
    ] {
        let one = settings(TlsProtocol::TlsAuto, &["AES128-SHA", name]);
        assert_eq!(handshake(both, &TLS12, one).await.unwrap(), suite);
    }
    let none = || settings(TlsProtocol::TlsAuto, &["AES128-SHA"]);
    assert!(handshake(both, &TLS12, none()).await.is_err(), "none of TLS 1.2 is left");
    assert!(handshake(both, &TLS13, none()).await.is_ok());
}
