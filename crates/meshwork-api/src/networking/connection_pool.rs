//! networking/connection_pool.

use crate::Duration;
use crate::proto::enumeration;
use crate::proto::message;

message! {
    /// Istio's `ConnectionPoolSettings`.
    pub struct ConnectionPoolSettings: "istio.networking.v1alpha3.ConnectionPoolSettings" {
        /// `tcp`.
        pub tcp: Option<TcpSettings> = "tcp",
        /// `http`.
        pub http: Option<HttpSettings> = "http",
    }
}

message! {
    /// Istio's `ConnectionPoolSettings.TCPSettings`.
    pub struct TcpSettings: "istio.networking.v1alpha3.ConnectionPoolSettings.TCPSettings" {
        /// `maxConnections`.
        pub max_connections: i32 = "maxConnections",
        /// `connectTimeout`.
        pub connect_timeout: Option<Duration> = "connectTimeout",
        /// `tcpKeepalive`.
        pub tcp_keepalive: Option<TcpKeepalive> = "tcpKeepalive",
        /// `maxConnectionDuration`.
        pub max_connection_duration: Option<Duration> = "maxConnectionDuration",
        /// `idleTimeout`.
        pub idle_timeout: Option<Duration> = "idleTimeout",
    }
}

message! {
    /// Istio's `ConnectionPoolSettings.TCPSettings.TcpKeepalive`.
    pub struct TcpKeepalive: "istio.networking.v1alpha3.ConnectionPoolSettings.TCPSettings.TcpKeepalive" {
        /// `probes`.
        pub probes: u32 = "probes",
        /// `time`.
        pub time: Option<Duration> = "time",
        /// `interval`.
        pub interval: Option<Duration> = "interval",
    }
}

message! {
    /// Istio's `ConnectionPoolSettings.HTTPSettings`.
    pub struct HttpSettings: "istio.networking.v1alpha3.ConnectionPoolSettings.HTTPSettings" {
        /// `http1MaxPendingRequests`.
        pub http1_max_pending_requests: i32 = "http1MaxPendingRequests",
        /// `http2MaxRequests`.
        pub http2_max_requests: i32 = "http2MaxRequests",
        /// `maxRequestsPerConnection`.
        pub max_requests_per_connection: i32 = "maxRequestsPerConnection",
        /// `maxRetries`.
        pub max_retries: i32 = "maxRetries",
        /// `idleTimeout`.
        pub idle_timeout: Option<Duration> = "idleTimeout",
        /// `h2UpgradePolicy`.
        pub h2_upgrade_policy: H2UpgradePolicy = "h2UpgradePolicy",
        /// `useClientProtocol`.
        pub use_client_protocol: bool = "useClientProtocol",
        /// `maxConcurrentStreams`.
        pub max_concurrent_streams: i32 = "maxConcurrentStreams",
        /// `http2KeepAlive`.
        pub http2_keep_alive: Option<ConnectionKeepalive> = "http2KeepAlive",
    }
}

enumeration! {
    /// Istio's `ConnectionPoolSettings.HTTPSettings.H2UpgradePolicy`.
    pub enum H2UpgradePolicy: "istio.networking.v1alpha3.ConnectionPoolSettings.HTTPSettings.H2UpgradePolicy" {
        /// `DEFAULT`.
        Default = 0 "DEFAULT",
        /// `DO_NOT_UPGRADE`.
        DoNotUpgrade = 1 "DO_NOT_UPGRADE",
        /// `UPGRADE`.
        Upgrade = 2 "UPGRADE",
    }
}

message! {
    /// Istio's `ConnectionPoolSettings.HTTPSettings.ConnectionKeepalive`.
    pub struct ConnectionKeepalive: "istio.networking.v1alpha3.ConnectionPoolSettings.HTTPSettings.ConnectionKeepalive" {
        /// `interval`.
        pub interval: Option<Duration> = "interval",
        /// `timeout`.
        pub timeout: Option<Duration> = "timeout",
    }
}
