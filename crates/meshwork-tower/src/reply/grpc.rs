//! How HTTP and gRPC statuses stand for each other.

use http::{HeaderMap, header::CONTENT_TYPE};

/// Whether headers are those of a gRPC call: the content type is `application/grpc` or begins
/// with `application/grpc+`.
pub fn is_grpc(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| {
        value
            .as_bytes()
            .strip_prefix(b"application/grpc")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"+"))
    })
}

/// The `grpc-status` that a local answer of this HTTP status becomes for a gRPC caller.
pub const fn grpc_status_of(http: u16) -> u8 {
    match http {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502 | 503 | 504 => 14,
        _ => 2,
    }
}
