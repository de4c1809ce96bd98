//! networking/outlier_detection.

use crate::Duration;
use crate::proto::message;

message! {
    /// Istio's `OutlierDetection`.
    pub struct OutlierDetection: "istio.networking.v1alpha3.OutlierDetection" {
        /// `consecutiveErrors`.
        pub consecutive_errors: i32 = "consecutiveErrors",
        /// `splitExternalLocalOriginErrors`.
        pub split_external_local_origin_errors: bool = "splitExternalLocalOriginErrors",
        /// `consecutiveLocalOriginFailures`.
        pub consecutive_local_origin_failures: Option<u32> = "consecutiveLocalOriginFailures",
        /// `consecutiveGatewayErrors`.
        pub consecutive_gateway_errors: Option<u32> = "consecutiveGatewayErrors",
        /// `consecutive5xxErrors`.
        pub consecutive_5xx_errors: Option<u32> = "consecutive5xxErrors",
        /// `interval`.
        pub interval: Option<Duration> = "interval",
        /// `baseEjectionTime`.
        pub base_ejection_time: Option<Duration> = "baseEjectionTime",
        /// `maxEjectionPercent`.
        pub max_ejection_percent: i32 = "maxEjectionPercent",
        /// `minHealthPercent`.
        pub min_health_percent: i32 = "minHealthPercent",
        /// `outlierDetectionHttpErrorCodes`.
        pub outlier_detection_http_error_codes: Vec<u32> = "outlierDetectionHttpErrorCodes",
    }
}
