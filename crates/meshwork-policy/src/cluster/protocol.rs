//! The protocol in which HTTP requests go upstream.

use meshwork_api::mesh::{H2UpgradePolicy, MeshConfig, ProxyConfig};
use meshwork_core::Protocol;
use meshwork_registry::{Proxy, ProxyKind};

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
    /// By the declared protocol of the port, then by the rule. `open`: whether HTTP/1.1 may be
    /// replaced at all.
    pub(super) fn new(
        protocol: Protocol,
        client: ProxyKind,
        pool: &ConnectionPool,
        mesh: H2UpgradePolicy,
        open: bool,
    ) -> Self {
        if pool.use_client_protocol {
            return Self::Downstream;
        }
        match Self::declared(protocol, client) {
            Self::Http1 if open && upgrades(protocol, pool, mesh) => Self::Http2,
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

fn upgrades(protocol: Protocol, pool: &ConnectionPool, mesh: H2UpgradePolicy) -> bool {
    match pool.h2_upgrade {
        H2Upgrade::Always => true,
        H2Upgrade::Never => false,
        H2Upgrade::Default => protocol.is_http() && mesh == H2UpgradePolicy::Upgrade,
    }
}

/// Whether the proxy keeps the case of HTTP/1.1 header names, by its own configuration or else the
/// mesh's.
pub(super) fn preserves_header_case(proxy: &Proxy, mesh: &MeshConfig) -> bool {
    let own = proxy.metadata.get("PROXY_CONFIG");
    let own: Option<ProxyConfig> = own.and_then(|text| serde_json::from_str(text).ok());
    let config = own.as_ref().or(mesh.default_config.as_ref());
    let headers = config.and_then(|config| config.proxy_headers.as_ref());
    headers.is_some_and(|headers| headers.preserve_http1_header_case == Some(true))
}

/// The same for a port: there have to be such headers.
pub(super) fn keeps_header_case(proxy: &Proxy, protocol: Protocol, mesh: &MeshConfig) -> bool {
    let http1 = match protocol {
        Protocol::Auto => true,
        protocol => protocol.is_http() && !protocol.is_http2(),
    };
    http1 && preserves_header_case(proxy, mesh)
}
