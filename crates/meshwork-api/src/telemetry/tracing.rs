//! Telemetry, and its traces.

use super::{AccessLogging, Metrics};
use crate::Map;
use crate::proto::{enumeration, message, oneof};
use crate::selector::{PolicyTargetReference, WorkloadSelector};

message! {
    /// What is measured, logged and traced of some workloads.
    ///
    /// Istio's `Telemetry`.
    pub struct Telemetry: "istio.telemetry.v1alpha1.Telemetry" {
        /// The workloads; absent for all of the namespace (of the mesh in the root namespace).
        pub selector: Option<WorkloadSelector> = "selector",
        /// Deprecated: the object that it is attached to.
        pub target_ref: Option<PolicyTargetReference> = "targetRef",
        /// The objects that it is attached to. Excludes `selector`.
        pub target_refs: Vec<PolicyTargetReference> = "targetRefs",
        /// Traces.
        pub tracing: Vec<Tracing> = "tracing",
        /// Metrics.
        pub metrics: Vec<Metrics> = "metrics",
        /// Access logs.
        pub access_logging: Vec<AccessLogging> = "accessLogging",
    }
}

message! {
    /// Names an extension provider of MeshConfig.
    ///
    /// Istio's `ProviderRef`.
    pub struct ProviderRef: "istio.telemetry.v1alpha1.ProviderRef" {
        /// Its name.
        pub name: String = "name",
    }
}

enumeration! {
    /// Which side of a connection is meant.
    ///
    /// Istio's `WorkloadMode`.
    pub enum WorkloadMode: "istio.telemetry.v1alpha1.WorkloadMode" {
        /// Both.
        ClientAndServer = 0 "CLIENT_AND_SERVER",
        /// The client.
        Client = 1 "CLIENT",
        /// The server.
        Server = 2 "SERVER",
    }
}

message! {
    /// How requests are traced.
    ///
    /// Istio's `Tracing`.
    pub struct Tracing: "istio.telemetry.v1alpha1.Tracing" {
        /// Which side is meant.
        pub match_: Option<TracingSelector> = "match",
        /// Who gets the spans; empty for the default ones.
        pub providers: Vec<ProviderRef> = "providers",
        /// Which share of requests is traced, in percent. Default: ProxyConfig's, 1.
        pub random_sampling_percentage: Option<f64> = "randomSamplingPercentage",
        /// Whether spans are not reported; context is still passed on.
        pub disable_span_reporting: Option<bool> = "disableSpanReporting",
        /// Tags of each span, by name.
        pub custom_tags: Map<String, CustomTag> = "customTags",
        /// Whether `x-request-id` carries the decision to sample. Default: true.
        pub use_request_id_for_trace_sampling: Option<bool> = "useRequestIdForTraceSampling",
        /// Whether spans have Istio's own tags. Default: true.
        pub enable_istio_tags: Option<bool> = "enableIstioTags",
        /// Whether trace context is not passed on.
        pub disable_context_propagation: Option<bool> = "disableContextPropagation",
    }
}

message! {
    /// Which side of a connection tracing is for.
    ///
    /// Istio's `Tracing.TracingSelector`.
    pub struct TracingSelector: "istio.telemetry.v1alpha1.Tracing.TracingSelector" {
        /// The side.
        pub mode: WorkloadMode = "mode",
    }
}

message! {
    /// The value of a tag.
    ///
    /// Istio's `Tracing.CustomTag`.
    pub struct CustomTag: "istio.telemetry.v1alpha1.Tracing.CustomTag" {
        /// Where it comes from; one is required.
        pub type_: Option<CustomTagType> = oneof,
    }
}

oneof! {
    /// Where the value of a tag comes from.
    pub enum CustomTagType {
        /// Always the same.
        Literal(Literal) = "literal",
        /// A variable of the proxy's environment.
        Environment(Environment) = "environment",
        /// A header of the request.
        Header(RequestHeader) = "header",
        /// An Envoy format string.
        Formatter(Formatter) = "formatter",
    }
}

message! {
    /// A fixed value.
    ///
    /// Istio's `Tracing.Literal`.
    pub struct Literal: "istio.telemetry.v1alpha1.Tracing.Literal" {
        /// The value.
        pub value: String = "value",
    }
}

message! {
    /// A variable of the environment.
    ///
    /// Istio's `Tracing.Environment`.
    pub struct Environment: "istio.telemetry.v1alpha1.Tracing.Environment" {
        /// The variable.
        pub name: String = "name",
        /// What is taken where it is not set.
        pub default_value: String = "defaultValue",
    }
}

message! {
    /// A header of the request.
    ///
    /// Istio's `Tracing.RequestHeader`.
    pub struct RequestHeader: "istio.telemetry.v1alpha1.Tracing.RequestHeader" {
        /// The header.
        pub name: String = "name",
        /// What is taken where it is missing.
        pub default_value: String = "defaultValue",
    }
}

message! {
    /// An Envoy format string.
    ///
    /// Istio's `Tracing.Formatter`.
    pub struct Formatter: "istio.telemetry.v1alpha1.Tracing.Formatter" {
        /// The string, `%REQ(:path)%`.
        pub value: String = "value",
    }
}
