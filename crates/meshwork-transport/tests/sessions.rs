//! Sessions are resumed only while everything is in force that they were made under.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

mod common;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use common::{api, authority, connect, dial, echo, identity, serve_one, snapshot, source, web};
use meshwork_config::Snapshot;
use meshwork_identity::{
    AuthoritySource, CertificateService, SpiffeId, SvidFuture, SvidSource, SvidSourceError,
    X509Context,
};
use meshwork_routing::MtlsMode;
use meshwork_tower::{Dial, DialProtocol};
use meshwork_transport::{Accepted, Identity, MeshAcceptor, MeshConnector};
use time::OffsetDateTime;
use tokio::{net::TcpListener, sync::Mutex};

/// Gives another certificate when it is told to, and the same one until then.
#[derive(Clone, Debug)]
struct Turned {
    inner: Arc<AuthoritySource>,
    turns: Arc<AtomicU64>,
    last: Arc<Mutex<Option<(u64, X509Context)>>>,
}

impl Turned {
    fn new(authority: &Arc<CertificateService>, id: SpiffeId) -> Self {
        let (turns, last) = Default::default();
        Self { inner: Arc::new(source(authority, id)), turns, last }
    }

    /// Turns, and waits until it is in force.
    async fn turn(&self, identity: &Identity) {
        let mut status = identity.status();
        let before = status.borrow_and_update().generation;
        self.turns.fetch_add(1, Ordering::SeqCst);
        status.wait_for(|status| status.generation > before).await.unwrap();
    }

    async fn give(&self, now: OffsetDateTime) -> Result<X509Context, SvidSourceError> {
        let turn = self.turns.load(Ordering::SeqCst);
        let mut last = self.last.lock().await;
        if let Some((_, context)) = last.as_ref().filter(|(known, _)| *known == turn) {
            return Ok(context.clone());
        }
        let context = self.inner.fetch(now).await?;
        *last = Some((turn, context.clone()));
        Ok(context)
    }
}

impl SvidSource for Turned {
    fn fetch(&self, now: OffsetDateTime) -> SvidFuture<'_> {
        Box::pin(self.give(now))
    }

    fn poll_interval(&self) -> Option<Duration> {
        Some(Duration::from_millis(10))
    }
}

/// A server on one address for several connections.
struct Server {
    acceptor: MeshAcceptor,
    address: SocketAddr,
    listener: Option<std::net::TcpListener>,
}

impl Server {
    fn new(identity: Identity) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        Self { acceptor: MeshAcceptor::new(identity), address, listener: Some(listener) }
    }

    /// One connection: what the server saw of it, or why the client did not get one.
    async fn call(&self, connector: &MeshConnector, dial: Dial) -> Result<Accepted, String> {
        let listener = self.listener.as_ref().unwrap().try_clone().unwrap();
        let listener = TcpListener::from_std(listener).unwrap();
        let served = serve_one(listener, self.acceptor.clone(), MtlsMode::Strict);
        let mut io = connect(connector, dial).await?;
        // The echo brings the tickets along.
        echo(&mut *io).await.map_err(|error| error.to_string())?;
        served.await.unwrap().map_err(|error| error.to_string())
    }

    async fn resumes(&self, connector: &MeshConnector, snapshot: &Snapshot) -> bool {
        let made = self.call(connector, dial(snapshot, DialProtocol::Http1)).await.unwrap();
        assert_eq!(made.connection.peer.as_deref(), Some(web().as_str()));
        assert!(made.connection.forwarded_client_cert.is_some());
        made.resumed
    }
}

#[tokio::test]
async fn the_same_server_by_the_same_policy_is_resumed() {
    let authority = authority("cluster.local");
    let server = Server::new(identity(&authority, api()).await);
    let connector = MeshConnector::new(identity(&authority, web()).await);
    let snapshot = snapshot(server.address, "");
    assert!(!server.resumes(&connector, &snapshot).await);
    for _ in 0..5 {
        assert!(server.resumes(&connector.clone(), &snapshot).await);
    }
    let another = MeshConnector::new(identity(&authority, web()).await);
    assert!(!server.resumes(&another, &snapshot).await, "sessions are the connector's own");
}

#[tokio::test]
async fn no_session_outlives_a_certificate_of_either_side() {
    let authority = authority("cluster.local");
    let (ours, theirs) = (Turned::new(&authority, web()), Turned::new(&authority, api()));
    let client = Identity::start(ours.clone()).await.unwrap();
    let served = Identity::start(theirs.clone()).await.unwrap();
    let server = Server::new(served.clone());
    let connector = MeshConnector::new(client.clone());
    let snapshot = snapshot(server.address, "");
    for (source, identity) in [(&ours, &client), (&theirs, &served)] {
        assert!(!server.resumes(&connector, &snapshot).await);
        assert!(server.resumes(&connector, &snapshot).await);
        source.turn(identity).await;
    }
    assert!(!server.resumes(&connector, &snapshot).await);
    assert!(server.resumes(&connector, &snapshot).await);
}

#[tokio::test]
async fn another_policy_proves_anew() {
    let authority = authority("cluster.local");
    let server = Server::new(identity(&authority, api()).await);
    let connector = MeshConnector::new(identity(&authority, web()).await);
    let before = snapshot(server.address, "");
    assert!(!server.resumes(&connector, &before).await);
    let same = snapshot(server.address, "");
    assert!(!server.resumes(&connector, &same).await, "compiled anew, it is another policy");
    let named = snapshot(
        server.address,
        r"---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: api, namespace: shop }
spec:
  host: api.shop.svc.cluster.local
  trafficPolicy:
    tls: { mode: ISTIO_MUTUAL, subjectAltNames: [spiffe://cluster.local/ns/shop/sa/somebody] }
",
    );
    let refused = server.call(&connector, dial(&named, DialProtocol::Http1)).await.unwrap_err();
    assert!(refused.contains("somebody"), "{refused}");
    assert!(server.resumes(&connector, &before).await, "the other sessions stay");
}

#[tokio::test]
async fn sessions_are_kept_by_endpoint() {
    let authority = authority("cluster.local");
    let identity = identity(&authority, api()).await;
    let (one, other) = (Server::new(identity.clone()), Server::new(identity));
    let connector = MeshConnector::new(common::identity(&authority, web()).await);
    let snapshot = snapshot(one.address, "");
    assert!(!one.resumes(&connector, &snapshot).await);
    let mut elsewhere = dial(&snapshot, DialProtocol::Http1);
    elsewhere.address = other.address.into();
    let made = other.call(&connector, elsewhere).await.unwrap();
    assert!(!made.resumed, "a ticket is not shown to whom it is not from");
    assert!(one.resumes(&connector, &snapshot).await);
}
