//! Providers of access logs.

use crate::proto::{Struct, message, oneof};

message! {
    /// Access logs into a file.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.EnvoyFileAccessLogProvider`.
    pub struct EnvoyFileAccessLogProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyFileAccessLogProvider" {
        /// The file, `/dev/stdout`.
        pub path: String = "path",
        /// What a line says; absent for Istio's format.
        pub log_format: Option<FileLogFormat> = "logFormat",
        /// Whether values that are not there are left out rather than written as `-`.
        pub omit_empty_values: bool = "omitEmptyValues",
    }
}

message! {
    /// What a line says.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.EnvoyFileAccessLogProvider.LogFormat`.
    pub struct FileLogFormat: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyFileAccessLogProvider.LogFormat" {
        /// The form; at most one.
        pub log_format: Option<FileLogFormatKind> = oneof,
    }
}

oneof! {
    /// The forms of a line.
    pub enum FileLogFormatKind {
        /// Text, an Envoy format string.
        Text(String) = "text",
        /// JSON whose values are Envoy format strings.
        Labels(Struct) = "labels",
    }
}

message! {
    /// Access logs of HTTP over gRPC.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.EnvoyHttpGrpcV3LogProvider`.
    pub struct EnvoyHttpGrpcV3LogProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyHttpGrpcV3LogProvider" {
        /// Its service.
        pub service: String = "service",
        /// Its port.
        pub port: u32 = "port",
        /// The name of the log. Default: `http_envoy_accesslog`.
        pub log_name: String = "logName",
        /// Filter state that is logged.
        pub filter_state_objects_to_log: Vec<String> = "filterStateObjectsToLog",
        /// Request headers that are logged.
        pub additional_request_headers_to_log: Vec<String> = "additionalRequestHeadersToLog",
        /// Response headers that are logged.
        pub additional_response_headers_to_log: Vec<String> = "additionalResponseHeadersToLog",
        /// Response trailers that are logged.
        pub additional_response_trailers_to_log: Vec<String> = "additionalResponseTrailersToLog",
    }
}

message! {
    /// Access logs of TCP over gRPC.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.EnvoyTcpGrpcV3LogProvider`.
    pub struct EnvoyTcpGrpcV3LogProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyTcpGrpcV3LogProvider" {
        /// Its service.
        pub service: String = "service",
        /// Its port.
        pub port: u32 = "port",
        /// The name of the log. Default: `tcp_envoy_accesslog`.
        pub log_name: String = "logName",
        /// Filter state that is logged.
        pub filter_state_objects_to_log: Vec<String> = "filterStateObjectsToLog",
    }
}

message! {
    /// Access logs as OpenTelemetry.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.EnvoyOpenTelemetryLogProvider`.
    pub struct EnvoyOpenTelemetryLogProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyOpenTelemetryLogProvider" {
        /// Its service.
        pub service: String = "service",
        /// Its port.
        pub port: u32 = "port",
        /// The name of the log. Default: `otel_envoy_accesslog`.
        pub log_name: String = "logName",
        /// What a record says.
        pub log_format: Option<OpenTelemetryLogFormat> = "logFormat",
    }
}

message! {
    /// What a record says.
    ///
    /// Istio's `MeshConfig.ExtensionProvider.EnvoyOpenTelemetryLogProvider.LogFormat`.
    pub struct OpenTelemetryLogFormat: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyOpenTelemetryLogProvider.LogFormat" {
        /// Its body, an Envoy format string.
        pub text: String = "text",
        /// Its attributes, Envoy format strings.
        pub labels: Option<Struct> = "labels",
    }
}
