//! Limits and timers of the connections to a destination.

use std::time::Duration;

use meshwork_api::{
    mesh::MeshConfig,
    networking::{self as api, ConnectionPoolSettings, H2UpgradePolicy},
};
use meshwork_balance::{CircuitBreakers, Decimal, RetryBudget};

/// How many connections and requests there may be and how long they live (Istio's
/// `connectionPool` and `retryBudget`, over the mesh's defaults).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ConnectionPool {
    /// For a TCP connection and its TLS handshake together.
    pub connect_timeout: Duration,
    /// The limits.
    pub circuit_breakers: CircuitBreakers,
    /// TCP keepalive; `None` where it is off.
    pub tcp_keepalive: Option<TcpKeepalive>,
    /// A connection without requests is closed after this time, never for zero; `None` is an hour.
    pub idle_timeout: Option<Duration>,
    /// A connection takes no more requests after this time.
    pub max_connection_duration: Option<Duration>,
    /// A connection is closed after that many requests.
    pub max_requests_per_connection: Option<u32>,
    /// How many streams one HTTP/2 connection has at once; read for explicit HTTP/2 only.
    pub max_concurrent_streams: Option<u32>,
    /// HTTP/2 PINGs; sent for explicit HTTP/2 only.
    pub http2_keepalive: Option<Http2Keepalive>,
    /// Whether HTTP/1 requests go upstream as HTTP/2.
    pub h2_upgrade: H2Upgrade,
    /// Requests go upstream in the protocol in which they came (`useClientProtocol`).
    pub use_client_protocol: bool,
}

/// TCP keepalive; what is `None` is the operating system's choice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TcpKeepalive {
    /// How many probes go unanswered before the connection counts as dead.
    pub probes: Option<u32>,
    /// Seconds without traffic before the first probe.
    pub time: Option<u32>,
    /// Seconds between probes.
    pub interval: Option<u32>,
}

/// PINGs on HTTP/2 connections.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Http2Keepalive {
    /// Between PINGs.
    pub interval: Option<Duration>,
    /// For an answer.
    pub timeout: Option<Duration>,
}

/// `h2UpgradePolicy`, as written in the rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum H2Upgrade {
    /// As the mesh says, and for declared HTTP ports only.
    #[default]
    Default,
    /// Never.
    Never,
    /// Always, whatever the declared protocol.
    Always,
}

impl ConnectionPool {
    pub(crate) fn new(
        settings: Option<&ConnectionPoolSettings>,
        retry_budget: Option<&api::RetryBudget>,
        mesh: &MeshConfig,
    ) -> Self {
        let tcp = settings.and_then(|settings| settings.tcp.as_ref());
        let http = settings.and_then(|settings| settings.http.as_ref());
        let limit = |value: Option<i32>| positive(value).unwrap_or(u32::MAX);
        let connect_timeout = tcp.and_then(|tcp| tcp.connect_timeout).or(mesh.connect_timeout);
        let mut keepalive = None;
        overlay_keepalive(&mut keepalive, mesh.tcp_keepalive.as_ref());
        overlay_keepalive(&mut keepalive, tcp.and_then(|tcp| tcp.tcp_keepalive.as_ref()));
        let idle_timeout = http
            .and_then(|http| http.idle_timeout)
            .or_else(|| tcp.and_then(|tcp| tcp.idle_timeout));
        Self {
            connect_timeout: connect_timeout
                .map_or(CONNECT_TIMEOUT, meshwork_api::Duration::as_std),
            circuit_breakers: CircuitBreakers {
                max_connections: limit(tcp.map(|tcp| tcp.max_connections)),
                max_pending_requests: limit(http.map(|http| http.http1_max_pending_requests)),
                max_requests: limit(http.map(|http| http.http2_max_requests)),
                max_retries: limit(http.map(|http| http.max_retries)),
                retry_budget: retry_budget.map(read_budget),
            },
            tcp_keepalive: keepalive,
            idle_timeout: idle_timeout.map(meshwork_api::Duration::as_std),
            max_connection_duration: tcp
                .and_then(|tcp| tcp.max_connection_duration)
                .map(meshwork_api::Duration::as_std),
            max_requests_per_connection: positive(
                http.map(|http| http.max_requests_per_connection),
            ),
            max_concurrent_streams: positive(http.map(|http| http.max_concurrent_streams)),
            http2_keepalive: http.and_then(|http| http.http2_keep_alive.as_ref()).map(|ping| {
                Http2Keepalive {
                    interval: ping.interval.map(meshwork_api::Duration::as_std),
                    timeout: ping.timeout.map(meshwork_api::Duration::as_std),
                }
            }),
            h2_upgrade: match http.map(|http| http.h2_upgrade_policy) {
                Some(H2UpgradePolicy::Upgrade) => H2Upgrade::Always,
                Some(H2UpgradePolicy::DoNotUpgrade) => H2Upgrade::Never,
                _ => H2Upgrade::Default,
            },
            use_client_protocol: http.is_some_and(|http| http.use_client_protocol),
        }
    }
}

impl ConnectionPool {
    /// For destinations that nothing is known of: the mesh's limits hold, HTTP has timers of its
    /// own.
    pub(crate) fn of_passthrough(self) -> Self {
        Self {
            idle_timeout: Some(PASSTHROUGH_IDLE_TIMEOUT),
            max_connection_duration: None,
            max_requests_per_connection: None,
            max_concurrent_streams: None,
            http2_keepalive: None,
            ..self
        }
    }
}

/// Zero cannot be said in Istio's API: it is unset.
fn positive(value: Option<i32>) -> Option<u32> {
    value.and_then(|value| u32::try_from(value).ok()).filter(|value| *value > 0)
}

fn overlay_keepalive(keepalive: &mut Option<TcpKeepalive>, settings: Option<&api::TcpKeepalive>) {
    let Some(settings) = settings else { return };
    let seconds = |duration: meshwork_api::Duration| {
        u32::try_from(duration.as_std().as_secs()).unwrap_or(u32::MAX)
    };
    // Even an empty block turns keepalive on.
    let keepalive = keepalive.get_or_insert_default();
    if settings.probes > 0 {
        keepalive.probes = Some(settings.probes);
    }
    if let Some(time) = settings.time {
        keepalive.time = Some(seconds(time));
    }
    if let Some(interval) = settings.interval {
        keepalive.interval = Some(seconds(interval));
    }
}

fn read_budget(budget: &api::RetryBudget) -> RetryBudget {
    let percent = budget.percent.and_then(Decimal::new);
    RetryBudget {
        percent: percent.unwrap_or_else(|| Decimal::from(20)),
        min_retry_concurrency: match budget.min_retry_concurrency {
            0 => 3,
            minimum => minimum,
        },
        interval: budget.budget_interval.map(meshwork_api::Duration::as_std).unwrap_or_default(),
    }
}

/// Istio's `MeshConfig.connectTimeout` where it is not set.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

const PASSTHROUGH_IDLE_TIMEOUT: Duration = Duration::from_secs(300);
