//! What command operators can ask for.

use std::net::SocketAddr;

use http::HeaderMap;
use meshwork_core::RequestHead;

/// The message and connection that a [`Format`](super::Format) is evaluated for.
///
/// What is `None` or empty is not known (yet) and stands for nothing; at the time of request
/// headers no endpoint, status or response is known.
///
/// ```
/// use meshwork_routing::{Format, FormatContext};
/// let mut cx = FormatContext::default();
/// cx.protocol = Some("HTTP/1.1");
/// let format: Format = "over %PROTOCOL%%RESP(x)%".parse()?;
/// assert_eq!(format.evaluate(&cx), b"over HTTP/1.1");
/// # Ok::<(), meshwork_routing::FormatError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct FormatContext<'a> {
    /// The request (`REQ`), before the rewrites of the route.
    pub request: Option<RequestHead<'a>>,
    /// The headers of the answer (`RESP`).
    pub response: Option<&'a HeaderMap>,
    /// `HTTP/1.1` or `HTTP/2` (`PROTOCOL`).
    pub protocol: Option<&'a str>,
    /// The status that an endpoint answered with (`RESPONSE_CODE`); 0 for an answer of the proxy's
    /// own, and as long as there is none.
    pub response_code: Option<u16>,
    /// The status of the answer, whosever it is (`RESP(:status)`).
    pub response_status: Option<u16>,
    /// `RESPONSE_CODE_DETAILS`.
    pub response_code_details: Option<&'a str>,
    /// Envoy's flags, `-` where there are none (`RESPONSE_FLAGS`).
    pub response_flags: Option<&'a str>,
    /// The name of the route (`ROUTE_NAME`).
    pub route_name: Option<&'a str>,
    /// The name of the cluster (`UPSTREAM_CLUSTER`).
    pub upstream_cluster: Option<&'a str>,
    /// How many endpoints were tried (`UPSTREAM_REQUEST_ATTEMPT_COUNT`); 1 before the first.
    pub attempts: Option<u32>,
    /// The endpoint (`UPSTREAM_HOST`, `UPSTREAM_REMOTE_ADDRESS`).
    pub upstream_host: Option<&'a str>,
    /// The peer after trusted hops (`DOWNSTREAM_REMOTE_ADDRESS`).
    pub downstream_remote: Option<SocketAddr>,
    /// The peer of the connection (`DOWNSTREAM_DIRECT_REMOTE_ADDRESS`).
    pub downstream_direct_remote: Option<SocketAddr>,
    /// The original destination (`DOWNSTREAM_LOCAL_ADDRESS`).
    pub downstream_local: Option<SocketAddr>,
    /// `REQUESTED_SERVER_NAME`.
    pub server_name: Option<&'a str>,
    /// `DOWNSTREAM_PEER_URI_SAN`.
    pub peer: Option<&'a str>,
    /// `HOSTNAME`.
    pub hostname: Option<&'a str>,
    /// The id of the stream (`STREAM_ID`), usually the request id.
    pub stream_id: Option<&'a str>,
    /// The time of the request as `2026-01-01T00:00:00.000Z` (`START_TIME`).
    pub start_time: Option<&'a str>,
}
