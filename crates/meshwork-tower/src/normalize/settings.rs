//! What the mesh's configuration says of the first step.

use http::HeaderValue;
use meshwork_api::mesh::{MeshConfig, NormalizationType};

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
        }
    }

    /// What the mesh's configuration says for a direction.
    pub fn of(mesh: &MeshConfig, direction: Direction) -> Self {
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
        let Some(proxy) = &mesh.default_config else { return settings };
        if let (Direction::Gateway, Some(topology)) = (direction, &proxy.gateway_topology) {
            settings.trusted_hops =
                usize::try_from(topology.num_trusted_proxies).unwrap_or(usize::MAX);
        }
        let Some(headers) = &proxy.proxy_headers else { return settings };
        if let Some(server) = &headers.server {
            if server.disabled == Some(true) {
                settings.server = None;
            } else if let Ok(value) = HeaderValue::from_str(&server.value)
                && !value.is_empty()
            {
                settings.server = Some(value);
            }
        }
        if headers.request_id.as_ref().is_some_and(|id| id.disabled == Some(true)) {
            settings.request_id = false;
        }
        settings
    }
}
