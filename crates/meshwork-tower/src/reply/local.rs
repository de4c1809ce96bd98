//! Answers that no endpoint gave, in the form that Envoy gives them.

use std::borrow::Cow;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName},
};

use super::{Flag, ResponseFlags, grpc_status_of};

/// Why a request was answered as it was (Envoy's response code details), for instance
/// `route_not_found`. A response extension beside [`ResponseFlags`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Details(pub Cow<'static, str>);

impl Details {
    /// The answer is the endpoint's.
    pub const VIA_UPSTREAM: Self = Self(Cow::Borrowed("via_upstream"));
}

/// An answer of the mesh itself; a typed refusal that layers turn into a response.
///
/// [`LocalReply`] is also an extension of the response that it becomes, so that a caller in the
/// same process can tell a refusal from an answer of the application.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LocalReply {
    /// The status for callers that do not speak gRPC.
    pub status: StatusCode,
    /// The body; for gRPC callers the `grpc-message`.
    pub body: Bytes,
    /// Further headers.
    pub headers: HeaderMap,
    /// Envoy's flags.
    pub flags: ResponseFlags,
    /// Envoy's response code details.
    pub details: Details,
    /// The `grpc-status` for gRPC callers, where it is not the one that the HTTP status maps to.
    pub grpc_status: Option<u8>,
    /// Whether the client's connection ends with this answer.
    pub close: bool,
    /// Whether the client gets no answer at all: its HTTP/2 stream is reset.
    pub reset: bool,
}

impl LocalReply {
    /// An answer with an empty body and without flags.
    pub fn new(status: StatusCode, details: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            body: Bytes::new(),
            headers: HeaderMap::new(),
            flags: ResponseFlags::NONE,
            details: Details(details.into()),
            grpc_status: None,
            close: false,
            reset: false,
        }
    }

    /// With a body of plain text.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// With a flag.
    #[must_use]
    pub fn flag(mut self, flag: Flag) -> Self {
        self.flags.insert(flag);
        self
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Ending the client's connection.
    #[must_use]
    pub fn close(mut self) -> Self {
        self.close = true;
        self
    }

    /// No route matched: 404, `NR`.
    pub fn no_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "route_not_found").flag(Flag::NoRouteFound)
    }

    /// The route's cluster does not exist: 503, `NC` (500 for routes of the Gateway API).
    pub fn no_cluster(status: StatusCode) -> Self {
        Self::new(status, "cluster_not_found").flag(Flag::NoClusterFound)
    }

    /// The cluster has no endpoint that could be picked: 503, `UH`.
    pub fn no_healthy_upstream() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "no_healthy_upstream")
            .flag(Flag::NoHealthyUpstream)
            .body("no healthy upstream")
    }

    /// A timeout struck: 504, `UT`; `details` names the timer.
    pub fn timeout(details: &'static str) -> Self {
        Self::new(StatusCode::GATEWAY_TIMEOUT, details)
            .flag(Flag::UpstreamRequestTimeout)
            .body("upstream request timeout")
    }

    /// A fault aborts: `FI`.
    pub fn fault(status: StatusCode, grpc_status: Option<u8>) -> Self {
        Self {
            grpc_status,
            ..Self::new(status, "fault_filter_abort")
                .flag(Flag::FaultInjected)
                .body("fault filter abort")
        }
    }

    /// The client broke the protocol: `DPE`, and the connection ends.
    pub fn protocol_error(status: StatusCode, details: &'static str) -> Self {
        let reason = status.canonical_reason().unwrap_or_default();
        Self::new(status, details).flag(Flag::DownstreamProtocolError).body(reason).close()
    }

    /// There is no answer: the stream is reset (`DR`), and the HTTP/2 connection goes on.
    pub fn reset(details: &'static str) -> Self {
        let reply = Self::new(StatusCode::BAD_REQUEST, details).flag(Flag::DownstreamRemoteReset);
        Self { reset: true, ..reply }
    }

    /// The response. For a gRPC caller it is HTTP 200 without body, with `grpc-status` and
    /// `grpc-message`; flags, details and the reply itself are its extensions.
    pub fn into_response<B: From<Bytes>>(self, grpc: bool) -> Response<B> {
        let mut response = Response::new(B::from(Bytes::new()));
        *response.headers_mut() = self.headers.clone();
        let headers = response.headers_mut();
        if grpc {
            let status = self.grpc_status.unwrap_or(grpc_status_of(self.status.as_u16()));
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
            headers.insert("grpc-status", HeaderValue::from(u16::from(status)));
            if let Some(message) = grpc_message(&self.body) {
                headers.insert("grpc-message", message);
            }
        } else {
            if !self.body.is_empty() {
                headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("text/plain"));
                headers.insert(CONTENT_LENGTH, HeaderValue::from(self.body.len()));
                *response.body_mut() = B::from(self.body.clone());
            }
            *response.status_mut() = self.status;
        }
        if self.close {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response.extensions_mut().insert(self.flags);
        response.extensions_mut().insert(self.details.clone());
        response.extensions_mut().insert(self);
        response
    }
}

/// The body as `grpc-message`, percent-encoded where the header cannot hold it.
fn grpc_message(body: &[u8]) -> Option<HeaderValue> {
    if body.is_empty() {
        return None;
    }
    let mut message = String::with_capacity(body.len());
    for &byte in body {
        if matches!(byte, b' '..=b'~') && byte != b'%' {
            message.push(char::from(byte));
        } else {
            message.push_str(&format!("%{byte:02X}"));
        }
    }
    HeaderValue::from_str(&message).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::Full;

    #[test]
    fn plain_and_grpc_forms() {
        let plain = LocalReply::no_healthy_upstream().into_response::<Full<Bytes>>(false);
        assert_eq!(plain.status(), 503);
        assert_eq!(plain.headers()[CONTENT_TYPE], "text/plain");
        assert_eq!(plain.extensions().get::<ResponseFlags>().unwrap().to_string(), "UH");
        let grpc = LocalReply::no_healthy_upstream().into_response::<Full<Bytes>>(true);
        assert_eq!(grpc.status(), 200);
        assert_eq!(grpc.headers()["grpc-status"], "14");
        assert_eq!(grpc.headers()["grpc-message"], "no healthy upstream");
        let unrouted = LocalReply::no_route().into_response::<Full<Bytes>>(true);
        assert_eq!(unrouted.headers()["grpc-status"], "12");
        assert!(!unrouted.headers().contains_key("grpc-message"));
    }
}
