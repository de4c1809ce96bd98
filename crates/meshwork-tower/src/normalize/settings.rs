//! What the mesh's configuration says of the first step.

use http::HeaderValue;
use meshwork_api::mesh::{
    ConnectionProfile, ConnectionSettings, ForwardClientCertDetails, HeadersWithUnderscoresAction,
    MeshConfig, NormalizationType, PathWithEscapedSlashesAction, ProxyConfig,
};
use meshwork_config::Snapshot;

use super::{ConnectionLimits, EscapedSlashes, PathNormalization};
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
    /// What becomes of `x-forwarded-client-cert`: `proxyHeaders.forwardedClientCert` of a sidecar,
    /// `gatewayTopology.forwardClientCertDetails` of a gateway.
    pub forward_client_cert: ForwardClientCert,
    /// What is said there of a client's certificate (`proxyHeaders.setCurrentClientCertDetails` of
    /// a sidecar). Whoever ends TLS says it.
    pub client_cert: ClientCertDetails,
    /// Whether requests that do not say so are told by `x-forwarded-port` which port they came to
    /// (`proxyHeaders.xForwardedPort`).
    pub forwarded_port: bool,
    /// Whether HTTP/1.1 header names keep the case in which they came
    /// (`proxyHeaders.preserveHttp1HeaderCase`). Whoever serves the connection sees to it.
    pub header_case: bool,
    /// Which headers forwarding adds.
    pub added: AddedHeaders,
    /// `connectionSettings`: what is allowed to connections and requests.
    pub limits: ConnectionLimits,
}

/// The headers that forwarding adds (`ProxyConfig.proxyHeaders`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct AddedHeaders {
    /// `x-envoy-attempt-count` of requests (`attemptCount`).
    pub attempt_count: bool,
    /// `x-envoy-upstream-service-time`, `x-envoy-expected-rq-timeout-ms`, `x-envoy-original-path`,
    /// `x-envoy-original-host`, `x-envoy-overloaded` (`envoyDebugHeaders`).
    pub debug: bool,
    /// `x-forwarded-host`, where a route with a rewrite sends another Host (`xForwardedHost`).
    pub forwarded_host: bool,
}

impl Default for AddedHeaders {
    fn default() -> Self {
        Self { attempt_count: true, debug: true, forwarded_host: false }
    }
}

/// What `x-forwarded-client-cert` says of a client's certificate, beside its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ClientCertDetails {
    /// The certificate itself.
    pub cert: bool,
    /// The certificate with all that came with it.
    pub chain: bool,
    /// Its subject.
    pub subject: bool,
    /// Its URIs.
    pub uri: bool,
    /// Its DNS names.
    pub dns: bool,
}

impl ClientCertDetails {
    /// What sidecars say unless they are told otherwise.
    pub const SIDECAR: Self =
        Self { cert: false, chain: false, subject: true, uri: true, dns: true };
    /// What gateways say.
    pub const GATEWAY: Self = Self { cert: true, ..Self::SIDECAR };
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
            client_cert: match direction {
                Direction::Gateway => ClientCertDetails::GATEWAY,
                _ => ClientCertDetails::SIDECAR,
            },
            forwarded_port: false,
            header_case: false,
            added: AddedHeaders::default(),
            limits: ConnectionLimits::default(),
        }
    }

    /// What the mesh's configuration says for a direction; `proxy` is the proxy's own configuration
    /// and stands in the place of `meshConfig.defaultConfig`.
    pub fn of(mesh: &MeshConfig, proxy: Option<&ProxyConfig>, direction: Direction) -> Self {
        Self::new(direction).with(mesh, proxy, direction)
    }

    fn with(self, mesh: &MeshConfig, proxy: Option<&ProxyConfig>, direction: Direction) -> Self {
        let mut settings = self;
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
        let mut settings = Self::new(direction);
        // `ISTIO_META_IDLE_TIMEOUT`: what is no duration counts for nothing.
        let idle = snapshot.proxy.metadata.get("IDLE_TIMEOUT");
        if let Some(idle) = idle.and_then(|text| text.parse::<meshwork_api::Duration>().ok()) {
            settings.limits.idle_timeout = idle.as_std();
        }
        settings.with(&snapshot.mesh, own.as_ref(), direction)
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
        let yes = |set: Option<bool>| set == Some(true);
        self.request_id = !yes(headers.request_id.as_ref().and_then(|header| header.disabled));
        self.forwarded_port = yes(headers.x_forwarded_port.as_ref().and_then(|port| port.enabled));
        self.header_case = yes(headers.preserve_http1_header_case);
        let added = &mut self.added;
        added.attempt_count = !yes(headers.attempt_count.as_ref().and_then(|one| one.disabled));
        added.debug = !yes(headers.envoy_debug_headers.as_ref().and_then(|one| one.disabled));
        added.forwarded_host = yes(headers.x_forwarded_host.as_ref().and_then(|one| one.enabled));
        // Gateways have a setting of their own, and always say the same.
        if direction == Direction::Inbound {
            self.take_client_cert(headers.forwarded_client_cert);
            if let Some(details) = &headers.set_current_client_cert_details {
                self.client_cert = ClientCertDetails {
                    cert: yes(details.cert),
                    chain: yes(details.chain),
                    subject: details.subject != Some(false),
                    uri: details.uri != Some(false),
                    dns: details.dns != Some(false),
                };
            }
        }
    }

    fn take_connection(&mut self, limits: &ConnectionSettings, direction: Direction) {
        self.limits = ConnectionLimits::of(limits, direction, self.limits.idle_timeout);
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
mod tests;
