//! telemetry/access_logging.

use super::ProviderRef;
use super::WorkloadMode;
use crate::proto::message;

message! {
    /// Istio's `AccessLogging`.
    pub struct AccessLogging: "istio.telemetry.v1alpha1.AccessLogging" {
        /// `match`.
        pub match_: Option<LogSelector> = "match",
        /// `providers`.
        pub providers: Vec<ProviderRef> = "providers",
        /// `disabled`.
        pub disabled: Option<bool> = "disabled",
        /// `filter`.
        pub filter: Option<Filter> = "filter",
    }
}

message! {
    /// Istio's `AccessLogging.LogSelector`.
    pub struct LogSelector: "istio.telemetry.v1alpha1.AccessLogging.LogSelector" {
        /// `mode`.
        pub mode: WorkloadMode = "mode",
    }
}

message! {
    /// Istio's `AccessLogging.Filter`.
    pub struct Filter: "istio.telemetry.v1alpha1.AccessLogging.Filter" {
        /// `expression`.
        pub expression: String = "expression",
    }
}
