//! Telemetry of access logs.

use super::{ProviderRef, WorkloadMode};
use crate::proto::message;

message! {
    /// How requests and connections are logged.
    ///
    /// Istio's `AccessLogging`.
    pub struct AccessLogging: "istio.telemetry.v1alpha1.AccessLogging" {
        /// Which side is meant.
        pub match_: Option<LogSelector> = "match",
        /// Who gets the logs; empty for the default ones.
        pub providers: Vec<ProviderRef> = "providers",
        /// Whether logs are turned off.
        pub disabled: Option<bool> = "disabled",
        /// Which requests are logged; absent for all.
        pub filter: Option<Filter> = "filter",
    }
}

message! {
    /// Which side of a connection logging is for.
    ///
    /// Istio's `AccessLogging.LogSelector`.
    pub struct LogSelector: "istio.telemetry.v1alpha1.AccessLogging.LogSelector" {
        /// The side.
        pub mode: WorkloadMode = "mode",
    }
}

message! {
    /// Which requests are logged.
    ///
    /// Istio's `AccessLogging.Filter`.
    pub struct Filter: "istio.telemetry.v1alpha1.AccessLogging.Filter" {
        /// A CEL expression that is true for them.
        pub expression: String = "expression",
    }
}
