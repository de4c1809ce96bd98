//! Limits and timeouts of connections, and outlier detection.

use super::findings::Findings;
use super::place::Place;
use super::shared::{count, duration, percent};
use crate::networking::{
    ConnectionKeepalive, ConnectionPoolSettings, H2UpgradePolicy, HttpSettings, OutlierDetection,
    TcpSettings,
};

/// `connectionPool` of DestinationRules and Sidecars.
pub(super) fn check(place: &Place<'_>, pool: &ConnectionPoolSettings, out: &mut Findings<'_>) {
    if pool.http.is_none() && pool.tcp.is_none() {
        out.error(place, "needs `tcp` or `http`");
    }
    if let Some(http) = &pool.http {
        check_http(&place.field("http"), http, out);
    }
    if let Some(tcp) = &pool.tcp {
        check_tcp(&place.field("tcp"), tcp, out);
    }
}

fn check_http(place: &Place<'_>, http: &HttpSettings, out: &mut Findings<'_>) {
    for (name, value) in [
        ("http1MaxPendingRequests", http.http1_max_pending_requests),
        ("http2MaxRequests", http.http2_max_requests),
        ("maxRequestsPerConnection", http.max_requests_per_connection),
        ("maxRetries", http.max_retries),
        ("maxConcurrentStreams", http.max_concurrent_streams),
    ] {
        count(place, name, value, out);
    }
    duration(place, "idleTimeout", http.idle_timeout, out);
    if http.h2_upgrade_policy == H2UpgradePolicy::Upgrade && http.use_client_protocol {
        let message = "excludes `h2UpgradePolicy: UPGRADE`, which decides the protocol already";
        out.error(&place.field("useClientProtocol"), message);
    }
    if let Some(ConnectionKeepalive { interval, timeout, .. }) = &http.http2_keep_alive {
        let place = place.field("http2KeepAlive");
        for (name, value) in [("interval", *interval), ("timeout", *timeout)] {
            if value.is_none() {
                out.error(&place.field(name), "is required");
            }
            duration(&place, name, value, out);
        }
    }
}

fn check_tcp(place: &Place<'_>, tcp: &TcpSettings, out: &mut Findings<'_>) {
    count(place, "maxConnections", tcp.max_connections, out);
    duration(place, "connectTimeout", tcp.connect_timeout, out);
    duration(place, "maxConnectionDuration", tcp.max_connection_duration, out);
    // Here zero means something: that there is no timeout. Less than a millisecond counts as zero.
    let idle = tcp.idle_timeout.filter(|idle| idle.as_nanos() / 1_000_000 != 0);
    duration(place, "idleTimeout", idle, out);
    if let Some(keepalive) = &tcp.tcp_keepalive {
        let place = place.field("tcpKeepalive");
        duration(&place, "time", keepalive.time, out);
        duration(&place, "interval", keepalive.interval, out);
    }
}

/// `outlierDetection`.
pub(super) fn outlier_detection(
    place: &Place<'_>,
    outlier: &OutlierDetection,
    out: &mut Findings<'_>,
) {
    duration(place, "baseEjectionTime", outlier.base_ejection_time, out);
    duration(place, "interval", outlier.interval, out);
    percent(place, "maxEjectionPercent", outlier.max_ejection_percent, out);
    percent(place, "minHealthPercent", outlier.min_health_percent, out);
    if outlier.consecutive_errors != 0 {
        let message =
            "is deprecated and ignored; use `consecutiveGatewayErrors` or `consecutive5xxErrors`";
        out.warn(&place.field("consecutiveErrors"), message);
    }
    let local = outlier.consecutive_local_origin_failures.unwrap_or(0) > 0;
    if local && !outlier.split_external_local_origin_errors {
        let message = "needs `splitExternalLocalOriginErrors: true`";
        out.error(&place.field("consecutiveLocalOriginFailures"), message);
    }
}
