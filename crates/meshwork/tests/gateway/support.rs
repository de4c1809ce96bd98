//! Certificates, clients and servers of the tests.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{Router, http::HeaderMap, routing::any};
use meshwork::{Event, Gateway, Mesh, MeshBuilder, Reader, Workload, tower::Io};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKeyData as _, RevokedCertParams,
    SerialNumber,
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, hash::HashAlgorithm},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, TlsConnector, client::TlsStream};

/// An authority of the user's.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) der: CertificateDer<'static>,
}

/// A certificate with its key.
pub(crate) struct Leaf {
    pub(crate) der: CertificateDer<'static>,
    key: KeyPair,
    serial: u64,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let der = params.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(params, key), der }
    }

    pub(crate) fn pem(&self) -> String {
        pem("CERTIFICATE", &self.der)
    }

    /// A list of what is revoked: one certificate.
    pub(crate) fn revoking(&self, leaf: &Leaf) -> String {
        let now = time::OffsetDateTime::now_utc();
        let revoked = RevokedCertParams {
            serial_number: SerialNumber::from(leaf.serial),
            revocation_time: now,
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: now,
            next_update: now + time::Duration::days(1),
            crl_number: SerialNumber::from(1u64),
            issuing_distribution_point: None,
            revoked_certs: vec![revoked],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        pem("X509 CRL", list.signed_by(&self.issuer).unwrap().der())
    }

    /// A certificate of a name, good for servers and clients.
    pub(crate) fn leaf(&self, name: &str) -> Leaf {
        self.leaf_with(name, &rcgen::PKCS_ECDSA_P256_SHA256)
    }

    pub(crate) fn leaf_with(
        &self,
        name: &str,
        algorithm: &'static rcgen::SignatureAlgorithm,
    ) -> Leaf {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        static SERIALS: AtomicU64 = AtomicU64::new(1);
        let serial = SERIALS.fetch_add(1, Ordering::Relaxed);
        params.serial_number = Some(SerialNumber::from(serial));
        let key = KeyPair::generate_for(algorithm).unwrap();
        Leaf { der: params.signed_by(&key, &self.issuer).unwrap().der().clone(), key, serial }
    }
}

impl Leaf {
    pub(crate) fn chain_pem(&self) -> String {
        pem("CERTIFICATE", &self.der)
    }

    pub(crate) fn key_pem(&self) -> String {
        pem("PRIVATE KEY", &self.key.serialize_der())
    }

    /// SHA-256 of the certificate, hexadecimal, and of the key, base64.
    pub(crate) fn pins(&self) -> (String, String) {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let hash = |bytes: &[u8]| {
            let suites = provider().cipher_suites.clone();
            let sha256 = suites
                .iter()
                .filter_map(rustls::SupportedCipherSuite::tls13)
                .map(|suite| suite.common.hash_provider)
                .find(|hash| hash.algorithm() == HashAlgorithm::SHA256)
                .unwrap();
            sha256.hash(bytes)
        };
        let hex = hash(&self.der).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        (hex, STANDARD.encode(hash(&self.key.subject_public_key_info())))
    }

    /// The Secret `name` of the gateway's namespace.
    pub(crate) fn secret(&self, name: &str) -> String {
        secret(name, &[("tls.crt", self.chain_pem()), ("tls.key", self.key_pem())])
    }

    fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::try_from(self.key.serialize_der()).unwrap()
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

pub(crate) fn secret(name: &str, values: &[(&str, String)]) -> String {
    let mut text =
        format!("---\napiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: edge}}\n");
    text.push_str("stringData:\n");
    for (key, value) in values {
        text.push_str(&format!("  {key}: |\n"));
        for line in value.lines() {
            text.push_str(&format!("    {line}\n"));
        }
    }
    text
}

/// A Gateway `edge/NAME` with these servers, as YAML of the list.
pub(crate) fn gateway(name: &str, servers: &str) -> String {
    format!(
        "
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: {name}, namespace: edge}}
spec:
  selector: {{istio: edge}}
  servers:
{servers}"
    )
}

/// A service outside of the mesh with one endpoint.
pub(crate) fn service(host: &str, protocol: &str, to: SocketAddr) -> String {
    let (ip, port) = (to.ip(), to.port());
    let name = host.replace('.', "-");
    format!(
        "
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: {name}, namespace: edge}}
spec:
  hosts: [{host}]
  ports: [{{number: 80, name: port, protocol: {protocol}, targetPort: {port}}}]
  resolution: STATIC
  endpoints: [{{address: {ip}}}]
"
    )
}

/// Requests for `host` at a gateway go to the service of this host.
pub(crate) fn routed(gateway: &str, host: &str) -> String {
    let name = host.replace('.', "-");
    format!(
        "
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: edge}}
spec:
  hosts: [{host}]
  gateways: [{gateway}]
  http: [{{route: [{{destination: {{host: {host}, port: {{number: 80}}}}}}]}}]
"
    )
}

pub(crate) fn builder(yaml: &str) -> MeshBuilder {
    let me = Workload::gateway("edge", "edge-1").label("istio", "edge").service_account("edge");
    Mesh::builder(me).yaml("test", yaml).tolerate_invalid(false)
}

/// A gateway whose ports are the system's to choose.
pub(crate) async fn start(mesh: &Mesh) -> Gateway {
    let gateway = [80, 443, 9000, 9443]
        .into_iter()
        .fold(mesh.gateway().address([127, 0, 0, 1]), |gateway, port| gateway.port(port, 0));
    gateway.start().await.unwrap()
}

pub(crate) async fn edge(yaml: &str) -> (Mesh, Gateway) {
    let mesh = builder(yaml).start().await.unwrap();
    let report = mesh.health().report.clone();
    assert!(report.diagnostics.is_empty(), "{report:?}");
    let gateway = start(&mesh).await;
    (mesh, gateway)
}

pub(crate) fn events(yaml: &str) -> Vec<Event> {
    meshwork::events_of(&Reader::default(), "change", yaml.as_bytes())
}

/// A server outside of the mesh that says its name and repeats what it was sent about clients.
pub(crate) async fn backend(name: &'static str) -> SocketAddr {
    let (listener, address) = listen().await;
    let app = Router::new().fallback(any(move |headers: HeaderMap| async move {
        let header = |name: &str| headers.get(name).map_or("-", |value| value.to_str().unwrap());
        format!(
            "{name} xfcc={} xff={} proto={}",
            header("x-forwarded-client-cert"),
            header("x-forwarded-for"),
            header("x-forwarded-proto")
        )
    }));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

/// A server that ends TLS itself and says a word.
pub(crate) async fn tls_backend(leaf: &Leaf, word: &'static [u8]) -> SocketAddr {
    let (listener, address) = listen().await;
    let config = rustls::ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der.clone()], leaf.key())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    if word.starts_with(b"HTTP") {
                        // It answers, as servers of HTTP do.
                        let _ = stream.read(&mut [0; 4096]).await;
                    }
                    let _ = stream.write_all(word).await;
                    let _ = stream.shutdown().await;
                }
            });
        }
    });
    address
}

/// A server that speaks first, and then repeats what it hears.
pub(crate) async fn echo() -> SocketAddr {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = stream.split();
                write.write_all(b"hello ").await.unwrap();
                let _ = tokio::io::copy(&mut read, &mut write).await;
            });
        }
    });
    address
}

pub(crate) async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    meshwork::identity::tls::provider()
}

/// A client that trusts one authority.
pub(crate) struct Client<'a> {
    pub(crate) trusts: &'a Authority,
    pub(crate) shows: Option<&'a Leaf>,
    pub(crate) alpn: &'static [&'static str],
    pub(crate) provider: Option<Arc<CryptoProvider>>,
}

impl<'a> Client<'a> {
    pub(crate) const fn new(trusts: &'a Authority) -> Self {
        Self { trusts, shows: None, alpn: &[], provider: None }
    }

    pub(crate) const fn showing(trusts: &'a Authority, leaf: &'a Leaf) -> Self {
        Self { trusts, shows: Some(leaf), alpn: &[], provider: None }
    }

    /// Shakes hands for a name; an address sends none.
    pub(crate) async fn connect(
        &self,
        to: SocketAddr,
        name: &str,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        self.secure(TcpStream::connect(to).await?, name).await
    }

    pub(crate) async fn secure<I: Io>(&self, io: I, name: &str) -> std::io::Result<TlsStream<I>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.trusts.der.clone()).unwrap();
        let provider = self.provider.clone().unwrap_or_else(provider);
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match self.shows {
            None => config.with_no_client_auth(),
            Some(leaf) => config.with_client_auth_cert(vec![leaf.der.clone()], leaf.key()).unwrap(),
        };
        config.alpn_protocols = self.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, io).await
    }

    /// The certificate that is shown for a name.
    pub(crate) async fn shown(
        &self,
        to: SocketAddr,
        name: &str,
    ) -> std::io::Result<CertificateDer<'static>> {
        let stream = self.connect(to, name).await?;
        Ok(stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned())
    }

    /// GETs over a connection of its own.
    pub(crate) async fn get(
        &self,
        to: SocketAddr,
        name: &str,
        host: &str,
    ) -> std::io::Result<String> {
        get(&mut self.connect(to, name).await?, host, "/").await
    }
}

/// One GET that ends the connection; an error where nothing is answered.
pub(crate) async fn get(io: &mut impl Io, host: &str, path: &str) -> std::io::Result<String> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    io.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    io.read_to_string(&mut answer).await?;
    if answer.is_empty() { Err(std::io::ErrorKind::UnexpectedEof.into()) } else { Ok(answer) }
}

pub(crate) async fn get_plain(to: SocketAddr, host: &str, path: &str) -> std::io::Result<String> {
    get(&mut TcpStream::connect(to).await?, host, path).await
}

/// One GET on a connection that goes on; the answer's head and as much of the body as came.
pub(crate) async fn ask(io: &mut impl Io, host: &str) -> String {
    let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n");
    io.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let read = io.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

/// The status of an answer.
pub(crate) fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}
