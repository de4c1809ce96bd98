//! What the mesh's configuration says of the first step.

use http::HeaderValue;
use meshwork_api::mesh::{
    ConnectionProfile, ConnectionSettings, ForwardClientCertDetails, HeadersWithUnderscoresAction,
    MeshConfig, NormalizationType, PathWithEscapedSlashesAction, ProxyConfig,
};
use meshwork_config::Snapshot;

use super::{EscapedSlashes, PathNormalization};
use crate::Direction;

/// How requests are received (Envoy's HTTP connection manager).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpSettings {
    /// `meshConfig.pathNormalization`, and what `connectionSettings` says otherwise.
    pub path: PathNormalization,
    /// What becomes of headers with `_` in their names
    /// (`connectionSettings.httpHeadersWithUnderscoresAction`).
    pub underscores: HeadersWithUnderscores,
    /// `gatewayTopology.numTrustedProxies`: how many proxies in front of a gateway are believed.
    pub trusted_hops: usize,
    /// `gatewayTopology.proxyProtocol`: whether connections to a gateway begin with a PROXY
    /// protocol header. Whoever accepts them reads it.
    pub proxy_protocol: bool,
    /// The `server` header of every answer; `None` leaves the application's
    /// (`proxyHeaders.server`).
    pub server: Option<HeaderValue>,
    /// Whether requests without `x-request-id` get one (`proxyHeaders.requestId`).
    pub request_id: bool,
    /// What becomes of `x-forwarded-client-cert` (`proxyHeaders.forwardedClientCert`).
    pub forward_client_cert: ForwardClientCert,
}

/// What becomes of headers with `_` in their names, which some servers take for `-`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HeadersWithUnderscores {
    /// They are headers like any other.
    #[default]
    Allow,
    /// The request is refused: 400 over HTTP/1, a reset stream over HTTP/2.
    Reject,
    /// They are removed.
    Drop,
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
            underscores: HeadersWithUnderscores::Allow,
            trusted_hops: 0,
            proxy_protocol: false,
            server: Some(HeaderValue::from_static(server)),
            request_id: true,
            forward_client_cert: match direction {
                Direction::Outbound => ForwardClientCert::Sanitize,
                Direction::Inbound => ForwardClientCert::AppendForward,
                Direction::Gateway => ForwardClientCert::SanitizeSet,
            },
        }
    }

    /// What the mesh's configuration says for a direction; `proxy` is the proxy's own configuration
    /// and stands in the place of `meshConfig.defaultConfig`.
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
        let default = mesh.default_config.as_ref();
        let proxy = proxy.or(default);
        if let Some(proxy) = proxy {
            settings.take(proxy, direction);
        }
        // Of this block alone the mesh's stands in where the proxy's own says nothing.
        let limits = |proxy: &'_ ProxyConfig| proxy.connection_settings.clone();
        if let Some(limits) = proxy.and_then(limits).or_else(|| default.and_then(limits)) {
            settings.take_connection(&limits, direction);
        }
        settings
    }

    /// What a snapshot says for a direction.
    pub fn of_snapshot(snapshot: &Snapshot, direction: Direction) -> Self {
        let own = snapshot.proxy.metadata.get("PROXY_CONFIG");
        // What the control plane hands a proxy was admitted before; it holds the mesh's defaults.
        let own = own.and_then(|text| serde_json::from_str::<ProxyConfig>(text).ok());
        Self::of(&snapshot.mesh, own.as_ref(), direction)
    }

    fn take(&mut self, proxy: &ProxyConfig, direction: Direction) {
        if let (Direction::Gateway, Some(topology)) = (direction, &proxy.gateway_topology) {
            self.trusted_hops = usize::try_from(topology.num_trusted_proxies).unwrap_or(usize::MAX);
            self.proxy_protocol |= topology.proxy_protocol.is_some();
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

    fn take_connection(&mut self, limits: &ConnectionSettings, direction: Direction) {
        let edge = limits.profile == ConnectionProfile::Edge && direction == Direction::Gateway;
        match limits.http_merge_slashes {
            Some(merge) => self.path.merge_slashes = merge,
            None => self.path.merge_slashes |= edge,
        }
        self.path.escaped_slashes = match limits.http_path_with_escaped_slashes_action {
            PathWithEscapedSlashesAction::KeepUnchanged => EscapedSlashes::Keep,
            PathWithEscapedSlashesAction::RejectRequest => EscapedSlashes::Reject,
            PathWithEscapedSlashesAction::UnescapeAndForward => EscapedSlashes::UnescapeAndForward,
            PathWithEscapedSlashesAction::UnescapeAndRedirect => {
                EscapedSlashes::UnescapeAndRedirect
            }
            _ if edge => EscapedSlashes::UnescapeAndRedirect,
            _ => self.path.escaped_slashes,
        };
        use HeadersWithUnderscoresAction as Action;
        self.underscores = match limits.http_headers_with_underscores_action {
            Action::HeadersWithUnderscoresRejectRequest => HeadersWithUnderscores::Reject,
            Action::HeadersWithUnderscoresDropHeader => HeadersWithUnderscores::Drop,
            Action::HeadersWithUnderscoresAllow => HeadersWithUnderscores::Allow,
            _ if edge => HeadersWithUnderscores::Reject,
            _ => HeadersWithUnderscores::Allow,
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(own: Option<&str>, default: &str, direction: Direction) -> HttpSettings {
        let mesh = format!(r#"{{"defaultConfig":{default}}}"#);
        let mesh: MeshConfig = serde_json::from_str(&mesh).unwrap();
        let own: Option<ProxyConfig> = own.map(|own| serde_json::from_str(own).unwrap());
        HttpSettings::of(&mesh, own.as_ref(), direction)
    }

    const EDGE: &str = r#"{"connectionSettings":{"profile":"EDGE"}}"#;

    #[test]
    fn the_edge_profile_is_for_gateways() {
        let edge = settings(Some(EDGE), "{}", Direction::Gateway);
        assert_eq!(edge.path, PathNormalization::EDGE);
        assert_eq!(edge.underscores, HeadersWithUnderscores::Reject);
        for direction in [Direction::Inbound, Direction::Outbound] {
            let sidecar = settings(Some(EDGE), "{}", direction);
            assert_eq!(sidecar, HttpSettings::new(direction));
        }
    }

    #[test]
    fn what_is_written_goes_before_the_profile_and_holds_for_sidecars_too() {
        let own = r#"{"connectionSettings":{"profile":"EDGE","httpMergeSlashes":false,
            "httpPathWithEscapedSlashesAction":"REJECT_REQUEST",
            "httpHeadersWithUnderscoresAction":"HEADERS_WITH_UNDERSCORES_DROP_HEADER"}}"#;
        for direction in [Direction::Gateway, Direction::Inbound, Direction::Outbound] {
            let found = settings(Some(own), "{}", direction);
            assert!(!found.path.merge_slashes);
            assert_eq!(found.path.escaped_slashes, EscapedSlashes::Reject);
            assert_eq!(found.underscores, HeadersWithUnderscores::Drop);
        }
    }

    #[test]
    fn the_proxys_own_configuration_stands_in_the_meshs_place() {
        let hops = |count: u32| format!(r#"{{"gatewayTopology":{{"numTrustedProxies":{count}}}}}"#);
        let found = |own: Option<&str>, default: &str| settings(own, default, Direction::Gateway);
        assert_eq!(found(None, &hops(2)).trusted_hops, 2);
        assert_eq!(found(Some(&hops(1)), &hops(2)).trusted_hops, 1);
        assert_eq!(found(Some("{}"), &hops(2)).trusted_hops, 0);
        // But for one block.
        assert_eq!(found(Some(&hops(1)), EDGE).underscores, HeadersWithUnderscores::Reject);
    }
}
