//! Who called, as applications see it.

use std::{net::SocketAddr, sync::Arc};

use meshwork_tower::ConnectionInfo;

/// Who made a request: an extension of every request that [`Mesh::serve`](crate::Mesh::serve)
/// hands to the application.
///
/// ```
/// # use meshwork::Peer;
/// async fn whoami(axum::Extension(peer): axum::Extension<Peer>) -> String {
///     peer.identity().unwrap_or("somebody").to_owned()
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Peer(Arc<ConnectionInfo>);

impl Peer {
    pub(crate) const fn new(connection: Arc<ConnectionInfo>) -> Self {
        Self(connection)
    }

    /// The SPIFFE ID of the peer's certificate, which was verified; `None` over plaintext.
    pub fn identity(&self) -> Option<&str> {
        self.0.peer.as_deref()
    }

    /// The trust domain of that identity.
    pub fn trust_domain(&self) -> Option<&str> {
        self.identity()?.strip_prefix("spiffe://")?.split('/').next()
    }

    /// Whether the connection is mutual TLS.
    pub fn is_mtls(&self) -> bool {
        self.0.tls && self.0.peer.is_some()
    }

    /// The address that the connection came from.
    pub fn address(&self) -> Option<SocketAddr> {
        self.0.source
    }
}
