//! What a log line says.

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use http::{HeaderMap, Method, Version};

use crate::{Direction, StreamInfo};

/// One finished request, with the fields of Istio's default access log.
///
/// Its `Display` is Istio's text format without the time at the start, which is the subscriber's.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AccessLogEntry {
    /// Whose listener the request came to.
    pub direction: Direction,
    /// The method.
    pub method: Method,
    /// The path as the client sent it, after normalisation.
    pub path: Arc<str>,
    /// The version of HTTP.
    pub protocol: Version,
    /// The status; 0 where the client went away before there was one.
    pub response_code: u16,
    /// Flags, details, route, cluster and endpoints.
    pub info: StreamInfo,
    /// Bytes of the request's body.
    pub bytes_received: u64,
    /// Bytes of the answer's body.
    pub bytes_sent: u64,
    /// From the request's head to the end of the answer.
    pub duration: Duration,
    /// `x-envoy-upstream-service-time`.
    pub upstream_service_time: Option<Arc<str>>,
    /// `x-forwarded-for`.
    pub forwarded_for: Option<Arc<str>>,
    /// `user-agent`.
    pub user_agent: Option<Arc<str>>,
    /// `x-request-id`.
    pub request_id: Option<Arc<str>>,
    /// The authority as the client wrote it.
    pub authority: Arc<str>,
    /// Where the connection was meant to go.
    pub downstream_local: Option<SocketAddr>,
    /// The peer.
    pub downstream_remote: Option<SocketAddr>,
    /// The server name of the client's TLS hello.
    pub server_name: Option<Arc<str>>,
}

impl AccessLogEntry {
    /// Emits the line as an event of `tracing`, on the target `meshwork::access`.
    pub fn emit(&self) {
        let info = &self.info;
        tracing::info!(
            target: "meshwork::access",
            method = %self.method,
            path = &*self.path,
            protocol = ?self.protocol,
            response_code = self.response_code,
            response_flags = %info.flags,
            response_code_details = info.details.as_deref().unwrap_or("-"),
            upstream_transport_failure_reason = info.upstream_failure.as_deref().unwrap_or("-"),
            bytes_received = self.bytes_received,
            bytes_sent = self.bytes_sent,
            duration = self.millis(),
            upstream_service_time = or_dash(&self.upstream_service_time),
            x_forwarded_for = or_dash(&self.forwarded_for),
            user_agent = or_dash(&self.user_agent),
            request_id = or_dash(&self.request_id),
            authority = &*self.authority,
            upstream_host = info.attempts.last().map_or("-", |host| &**host),
            upstream_cluster = or_dash(&info.cluster),
            downstream_local_address = %Address(self.downstream_local),
            downstream_remote_address = %Address(self.downstream_remote),
            requested_server_name = or_dash(&self.server_name),
            route_name = or_dash(&info.route),
            rule = or_dash(&info.rule),
            "{self}",
        );
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX)
    }
}

impl fmt::Display for AccessLogEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = &self.info;
        let protocol = if self.protocol == Version::HTTP_2 { "HTTP/2" } else { "HTTP/1.1" };
        write!(f, "\"{} {} {protocol}\" {}", self.method, self.path, self.response_code)?;
        let details = info.details.as_deref().unwrap_or("-");
        let failure = info.upstream_failure.as_deref().unwrap_or("-");
        write!(f, " {} {details} - \"{failure}\"", info.flags)?;
        write!(f, " {} {} {}", self.bytes_received, self.bytes_sent, self.millis())?;
        write!(f, " {}", or_dash(&self.upstream_service_time))?;
        for field in [&self.forwarded_for, &self.user_agent, &self.request_id] {
            write!(f, " \"{}\"", or_dash(field))?;
        }
        let host = info.attempts.last().map_or("-", |host| &**host);
        write!(f, " \"{}\" \"{host}\" {} -", self.authority, or_dash(&info.cluster))?;
        let (local, remote) = (Address(self.downstream_local), Address(self.downstream_remote));
        write!(f, " {local} {remote} {}", or_dash(&self.server_name))?;
        write!(f, " {}", or_dash(&info.route))
    }
}

/// A header as text.
pub(super) fn text(headers: &HeaderMap, name: &str) -> Option<Arc<str>> {
    Some(headers.get(name)?.to_str().ok()?.into())
}

fn or_dash(text: &Option<Arc<str>>) -> &str {
    text.as_deref().unwrap_or("-")
}

struct Address(Option<SocketAddr>);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => fmt::Display::fmt(&address, f),
            None => f.write_str("-"),
        }
    }
}
