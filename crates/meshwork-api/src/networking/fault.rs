//! networking/fault.

use super::Percent;
use crate::Duration;
use crate::proto::message;
use crate::proto::oneof;

message! {
    /// Istio's `HTTPFaultInjection`.
    pub struct HttpFaultInjection: "istio.networking.v1alpha3.HTTPFaultInjection" {
        /// `delay`.
        pub delay: Option<FaultDelay> = "delay",
        /// `abort`.
        pub abort: Option<FaultAbort> = "abort",
    }
}

message! {
    /// Istio's `HTTPFaultInjection.Delay`.
    pub struct FaultDelay: "istio.networking.v1alpha3.HTTPFaultInjection.Delay" {
        /// `percent`.
        pub percent: i32 = "percent",
        /// `http_delay_type`.
        pub http_delay_type: Option<HttpDelayType> = oneof,
        /// `percentage`.
        pub percentage: Option<Percent> = "percentage",
    }
}

oneof! {
    /// The members of `HTTPFaultInjection.Delay.http_delay_type`.
    pub enum HttpDelayType {
        /// `fixedDelay`.
        FixedDelay(Duration) = "fixedDelay",
        /// `exponentialDelay`.
        ExponentialDelay(Duration) = "exponentialDelay",
    }
}

message! {
    /// Istio's `HTTPFaultInjection.Abort`.
    pub struct FaultAbort: "istio.networking.v1alpha3.HTTPFaultInjection.Abort" {
        /// `error_type`.
        pub error_type: Option<AbortError> = oneof,
        /// `percentage`.
        pub percentage: Option<Percent> = "percentage",
    }
}

oneof! {
    /// The members of `HTTPFaultInjection.Abort.error_type`.
    pub enum AbortError {
        /// `httpStatus`.
        HttpStatus(i32) = "httpStatus",
        /// `grpcStatus`.
        GrpcStatus(String) = "grpcStatus",
        /// `http2Error`.
        Http2Error(String) = "http2Error",
    }
}
