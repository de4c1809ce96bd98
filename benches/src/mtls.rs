//! Two workloads with identities, and a pipe between them.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use meshwork_config::{ConfigStore, Event, Snapshot};
use meshwork_identity::{
    AuthoritySource, CertificateAuthority, CertificateService, SpiffeId, StaticTokens, TrustDomain,
    X509Context,
};
use meshwork_registry::Proxy;
use meshwork_routing::MtlsMode;
use meshwork_tower::{ConnectionInfo, Dial, DialAddress, Io};
use meshwork_transport::{Accepted, Identity, MeshAcceptor, MeshConnector};
use time::{Duration, OffsetDateTime};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tower::Service;

/// A client and a server of one mesh, with certificates of one authority.
#[derive(Debug)]
pub struct Pair {
    /// The client's certificate.
    pub client: Identity,
    /// The server's certificate.
    pub server: Identity,
    /// Where the client's next connection comes from.
    pub pipe: Pipe,
    connector: MeshConnector<Pipe>,
    acceptor: MeshAcceptor,
    /// What the client knows of the server.
    snapshot: Snapshot,
    /// What the server decides by.
    inbound: Snapshot,
}

/// Hands out the end of a pipe that was laid before.
#[derive(Clone, Debug, Default)]
pub struct Pipe(Arc<Mutex<Option<DuplexStream>>>);

impl Pipe {
    /// Lays a pipe: its near end is for the next call, the far one comes back.
    pub fn lay(&self) -> DuplexStream {
        let (near, far) = tokio::io::duplex(64 << 10);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(near);
        far
    }
}

impl Service<Dial> for Pipe {
    type Response = DuplexStream;
    type Error = Infallible;
    type Future = Ready<Result<DuplexStream, Infallible>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Dial) -> Self::Future {
        let near = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match near {
            Some(near) => ready(Ok(near)),
            None => unreachable!("a pipe was laid"),
        }
    }
}

/// The server's service, as its cluster declares it.
pub const SERVICE: &str = "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: api, namespace: shop}
spec:
  hosts: [api.example]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
  endpoints: [{address: 10.0.0.1, serviceAccount: api}]
";

impl Pair {
    /// Both workloads with their certificates.
    pub async fn new() -> Self {
        let authority = authority();
        let (client, server) =
            (identity(&authority, "web").await, identity(&authority, "api").await);
        let pipe = Pipe::default();
        Self {
            connector: MeshConnector::over(pipe.clone(), Some(client.clone())),
            acceptor: MeshAcceptor::new(server.clone()),
            snapshot: snapshot(SERVICE),
            inbound: snapshot(""),
            client,
            server,
            pipe,
        }
    }

    /// A connection of both ends; `address` tells endpoints apart, of which each has sessions of
    /// its own.
    pub async fn connect(&self, address: Ipv4Addr) -> (Box<dyn Io>, Accepted) {
        let far = self.pipe.lay();
        let accepting = async {
            let mut accepted = self.accept(far).await;
            say(&mut accepted.io).await;
            accepted
        };
        let connecting = async {
            let mut io = self.open(address).await;
            hear(&mut io).await;
            io
        };
        tokio::join!(connecting, accepting)
    }

    /// The client's end of a connection, on the pipe that was laid.
    pub async fn open(&self, address: Ipv4Addr) -> Box<dyn Io> {
        match self.connector.clone().call(self.dial(address)).await {
            Ok(io) => io,
            Err(error) => unreachable!("the certificates are sound: {error}"),
        }
    }

    /// The server's end; it has to be mutual TLS.
    pub async fn accept(&self, io: impl Io) -> Accepted {
        let mode = MtlsMode::Strict;
        let inspection = self.inbound.routes.inbound_inspection(8080, mode);
        let decide = |connection: &ConnectionInfo| {
            connection.with_attributes(|attributes| {
                self.inbound.routes.inbound(8080, attributes, connection.first_bytes, mode)
            })
        };
        let accepted = self.acceptor.accept(io, ConnectionInfo::default(), inspection, decide);
        match accepted.await {
            Ok(accepted) => accepted,
            Err(error) => unreachable!("the certificates are sound: {error}"),
        }
    }

    fn dial(&self, address: Ipv4Addr) -> Dial {
        let Some(cluster) = self.snapshot.cluster("outbound|80||api.example") else {
            unreachable!("the snapshot describes it")
        };
        let address = SocketAddr::from((address, 80));
        let mut dial = Dial::new(DialAddress::Ip(address), Arc::clone(cluster.name()));
        dial.policy = Some(Arc::clone(&cluster.policy));
        dial.endpoint = cluster.endpoints.first().map(|endpoint| Arc::new(endpoint.value.clone()));
        dial
    }
}

/// The first byte of the server brings the tickets along.
pub async fn say(io: &mut (impl Io + ?Sized)) {
    let said = async {
        io.write_all(b"!").await?;
        io.flush().await
    };
    if let Err(error) = said.await {
        unreachable!("the pipe is open: {error}");
    }
}

/// Takes the server's first byte.
pub async fn hear(io: &mut (impl Io + ?Sized)) {
    if let Err(error) = io.read_u8().await {
        unreachable!("the server has spoken: {error}");
    }
}

/// What a workload of the namespace `shop` sees.
pub fn snapshot(yaml: &str) -> Snapshot {
    let mut store = ConfigStore::default();
    let reader = meshwork_api::read::Reader::default();
    store.apply_all(meshwork_config::events_of(&reader, "bench", yaml.as_bytes()));
    store.apply_all([Event::InitDone]);
    Snapshot::compile(&store, &Proxy::sidecar("shop"), None).0
}

/// An authority that knows `web` and `api`.
pub fn authority() -> Arc<CertificateService> {
    let own = sound("cluster.local".parse::<TrustDomain>());
    let now = OffsetDateTime::now_utc();
    let authority = sound(CertificateAuthority::self_signed(&own, now, Duration::days(10)));
    let tokens = ["web", "api"]
        .into_iter()
        .fold(StaticTokens::new(), |tokens, account| tokens.token(account, id(account)));
    Arc::new(CertificateService::new(authority, tokens))
}

/// The identity of a workload of that authority.
pub async fn identity(authority: &Arc<CertificateService>, account: &str) -> Identity {
    let source = AuthoritySource::new(Arc::clone(authority), id(account), account);
    sound(Identity::start(source).await)
}

/// Its certificate, key and roots, for other users of TLS.
pub fn context(identity: &Identity) -> X509Context {
    match &*identity.live().load() {
        Some(identity) => identity.context().clone(),
        None => unreachable!("it has started"),
    }
}

fn id(account: &str) -> SpiffeId {
    sound(format!("spiffe://cluster.local/ns/shop/sa/{account}").parse())
}

fn sound<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => unreachable!("what a benchmark sets up is sound: {error}"),
    }
}
