//! Answers that a route gives itself.

use std::sync::Arc;

use http::StatusCode;
use meshwork_core::RequestHead;

use super::{Redirect, RedirectAuthority, RedirectPath};

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

    /// The value of the `location` header, which Envoy adds to answers of status 201 and 3xx: the
    /// URL of the request itself. `None` for other ones.
    pub fn location(&self, head: &RequestHead<'_>) -> Option<String> {
        if self.status != StatusCode::CREATED && !self.status.is_redirection() {
            return None;
        }
        let itself = Redirect {
            status: self.status,
            scheme: None,
            authority: RedirectAuthority::Request { port: None },
            path: RedirectPath::Keep,
        };
        Some(itself.location(head))
    }
}
