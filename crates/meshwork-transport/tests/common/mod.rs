//! A mesh of two workloads: an authority, identities, and a snapshot whose cluster is a port on
//! loopback.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::{net::SocketAddr, sync::Arc};

use meshwork_api::{mesh::MeshConfig, read::Reader};
use meshwork_config::{ConfigStore, Snapshot, events_of};
use meshwork_identity::{
    AuthoritySource, CertificateAuthority, CertificateService, SpiffeId, StaticTokens, TrustDomain,
};
use meshwork_registry::Proxy;
use meshwork_routing::{ConnectionDecision, MtlsMode};
use meshwork_tower::{ConnectionInfo, Dial, DialAddress, DialProtocol, Io};
use meshwork_transport::{AcceptError, Accepted, Identity, MeshAcceptor, MeshConnector};
use time::{Duration, OffsetDateTime};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tower::{Service as _, ServiceExt as _};

pub(crate) const PORT: u16 = 8080;

pub(crate) fn id(text: &str) -> SpiffeId {
    text.parse().unwrap()
}

pub(crate) fn web() -> SpiffeId {
    id("spiffe://cluster.local/ns/shop/sa/web")
}

pub(crate) fn api() -> SpiffeId {
    id("spiffe://cluster.local/ns/shop/sa/api")
}

/// An authority that knows every workload by a token of its own name.
pub(crate) fn authority(trust_domain: &str) -> Arc<CertificateService> {
    let trust_domain: TrustDomain = trust_domain.parse().unwrap();
    let now = OffsetDateTime::now_utc();
    let authority =
        CertificateAuthority::self_signed(&trust_domain, now, Duration::days(10)).unwrap();
    let names = ["web", "api", "other"].map(|account| {
        format!("spiffe://{trust_domain}/ns/shop/sa/{account}").parse::<SpiffeId>().unwrap()
    });
    let tokens = names
        .into_iter()
        .fold(StaticTokens::new(), |tokens, id| tokens.token(id.to_string(), id.clone()));
    Arc::new(CertificateService::new(authority, tokens))
}

pub(crate) fn source(authority: &Arc<CertificateService>, id: SpiffeId) -> AuthoritySource {
    let token = id.to_string();
    AuthoritySource::new(Arc::clone(authority), id, token)
}

pub(crate) async fn identity(authority: &Arc<CertificateService>, id: SpiffeId) -> Identity {
    Identity::start(source(authority, id)).await.unwrap()
}

/// What `web` sees of `api` at `address`, with `extra` resources.
pub(crate) fn snapshot(address: SocketAddr, extra: &str) -> Snapshot {
    snapshot_in(MeshConfig::default(), address, extra)
}

/// The same in a mesh with this configuration.
pub(crate) fn snapshot_in(mesh: MeshConfig, address: SocketAddr, extra: &str) -> Snapshot {
    let text = format!(
        r"
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{ name: api, namespace: shop }}
spec:
  hosts: [api.shop.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{{ number: 80, name: http, protocol: HTTP, targetPort: {port} }}]
  endpoints:
  - address: {ip}
    serviceAccount: api
{extra}
",
        ip = address.ip(),
        port = address.port(),
    );
    let mut store = ConfigStore::new(mesh);
    store.apply_all(events_of(&Reader::default(), "test", text.as_bytes()));
    let refusals: Vec<_> = store.refusals().map(|refusal| refusal.report.to_string()).collect();
    assert!(refusals.is_empty(), "{refusals:?}");
    Snapshot::compile(&store, &Proxy::sidecar("shop"), None).0
}

/// A dial of the cluster of `api`.
pub(crate) fn dial(snapshot: &Snapshot, protocol: DialProtocol) -> Dial {
    let cluster = snapshot.cluster("outbound|80||api.shop.svc.cluster.local").unwrap();
    let endpoint = &cluster.endpoints[0];
    let address: SocketAddr = endpoint.address.parse().unwrap();
    let mut dial = Dial::new(DialAddress::Ip(address), cluster.name().clone());
    dial.protocol = protocol;
    dial.policy = Some(Arc::clone(&cluster.policy));
    dial.endpoint = Some(Arc::new(endpoint.value.clone()));
    dial
}

/// What a workload without declared ports decides in a mode.
pub(crate) fn decide(mode: MtlsMode) -> impl Fn(&ConnectionInfo) -> ConnectionDecision + Clone {
    let snapshot = Arc::new(snapshot(SocketAddr::from(([127, 0, 0, 1], 1)), ""));
    move |connection| {
        connection.with_attributes(|attributes| {
            snapshot.routes.inbound(PORT, attributes, connection.first_bytes, mode)
        })
    }
}

/// Accepts one connection with all bytes looked at.
pub(crate) async fn accept(
    acceptor: &MeshAcceptor,
    io: impl Io,
    mode: MtlsMode,
) -> Result<Accepted, AcceptError> {
    let snapshot = snapshot(SocketAddr::from(([127, 0, 0, 1], 1)), "");
    let inspection = snapshot.routes.inbound_inspection(PORT, mode);
    let mut connection = ConnectionInfo::default();
    connection.listener_port = Some(PORT);
    acceptor.accept(io, connection, inspection, decide(mode)).await
}

pub(crate) async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

pub(crate) async fn connect(connector: &MeshConnector, dial: Dial) -> Result<Box<dyn Io>, String> {
    let mut connector = connector.clone();
    connector.ready().await.map_err(|error| error.to_string())?;
    connector.call(dial).await.map_err(|error| error.to_string())
}

/// Accepts one connection of `listener` in a task and echoes a word.
pub(crate) fn serve_one(
    listener: TcpListener,
    acceptor: MeshAcceptor,
    mode: MtlsMode,
) -> tokio::task::JoinHandle<Result<Accepted, AcceptError>> {
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut accepted = accept(&acceptor, stream, mode).await?;
        let mut word = [0; 4];
        if accepted.io.read_exact(&mut word).await.is_ok() {
            let _ = accepted.io.write_all(&word).await;
            let _ = accepted.io.flush().await;
        }
        Ok(accepted)
    })
}

/// Says a word and hears it again.
pub(crate) async fn echo(io: &mut (impl Io + ?Sized)) -> std::io::Result<()> {
    io.write_all(b"ping").await?;
    io.flush().await?;
    let mut word = [0; 4];
    io.read_exact(&mut word).await?;
    assert_eq!(&word, b"ping");
    Ok(())
}

/// PEM of a label and its bytes.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut body = String::new();
    for chunk in der.chunks(3) {
        let byte = |at: usize| chunk.get(at).copied().unwrap_or(0);
        let bits = u32::from_be_bytes([0, byte(0), byte(1), byte(2)]);
        for place in 0..4 {
            let digit = DIGITS[((bits >> (18 - 6 * place)) & 63) as usize];
            body.push(if place <= chunk.len() { digit as char } else { '=' });
        }
    }
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}
