//! What is set for a cluster beside balancing.

use std::time::Duration;

use meshwork_policy::{ClusterPolicy, Discovery, TcpPolicy, UpstreamProtocol};

use crate::PoolSettings;

/// How a cluster's requests find, reach and use their endpoints.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ClusterOptions {
    /// How an endpoint is chosen.
    pub choice: EndpointChoice,
    /// What is spoken to endpoints.
    pub protocol: UpstreamProtocol,
    /// How connections are kept.
    pub pool: PoolSettings,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// What counts for TCP connections.
    pub tcp: TcpPolicy,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        Self {
            choice: EndpointChoice::default(),
            protocol: UpstreamProtocol::default(),
            pool: PoolSettings::default(),
            connect_timeout: Duration::from_secs(10),
            tcp: TcpPolicy::default(),
        }
    }
}

/// How a cluster finds the endpoint of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndpointChoice {
    /// The balancer picks one.
    #[default]
    Balanced,
    /// Where the client's connection was meant to go; in process, where the request's authority
    /// points.
    OriginalDestination {
        /// The port that replaces the dialled one.
        port: Option<u16>,
    },
    /// Where the request's authority points, looked up by name (`ALLOW_ANY_DYNAMIC_DNS`).
    Authority,
}

impl ClusterOptions {
    /// What the mesh's policy says.
    pub fn of(policy: &ClusterPolicy) -> Self {
        let pool = &policy.traffic_policy.connection_pool;
        let choice = match policy.discovery {
            Discovery::OriginalDestination { port, .. } => {
                EndpointChoice::OriginalDestination { port }
            }
            Discovery::Dynamic => EndpointChoice::Authority,
            _ => EndpointChoice::Balanced,
        };
        let mut settings = PoolSettings {
            max_requests_per_connection: pool.max_requests_per_connection,
            max_connection_duration: pool.max_connection_duration,
            preserve_header_case: policy.preserve_header_case,
            ..PoolSettings::default()
        };
        if let Some(idle) = pool.idle_timeout {
            settings.idle_timeout = idle;
        }
        if policy.is_http2() {
            if let Some(streams) = pool.max_concurrent_streams {
                settings.max_concurrent_streams = streams;
            }
            settings.http2_keep_alive = pool.http2_keepalive.as_ref().and_then(|ping| {
                // Envoy waits ten seconds for an answer where nothing else is said.
                Some((ping.interval?, ping.timeout.unwrap_or(Duration::from_secs(10))))
            });
        }
        Self {
            choice,
            protocol: policy.protocol,
            pool: settings,
            connect_timeout: pool.connect_timeout,
            tcp: TcpPolicy::default(),
        }
    }
}
