//! What a pool may do.

use std::time::Duration;

/// The part of Istio's `connectionPool` that a single pool acts on; limits on the whole cluster
/// are circuit breakers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PoolSettings {
    /// `http.maxRequestsPerConnection`; `None` is no limit, 1 is no keep-alive.
    pub max_requests_per_connection: Option<u32>,
    /// `http.idleTimeout`, else `tcp.idleTimeout`, else 1 h; zero keeps connections for good.
    pub idle_timeout: Duration,
    /// `tcp.maxConnectionDuration`: after that long a connection takes no new requests.
    pub max_connection_duration: Option<Duration>,
    /// `http.maxConcurrentStreams` of one HTTP/2 connection; Envoy's default is 1024.
    pub max_concurrent_streams: u32,
    /// `http.http2KeepAlive`: the interval of pings and how long an answer may take.
    pub http2_keep_alive: Option<(Duration, Duration)>,
    /// Whether HTTP/1.1 header names go on in the case in which they came
    /// (`proxyHeaders.preserveHttp1HeaderCase`).
    pub preserve_header_case: bool,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            max_requests_per_connection: None,
            idle_timeout: Duration::from_secs(3600),
            max_connection_duration: None,
            max_concurrent_streams: 1024,
            http2_keep_alive: None,
            preserve_header_case: false,
        }
    }
}
