//! When an endpoint is left out for its failures.

use crate::Duration;
use crate::proto::message;

message! {
    /// When an endpoint is left out for its failures.
    ///
    /// Istio's `OutlierDetection`.
    pub struct OutlierDetection: "istio.networking.v1alpha3.OutlierDetection" {
        /// Deprecated and without effect.
        pub consecutive_errors: i32 = "consecutiveErrors",
        /// Whether failures to connect are counted apart from bad answers.
        pub split_external_local_origin_errors: bool = "splitExternalLocalOriginErrors",
        /// After so many failures to connect. Default: 5; 0 turns it off.
        pub consecutive_local_origin_failures: Option<u32> = "consecutiveLocalOriginFailures",
        /// After so many answers 502, 503 or 504; 0 (the default) turns it off.
        pub consecutive_gateway_errors: Option<u32> = "consecutiveGatewayErrors",
        /// After so many answers 5xx. Default: 5; 0 turns it off.
        pub consecutive_5xx_errors: Option<u32> = "consecutive5xxErrors",
        /// How often endpoints are looked at. Default: 10s.
        pub interval: Option<Duration> = "interval",
        /// How long an endpoint is left out, times how often it was. Default: 30s.
        pub base_ejection_time: Option<Duration> = "baseEjectionTime",
        /// How many endpoints may be left out, in percent. Default: 10.
        pub max_ejection_percent: i32 = "maxEjectionPercent",
        /// Below so many healthy endpoints, in percent, none is left out. Default: 0.
        pub min_health_percent: i32 = "minHealthPercent",
        /// Statuses that count as errors in the place of 5xx, 100 to 599.
        pub outlier_detection_http_error_codes: Vec<u32> = "outlierDetectionHttpErrorCodes",
    }
}
