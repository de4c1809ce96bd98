//! Answers that a route gives itself.

use std::sync::Arc;

use http::StatusCode;

/// `http[].directResponse`: no backend is asked.
///
/// A body is `text/plain` unless the route's response headers say otherwise. A gRPC call is
/// answered with status 200 and the `grpc-status` that Envoy derives from `status`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct DirectResponse {
    /// The status of the answer.
    pub status: StatusCode,
    /// The body; empty where the field is not set.
    pub body: Arc<[u8]>,
}

impl DirectResponse {
    /// An answer of `status` with `body`.
    pub fn new(status: StatusCode, body: impl Into<Arc<[u8]>>) -> Self {
        Self { status, body: body.into() }
    }
}
