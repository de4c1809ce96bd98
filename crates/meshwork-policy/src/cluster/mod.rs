//! Clusters: a destination with its policy, transport and endpoints, as a client needs it.

mod accounts;
mod endpoints;
mod envoy;
mod inbound;
mod outbound;
mod protocol;
#[cfg(test)]
mod tests;

use std::{net::IpAddr, sync::Arc, time::Duration};

use meshwork_core::Labels;

use crate::{ProxyProtocol, TrafficPolicy, Transport};

pub use accounts::service_accounts;
pub use endpoints::UpstreamEndpoint;
pub use envoy::comparable;
pub use inbound::InboundTarget;
pub use outbound::{Destination, NoCluster, OutboundCluster};
pub use protocol::UpstreamProtocol;

/// Everything about a cluster but its endpoints. Equal policies let a cluster keep its state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ClusterPolicy {
    /// Envoy's name: `outbound|PORT|SUBSET|HOST`, `inbound|PORT||`, `PassthroughCluster`, ….
    pub name: Arc<str>,
    /// How endpoints are found.
    pub discovery: Discovery,
    /// The traffic policy.
    pub traffic_policy: TrafficPolicy,
    /// In which protocol HTTP requests go to the endpoints.
    pub protocol: UpstreamProtocol,
    /// How connections are secured.
    pub transport: Transport,
    /// Where connections go, for [`Discovery::Static`]: `ip:port` or `unix://PATH`.
    pub address: Option<Arc<str>>,
    /// The addresses that connections come from, one of a family, so that they are not captured
    /// anew; empty: any.
    pub source: Box<[IpAddr]>,
    /// Whether the names of HTTP/1.1 headers keep the case in which the client sent them
    /// (`proxyHeaders.preserveHttp1HeaderCase`). A port whose requests do is never upgraded to
    /// HTTP/2.
    pub preserve_header_case: bool,
    /// Whether the service keeps sessions (the label `istio.io/persistent-session` or
    /// `istio.io/persistent-session-header`): an endpoint that drains can be chosen by a session.
    /// Subsets keep none.
    pub persistent_sessions: bool,
}

/// How the endpoints of a cluster are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Discovery {
    /// They are known addresses (`EDS`).
    Eds,
    /// Every address of their names (`STRICT_DNS`).
    StrictDns(NameLookup),
    /// The first address of their name (`LOGICAL_DNS`).
    LogicalDns(NameLookup),
    /// Where the client dialled (`ORIGINAL_DST`), perhaps on another port.
    OriginalDestination {
        /// The port that replaces the dialled one.
        port: Option<u16>,
        /// The destination is the proxy's own workload.
        inbound: bool,
        /// How the names of the service would be looked up; Envoy is told, and does not.
        names: Option<NameLookup>,
    },
    /// Addresses written into the configuration (`STATIC`).
    Static,
    /// The name that each request asks for.
    Dynamic,
    /// There are none and never will be.
    Nowhere,
}

/// How the names of endpoints are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct NameLookup {
    /// Which addresses count.
    pub families: AddressFamilies,
    /// After how long a look-up is repeated that failed or does not say how long it holds:
    /// MeshConfig `dnsRefreshRate`, 60 s by default.
    pub refresh: Duration,
}

/// Which addresses of a name are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AddressFamilies {
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
    /// Both.
    All,
}

/// What PeerAuthentication asks of servers, as far as clients take notice of it.
///
/// `()` stands for a mesh without PeerAuthentication.
pub trait ServerMtls {
    /// Whether mutual TLS is off for a namespace as a whole, by its own policy or the mesh's.
    /// Policies for single workloads do not count.
    fn is_disabled_in(&self, namespace: &str) -> bool;

    /// Whether mutual TLS is off for a port of the workloads with these labels.
    fn is_disabled_for(&self, namespace: &str, labels: &Labels, port: u16) -> bool;
}

impl ServerMtls for () {
    fn is_disabled_in(&self, _namespace: &str) -> bool {
        false
    }

    fn is_disabled_for(&self, _namespace: &str, _labels: &Labels, _port: u16) -> bool {
        false
    }
}

impl ClusterPolicy {
    /// The PROXY protocol header that connections begin with, before TLS.
    pub fn proxy_protocol(&self) -> Option<ProxyProtocol> {
        self.traffic_policy.proxy_protocol
    }

    /// Whether HTTP requests go upstream as explicit HTTP/2.
    pub fn is_http2(&self) -> bool {
        self.protocol == UpstreamProtocol::Http2
    }
}
