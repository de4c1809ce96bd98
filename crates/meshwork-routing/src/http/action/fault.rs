//! Injected faults: delays and aborts for a share of the requests.

use std::time::Duration;

use http::StatusCode;
use meshwork_core::{Draw, Draws};

use super::Fraction;

/// `http[].fault`: what goes wrong on purpose, before anything is sent.
///
/// The delay and the abort are drawn independently; the delay comes first, so that both together
/// are a late abort. Neither is retried, mirrored, or counted by the route's timeout.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Fault {
    /// `fault.delay`.
    pub delay: Option<FaultDelay>,
    /// `fault.abort`.
    pub abort: Option<FaultAbort>,
}

/// `fault.delay` with a fixed delay.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FaultDelay {
    /// The share of requests.
    pub share: Fraction,
    /// How long they wait.
    pub duration: Duration,
}

/// `fault.abort`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FaultAbort {
    /// The share of requests.
    pub share: Fraction,
    /// What they are answered with.
    pub status: AbortStatus,
}

/// The answer of an aborted request.
///
/// Envoy answers a `Grpc` abort with HTTP status 200: as trailers to a gRPC call, and with the
/// body `fault filter abort` to any other request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AbortStatus {
    /// `abort.httpStatus`.
    Http(StatusCode),
    /// `abort.grpcStatus`, as the number of the canonical code.
    Grpc(u8),
}

impl Fault {
    /// The delay of this request, `None` where it is spared.
    pub fn delay(&self, draws: &dyn Draws) -> Option<Duration> {
        let delay = self.delay.as_ref()?;
        delay.share.takes(draws.draw(Draw::FaultDelay)).then_some(delay.duration)
    }

    /// The abort of this request, `None` where it is spared.
    pub fn abort(&self, draws: &dyn Draws) -> Option<AbortStatus> {
        let abort = self.abort.as_ref()?;
        abort.share.takes(draws.draw(Draw::FaultAbort)).then_some(abort.status)
    }
}

/// The number of a canonical gRPC code (`UNAVAILABLE` is 14); the name is case-sensitive.
pub(crate) fn grpc_code(name: &str) -> Option<u8> {
    const CODES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    CODES.iter().position(|code| *code == name).and_then(|index| u8::try_from(index).ok())
}
