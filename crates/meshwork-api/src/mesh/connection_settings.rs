//! mesh/connection_settings.

use crate::Duration;
use crate::proto::enumeration;
use crate::proto::message;

message! {
    /// Istio's `ProxyConfig.ConnectionSettings`.
    pub struct ConnectionSettings: "istio.mesh.v1alpha1.ProxyConfig.ConnectionSettings" {
        /// `profile`.
        pub profile: ConnectionProfile = "profile",
        /// `listenerPerConnectionBufferLimitBytes`.
        pub listener_per_connection_buffer_limit_bytes: Option<i32> = "listenerPerConnectionBufferLimitBytes",
        /// `clusterPerConnectionBufferLimitBytes`.
        pub cluster_per_connection_buffer_limit_bytes: Option<i32> = "clusterPerConnectionBufferLimitBytes",
        /// `httpIdleTimeout`.
        pub http_idle_timeout: Option<Duration> = "httpIdleTimeout",
        /// `httpMaxConnectionDuration`.
        pub http_max_connection_duration: Option<Duration> = "httpMaxConnectionDuration",
        /// `httpDrainTimeout`.
        pub http_drain_timeout: Option<Duration> = "httpDrainTimeout",
        /// `httpRequestTimeout`.
        pub http_request_timeout: Option<Duration> = "httpRequestTimeout",
        /// `httpRequestHeadersTimeout`.
        pub http_request_headers_timeout: Option<Duration> = "httpRequestHeadersTimeout",
        /// `httpStreamIdleTimeout`.
        pub http_stream_idle_timeout: Option<Duration> = "httpStreamIdleTimeout",
        /// `httpMaxStreamDuration`.
        pub http_max_stream_duration: Option<Duration> = "httpMaxStreamDuration",
        /// `httpMaxConcurrentStreams`.
        pub http_max_concurrent_streams: Option<i32> = "httpMaxConcurrentStreams",
        /// `http2InitialStreamWindowSize`.
        pub http2_initial_stream_window_size: Option<i32> = "http2InitialStreamWindowSize",
        /// `http2InitialConnectionWindowSize`.
        pub http2_initial_connection_window_size: Option<i32> = "http2InitialConnectionWindowSize",
        /// `httpHeadersWithUnderscoresAction`.
        pub http_headers_with_underscores_action: HeadersWithUnderscoresAction = "httpHeadersWithUnderscoresAction",
        /// `httpMergeSlashes`.
        pub http_merge_slashes: Option<bool> = "httpMergeSlashes",
        /// `httpPathWithEscapedSlashesAction`.
        pub http_path_with_escaped_slashes_action: PathWithEscapedSlashesAction = "httpPathWithEscapedSlashesAction",
        /// `listenerConnectionLimit`.
        pub listener_connection_limit: Option<i32> = "listenerConnectionLimit",
        /// `globalDownstreamConnectionLimit`.
        pub global_downstream_connection_limit: Option<i32> = "globalDownstreamConnectionLimit",
    }
}

enumeration! {
    /// Istio's `ProxyConfig.ConnectionSettings.Profile`.
    pub enum ConnectionProfile: "istio.mesh.v1alpha1.ProxyConfig.ConnectionSettings.Profile" {
        /// `SIDECAR`.
        Sidecar = 0 "SIDECAR",
        /// `EDGE`.
        Edge = 1 "EDGE",
    }
}

enumeration! {
    /// Istio's `ProxyConfig.ConnectionSettings.HeadersWithUnderscoresAction`.
    pub enum HeadersWithUnderscoresAction: "istio.mesh.v1alpha1.ProxyConfig.ConnectionSettings.HeadersWithUnderscoresAction" {
        /// `HEADERS_WITH_UNDERSCORES_UNSPECIFIED`.
        HeadersWithUnderscoresUnspecified = 0 "HEADERS_WITH_UNDERSCORES_UNSPECIFIED",
        /// `HEADERS_WITH_UNDERSCORES_ALLOW`.
        HeadersWithUnderscoresAllow = 1 "HEADERS_WITH_UNDERSCORES_ALLOW",
        /// `HEADERS_WITH_UNDERSCORES_REJECT_REQUEST`.
        HeadersWithUnderscoresRejectRequest = 2 "HEADERS_WITH_UNDERSCORES_REJECT_REQUEST",
        /// `HEADERS_WITH_UNDERSCORES_DROP_HEADER`.
        HeadersWithUnderscoresDropHeader = 3 "HEADERS_WITH_UNDERSCORES_DROP_HEADER",
    }
}

enumeration! {
    /// Istio's `ProxyConfig.ConnectionSettings.PathWithEscapedSlashesAction`.
    pub enum PathWithEscapedSlashesAction: "istio.mesh.v1alpha1.ProxyConfig.ConnectionSettings.PathWithEscapedSlashesAction" {
        /// `PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED`.
        PathWithEscapedSlashesUnspecified = 0 "PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED",
        /// `KEEP_UNCHANGED`.
        KeepUnchanged = 1 "KEEP_UNCHANGED",
        /// `REJECT_REQUEST`.
        RejectRequest = 2 "REJECT_REQUEST",
        /// `UNESCAPE_AND_REDIRECT`.
        UnescapeAndRedirect = 3 "UNESCAPE_AND_REDIRECT",
        /// `UNESCAPE_AND_FORWARD`.
        UnescapeAndForward = 4 "UNESCAPE_AND_FORWARD",
    }
}
