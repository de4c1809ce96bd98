//! Limits of a proxy's connections.

use crate::Duration;
use crate::proto::{enumeration, message};

message! {
    /// Limits of a proxy's connections.
    ///
    /// Istio's `ProxyConfig.ConnectionSettings`.
    pub struct ConnectionSettings: "istio.mesh.v1alpha1.ProxyConfig.ConnectionSettings" {
        /// Which defaults hold.
        pub profile: ConnectionProfile = "profile",
        /// Bytes that are buffered per accepted connection.
        pub listener_per_connection_buffer_limit_bytes: Option<i32> = "listenerPerConnectionBufferLimitBytes",
        /// Bytes that are buffered per connection to an endpoint.
        pub cluster_per_connection_buffer_limit_bytes: Option<i32> = "clusterPerConnectionBufferLimitBytes",
        /// How long a connection without requests is kept.
        pub http_idle_timeout: Option<Duration> = "httpIdleTimeout",
        /// How long a connection may live.
        pub http_max_connection_duration: Option<Duration> = "httpMaxConnectionDuration",
        /// How long a connection is drained.
        pub http_drain_timeout: Option<Duration> = "httpDrainTimeout",
        /// How long a whole request may take to arrive.
        pub http_request_timeout: Option<Duration> = "httpRequestTimeout",
        /// How long the headers of a request may take to arrive.
        pub http_request_headers_timeout: Option<Duration> = "httpRequestHeadersTimeout",
        /// How long a request may be without traffic.
        pub http_stream_idle_timeout: Option<Duration> = "httpStreamIdleTimeout",
        /// How long a request may live.
        pub http_max_stream_duration: Option<Duration> = "httpMaxStreamDuration",
        /// How many requests one HTTP/2 connection has at once.
        pub http_max_concurrent_streams: Option<i32> = "httpMaxConcurrentStreams",
        /// The first window of an HTTP/2 stream, in bytes.
        pub http2_initial_stream_window_size: Option<i32> = "http2InitialStreamWindowSize",
        /// The first window of an HTTP/2 connection, in bytes.
        pub http2_initial_connection_window_size: Option<i32> = "http2InitialConnectionWindowSize",
        /// What happens to headers with underscores.
        pub http_headers_with_underscores_action: HeadersWithUnderscoresAction = "httpHeadersWithUnderscoresAction",
        /// Whether several slashes become one.
        pub http_merge_slashes: Option<bool> = "httpMergeSlashes",
        /// What happens to paths with `%2F` and `%5C`.
        pub http_path_with_escaped_slashes_action: PathWithEscapedSlashesAction = "httpPathWithEscapedSlashesAction",
        /// How many connections one listener has.
        pub listener_connection_limit: Option<i32> = "listenerConnectionLimit",
        /// How many connections clients have altogether.
        pub global_downstream_connection_limit: Option<i32> = "globalDownstreamConnectionLimit",
    }
}

enumeration! {
    /// Which defaults hold for connections.
    ///
    /// Istio's `ProxyConfig.ConnectionSettings.Profile`.
    pub enum ConnectionProfile: "istio.mesh.v1alpha1.ProxyConfig.ConnectionSettings.Profile" {
        /// Those of sidecars.
        Sidecar = 0 "SIDECAR",
        /// Those of a proxy that faces strangers.
        Edge = 1 "EDGE",
    }
}

enumeration! {
    /// What happens to headers with underscores.
    ///
    /// Istio's `ProxyConfig.ConnectionSettings.HeadersWithUnderscoresAction`.
    pub enum HeadersWithUnderscoresAction: "istio.mesh.v1alpha1.ProxyConfig.ConnectionSettings.HeadersWithUnderscoresAction" {
        /// As the profile says.
        HeadersWithUnderscoresUnspecified = 0 "HEADERS_WITH_UNDERSCORES_UNSPECIFIED",
        /// They are allowed.
        HeadersWithUnderscoresAllow = 1 "HEADERS_WITH_UNDERSCORES_ALLOW",
        /// The request is refused.
        HeadersWithUnderscoresRejectRequest = 2 "HEADERS_WITH_UNDERSCORES_REJECT_REQUEST",
        /// The header is removed.
        HeadersWithUnderscoresDropHeader = 3 "HEADERS_WITH_UNDERSCORES_DROP_HEADER",
    }
}

enumeration! {
    /// What happens to paths with `%2F` and `%5C`.
    ///
    /// Istio's `ProxyConfig.ConnectionSettings.PathWithEscapedSlashesAction`.
    pub enum PathWithEscapedSlashesAction: "istio.mesh.v1alpha1.ProxyConfig.ConnectionSettings.PathWithEscapedSlashesAction" {
        /// As the profile says.
        PathWithEscapedSlashesUnspecified = 0 "PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED",
        /// They are kept.
        KeepUnchanged = 1 "KEEP_UNCHANGED",
        /// The request is refused.
        RejectRequest = 2 "REJECT_REQUEST",
        /// The client is redirected to the decoded path.
        UnescapeAndRedirect = 3 "UNESCAPE_AND_REDIRECT",
        /// They are decoded.
        UnescapeAndForward = 4 "UNESCAPE_AND_FORWARD",
    }
}
