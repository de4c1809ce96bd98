//! The command operators and their values.

use std::{net::SocketAddr, sync::Arc};

use http::HeaderMap;
use meshwork_core::RequestHead;

use super::FormatContext;

/// One operator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Command {
    /// A header of the request, or another one where the first is missing.
    Request(Names),
    /// A header of the answer.
    Response(Names),
    /// Something that the context holds.
    Plain(Plain),
    /// The target of the request: as it was before rewrites or as it is, with its query or not.
    Path { from: PathFrom, query: bool },
    /// The first value of a query parameter, decoded.
    QueryParam(Arc<str>),
    /// An operator that Envoy accepts and that has no value here.
    Other(Arc<str>),
}

/// `(main?alternative)`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Names {
    pub(super) main: Arc<str>,
    pub(super) alternative: Option<Arc<str>>,
}

/// Which target of the request `PATH` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum PathFrom {
    /// The one before a rewrite (`ORIG`); nothing where there was none.
    Original,
    /// The one that is forwarded (`PATH`).
    Current,
    /// The one before a rewrite, if any (`ORIG_OR_PATH`).
    Either,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Plain {
    Protocol,
    ResponseCode,
    ResponseCodeDetails,
    ResponseFlags,
    RouteName,
    UpstreamCluster,
    UpstreamHost,
    UpstreamHostWithoutPort,
    UpstreamPort,
    Remote,
    RemoteWithoutPort,
    RemotePort,
    DirectRemote,
    DirectRemoteWithoutPort,
    DirectRemotePort,
    Local,
    LocalWithoutPort,
    LocalPort,
    ServerName,
    Peer,
    Hostname,
    StreamId,
    StartTime,
    Attempts,
    Query,
}

/// Names with a value in [`FormatContext`].
pub(super) const PLAIN: &[(&str, Plain)] = &[
    ("PROTOCOL", Plain::Protocol),
    ("RESPONSE_CODE", Plain::ResponseCode),
    ("RESPONSE_CODE_DETAILS", Plain::ResponseCodeDetails),
    ("RESPONSE_FLAGS", Plain::ResponseFlags),
    ("ROUTE_NAME", Plain::RouteName),
    ("UPSTREAM_CLUSTER", Plain::UpstreamCluster),
    ("UPSTREAM_CLUSTER_RAW", Plain::UpstreamCluster),
    ("UPSTREAM_HOST", Plain::UpstreamHost),
    ("UPSTREAM_REMOTE_ADDRESS", Plain::UpstreamHost),
    ("UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", Plain::UpstreamHostWithoutPort),
    ("UPSTREAM_REMOTE_PORT", Plain::UpstreamPort),
    ("DOWNSTREAM_REMOTE_ADDRESS", Plain::Remote),
    ("DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", Plain::RemoteWithoutPort),
    ("DOWNSTREAM_REMOTE_PORT", Plain::RemotePort),
    ("DOWNSTREAM_DIRECT_REMOTE_ADDRESS", Plain::DirectRemote),
    ("DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT", Plain::DirectRemoteWithoutPort),
    ("DOWNSTREAM_DIRECT_REMOTE_PORT", Plain::DirectRemotePort),
    ("DOWNSTREAM_LOCAL_ADDRESS", Plain::Local),
    ("DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT", Plain::LocalWithoutPort),
    ("DOWNSTREAM_LOCAL_PORT", Plain::LocalPort),
    ("REQUESTED_SERVER_NAME", Plain::ServerName),
    ("DOWNSTREAM_PEER_URI_SAN", Plain::Peer),
    ("HOSTNAME", Plain::Hostname),
    ("STREAM_ID", Plain::StreamId),
    ("START_TIME", Plain::StartTime),
    ("UPSTREAM_REQUEST_ATTEMPT_COUNT", Plain::Attempts),
    ("QUERY_PARAMS", Plain::Query),
];

/// Names that Envoy accepts and that have no value here.
pub(super) const OTHER: &[&str] = &[
    "ACCESS_LOG_TYPE",
    "BYTES_RECEIVED",
    "BYTES_RETRANSMITTED",
    "BYTES_SENT",
    "CEL",
    "CLUSTER_METADATA",
    "COALESCE",
    "COMMON_DURATION",
    "CONNECTION_ID",
    "CONNECTION_TERMINATION_DETAILS",
    "CUSTOM_FLAGS",
    "DOWNSTREAM_DETECTED_CLOSE_TYPE",
    "DOWNSTREAM_DIRECT_LOCAL_ADDRESS",
    "DOWNSTREAM_DIRECT_LOCAL_ADDRESS_WITHOUT_PORT",
    "DOWNSTREAM_DIRECT_LOCAL_PORT",
    "DOWNSTREAM_HANDSHAKE_DURATION",
    "DOWNSTREAM_HEADER_BYTES_RECEIVED",
    "DOWNSTREAM_HEADER_BYTES_SENT",
    "DOWNSTREAM_LOCAL_CLOSE_REASON",
    "DOWNSTREAM_LOCAL_DNS_SAN",
    "DOWNSTREAM_LOCAL_EMAIL_SAN",
    "DOWNSTREAM_LOCAL_IP_SAN",
    "DOWNSTREAM_LOCAL_SUBJECT",
    "DOWNSTREAM_LOCAL_URI_SAN",
    "DOWNSTREAM_PEER_CERT",
    "DOWNSTREAM_PEER_CERT_V_END",
    "DOWNSTREAM_PEER_CERT_V_START",
    "DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_1",
    "DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_256",
    "DOWNSTREAM_PEER_CHAIN_SERIALS",
    "DOWNSTREAM_PEER_DNS_SAN",
    "DOWNSTREAM_PEER_EMAIL_SAN",
    "DOWNSTREAM_PEER_FINGERPRINT_1",
    "DOWNSTREAM_PEER_FINGERPRINT_256",
    "DOWNSTREAM_PEER_IP_SAN",
    "DOWNSTREAM_PEER_ISSUER",
    "DOWNSTREAM_PEER_SERIAL",
    "DOWNSTREAM_PEER_SUBJECT",
    "DOWNSTREAM_TLS_CIPHER",
    "DOWNSTREAM_TLS_SESSION_ID",
    "DOWNSTREAM_TLS_VERSION",
    "DOWNSTREAM_TRANSPORT_FAILURE_REASON",
    "DOWNSTREAM_WIRE_BYTES_RECEIVED",
    "DOWNSTREAM_WIRE_BYTES_SENT",
    "DURATION",
    "DYNAMIC_METADATA",
    "EMIT_TIME",
    "ENVIRONMENT",
    "FILTER_CHAIN_NAME",
    "FILTER_STATE",
    "GRPC_STATUS",
    "GRPC_STATUS_NUMBER",
    "LOCAL_REPLY_BODY",
    "METADATA",
    "PER_REQUEST_STATE",
    "REQUEST_DURATION",
    "REQUEST_HEADERS_BYTES",
    "REQUEST_TX_DURATION",
    "RESPONSE_DURATION",
    "RESPONSE_FLAGS_LONG",
    "RESPONSE_HEADERS_BYTES",
    "RESPONSE_TRAILERS_BYTES",
    "RESPONSE_TX_DURATION",
    "ROUNDTRIP_DURATION",
    "SPAN_ID",
    "TLS_JA3_FINGERPRINT",
    "TLS_JA4_FINGERPRINT",
    "TRACE_ID",
    "TRAILER",
    "UNIQUE_ID",
    "UPSTREAM_CONNECTION_ID",
    "UPSTREAM_CONNECTION_POOL_READY_DURATION",
    "UPSTREAM_DETECTED_CLOSE_TYPE",
    "UPSTREAM_FILTER_STATE",
    "UPSTREAM_HEADER_BYTES_RECEIVED",
    "UPSTREAM_HEADER_BYTES_SENT",
    "UPSTREAM_HOSTS_ATTEMPTED",
    "UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT",
    "UPSTREAM_HOST_NAME",
    "UPSTREAM_HOST_NAME_WITHOUT_PORT",
    "UPSTREAM_LOCAL_ADDRESS",
    "UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT",
    "UPSTREAM_LOCAL_CLOSE_REASON",
    "UPSTREAM_LOCAL_DNS_SAN",
    "UPSTREAM_LOCAL_IP_SAN",
    "UPSTREAM_LOCAL_PORT",
    "UPSTREAM_LOCAL_URI_SAN",
    "UPSTREAM_METADATA",
    "UPSTREAM_PEER_CERT",
    "UPSTREAM_PEER_CERT_V_END",
    "UPSTREAM_PEER_CERT_V_START",
    "UPSTREAM_PEER_DNS_SAN",
    "UPSTREAM_PEER_IP_SAN",
    "UPSTREAM_PEER_ISSUER",
    "UPSTREAM_PEER_SUBJECT",
    "UPSTREAM_PEER_URI_SAN",
    "UPSTREAM_PROTOCOL",
    "UPSTREAM_TLS_CIPHER",
    "UPSTREAM_TLS_SESSION_ID",
    "UPSTREAM_TLS_VERSION",
    "UPSTREAM_TRANSPORT_FAILURE_REASON",
    "UPSTREAM_WIRE_BYTES_RECEIVED",
    "UPSTREAM_WIRE_BYTES_SENT",
    "VIRTUAL_CLUSTER_NAME",
];

/// Whether Envoy 1.40 takes the operator with that argument; an empty one is none. The words of
/// those with a language of their own are not looked at.
pub(super) fn takes(name: &str, argument: Option<&str>) -> bool {
    const NEED: [&str; 13] = [
        "CEL",
        "CLUSTER_METADATA",
        "COALESCE",
        "COMMON_DURATION",
        "DYNAMIC_METADATA",
        "ENVIRONMENT",
        "FILTER_STATE",
        "METADATA",
        "PER_REQUEST_STATE",
        "QUERY_PARAM",
        "TRAILER",
        "UPSTREAM_FILTER_STATE",
        "UPSTREAM_METADATA",
    ];
    const MAY: [&str; 7] = [
        "EMIT_TIME",
        "GRPC_STATUS",
        "PATH",
        "QUERY_PARAMS",
        "REQUESTED_SERVER_NAME",
        "RESPONSE_CODE_DETAILS",
        "START_TIME",
    ];
    match argument.filter(|argument| !argument.is_empty()) {
        None => !NEED.contains(&name),
        Some(_) => {
            NEED.contains(&name)
                || MAY.contains(&name)
                || name.ends_with("_ADDRESS_WITHOUT_PORT")
                || name.ends_with("_PEER_CERT_V_START")
                || name.ends_with("_PEER_CERT_V_END")
        }
    }
}

impl Command {
    pub(super) fn write(&self, cx: &FormatContext<'_>, out: &mut Vec<u8>) {
        match self {
            Self::Request(names) => {
                if let Some(head) = &cx.request {
                    names.first(|name| request_value(head, name), out);
                }
            }
            Self::Response(names) => {
                if let Some(headers) = cx.response {
                    let status = cx.response_status.map(|code| code.to_string());
                    names.first(
                        |name| match name {
                            ":status" => status.as_deref().map(str::as_bytes),
                            name => header(headers, name),
                        },
                        out,
                    );
                }
            }
            Self::Plain(plain) => plain.write(cx, out),
            Self::Path { from, query } => {
                let Some(head) = &cx.request else { return };
                let original = header(head.headers, "x-envoy-original-path");
                let current = Some(head.path_and_query.as_bytes());
                let path = match from {
                    PathFrom::Original => original,
                    PathFrom::Current => current,
                    PathFrom::Either => original.or(current),
                };
                let path = path.unwrap_or_default();
                let end = path.iter().position(|byte| *byte == b'?').filter(|_| !query);
                out.extend_from_slice(path.get(..end.unwrap_or(path.len())).unwrap_or_default());
            }
            Self::QueryParam(name) => {
                let query = cx.request.as_ref().and_then(RequestHead::query).unwrap_or_default();
                let value = query.split('&').find_map(|pair| {
                    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decoded(key) == name.as_bytes()).then(|| decoded(value))
                });
                out.extend(value.unwrap_or_default());
            }
            Self::Other(_) => {}
        }
    }
}

/// A part of a query, escapes decoded; what is no escape stays.
fn decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let escape = (*byte == b'%').then(|| after.split_at_checked(2)).flatten();
        let code = escape.and_then(|(digits, _)| {
            let all = digits.iter().all(u8::is_ascii_hexdigit);
            all.then(|| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()).flatten()
        });
        match (code, escape) {
            (Some(code), Some((_, after))) => {
                out.push(code);
                rest = after;
            }
            _ => {
                out.push(*byte);
                rest = after;
            }
        }
    }
    out
}

impl Names {
    fn first<'a>(&self, value: impl Fn(&str) -> Option<&'a [u8]>, out: &mut Vec<u8>) {
        let found = value(&self.main)
            .or_else(|| self.alternative.as_deref().and_then(&value))
            .unwrap_or_default();
        out.extend_from_slice(found);
    }
}

fn request_value<'a>(head: &RequestHead<'a>, name: &str) -> Option<&'a [u8]> {
    let pseudo = |value: &'a str| Some(value.as_bytes());
    match name {
        ":method" => pseudo(head.method),
        ":scheme" => pseudo(head.scheme),
        ":authority" | "host" => pseudo(head.authority),
        ":path" => pseudo(head.path_and_query),
        name => header(head.headers, name),
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    headers.get(name).map(http::HeaderValue::as_bytes)
}

impl Plain {
    fn write(self, cx: &FormatContext<'_>, out: &mut Vec<u8>) {
        let value = match self {
            Self::Protocol => cx.protocol.map(str::to_owned),
            Self::ResponseCode => Some(cx.response_code.unwrap_or_default().to_string()),
            Self::ResponseCodeDetails => cx.response_code_details.map(str::to_owned),
            Self::ResponseFlags => Some(cx.response_flags.unwrap_or("-").to_owned()),
            Self::RouteName => cx.route_name.map(str::to_owned),
            Self::UpstreamCluster => cx.upstream_cluster.map(str::to_owned),
            Self::UpstreamHost => cx.upstream_host.map(str::to_owned),
            Self::UpstreamHostWithoutPort => part(cx.upstream_host, false),
            Self::UpstreamPort => part(cx.upstream_host, true),
            Self::Remote => cx.downstream_remote.map(|address| address.to_string()),
            Self::RemoteWithoutPort => ip(cx.downstream_remote),
            Self::RemotePort => port(cx.downstream_remote),
            Self::DirectRemote => cx.downstream_direct_remote.map(|address| address.to_string()),
            Self::DirectRemoteWithoutPort => ip(cx.downstream_direct_remote),
            Self::DirectRemotePort => port(cx.downstream_direct_remote),
            Self::Local => cx.downstream_local.map(|address| address.to_string()),
            Self::LocalWithoutPort => ip(cx.downstream_local),
            Self::LocalPort => port(cx.downstream_local),
            Self::ServerName => cx.server_name.map(str::to_owned),
            Self::Peer => cx.peer.map(str::to_owned),
            Self::Hostname => cx.hostname.map(str::to_owned),
            Self::StreamId => cx.stream_id.map(str::to_owned),
            Self::StartTime => cx.start_time.map(str::to_owned),
            Self::Attempts => Some(cx.attempts.unwrap_or(1).to_string()),
            Self::Query => cx.request.as_ref().and_then(RequestHead::query).map(str::to_owned),
        };
        out.extend_from_slice(value.unwrap_or_default().as_bytes());
    }
}

fn ip(address: Option<SocketAddr>) -> Option<String> {
    address.map(|address| address.ip().to_string())
}

fn port(address: Option<SocketAddr>) -> Option<String> {
    address.map(|address| address.port().to_string())
}

fn part(host: Option<&str>, port: bool) -> Option<String> {
    let (before, after) = host?.rsplit_once(':')?;
    Some(if port { after } else { before }.to_owned())
}
