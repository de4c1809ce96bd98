//! mesh/providers.

use super::DatadogTracingProvider;
use super::EnvoyFileAccessLogProvider;
use super::EnvoyHttpGrpcV3LogProvider;
use super::EnvoyOpenTelemetryLogProvider;
use super::EnvoyTcpGrpcV3LogProvider;
use super::LightstepTracingProvider;
use super::OpenCensusAgentTracingProvider;
use super::OpenTelemetryTracingProvider;
use super::SkyWalkingTracingProvider;
use super::StackdriverProvider;
use super::ZipkinTracingProvider;
use crate::Duration;
use crate::proto::message;
use crate::proto::oneof;
use indexmap::IndexMap;

message! {
    /// Istio's `MeshConfig.ExtensionProvider`.
    pub struct ExtensionProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider" {
        /// `name`.
        pub name: String = "name",
        /// `provider`.
        pub provider: Option<Provider> = oneof,
    }
}

oneof! {
    /// The members of `MeshConfig.ExtensionProvider.provider`.
    pub enum Provider {
        /// `envoyExtAuthzHttp`.
        EnvoyExtAuthzHttp(EnvoyExternalAuthorizationHttpProvider) = "envoyExtAuthzHttp",
        /// `envoyExtAuthzGrpc`.
        EnvoyExtAuthzGrpc(EnvoyExternalAuthorizationGrpcProvider) = "envoyExtAuthzGrpc",
        /// `zipkin`.
        Zipkin(ZipkinTracingProvider) = "zipkin",
        /// `lightstep`.
        Lightstep(LightstepTracingProvider) = "lightstep",
        /// `datadog`.
        Datadog(DatadogTracingProvider) = "datadog",
        /// `stackdriver`.
        Stackdriver(StackdriverProvider) = "stackdriver",
        /// `opencensus`.
        Opencensus(OpenCensusAgentTracingProvider) = "opencensus",
        /// `skywalking`.
        Skywalking(SkyWalkingTracingProvider) = "skywalking",
        /// `opentelemetry`.
        Opentelemetry(OpenTelemetryTracingProvider) = "opentelemetry",
        /// `prometheus`.
        Prometheus(PrometheusMetricsProvider) = "prometheus",
        /// `envoyFileAccessLog`.
        EnvoyFileAccessLog(EnvoyFileAccessLogProvider) = "envoyFileAccessLog",
        /// `envoyHttpAls`.
        EnvoyHttpAls(EnvoyHttpGrpcV3LogProvider) = "envoyHttpAls",
        /// `envoyTcpAls`.
        EnvoyTcpAls(EnvoyTcpGrpcV3LogProvider) = "envoyTcpAls",
        /// `envoyOtelAls`.
        EnvoyOtelAls(EnvoyOpenTelemetryLogProvider) = "envoyOtelAls",
        /// `sds`.
        Sds(SdsProvider) = "sds",
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationRequestBody`.
    pub struct EnvoyExternalAuthorizationRequestBody: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationRequestBody" {
        /// `maxRequestBytes`.
        pub max_request_bytes: u32 = "maxRequestBytes",
        /// `allowPartialMessage`.
        pub allow_partial_message: bool = "allowPartialMessage",
        /// `packAsBytes`.
        pub pack_as_bytes: bool = "packAsBytes",
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationHttpProvider`.
    pub struct EnvoyExternalAuthorizationHttpProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationHttpProvider" {
        /// `service`.
        pub service: String = "service",
        /// `port`.
        pub port: u32 = "port",
        /// `timeout`.
        pub timeout: Option<Duration> = "timeout",
        /// `pathPrefix`.
        pub path_prefix: String = "pathPrefix",
        /// `failOpen`.
        pub fail_open: bool = "failOpen",
        /// `clearRouteCache`.
        pub clear_route_cache: bool = "clearRouteCache",
        /// `statusOnError`.
        pub status_on_error: String = "statusOnError",
        /// `includeHeadersInCheck`.
        pub include_headers_in_check: Vec<String> = "includeHeadersInCheck",
        /// `includeRequestHeadersInCheck`.
        pub include_request_headers_in_check: Vec<String> = "includeRequestHeadersInCheck",
        /// `includeAdditionalHeadersInCheck`.
        pub include_additional_headers_in_check: IndexMap<String, String> = "includeAdditionalHeadersInCheck",
        /// `includeRequestBodyInCheck`.
        pub include_request_body_in_check: Option<EnvoyExternalAuthorizationRequestBody> = "includeRequestBodyInCheck",
        /// `headersToUpstreamOnAllow`.
        pub headers_to_upstream_on_allow: Vec<String> = "headersToUpstreamOnAllow",
        /// `headersToDownstreamOnDeny`.
        pub headers_to_downstream_on_deny: Vec<String> = "headersToDownstreamOnDeny",
        /// `headersToDownstreamOnAllow`.
        pub headers_to_downstream_on_allow: Vec<String> = "headersToDownstreamOnAllow",
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationGrpcProvider`.
    pub struct EnvoyExternalAuthorizationGrpcProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationGrpcProvider" {
        /// `service`.
        pub service: String = "service",
        /// `port`.
        pub port: u32 = "port",
        /// `timeout`.
        pub timeout: Option<Duration> = "timeout",
        /// `failOpen`.
        pub fail_open: bool = "failOpen",
        /// `clearRouteCache`.
        pub clear_route_cache: bool = "clearRouteCache",
        /// `statusOnError`.
        pub status_on_error: String = "statusOnError",
        /// `includeRequestBodyInCheck`.
        pub include_request_body_in_check: Option<EnvoyExternalAuthorizationRequestBody> = "includeRequestBodyInCheck",
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.PrometheusMetricsProvider`.
    pub struct PrometheusMetricsProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.PrometheusMetricsProvider" {
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.SDSProvider`.
    pub struct SdsProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.SDSProvider" {
        /// `name`.
        pub name: String = "name",
        /// `service`.
        pub service: String = "service",
        /// `port`.
        pub port: u32 = "port",
    }
}
