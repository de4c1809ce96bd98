//! The protocol in which HTTP requests go upstream.

use meshwork_api::mesh::{H2UpgradePolicy, MeshConfig};
use meshwork_core::Protocol;
use meshwork_registry::ProxyKind;

use crate::{ConnectionPool, H2Upgrade};

/// The protocol in which HTTP requests go to endpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UpstreamProtocol {
    /// HTTP/1.1, for lack of anything else.
    #[default]
    Http1,
    /// HTTP/2.
    Http2,
    /// The one in which the request came.
    Downstream,
}

impl UpstreamProtocol {
    /// By the declared protocol of the port, then by the rule.
    pub(super) fn new(
        protocol: Protocol,
        client: ProxyKind,
        pool: &ConnectionPool,
        mesh: &MeshConfig,
    ) -> Self {
        if pool.use_client_protocol {
            return Self::Downstream;
        }
        match Self::declared(protocol, client) {
            Self::Http1 if upgrades(protocol, pool, mesh) => Self::Http2,
            declared => declared,
        }
    }

    /// By the declared protocol alone. Gateways do not sniff, so for them nothing declared is
    /// HTTP/1.1.
    pub(super) fn declared(protocol: Protocol, client: ProxyKind) -> Self {
        match protocol {
            protocol if protocol.is_http2() => Self::Http2,
            Protocol::Auto if client == ProxyKind::Sidecar => Self::Downstream,
            _ => Self::Http1,
        }
    }
}

fn upgrades(protocol: Protocol, pool: &ConnectionPool, mesh: &MeshConfig) -> bool {
    match pool.h2_upgrade {
        H2Upgrade::Always => true,
        H2Upgrade::Never => false,
        H2Upgrade::Default => {
            protocol.is_http() && mesh.h2_upgrade_policy == H2UpgradePolicy::Upgrade
        }
    }
}
