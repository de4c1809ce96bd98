//! What the mesh's configuration says of the first step.

use http::HeaderValue;
use meshwork_api::mesh::{ForwardClientCertDetails, MeshConfig, NormalizationType, ProxyConfig};
use meshwork_config::Snapshot;

use super::PathNormalization;
use crate::Direction;

/// How requests are received (Envoy's HTTP connection manager).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpSettings {
    /// `meshConfig.pathNormalization`.
    pub path: PathNormalization,
    /// `gatewayTopology.numTrustedProxies`: how many proxies in front of a gateway are believed.
    pub trusted_hops: usize,
    /// The `server` header of every answer; `None` leaves the application's
    /// (`proxyHeaders.server`).
    pub server: Option<HeaderValue>,
    /// Whether requests without `x-request-id` get one (`proxyHeaders.requestId`).
    pub request_id: bool,
    /// What becomes of `x-forwarded-client-cert` (`proxyHeaders.forwardedClientCert`).
    pub forward_client_cert: ForwardClientCert,
}

/// What becomes of `x-forwarded-client-cert`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ForwardClientCert {
    /// It is removed.
    Sanitize,
    /// It is forwarded over mutual TLS, and removed otherwise.
    ForwardOnly,
    /// Over mutual TLS the peer's certificate is appended to it; otherwise it is removed.
    AppendForward,
    /// It is replaced by the peer's certificate.
    SanitizeSet,
    /// It is forwarded whatever the connection.
    AlwaysForwardOnly,
}

impl HttpSettings {
    /// Istio's defaults for a direction.
    pub fn new(direction: Direction) -> Self {
        let server = match direction {
            Direction::Outbound => "envoy",
            Direction::Inbound | Direction::Gateway => "istio-envoy",
        };
        Self {
            path: PathNormalization::BASE,
            trusted_hops: 0,
            server: Some(HeaderValue::from_static(server)),
            request_id: true,
            forward_client_cert: match direction {
                Direction::Outbound => ForwardClientCert::Sanitize,
                Direction::Inbound => ForwardClientCert::AppendForward,
                Direction::Gateway => ForwardClientCert::SanitizeSet,
            },
        }
    }

    /// What the mesh's configuration says for a direction; `proxy` is what the proxy itself adds to
    /// `meshConfig.defaultConfig`.
    pub fn of(mesh: &MeshConfig, proxy: Option<&ProxyConfig>, direction: Direction) -> Self {
        let mut settings = Self::new(direction);
        let normalization = mesh.path_normalization.as_ref().map(|path| path.normalization);
        settings.path = match normalization {
            Some(NormalizationType::None) => PathNormalization::NONE,
            Some(NormalizationType::MergeSlashes) => PathNormalization::MERGE_SLASHES,
            Some(NormalizationType::DecodeAndMergeSlashes) => {
                PathNormalization::DECODE_AND_MERGE_SLASHES
            }
            _ => PathNormalization::BASE,
        };
        for proxy in mesh.default_config.iter().chain(proxy) {
            settings.take(proxy, direction);
        }
        settings
    }

    /// What a snapshot says for a direction.
    pub fn of_snapshot(snapshot: &Snapshot, direction: Direction) -> Self {
        let own = snapshot.proxy.metadata.get("PROXY_CONFIG");
        // What the control plane hands a proxy was admitted before.
        let own = own.and_then(|text| serde_json::from_str::<ProxyConfig>(text).ok());
        Self::of(&snapshot.mesh, own.as_ref(), direction)
    }

    fn take(&mut self, proxy: &ProxyConfig, direction: Direction) {
        if let (Direction::Gateway, Some(topology)) = (direction, &proxy.gateway_topology) {
            self.trusted_hops = usize::try_from(topology.num_trusted_proxies).unwrap_or(usize::MAX);
            self.take_client_cert(topology.forward_client_cert_details);
        }
        let Some(headers) = &proxy.proxy_headers else { return };
        if let Some(server) = &headers.server {
            if server.disabled == Some(true) {
                self.server = None;
            } else if let Ok(value) = HeaderValue::from_str(&server.value)
                && !value.is_empty()
            {
                self.server = Some(value);
            }
        }
        if headers.request_id.as_ref().is_some_and(|id| id.disabled == Some(true)) {
            self.request_id = false;
        }
        if direction != Direction::Outbound {
            self.take_client_cert(headers.forwarded_client_cert);
        }
    }

    fn take_client_cert(&mut self, details: ForwardClientCertDetails) {
        self.forward_client_cert = match details {
            ForwardClientCertDetails::Sanitize => ForwardClientCert::Sanitize,
            ForwardClientCertDetails::ForwardOnly => ForwardClientCert::ForwardOnly,
            ForwardClientCertDetails::AppendForward => ForwardClientCert::AppendForward,
            ForwardClientCertDetails::SanitizeSet => ForwardClientCert::SanitizeSet,
            ForwardClientCertDetails::AlwaysForwardOnly => ForwardClientCert::AlwaysForwardOnly,
            _ => return,
        };
    }
}
