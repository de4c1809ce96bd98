//! Extension providers: external authorizers and others.

use super::{
    DatadogTracingProvider, EnvoyFileAccessLogProvider, EnvoyHttpGrpcV3LogProvider,
    EnvoyOpenTelemetryLogProvider, EnvoyTcpGrpcV3LogProvider, LightstepTracingProvider,
    OpenCensusAgentTracingProvider, OpenTelemetryTracingProvider, SkyWalkingTracingProvider,
    StackdriverProvider, ZipkinTracingProvider,
};
use crate::Duration;
use crate::Map;
use crate::proto::{message, oneof};

message! {
    /// Something outside that proxies use, by name.
    ///
    /// Istio's `MeshConfig.ExtensionProvider`.
    pub struct ExtensionProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider" {
        /// The name by which policies refer to it.
        pub name: String = "name",
        /// What it is; one is required.
        pub provider: Option<Provider> = oneof,
    }
}

oneof! {
    /// The kinds of extension providers.
    pub enum Provider {
        /// An external authorizer that is asked over HTTP.
        EnvoyExtAuthzHttp(EnvoyExternalAuthorizationHttpProvider) = "envoyExtAuthzHttp",
        /// An external authorizer that is asked over gRPC.
        EnvoyExtAuthzGrpc(EnvoyExternalAuthorizationGrpcProvider) = "envoyExtAuthzGrpc",
        /// A Zipkin tracer.
        Zipkin(ZipkinTracingProvider) = "zipkin",
        /// Deprecated: a Lightstep tracer.
        Lightstep(LightstepTracingProvider) = "lightstep",
        /// A Datadog tracer.
        Datadog(DatadogTracingProvider) = "datadog",
        /// Google Cloud's tracer, metrics and logs.
        Stackdriver(StackdriverProvider) = "stackdriver",
        /// Deprecated: an OpenCensus tracer.
        Opencensus(OpenCensusAgentTracingProvider) = "opencensus",
        /// A SkyWalking tracer.
        Skywalking(SkyWalkingTracingProvider) = "skywalking",
        /// An OpenTelemetry tracer.
        Opentelemetry(OpenTelemetryTracingProvider) = "opentelemetry",
        /// Prometheus metrics.
        Prometheus(PrometheusMetricsProvider) = "prometheus",
        /// Access logs into a file.
        EnvoyFileAccessLog(EnvoyFileAccessLogProvider) = "envoyFileAccessLog",
        /// Access logs of HTTP over gRPC.
        EnvoyHttpAls(EnvoyHttpGrpcV3LogProvider) = "envoyHttpAls",
        /// Access logs of TCP over gRPC.
        EnvoyTcpAls(EnvoyTcpGrpcV3LogProvider) = "envoyTcpAls",
        /// Access logs as OpenTelemetry.
        EnvoyOtelAls(EnvoyOpenTelemetryLogProvider) = "envoyOtelAls",
        /// A source of certificates.
        Sds(SdsProvider) = "sds",
    }
}

message! {
    /// How much of the body an authorizer gets.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationRequestBody`.
    pub struct EnvoyExternalAuthorizationRequestBody: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationRequestBody" {
        /// How many bytes at most; longer bodies are refused with 413 unless part of one will do.
        pub max_request_bytes: u32 = "maxRequestBytes",
        /// Whether part of a body will do.
        pub allow_partial_message: bool = "allowPartialMessage",
        /// Whether a gRPC authorizer gets it as bytes rather than text.
        pub pack_as_bytes: bool = "packAsBytes",
    }
}

message! {
    /// An authorizer that is asked over HTTP.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationHttpProvider`.
    pub struct EnvoyExternalAuthorizationHttpProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationHttpProvider" {
        /// Its service, `namespace/host` or a host.
        pub service: String = "service",
        /// Its port.
        pub port: u32 = "port",
        /// How long its answer may take. Default: 600s.
        pub timeout: Option<Duration> = "timeout",
        /// A prefix for the path of the question.
        pub path_prefix: String = "pathPrefix",
        /// Whether requests pass when it cannot be asked.
        pub fail_open: bool = "failOpen",
        /// Whether the route is chosen again after its answer.
        pub clear_route_cache: bool = "clearRouteCache",
        /// The status of the refusal when it cannot be asked. Default: 403.
        pub status_on_error: String = "statusOnError",
        /// Deprecated: as `includeRequestHeadersInCheck`.
        pub include_headers_in_check: Vec<String> = "includeHeadersInCheck",
        /// Headers of the request that it gets beside the standard ones; `prefix*` and `*suffix`
        /// too.
        pub include_request_headers_in_check: Vec<String> = "includeRequestHeadersInCheck",
        /// Headers with fixed values that it gets.
        pub include_additional_headers_in_check: Map<String, String> = "includeAdditionalHeadersInCheck",
        /// The body, as far as it gets it; absent for none.
        pub include_request_body_in_check: Option<EnvoyExternalAuthorizationRequestBody> = "includeRequestBodyInCheck",
        /// Headers of its answer that the destination gets.
        pub headers_to_upstream_on_allow: Vec<String> = "headersToUpstreamOnAllow",
        /// Headers of its answer that the client gets when it denies.
        pub headers_to_downstream_on_deny: Vec<String> = "headersToDownstreamOnDeny",
        /// Headers of its answer that the client gets when it allows.
        pub headers_to_downstream_on_allow: Vec<String> = "headersToDownstreamOnAllow",
    }
}

message! {
    /// An authorizer that is asked over gRPC.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationGrpcProvider`.
    pub struct EnvoyExternalAuthorizationGrpcProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationGrpcProvider" {
        /// Its service, `namespace/host` or a host.
        pub service: String = "service",
        /// Its port.
        pub port: u32 = "port",
        /// How long its answer may take. Default: 600s.
        pub timeout: Option<Duration> = "timeout",
        /// Whether requests pass when it cannot be asked.
        pub fail_open: bool = "failOpen",
        /// Whether the route is chosen again after its answer.
        pub clear_route_cache: bool = "clearRouteCache",
        /// The status of the refusal when it cannot be asked. Default: 403.
        pub status_on_error: String = "statusOnError",
        /// The body, as far as it gets it; absent for none.
        pub include_request_body_in_check: Option<EnvoyExternalAuthorizationRequestBody> = "includeRequestBodyInCheck",
    }
}

message! {
    /// Prometheus metrics; nothing to set.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.PrometheusMetricsProvider`.
    pub struct PrometheusMetricsProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.PrometheusMetricsProvider" {
    }
}

message! {
    /// A source of certificates.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.SDSProvider`.
    pub struct SdsProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.SDSProvider" {
        /// Its name in Envoy.
        pub name: String = "name",
        /// Its service, `namespace/host` or a host.
        pub service: String = "service",
        /// Its port.
        pub port: u32 = "port",
    }
}
