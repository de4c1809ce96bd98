//! mesh/tracing_providers.

use crate::Duration;
use crate::proto::enumeration;
use crate::proto::message;
use crate::proto::oneof;
use indexmap::IndexMap;

message! {
    /// Istio's `MeshConfig.ExtensionProvider.ZipkinTracingProvider`.
    pub struct ZipkinTracingProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.ZipkinTracingProvider" {
        /// `service`.
        pub service: String = "service",
        /// `port`.
        pub port: u32 = "port",
        /// `maxTagLength`.
        pub max_tag_length: u32 = "maxTagLength",
        /// `enable64bitTraceId`.
        pub enable_64bit_trace_id: bool = "enable64bitTraceId",
        /// `path`.
        pub path: String = "path",
        /// `traceContextOption`.
        pub trace_context_option: TraceContextOption = "traceContextOption",
        /// `timeout`.
        pub timeout: Option<Duration> = "timeout",
        /// `headers`.
        pub headers: Vec<HttpHeader> = "headers",
    }
}

enumeration! {
    /// Istio's `MeshConfig.ExtensionProvider.ZipkinTracingProvider.TraceContextOption`.
    pub enum TraceContextOption: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.ZipkinTracingProvider.TraceContextOption" {
        /// `USE_B3`.
        UseB3 = 0 "USE_B3",
        /// `USE_B3_WITH_W3C_PROPAGATION`.
        UseB3WithW3cPropagation = 1 "USE_B3_WITH_W3C_PROPAGATION",
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.LightstepTracingProvider`.
    pub struct LightstepTracingProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.LightstepTracingProvider" {
        /// `service`.
        pub service: String = "service",
        /// `port`.
        pub port: u32 = "port",
        /// `accessToken`.
        pub access_token: String = "accessToken",
        /// `maxTagLength`.
        pub max_tag_length: u32 = "maxTagLength",
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.DatadogTracingProvider`.
    pub struct DatadogTracingProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.DatadogTracingProvider" {
        /// `service`.
        pub service: String = "service",
        /// `port`.
        pub port: u32 = "port",
        /// `maxTagLength`.
        pub max_tag_length: u32 = "maxTagLength",
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.SkyWalkingTracingProvider`.
    pub struct SkyWalkingTracingProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.SkyWalkingTracingProvider" {
        /// `service`.
        pub service: String = "service",
        /// `port`.
        pub port: u32 = "port",
        /// `accessToken`.
        pub access_token: String = "accessToken",
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.StackdriverProvider`.
    pub struct StackdriverProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.StackdriverProvider" {
        /// `debug`.
        pub debug: bool = "debug",
        /// `maxNumberOfAttributes`.
        pub max_number_of_attributes: Option<i64> = "maxNumberOfAttributes",
        /// `maxNumberOfAnnotations`.
        pub max_number_of_annotations: Option<i64> = "maxNumberOfAnnotations",
        /// `maxNumberOfMessageEvents`.
        pub max_number_of_message_events: Option<i64> = "maxNumberOfMessageEvents",
        /// `maxTagLength`.
        pub max_tag_length: u32 = "maxTagLength",
        /// `logging`.
        pub logging: Option<StackdriverLogging> = "logging",
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.StackdriverProvider.Logging`.
    pub struct StackdriverLogging: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.StackdriverProvider.Logging" {
        /// `labels`.
        pub labels: IndexMap<String, String> = "labels",
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.OpenCensusAgentTracingProvider`.
    pub struct OpenCensusAgentTracingProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.OpenCensusAgentTracingProvider" {
        /// `service`.
        pub service: String = "service",
        /// `port`.
        pub port: u32 = "port",
        /// `context`.
        pub context: Vec<OpenCensusTraceContext> = "context",
        /// `maxTagLength`.
        pub max_tag_length: u32 = "maxTagLength",
    }
}

enumeration! {
    /// Istio's `MeshConfig.ExtensionProvider.OpenCensusAgentTracingProvider.TraceContext`.
    pub enum OpenCensusTraceContext: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.OpenCensusAgentTracingProvider.TraceContext" {
        /// `UNSPECIFIED`.
        Unspecified = 0 "UNSPECIFIED",
        /// `W3C_TRACE_CONTEXT`.
        W3cTraceContext = 1 "W3C_TRACE_CONTEXT",
        /// `GRPC_BIN`.
        GrpcBin = 2 "GRPC_BIN",
        /// `CLOUD_TRACE_CONTEXT`.
        CloudTraceContext = 3 "CLOUD_TRACE_CONTEXT",
        /// `B3`.
        B3 = 4 "B3",
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider`.
    pub struct OpenTelemetryTracingProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider" {
        /// `service`.
        pub service: String = "service",
        /// `port`.
        pub port: u32 = "port",
        /// `maxTagLength`.
        pub max_tag_length: u32 = "maxTagLength",
        /// `http`.
        pub http: Option<HttpService> = "http",
        /// `grpc`.
        pub grpc: Option<GrpcService> = "grpc",
        /// `resourceDetectors`.
        pub resource_detectors: Option<ResourceDetectors> = "resourceDetectors",
        /// `serviceAttributeEnrichment`.
        pub service_attribute_enrichment: ServiceAttributeEnrichment = "serviceAttributeEnrichment",
        /// `dynatraceSampler`.
        pub dynatrace_sampler: Option<DynatraceSampler> = "dynatraceSampler",
    }
}

enumeration! {
    /// Istio's `MeshConfig.ExtensionProvider.ServiceAttributeEnrichment`.
    pub enum ServiceAttributeEnrichment: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.ServiceAttributeEnrichment" {
        /// `ISTIO_CANONICAL`.
        IstioCanonical = 0 "ISTIO_CANONICAL",
        /// `OTEL_SEMANTIC_CONVENTIONS`.
        OtelSemanticConventions = 1 "OTEL_SEMANTIC_CONVENTIONS",
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.DynatraceSampler`.
    pub struct DynatraceSampler: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.DynatraceSampler" {
        /// `tenant`.
        pub tenant: String = "tenant",
        /// `clusterId`.
        pub cluster_id: i32 = "clusterId",
        /// `rootSpansPerMinute`.
        pub root_spans_per_minute: u32 = "rootSpansPerMinute",
        /// `httpService`.
        pub http_service: Option<DynatraceApi> = "httpService",
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.DynatraceSampler.DynatraceApi`.
    pub struct DynatraceApi: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.DynatraceSampler.DynatraceApi" {
        /// `service`.
        pub service: String = "service",
        /// `port`.
        pub port: u32 = "port",
        /// `http`.
        pub http: Option<HttpService> = "http",
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.ResourceDetectors`.
    pub struct ResourceDetectors: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.ResourceDetectors" {
        /// `environment`.
        pub environment: Option<EnvironmentResourceDetector> = "environment",
        /// `dynatrace`.
        pub dynatrace: Option<DynatraceResourceDetector> = "dynatrace",
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.ResourceDetectors.EnvironmentResourceDetector`.
    pub struct EnvironmentResourceDetector: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.ResourceDetectors.EnvironmentResourceDetector" {
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.ResourceDetectors.DynatraceResourceDetector`.
    pub struct DynatraceResourceDetector: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.ResourceDetectors.DynatraceResourceDetector" {
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.HttpService`.
    pub struct HttpService: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.HttpService" {
        /// `path`.
        pub path: String = "path",
        /// `timeout`.
        pub timeout: Option<Duration> = "timeout",
        /// `headers`.
        pub headers: Vec<HttpHeader> = "headers",
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.HttpHeader`.
    pub struct HttpHeader: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.HttpHeader" {
        /// `name`.
        pub name: String = "name",
        /// `header_value`.
        pub header_value: Option<HeaderValue> = oneof,
    }
}

oneof! {
    /// The members of `MeshConfig.ExtensionProvider.HttpHeader.header_value`.
    pub enum HeaderValue {
        /// `value`.
        Value(String) = "value",
        /// `envName`.
        EnvName(String) = "envName",
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.GrpcService`.
    pub struct GrpcService: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.GrpcService" {
        /// `timeout`.
        pub timeout: Option<Duration> = "timeout",
        /// `initialMetadata`.
        pub initial_metadata: Vec<HttpHeader> = "initialMetadata",
    }
}
