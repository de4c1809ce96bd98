//! How long connections and requests may take, and how many there may be at once.

use std::time::Duration;

use meshwork_api::mesh::{ConnectionProfile, ConnectionSettings};

use crate::Direction;

/// What a listener allows its connections (`ProxyConfig.connectionSettings`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionLimits {
    /// `httpIdleTimeout`, else the proxy's `ISTIO_META_IDLE_TIMEOUT`: a connection without requests
    /// is drained after this time; 1 h by default, zero for never.
    pub idle_timeout: Duration,
    /// `httpMaxConnectionDuration`: a connection is drained after this time, however busy.
    pub max_duration: Option<Duration>,
    /// `httpDrainTimeout`: how long a connection that is drained still takes requests; 5 s by
    /// default.
    pub drain_timeout: Duration,
    /// `httpRequestHeadersTimeout`: how long the head of an HTTP/1.1 request may take to arrive,
    /// from its first byte.
    pub request_headers_timeout: Option<Duration>,
    /// `httpMaxConcurrentStreams`: requests at once on one HTTP/2 connection.
    pub max_concurrent_streams: Option<u32>,
    /// `http2InitialStreamWindowSize`, in bytes; also how much of the body of an HTTP/2 request is
    /// kept for retries.
    pub stream_window: Option<u32>,
    /// `http2InitialConnectionWindowSize`, in bytes.
    pub connection_window: Option<u32>,
    /// `globalDownstreamConnectionLimit`: connections at once, of all listeners together. Whoever
    /// accepts them counts.
    pub global_connections: Option<usize>,
    /// What holds for each request.
    pub stream: StreamLimits,
}

/// What a listener allows each request (`ProxyConfig.connectionSettings`).
///
/// A request has come as far as its body was asked for: Envoy reads bodies of itself, here whoever
/// takes them does. Bytes after an upgrade are nobody's request any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamLimits {
    /// `httpRequestTimeout`: how long the whole request may take to arrive: 408.
    pub request_timeout: Option<Duration>,
    /// `httpStreamIdleTimeout`: how long nothing may pass in either direction: 408 before the
    /// request is complete, 504 afterwards.
    pub idle_timeout: Option<Duration>,
    /// `httpMaxStreamDuration`: how long request and answer may take together: 408 before the
    /// request is complete, 504 afterwards. Istio's inbound routes put no limit in its place, so
    /// it never strikes there.
    pub max_duration: Option<Duration>,
    /// `listenerPerConnectionBufferLimitBytes` of a gateway: how much of the body of an HTTP/1.1
    /// request is kept for retries; 1 MiB by default.
    pub buffer_limit: Option<usize>,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            idle_timeout: HOUR,
            max_duration: None,
            drain_timeout: Duration::from_secs(5),
            request_headers_timeout: None,
            max_concurrent_streams: None,
            stream_window: None,
            connection_window: None,
            global_connections: None,
            stream: StreamLimits::default(),
        }
    }
}

impl ConnectionLimits {
    /// What the settings say for a direction; the profile `EDGE` fills in what they leave open, at
    /// gateways. `idle` is the idle timeout that is in force without them.
    pub(super) fn of(settings: &ConnectionSettings, direction: Direction, idle: Duration) -> Self {
        let gateway = direction == Direction::Gateway;
        let edge = settings.profile == ConnectionProfile::Edge && gateway;
        let time = |own: Option<meshwork_api::Duration>, profile: Option<Duration>| {
            own.map(meshwork_api::Duration::as_std).or(profile.filter(|_| edge))
        };
        // Zero is no limit to Envoy.
        let limit = |own, profile| time(own, profile).filter(|time| !time.is_zero());
        let count = |own: Option<i32>, profile: u32| {
            own.and_then(|own| u32::try_from(own).ok()).or(edge.then_some(profile))
        };
        let size = |own: Option<i32>| own.and_then(|own| usize::try_from(own).ok());
        let default = Self::default();
        let inbound = direction == Direction::Inbound;
        let buffer = size(settings.listener_per_connection_buffer_limit_bytes);
        Self {
            idle_timeout: time(settings.http_idle_timeout, Some(HOUR)).unwrap_or(idle),
            max_duration: time(settings.http_max_connection_duration, None),
            drain_timeout: time(settings.http_drain_timeout, None).unwrap_or(default.drain_timeout),
            request_headers_timeout: limit(settings.http_request_headers_timeout, Some(MINUTE)),
            max_concurrent_streams: count(settings.http_max_concurrent_streams, 100),
            stream_window: count(settings.http2_initial_stream_window_size, 64 << 10),
            connection_window: count(settings.http2_initial_connection_window_size, 1 << 20),
            global_connections: size(settings.global_downstream_connection_limit)
                .filter(|most| *most > 0),
            stream: StreamLimits {
                request_timeout: limit(settings.http_request_timeout, Some(5 * MINUTE)),
                idle_timeout: limit(settings.http_stream_idle_timeout, Some(5 * MINUTE)),
                max_duration: limit(settings.http_max_stream_duration, None).filter(|_| !inbound),
                buffer_limit: buffer.or(edge.then_some(32 << 10)).filter(|_| gateway),
            },
        }
    }

    /// How long the head of an HTTP/1.1 request may take to arrive, with the answer to one that
    /// takes longer and Envoy's details of it: every limit counts from the first byte.
    pub(crate) fn head(&self) -> Option<(Duration, &'static str, &'static str)> {
        let stream = &self.stream;
        [
            (self.request_headers_timeout, "request header timeout", "request_header_timeout"),
            (stream.request_timeout, "request timeout", "request_overall_timeout"),
            (stream.idle_timeout, "stream timeout", "stream_idle_timeout"),
            (stream.max_duration, "downstream duration timeout", "max_duration_timeout"),
        ]
        .into_iter()
        .filter_map(|(limit, body, details)| Some((limit?, body, details)))
        .min_by_key(|(limit, ..)| *limit)
    }
}

impl StreamLimits {
    /// Whether there is any limit of time.
    pub(crate) const fn has_times(&self) -> bool {
        self.request_timeout.is_some() || self.idle_timeout.is_some() || self.max_duration.is_some()
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
