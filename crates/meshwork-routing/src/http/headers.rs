//! What Envoy's header maps do that others do not: slots that hold one joined value.

use http::{HeaderMap, HeaderName, HeaderValue};
use meshwork_core::RequestHead;
use smallvec::SmallVec;

/// Request headers that Envoy keeps in one slot: repeated lines are joined with a comma on
/// arrival, and an added value is joined to the old one.
const JOINED_REQUEST: [&str; 45] = [
    "accept",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "access-control-request-private-network",
    "authorization",
    "cache-control",
    "cdn-loop",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "grpc-accept-encoding",
    "grpc-timeout",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "origin",
    "pragma",
    "proxy-connection",
    "referer",
    "te",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-client-trace-id",
    "x-envoy-attempt-count",
    "x-envoy-decorator-operation",
    "x-envoy-downstream-service-cluster",
    "x-envoy-downstream-service-node",
    "x-envoy-external-address",
    "x-envoy-is-timeout-retry",
    "x-envoy-original-host",
    "x-envoy-original-path",
    "x-forwarded-client-cert",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-request-id",
];

/// Response headers that Envoy keeps in one slot.
const JOINED_RESPONSE: [&str; 27] = [
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "age",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "etag",
    "expires",
    "grpc-message",
    "grpc-status",
    "keep-alive",
    "last-modified",
    "location",
    "proxy-connection",
    "server",
    "transfer-encoding",
    "upgrade",
    "vary",
    "via",
    "x-request-id",
];

/// Whether Envoy keeps this request header in one slot.
///
/// A stack that prepares requests joins the lines of these with `,`; evaluators do the same for
/// those that come unprepared.
pub fn is_joined_request_header(name: &str) -> bool {
    JOINED_REQUEST.binary_search(&name).is_ok()
}

/// Whether Envoy keeps this response header in one slot.
pub fn is_joined_response_header(name: &str) -> bool {
    JOINED_RESPONSE.binary_search(&name).is_ok()
}

/// The lines of a joined header as the one value that Envoy sees; empty ones leave no trace.
pub(crate) fn join<'a>(values: impl Iterator<Item = &'a HeaderValue>) -> SmallVec<[u8; 256]> {
    let mut joined = SmallVec::new();
    for value in values.filter(|value| !value.is_empty()) {
        if !joined.is_empty() {
            joined.push(b',');
        }
        joined.extend_from_slice(value.as_bytes());
    }
    joined
}

/// The one value of a header that Envoy keeps in a slot.
pub(crate) fn single_value(headers: &HeaderMap, name: &HeaderName) -> Option<HeaderValue> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.next().is_none() {
        return Some(first.clone());
    }
    HeaderValue::from_bytes(&join(headers.get_all(name).iter())).ok()
}

/// The protocol of the request as `x-forwarded-proto` says it, else its scheme.
pub(crate) fn forwarded_proto<'a>(head: &RequestHead<'a>) -> &'a str {
    head.headers
        .get("x-forwarded-proto")
        .and_then(|value| value.to_str().ok())
        .unwrap_or(head.scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_lines_leave_no_comma() {
        let lines = ["", "a", "", "b"].map(HeaderValue::from_static);
        assert_eq!(&*join(lines.iter()), b"a,b");
        assert_eq!(&*join(lines.iter().take(1)), b"");
    }

    #[test]
    fn the_lists_are_sorted_for_the_search() {
        assert!(JOINED_REQUEST.is_sorted());
        assert!(JOINED_RESPONSE.is_sorted());
    }
}
