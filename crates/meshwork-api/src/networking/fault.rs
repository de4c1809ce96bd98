//! Injected faults.

use super::Percent;
use crate::Duration;
use crate::proto::{message, oneof};

message! {
    /// Faults that some requests suffer on purpose.
    ///
    /// Istio's `HTTPFaultInjection`.
    pub struct HttpFaultInjection: "istio.networking.v1alpha3.HTTPFaultInjection" {
        /// A wait before a request is forwarded.
        pub delay: Option<FaultDelay> = "delay",
        /// An answer in the place of the destination's.
        pub abort: Option<FaultAbort> = "abort",
    }
}

message! {
    /// Delays requests.
    ///
    /// Istio's `HTTPFaultInjection.Delay`.
    pub struct FaultDelay: "istio.networking.v1alpha3.HTTPFaultInjection.Delay" {
        /// Deprecated share in whole percent; `percentage` comes first.
        pub percent: i32 = "percent",
        /// How long; at most one.
        pub http_delay_type: Option<HttpDelayType> = oneof,
        /// The share of requests. Default: none.
        pub percentage: Option<Percent> = "percentage",
    }
}

oneof! {
    /// How long a delay takes.
    pub enum HttpDelayType {
        /// Always this long, at least 1ms.
        FixedDelay(Duration) = "fixedDelay",
        /// On average this long; Istio does not implement it.
        ExponentialDelay(Duration) = "exponentialDelay",
    }
}

message! {
    /// Answers requests with an error.
    ///
    /// Istio's `HTTPFaultInjection.Abort`.
    pub struct FaultAbort: "istio.networking.v1alpha3.HTTPFaultInjection.Abort" {
        /// The error; one is required.
        pub error_type: Option<AbortError> = oneof,
        /// The share of requests. Default: none.
        pub percentage: Option<Percent> = "percentage",
    }
}

oneof! {
    /// The error of an aborted request.
    pub enum AbortError {
        /// An HTTP status, 200 to 599.
        HttpStatus(i32) = "httpStatus",
        /// The name of a gRPC status, `UNAVAILABLE`.
        GrpcStatus(String) = "grpcStatus",
        /// The name of an HTTP/2 error; Istio does not implement it.
        Http2Error(String) = "http2Error",
    }
}
