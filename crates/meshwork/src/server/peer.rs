//! Who called, as applications see it.

use std::{net::SocketAddr, sync::Arc};

use meshwork_tower::ConnectionInfo;

/// Who made a request: an extension of every request that comes to the application through
/// [`Mesh::serve`](crate::Mesh::serve), or through a [`MeshListener`](crate::MeshListener) and
/// [`Mesh::inbound`](crate::Mesh::inbound).
///
/// ```
/// # use meshwork::Peer;
/// async fn whoami(axum::Extension(peer): axum::Extension<Peer>) -> String {
///     peer.identity().unwrap_or("somebody").to_owned()
/// }
/// ```
///
/// With the feature `axum` it is an extractor itself, `async fn whoami(peer: Peer)`; with the
/// feature `tonic`, `request.extensions().get::<Peer>()`.
#[derive(Clone, Debug)]
pub struct Peer {
    connection: Arc<ConnectionInfo>,
    pub(crate) admission: Admission,
}

/// As what a connection was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Its requests are those of an HTTP port: the whole inbound stack.
    Http,
    /// The port declares no HTTP: policies judge the connection alone.
    Connection,
    /// Plaintext to a STRICT port, for the sake of the probe paths.
    ProbePaths,
    /// Plaintext to a probe port.
    ProbePort,
}

impl Peer {
    pub(crate) const fn new(connection: Arc<ConnectionInfo>, admission: Admission) -> Self {
        Self { connection, admission }
    }

    /// The SPIFFE ID of the peer's certificate, which was verified; `None` over plaintext.
    pub fn identity(&self) -> Option<&str> {
        self.connection.peer.as_deref()
    }

    /// The trust domain of that identity.
    pub fn trust_domain(&self) -> Option<&str> {
        self.identity()?.strip_prefix("spiffe://")?.split('/').next()
    }

    /// Whether the connection is mutual TLS.
    pub fn is_mtls(&self) -> bool {
        self.connection.tls && self.connection.peer.is_some()
    }

    /// The address that the connection came from.
    pub fn address(&self) -> Option<SocketAddr> {
        self.connection.source
    }

    /// All that is known of the connection.
    pub const fn connection(&self) -> &Arc<ConnectionInfo> {
        &self.connection
    }
}
