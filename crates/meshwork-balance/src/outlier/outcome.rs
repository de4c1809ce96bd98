//! What came of a request.

/// How an attempt at an endpoint ended, in the terms that outlier detection counts.
///
/// What says nothing about the endpoint is not an outcome: after an overflow, or when the client
/// went away, drop the [`Pick`](crate::Pick) instead of finishing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// Response headers came.
    Response {
        /// The HTTP status.
        status: u16,
        /// For a gRPC request, `grpc-status` where it stood in the response *headers*: it takes
        /// the place of the HTTP status.
        grpc_status: Option<u32>,
    },
    /// A TCP connection was made; there is no more to say of an opaque protocol.
    Connected,
    /// No connection could be made: refused, TLS failed, or the peer had the wrong name.
    ConnectFailure,
    /// No connection was made in time.
    ConnectTimeout,
    /// The connection or stream ended before response headers.
    Reset,
    /// Response headers did not come in time.
    Timeout,
}

impl Outcome {
    /// A response to a request that is not gRPC, or without `grpc-status` in its headers.
    pub const fn status(status: u16) -> Self {
        Self::Response { status, grpc_status: None }
    }

    /// Whether the trouble lies on the way and not in a response.
    pub(super) const fn is_local_failure(self) -> bool {
        matches!(self, Self::ConnectFailure | Self::ConnectTimeout | Self::Reset | Self::Timeout)
    }

    /// Whether the request had obtained a connection.
    pub(super) const fn was_connected(self) -> bool {
        !matches!(self, Self::ConnectFailure | Self::ConnectTimeout)
    }
}

/// The HTTP status that stands for a gRPC status when errors are counted.
pub(super) const fn grpc_to_http(status: u32) -> u16 {
    match status {
        0 => 200,
        1 => 499,
        3 | 9 | 11 => 400,
        4 => 504,
        5 => 404,
        6 | 10 => 409,
        7 => 403,
        8 => 429,
        12 => 501,
        14 => 503,
        16 => 401,
        _ => 500,
    }
}
