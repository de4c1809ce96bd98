#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod cluster;
mod connection_pool;
mod hash;
mod inherit;
mod load_balancer;
mod outlier;
mod resolve;
mod rules;
#[cfg(test)]
mod testing;
mod tls;
mod traffic_policy;

pub use cluster::{
    AddressFamilies, ClusterPolicy, Destination, Discovery, InboundTarget, NameLookup, NoCluster,
    OutboundCluster, ServerMtls, UpstreamEndpoint, UpstreamProtocol, comparable, service_accounts,
};
pub use connection_pool::{ConnectionPool, H2Upgrade, Http2Keepalive, TcpKeepalive};
pub use hash::{CookieAttribute, HashCookie, HashInput, HashPolicy, RequestHash};
pub use outlier::OutlierDetection;
pub use resolve::{TcpPolicy, UnknownSubset};
pub use rules::{DestinationPolicies, Rule, Subset};
pub use tls::{
    Certificate, CertificateAuthority, ClientTls, TlsKind, TlsMode, Transport, UpstreamTls,
};
pub use traffic_policy::{ProxyProtocol, TrafficPolicy, Tunnel};
