//! What became of a captured connection.

use std::{net::SocketAddr, sync::Arc};

use meshwork_core::FieldPath;
use meshwork_routing::CloseReason;
use meshwork_tower::{ConnectionInfo, ResponseFlags};
use meshwork_transport::{AcceptError, DetectError};

/// A connection that was passed on, and has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proxied {
    /// Whether it was HTTP. Its requests have their own lines in the access log, and the fields
    /// about an endpoint and about bytes are empty.
    pub http: bool,
    /// The cluster that the bytes went to; `None` where it does not exist.
    pub cluster: Option<Arc<str>>,
    /// The field that decided; `None` where the mesh's defaults did.
    pub rule: Option<Arc<FieldPath>>,
    /// The verified identity of the peer.
    pub peer: Option<Arc<str>>,
    /// The server name of the client's TLS.
    pub server_name: Option<Arc<str>>,
    /// The endpoint.
    pub endpoint: Option<Arc<str>>,
    /// Envoy's flags: `UF` where the endpoint was not reached, `NC` where there is no cluster.
    pub flags: ResponseFlags,
    /// Bytes from the client to the endpoint.
    pub sent: u64,
    /// Bytes from the endpoint to the client.
    pub received: u64,
}

/// A connection that was not passed on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// There is no configuration yet, or the mesh is shut down.
    #[error("the mesh has no configuration, or is shut down")]
    NotReady,
    /// There are as many connections as `connectionSettings.globalDownstreamConnectionLimit` allows.
    #[error("there are too many connections")]
    TooMany,
    /// It did not show what it speaks.
    #[error(transparent)]
    Detect(#[from] DetectError),
    /// TLS could not be ended.
    #[error(transparent)]
    Accept(#[from] AcceptError),
    /// Istio's sidecar would close it.
    #[error("{0}")]
    Closed(CloseReason),
    /// Istio's sidecar would not listen there.
    #[error("nothing listens at the original destination")]
    NoListener,
    /// The policies of the workload do not let it through; the text says which.
    #[error("the connection is not allowed: {0}")]
    NotAllowed(String),
    /// It was meant for the proxy's own listener: it would come back for ever.
    #[error("`{0}` is the proxy's own address: the connection was not captured")]
    NotCaptured(SocketAddr),
}

impl Proxied {
    pub(super) fn new(connection: &ConnectionInfo, rule: Option<Arc<FieldPath>>) -> Self {
        Self {
            http: false,
            cluster: None,
            rule,
            peer: connection.peer.clone(),
            server_name: connection.sni.clone(),
            endpoint: None,
            flags: ResponseFlags::default(),
            sent: 0,
            received: 0,
        }
    }
}
