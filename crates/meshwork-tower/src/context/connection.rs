//! The connection that a request came on.

use std::{net::SocketAddr, sync::Arc};

use meshwork_core::Attributes;
use meshwork_routing::FirstBytes;
use smallvec::SmallVec;

/// Whose listener a request came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "Istio's proxies listen in these three ways")]
pub enum Direction {
    /// A workload calls others.
    #[default]
    Outbound,
    /// A workload is called.
    Inbound,
    /// A gateway is called.
    Gateway,
}

/// Where a captured connection was meant to go: a request extension of whoever intercepts it.
///
/// With it, listeners that are bound to addresses decide as in Envoy; without it, the port of the
/// request's URI names the listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OriginalDestination(pub SocketAddr);

/// What is known of a connection, shared by all of its requests as a request extension
/// (`Arc<ConnectionInfo>`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// The peer's address.
    pub source: Option<SocketAddr>,
    /// The address that the packets came from, where a PROXY header told another `source`.
    pub direct_source: Option<SocketAddr>,
    /// The original destination, or the address that the connection was accepted on.
    pub destination: Option<SocketAddr>,
    /// The port of the listener where it differs from the destination's, as for a gateway whose
    /// target port is another.
    pub listener_port: Option<u16>,
    /// The server name of the client's TLS hello.
    pub sni: Option<Arc<str>>,
    /// The protocols of the client's TLS hello.
    pub alpn: Arc<[Arc<str>]>,
    /// Whether TLS was ended here.
    pub tls: bool,
    /// The verified identity of the peer: the URI of its certificate.
    pub peer: Option<Arc<str>>,
    /// A name of the peer's verified certificate where it bears no such identity: its first URI,
    /// else its first DNS name.
    pub peer_name: Option<Arc<str>>,
    /// The element of `x-forwarded-client-cert` that describes the peer's certificate.
    pub forwarded_client_cert: Option<Arc<str>>,
    /// What the first bytes were.
    pub first_bytes: FirstBytes,
}

impl ConnectionInfo {
    /// A connection between two addresses that speaks HTTP/1.1 in plaintext.
    pub fn new(source: Option<SocketAddr>, destination: Option<SocketAddr>) -> Self {
        Self { source, destination, first_bytes: FirstBytes::Http1, ..Self::default() }
    }

    /// The port that the connection came to.
    pub fn port(&self) -> Option<u16> {
        self.listener_port.or(self.destination.map(|address| address.port()))
    }

    /// Reads with the connection in the form that evaluators take.
    pub fn with_attributes<R>(&self, read: impl FnOnce(&Attributes<'_>) -> R) -> R {
        let alpn: SmallVec<[&str; 4]> = self.alpn.iter().map(|protocol| &**protocol).collect();
        let mut attributes = Attributes::default();
        attributes.source = self.source;
        attributes.direct_source = self.direct_source;
        attributes.destination = self.destination;
        attributes.sni = self.sni.as_deref();
        attributes.alpn = &alpn;
        attributes.tls = self.tls;
        attributes.peer = self.peer.as_deref();
        attributes.peer_name = self.peer_name.as_deref();
        read(&attributes)
    }
}
