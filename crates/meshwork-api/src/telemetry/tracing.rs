//! telemetry/tracing.

use super::AccessLogging;
use super::Metrics;
use crate::proto::enumeration;
use crate::proto::message;
use crate::proto::oneof;
use crate::selector::PolicyTargetReference;
use crate::selector::WorkloadSelector;
use indexmap::IndexMap;

message! {
    /// Istio's `Telemetry`.
    pub struct Telemetry: "istio.telemetry.v1alpha1.Telemetry" {
        /// `selector`.
        pub selector: Option<WorkloadSelector> = "selector",
        /// `targetRef`.
        pub target_ref: Option<PolicyTargetReference> = "targetRef",
        /// `targetRefs`.
        pub target_refs: Vec<PolicyTargetReference> = "targetRefs",
        /// `tracing`.
        pub tracing: Vec<Tracing> = "tracing",
        /// `metrics`.
        pub metrics: Vec<Metrics> = "metrics",
        /// `accessLogging`.
        pub access_logging: Vec<AccessLogging> = "accessLogging",
    }
}

message! {
    /// Istio's `ProviderRef`.
    pub struct ProviderRef: "istio.telemetry.v1alpha1.ProviderRef" {
        /// `name`.
        pub name: String = "name",
    }
}

enumeration! {
    /// Istio's `WorkloadMode`.
    pub enum WorkloadMode: "istio.telemetry.v1alpha1.WorkloadMode" {
        /// `CLIENT_AND_SERVER`.
        ClientAndServer = 0 "CLIENT_AND_SERVER",
        /// `CLIENT`.
        Client = 1 "CLIENT",
        /// `SERVER`.
        Server = 2 "SERVER",
    }
}

message! {
    /// Istio's `Tracing`.
    pub struct Tracing: "istio.telemetry.v1alpha1.Tracing" {
        /// `match`.
        pub match_: Option<TracingSelector> = "match",
        /// `providers`.
        pub providers: Vec<ProviderRef> = "providers",
        /// `randomSamplingPercentage`.
        pub random_sampling_percentage: Option<f64> = "randomSamplingPercentage",
        /// `disableSpanReporting`.
        pub disable_span_reporting: Option<bool> = "disableSpanReporting",
        /// `customTags`.
        pub custom_tags: IndexMap<String, CustomTag> = "customTags",
        /// `useRequestIdForTraceSampling`.
        pub use_request_id_for_trace_sampling: Option<bool> = "useRequestIdForTraceSampling",
        /// `enableIstioTags`.
        pub enable_istio_tags: Option<bool> = "enableIstioTags",
        /// `disableContextPropagation`.
        pub disable_context_propagation: Option<bool> = "disableContextPropagation",
    }
}

message! {
    /// Istio's `Tracing.TracingSelector`.
    pub struct TracingSelector: "istio.telemetry.v1alpha1.Tracing.TracingSelector" {
        /// `mode`.
        pub mode: WorkloadMode = "mode",
    }
}

message! {
    /// Istio's `Tracing.CustomTag`.
    pub struct CustomTag: "istio.telemetry.v1alpha1.Tracing.CustomTag" {
        /// `type`.
        pub type_: Option<CustomTagType> = oneof,
    }
}

oneof! {
    /// The members of `Tracing.CustomTag.type`.
    pub enum CustomTagType {
        /// `literal`.
        Literal(Literal) = "literal",
        /// `environment`.
        Environment(Environment) = "environment",
        /// `header`.
        Header(RequestHeader) = "header",
        /// `formatter`.
        Formatter(Formatter) = "formatter",
    }
}

message! {
    /// Istio's `Tracing.Literal`.
    pub struct Literal: "istio.telemetry.v1alpha1.Tracing.Literal" {
        /// `value`.
        pub value: String = "value",
    }
}

message! {
    /// Istio's `Tracing.Environment`.
    pub struct Environment: "istio.telemetry.v1alpha1.Tracing.Environment" {
        /// `name`.
        pub name: String = "name",
        /// `defaultValue`.
        pub default_value: String = "defaultValue",
    }
}

message! {
    /// Istio's `Tracing.RequestHeader`.
    pub struct RequestHeader: "istio.telemetry.v1alpha1.Tracing.RequestHeader" {
        /// `name`.
        pub name: String = "name",
        /// `defaultValue`.
        pub default_value: String = "defaultValue",
    }
}

message! {
    /// Istio's `Tracing.Formatter`.
    pub struct Formatter: "istio.telemetry.v1alpha1.Tracing.Formatter" {
        /// `value`.
        pub value: String = "value",
    }
}
