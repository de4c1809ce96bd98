//! What a connector is asked for.

use std::{fmt, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use meshwork_policy::{ClusterPolicy, UpstreamEndpoint};

/// One connection that is wanted, with everything that says how it has to be made.
///
/// A connector that speaks TLS reads the policy of `cluster` and the identity of `endpoint`; the
/// plain one reads the address alone.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Dial {
    /// Where to.
    pub address: DialAddress,
    /// What the connection will carry.
    pub protocol: DialProtocol,
    /// The name of the cluster, for instance `outbound|80||web.default.svc.cluster.local`.
    pub cluster: Arc<str>,
    /// What the mesh says of the cluster: transport, PROXY protocol, keepalive. `None` for clusters
    /// that no configuration describes.
    pub policy: Option<Arc<ClusterPolicy>>,
    /// The endpoint as a client sees it; `None` where the application dialled the address.
    pub endpoint: Option<Arc<UpstreamEndpoint>>,
    /// The host of the requests that the connection is for, without its port; set where the
    /// cluster's TLS goes by it (`auto_sni`), and the connection then serves that host alone.
    pub host: Option<Arc<str>>,
    /// The client's address and the one that it connected to, where the connection serves that
    /// client alone: what a PROXY protocol header says.
    pub client: Option<(SocketAddr, SocketAddr)>,
    /// How long connecting may take, TLS included (`tcp.connectTimeout`, 10 s by default).
    pub connect_timeout: Duration,
}

impl Dial {
    /// A connection to `address` for `cluster`, with Istio's default timeout of 10 s.
    pub fn new(address: impl Into<DialAddress>, cluster: impl Into<Arc<str>>) -> Self {
        Self {
            address: address.into(),
            protocol: DialProtocol::default(),
            cluster: cluster.into(),
            policy: None,
            endpoint: None,
            host: None,
            client: None,
            connect_timeout: Duration::from_secs(10),
        }
    }
}

/// What a connection will carry; it decides what TLS offers as ALPN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DialProtocol {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2 with prior knowledge.
    Http2,
    /// Bytes that are passed on as they are.
    Tcp,
}

/// The address of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DialAddress {
    /// An IP address and port.
    Ip(SocketAddr),
    /// A name that has to be looked up, and a port.
    Name(Arc<str>, u16),
    /// The path of a Unix domain socket.
    Unix(Arc<Path>),
}

impl From<SocketAddr> for DialAddress {
    fn from(address: SocketAddr) -> Self {
        Self::Ip(address)
    }
}

impl fmt::Display for DialAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => fmt::Display::fmt(address, f),
            Self::Name(name, port) => write!(f, "{name}:{port}"),
            Self::Unix(path) => fmt::Display::fmt(&path.display(), f),
        }
    }
}
