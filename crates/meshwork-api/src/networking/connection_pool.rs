//! Limits and timeouts of connections.

use crate::Duration;
use crate::proto::{enumeration, message};

message! {
    /// Limits and timeouts of connections.
    ///
    /// Istio's `ConnectionPoolSettings`.
    pub struct ConnectionPoolSettings: "istio.networking.v1alpha3.ConnectionPoolSettings" {
        /// For every protocol.
        pub tcp: Option<TcpSettings> = "tcp",
        /// For HTTP.
        pub http: Option<HttpSettings> = "http",
    }
}

message! {
    /// Limits of connections.
    ///
    /// Istio's `ConnectionPoolSettings.TCPSettings`.
    pub struct TcpSettings: "istio.networking.v1alpha3.ConnectionPoolSettings.TCPSettings" {
        /// How many connections there may be to the host. Default: no limit.
        pub max_connections: i32 = "maxConnections",
        /// How long connecting may take. Default: 10s.
        pub connect_timeout: Option<Duration> = "connectTimeout",
        /// Probes on idle connections.
        pub tcp_keepalive: Option<TcpKeepalive> = "tcpKeepalive",
        /// How long a connection may live. Default: no limit.
        pub max_connection_duration: Option<Duration> = "maxConnectionDuration",
        /// How long a TCP connection may be idle. Default: 1h; 0s for ever.
        pub idle_timeout: Option<Duration> = "idleTimeout",
    }
}

message! {
    /// Probes on idle connections.
    ///
    /// Istio's `ConnectionPoolSettings.TCPSettings.TcpKeepalive`.
    pub struct TcpKeepalive: "istio.networking.v1alpha3.ConnectionPoolSettings.TCPSettings.TcpKeepalive" {
        /// How many unanswered ones end the connection; 0 leaves it to the system.
        pub probes: u32 = "probes",
        /// After how much idleness they begin. Default: the system's.
        pub time: Option<Duration> = "time",
        /// How much time is between them. Default: the system's.
        pub interval: Option<Duration> = "interval",
    }
}

message! {
    /// Limits of HTTP.
    ///
    /// Istio's `ConnectionPoolSettings.HTTPSettings`.
    pub struct HttpSettings: "istio.networking.v1alpha3.ConnectionPoolSettings.HTTPSettings" {
        /// How many requests may wait for a connection. Default: no limit.
        pub http1_max_pending_requests: i32 = "http1MaxPendingRequests",
        /// How many requests may be under way. Default: no limit.
        pub http2_max_requests: i32 = "http2MaxRequests",
        /// How many requests one connection takes; 0 for any number, 1 turns keep-alive off.
        pub max_requests_per_connection: i32 = "maxRequestsPerConnection",
        /// How many retries may be under way. Default: no limit.
        pub max_retries: i32 = "maxRetries",
        /// How long a connection without requests is kept. Default: 1h.
        pub idle_timeout: Option<Duration> = "idleTimeout",
        /// Whether HTTP/1.1 is sent as HTTP/2.
        pub h2_upgrade_policy: H2UpgradePolicy = "h2UpgradePolicy",
        /// Whether a request keeps the HTTP version of the client. Excludes an upgrade.
        pub use_client_protocol: bool = "useClientProtocol",
        /// How many streams one HTTP/2 connection has. Default: 1024.
        pub max_concurrent_streams: i32 = "maxConcurrentStreams",
        /// Pings on HTTP/2 connections.
        pub http2_keep_alive: Option<ConnectionKeepalive> = "http2KeepAlive",
    }
}

enumeration! {
    /// Whether HTTP/1.1 is sent as HTTP/2.
    ///
    /// Istio's `ConnectionPoolSettings.HTTPSettings.H2UpgradePolicy`.
    pub enum H2UpgradePolicy: "istio.networking.v1alpha3.ConnectionPoolSettings.HTTPSettings.H2UpgradePolicy" {
        /// As MeshConfig says.
        Default = 0 "DEFAULT",
        /// No.
        DoNotUpgrade = 1 "DO_NOT_UPGRADE",
        /// Yes.
        Upgrade = 2 "UPGRADE",
    }
}

message! {
    /// Pings on HTTP/2 connections.
    ///
    /// Istio's `ConnectionPoolSettings.HTTPSettings.ConnectionKeepalive`.
    pub struct ConnectionKeepalive: "istio.networking.v1alpha3.ConnectionPoolSettings.HTTPSettings.ConnectionKeepalive" {
        /// How much time is between them.
        pub interval: Option<Duration> = "interval",
        /// How long an answer may take.
        pub timeout: Option<Duration> = "timeout",
    }
}
