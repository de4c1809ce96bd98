//! Providers of traces.

use crate::Duration;
use crate::Map;
use crate::proto::{enumeration, message, oneof};

message! {
    /// A Zipkin tracer.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.ZipkinTracingProvider`.
    pub struct ZipkinTracingProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.ZipkinTracingProvider" {
        /// Its service.
        pub service: String = "service",
        /// Its port.
        pub port: u32 = "port",
        /// How long the path in a tag may be. Default: 256.
        pub max_tag_length: u32 = "maxTagLength",
        /// Whether trace identifiers have 64 bits, not 128.
        pub enable_64bit_trace_id: bool = "enable64bitTraceId",
        /// The path of its API. Default: `/api/v2/spans`.
        pub path: String = "path",
        /// Which headers carry the context.
        pub trace_context_option: TraceContextOption = "traceContextOption",
        /// How long a report may take. Default: 5s.
        pub timeout: Option<Duration> = "timeout",
        /// Headers of the reports.
        pub headers: Vec<HttpHeader> = "headers",
    }
}

enumeration! {
    /// Which headers carry the context of a trace.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.ZipkinTracingProvider.TraceContextOption`.
    pub enum TraceContextOption: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.ZipkinTracingProvider.TraceContextOption" {
        /// B3.
        UseB3 = 0 "USE_B3",
        /// B3 and W3C's, B3 first.
        UseB3WithW3cPropagation = 1 "USE_B3_WITH_W3C_PROPAGATION",
    }
}

message! {
    /// A Lightstep tracer.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.LightstepTracingProvider`.
    pub struct LightstepTracingProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.LightstepTracingProvider" {
        /// Its service.
        pub service: String = "service",
        /// Its port.
        pub port: u32 = "port",
        /// Its access token.
        pub access_token: String = "accessToken",
        /// How long the path in a tag may be. Default: 256.
        pub max_tag_length: u32 = "maxTagLength",
    }
}

message! {
    /// A Datadog tracer.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.DatadogTracingProvider`.
    pub struct DatadogTracingProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.DatadogTracingProvider" {
        /// Its service.
        pub service: String = "service",
        /// Its port.
        pub port: u32 = "port",
        /// How long the path in a tag may be. Default: 256.
        pub max_tag_length: u32 = "maxTagLength",
    }
}

message! {
    /// A SkyWalking tracer.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.SkyWalkingTracingProvider`.
    pub struct SkyWalkingTracingProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.SkyWalkingTracingProvider" {
        /// Its service.
        pub service: String = "service",
        /// Its port.
        pub port: u32 = "port",
        /// Its access token.
        pub access_token: String = "accessToken",
    }
}

message! {
    /// Google Cloud's tracer, metrics and logs.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.StackdriverProvider`.
    pub struct StackdriverProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.StackdriverProvider" {
        /// Whether spans are printed.
        pub debug: bool = "debug",
        /// How many attributes a span has at most. Default: 200.
        pub max_number_of_attributes: Option<i64> = "maxNumberOfAttributes",
        /// How many annotations a span has at most. Default: 200.
        pub max_number_of_annotations: Option<i64> = "maxNumberOfAnnotations",
        /// How many message events a span has at most. Default: 200.
        pub max_number_of_message_events: Option<i64> = "maxNumberOfMessageEvents",
        /// How long the path in a tag may be. Default: 256.
        pub max_tag_length: u32 = "maxTagLength",
        /// What logs say.
        pub logging: Option<StackdriverLogging> = "logging",
    }
}

message! {
    /// What Google Cloud's logs say.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.StackdriverProvider.Logging`.
    pub struct StackdriverLogging: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.StackdriverProvider.Logging" {
        /// Labels with CEL expressions for their values.
        pub labels: Map<String, String> = "labels",
    }
}

message! {
    /// An OpenCensus tracer.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.OpenCensusAgentTracingProvider`.
    pub struct OpenCensusAgentTracingProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.OpenCensusAgentTracingProvider" {
        /// Its service.
        pub service: String = "service",
        /// Its port.
        pub port: u32 = "port",
        /// Which headers carry the context.
        pub context: Vec<OpenCensusTraceContext> = "context",
        /// How long the path in a tag may be. Default: 256.
        pub max_tag_length: u32 = "maxTagLength",
    }
}

enumeration! {
    /// Headers that carry the context of a trace.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.OpenCensusAgentTracingProvider.TraceContext`.
    pub enum OpenCensusTraceContext: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.OpenCensusAgentTracingProvider.TraceContext" {
        /// None.
        Unspecified = 0 "UNSPECIFIED",
        /// W3C's `traceparent`.
        W3cTraceContext = 1 "W3C_TRACE_CONTEXT",
        /// gRPC's `grpc-trace-bin`.
        GrpcBin = 2 "GRPC_BIN",
        /// Google Cloud's.
        CloudTraceContext = 3 "CLOUD_TRACE_CONTEXT",
        /// B3.
        B3 = 4 "B3",
    }
}

message! {
    /// An OpenTelemetry tracer.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider`.
    pub struct OpenTelemetryTracingProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider" {
        /// Its service.
        pub service: String = "service",
        /// Its port.
        pub port: u32 = "port",
        /// How long the path in a tag may be. Default: 256.
        pub max_tag_length: u32 = "maxTagLength",
        /// Reports over HTTP in the place of gRPC.
        pub http: Option<HttpService> = "http",
        /// Settings of reports over gRPC.
        pub grpc: Option<GrpcService> = "grpc",
        /// Where resource attributes come from.
        pub resource_detectors: Option<ResourceDetectors> = "resourceDetectors",
        /// How the service is named.
        pub service_attribute_enrichment: ServiceAttributeEnrichment = "serviceAttributeEnrichment",
        /// Dynatrace decides which requests are traced.
        pub dynatrace_sampler: Option<DynatraceSampler> = "dynatraceSampler",
    }
}

enumeration! {
    /// How a span names its service.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.ServiceAttributeEnrichment`.
    pub enum ServiceAttributeEnrichment: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.ServiceAttributeEnrichment" {
        /// By Istio's canonical name.
        IstioCanonical = 0 "ISTIO_CANONICAL",
        /// By OpenTelemetry's conventions for Kubernetes.
        OtelSemanticConventions = 1 "OTEL_SEMANTIC_CONVENTIONS",
    }
}

message! {
    /// Dynatrace decides which requests are traced.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.DynatraceSampler`.
    pub struct DynatraceSampler: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.DynatraceSampler" {
        /// The tenant.
        pub tenant: String = "tenant",
        /// The cluster.
        pub cluster_id: i32 = "clusterId",
        /// How many traces begin in a minute where Dynatrace does not say.
        pub root_spans_per_minute: u32 = "rootSpansPerMinute",
        /// Where Dynatrace is asked.
        pub http_service: Option<DynatraceApi> = "httpService",
    }
}

message! {
    /// Where Dynatrace is asked.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.DynatraceSampler.DynatraceApi`.
    pub struct DynatraceApi: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.DynatraceSampler.DynatraceApi" {
        /// Its service.
        pub service: String = "service",
        /// Its port.
        pub port: u32 = "port",
        /// The request.
        pub http: Option<HttpService> = "http",
    }
}

message! {
    /// Where resource attributes come from.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.ResourceDetectors`.
    pub struct ResourceDetectors: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.ResourceDetectors" {
        /// The environment variable `OTEL_RESOURCE_ATTRIBUTES`.
        pub environment: Option<EnvironmentResourceDetector> = "environment",
        /// Dynatrace's files.
        pub dynatrace: Option<DynatraceResourceDetector> = "dynatrace",
    }
}

message! {
    /// Attributes from the environment; nothing to set.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.ResourceDetectors.EnvironmentResourceDetector`.
    pub struct EnvironmentResourceDetector: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.ResourceDetectors.EnvironmentResourceDetector" {
    }
}

message! {
    /// Attributes from Dynatrace; nothing to set.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.ResourceDetectors.DynatraceResourceDetector`.
    pub struct DynatraceResourceDetector: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.ResourceDetectors.DynatraceResourceDetector" {
    }
}

message! {
    /// A request to a service.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.HttpService`.
    pub struct HttpService: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.HttpService" {
        /// The path.
        pub path: String = "path",
        /// How long it may take.
        pub timeout: Option<Duration> = "timeout",
        /// Its headers.
        pub headers: Vec<HttpHeader> = "headers",
    }
}

message! {
    /// A header of a report.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.HttpHeader`.
    pub struct HttpHeader: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.HttpHeader" {
        /// The name.
        pub name: String = "name",
        /// The value; at most one.
        pub header_value: Option<HeaderValue> = oneof,
    }
}

oneof! {
    /// Where the value of a header comes from.
    pub enum HeaderValue {
        /// It is this.
        Value(String) = "value",
        /// From a variable of the environment.
        EnvName(String) = "envName",
    }
}

message! {
    /// Settings of calls to a gRPC service.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.GrpcService`.
    pub struct GrpcService: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.GrpcService" {
        /// How long a call may take.
        pub timeout: Option<Duration> = "timeout",
        /// Its metadata.
        pub initial_metadata: Vec<HttpHeader> = "initialMetadata",
    }
}
