//! How one try ended, and which conditions speak for another.

use http::{HeaderMap, StatusCode};

use super::{RetryCondition, RetryConditions};

/// How one try of a request ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum TryOutcome<'a> {
    /// The head of an answer came.
    Response {
        /// Its status.
        status: StatusCode,
        /// Its headers; `grpc-status` counts only where it stands here.
        headers: &'a HeaderMap,
    },
    /// The stream ended without one.
    Reset(ResetReason),
}

/// Why a try ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResetReason {
    /// No connection came about, or not in time.
    ConnectFailure,
    /// The peer refused the stream (`REFUSED_STREAM`).
    RefusedStream,
    /// The connection or stream ended, or the time for one try was over.
    Reset {
        /// Whether anything of the request had been sent.
        request_sent: bool,
    },
    /// A limit of the cluster's connection pool; never retried.
    Overflow,
}

impl TryOutcome<'_> {
    pub(super) fn is_retried_by(&self, conditions: &RetryConditions, codes: &[StatusCode]) -> bool {
        match self {
            Self::Response { status, headers } => response(*status, headers, conditions, codes),
            Self::Reset(reason) => reset(*reason, conditions),
        }
    }
}

fn response(
    status: StatusCode,
    headers: &HeaderMap,
    conditions: &RetryConditions,
    codes: &[StatusCode],
) -> bool {
    use RetryCondition as C;
    if headers.contains_key("x-envoy-ratelimited") {
        return conditions.contains(C::EnvoyRatelimited);
    }
    conditions.contains(C::ServerError) && status.is_server_error()
        || conditions.contains(C::GatewayError) && matches!(status.as_u16(), 502..=504)
        || conditions.contains(C::Retriable4xx) && status == StatusCode::CONFLICT
        || conditions.contains(C::RetriableStatusCodes) && codes.contains(&status)
        || grpc_status(headers).is_some_and(|code| match code {
            1 => conditions.contains(C::Cancelled),
            4 => conditions.contains(C::DeadlineExceeded),
            8 => conditions.contains(C::ResourceExhausted),
            13 => conditions.contains(C::Internal),
            14 => conditions.contains(C::Unavailable),
            _ => false,
        })
}

fn grpc_status(headers: &HeaderMap) -> Option<u64> {
    headers.get("grpc-status")?.to_str().ok()?.trim().parse().ok()
}

fn reset(reason: ResetReason, conditions: &RetryConditions) -> bool {
    use RetryCondition as C;
    if reason == ResetReason::Overflow {
        return false;
    }
    conditions.contains_any(&[C::ServerError, C::GatewayError, C::Reset])
        || match reason {
            ResetReason::ConnectFailure => {
                conditions.contains_any(&[C::ConnectFailure, C::ResetBeforeRequest])
            }
            ResetReason::RefusedStream => conditions.contains(C::RefusedStream),
            ResetReason::Reset { request_sent: false } => {
                conditions.contains(C::ResetBeforeRequest)
            }
            ResetReason::Reset { request_sent: true } | ResetReason::Overflow => false,
        }
}
