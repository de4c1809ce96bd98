//! Certificates that must not get anywhere, shown in real handshakes by both sides.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

mod common;

use std::{future::Future, pin::Pin, sync::Arc};

use common::{accept, api, connect, dial, identity, listener, snapshot, web};
use meshwork_identity::{
    CertificateAuthority, CertificateService, SpiffeId, StaticTokens, tls::provider,
};
use meshwork_routing::MtlsMode;
use meshwork_tower::DialProtocol;
use meshwork_transport::{AcceptError, MeshAcceptor, MeshConnector};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::{ClientConfig, ServerConfig, sign::CertifiedKey};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// An authority whose key the test has, so that it can sign anything.
struct Pki {
    issuer: Issuer<'static, KeyPair>,
    service: Arc<CertificateService>,
}

impl Pki {
    fn new() -> Self {
        Self::named("cluster.local")
    }

    fn named(organization: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::OrganizationName, organization);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let root = params.self_signed(&key).unwrap().der().clone();
        let pkcs8 = PrivatePkcs8KeyDer::from(key.serialize_der());
        let authority =
            CertificateAuthority::with_signing_certificate(vec![root.clone()], &pkcs8, root)
                .unwrap();
        let tokens =
            [web(), api()].into_iter().fold(StaticTokens::new(), |tokens, id: SpiffeId| {
                tokens.token(id.to_string(), id.clone())
            });
        Self {
            issuer: Issuer::new(params, key),
            service: Arc::new(CertificateService::new(authority, tokens)),
        }
    }

    /// A certificate that would be sound but for what `change` does to it.
    fn certificate(
        &self,
        id: &SpiffeId,
        change: impl FnOnce(&mut CertificateParams),
    ) -> CertifiedKey {
        let now = OffsetDateTime::now_utc();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![uri(id.as_str())];
        params.not_before = now - Duration::hours(1);
        params.not_after = now + Duration::hours(1);
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        let leaf = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        certified(vec![leaf], &key)
    }
}

fn certified(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> CertifiedKey {
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    // Not `from_der`, which looks at the certificate.
    CertifiedKey::new(chain, provider().key_provider.load_private_key(key).unwrap())
}

fn uri(text: &str) -> SanType {
    SanType::URI(text.try_into().unwrap())
}

/// The table: what is wrong, and a part of the reason that the other side gives.
fn hostile(pki: &Pki, id: &SpiffeId) -> Vec<(&'static str, CertifiedKey, &'static str)> {
    let now = OffsetDateTime::now_utc();
    let (other, posing) = (Pki::named("elsewhere"), Pki::new());
    let with = |change: &dyn Fn(&mut CertificateParams)| pki.certificate(id, |p| change(p));
    let dns = |text: &str| SanType::DnsName(text.try_into().unwrap());
    vec![
        ("expired", with(&|p| p.not_after = now - Duration::minutes(1)), "expired"),
        ("not yet valid", with(&|p| p.not_before = now + Duration::minutes(1)), "not valid yet"),
        ("another authority", other.certificate(id, |_| ()), "UnknownIssuer"),
        ("one of the same name", posing.certificate(id, |_| ()), "InvalidSignature"),
        (
            "CA:TRUE",
            with(&|p| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
            "certificate authority (CA:TRUE)",
        ),
        ("two URIs", with(&|p| p.subject_alt_names.push(uri("spiffe://other/x"))), "2 URI names"),
        (
            "SPIFFE text in a DNS name",
            with(&|p| p.subject_alt_names = vec![dns(id.as_str())]),
            "a name that is not a URI",
        ),
        (
            "an end that is no end",
            with(&|p| {
                p.subject_alt_names = vec![uri("spiffe://cluster.local.evil/ns/shop/sa/api")];
            }),
            // A server refuses the trust domain, a client the name.
            "cluster.local.evil",
        ),
        (
            "upper case",
            with(&|p| p.subject_alt_names = vec![uri("spiffe://CLUSTER.LOCAL/ns/shop/sa/api")]),
            "no identity",
        ),
        (
            "another purpose",
            with(&|p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning]),
            "leave out",
        ),
        ("no name", with(&|p| p.subject_alt_names.clear()), "no subject alternative name"),
        (
            "a common name alone",
            with(&|p| {
                p.subject_alt_names.clear();
                p.distinguished_name.push(DnType::CommonName, id.as_str());
            }),
            "no subject alternative name",
        ),
        (
            "an unknown critical extension",
            with(&|p| {
                let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
                extension.set_criticality(true);
                p.custom_extensions = vec![extension];
            }),
            "critical extension 1.2.3.4",
        ),
        (
            "very many names",
            with(&|p| {
                p.subject_alt_names.extend((0..1000).map(|n| dns(&format!("n{n}.example"))));
            }),
            "more than 128 names",
        ),
    ]
}

#[tokio::test]
async fn a_server_refuses_hostile_clients_each_with_its_reason() {
    let pki = Pki::new();
    let acceptor = MeshAcceptor::new(identity(&pki.service, api()).await);
    for (what, certificate, reason) in hostile(&pki, &web()) {
        let (client, server) = tokio::io::duplex(1 << 16);
        let calling = tokio::spawn(call(client, Some(certificate)));
        let refused = accept(&acceptor, server, MtlsMode::Strict).await.unwrap_err();
        assert!(matches!(refused, AcceptError::Handshake(_)), "{what}: {refused}");
        assert!(refused.to_string().contains(reason), "{what}: {refused}");
        assert!(calling.await.unwrap().is_err(), "{what}");
    }
    let (client, server) = tokio::io::duplex(1 << 16);
    let calling = tokio::spawn(call(client, None));
    assert!(accept(&acceptor, server, MtlsMode::Strict).await.is_err(), "no certificate");
    assert!(calling.await.unwrap().is_err());
    // The same way with a sound one.
    let (client, server) = tokio::io::duplex(1 << 16);
    let calling = tokio::spawn(call(client, Some(pki.certificate(&web(), |_| ()))));
    let mut accepted = accept(&acceptor, server, MtlsMode::Strict).await.unwrap();
    assert_eq!(accepted.connection.peer.as_deref(), Some(web().as_str()));
    accepted.io.write_all(b"x").await.unwrap();
    accepted.io.flush().await.unwrap();
    calling.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_refuses_hostile_servers_each_with_its_reason() {
    let pki = Pki::new();
    let connector = MeshConnector::new(identity(&pki.service, web()).await);
    let try_with = |certificate| {
        let connector = connector.clone();
        async move {
            let (listener, address) = listener().await;
            let snapshot = snapshot(address, "");
            let serving = tokio::spawn(async move {
                let (stream, _) = listener.accept().await.unwrap();
                serve(stream, certificate).await;
            });
            let connected = connect(&connector, dial(&snapshot, DialProtocol::Http1)).await;
            serving.await.unwrap();
            connected.err()
        }
    };
    for (what, certificate, reason) in hostile(&pki, &api()) {
        let refused = try_with(certificate).await.unwrap_or_else(|| panic!("{what} is accepted"));
        assert!(refused.contains(reason), "{what}: {refused}");
    }
    assert_eq!(try_with(pki.certificate(&api(), |_| ())).await, None);
}

/// A client that trusts everybody and shows what it is given; reads one byte.
fn call(
    io: tokio::io::DuplexStream,
    certificate: Option<CertifiedKey>,
) -> Pin<Box<dyn Future<Output = std::io::Result<()>> + Send>> {
    let provider = provider();
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider)));
    let mut config = match certificate {
        Some(certificate) => builder
            .with_client_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(certificate))),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"istio-http/1.1".to_vec()];
    Box::pin(async move {
        let name = "api.example".try_into().unwrap();
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, io).await?;
        stream.read_u8().await.map(drop)
    })
}

async fn serve(stream: TcpStream, certificate: CertifiedKey) {
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(certificate)));
    let _ = TlsAcceptor::from(Arc::new(config)).accept(stream).await;
}

#[derive(Debug)]
struct Anybody(Arc<rustls::crypto::CryptoProvider>);

impl rustls::client::danger::ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &rustls_pki_types::ServerName<'_>,
        _: &[u8],
        _: rustls_pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
