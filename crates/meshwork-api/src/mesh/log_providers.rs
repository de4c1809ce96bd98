//! mesh/log_providers.

use crate::proto::Struct;
use crate::proto::message;
use crate::proto::oneof;

message! {
    /// Istio's `MeshConfig.ExtensionProvider.EnvoyFileAccessLogProvider`.
    pub struct EnvoyFileAccessLogProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyFileAccessLogProvider" {
        /// `path`.
        pub path: String = "path",
        /// `logFormat`.
        pub log_format: Option<FileLogFormat> = "logFormat",
        /// `omitEmptyValues`.
        pub omit_empty_values: bool = "omitEmptyValues",
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.EnvoyFileAccessLogProvider.LogFormat`.
    pub struct FileLogFormat: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyFileAccessLogProvider.LogFormat" {
        /// `log_format`.
        pub log_format: Option<FileLogFormatKind> = oneof,
    }
}

oneof! {
    /// The members of `MeshConfig.ExtensionProvider.EnvoyFileAccessLogProvider.LogFormat.log_format`.
    pub enum FileLogFormatKind {
        /// `text`.
        Text(String) = "text",
        /// `labels`.
        Labels(Struct) = "labels",
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.EnvoyHttpGrpcV3LogProvider`.
    pub struct EnvoyHttpGrpcV3LogProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyHttpGrpcV3LogProvider" {
        /// `service`.
        pub service: String = "service",
        /// `port`.
        pub port: u32 = "port",
        /// `logName`.
        pub log_name: String = "logName",
        /// `filterStateObjectsToLog`.
        pub filter_state_objects_to_log: Vec<String> = "filterStateObjectsToLog",
        /// `additionalRequestHeadersToLog`.
        pub additional_request_headers_to_log: Vec<String> = "additionalRequestHeadersToLog",
        /// `additionalResponseHeadersToLog`.
        pub additional_response_headers_to_log: Vec<String> = "additionalResponseHeadersToLog",
        /// `additionalResponseTrailersToLog`.
        pub additional_response_trailers_to_log: Vec<String> = "additionalResponseTrailersToLog",
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.EnvoyTcpGrpcV3LogProvider`.
    pub struct EnvoyTcpGrpcV3LogProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyTcpGrpcV3LogProvider" {
        /// `service`.
        pub service: String = "service",
        /// `port`.
        pub port: u32 = "port",
        /// `logName`.
        pub log_name: String = "logName",
        /// `filterStateObjectsToLog`.
        pub filter_state_objects_to_log: Vec<String> = "filterStateObjectsToLog",
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.EnvoyOpenTelemetryLogProvider`.
    pub struct EnvoyOpenTelemetryLogProvider: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyOpenTelemetryLogProvider" {
        /// `service`.
        pub service: String = "service",
        /// `port`.
        pub port: u32 = "port",
        /// `logName`.
        pub log_name: String = "logName",
        /// `logFormat`.
        pub log_format: Option<OpenTelemetryLogFormat> = "logFormat",
    }
}

message! {
    /// Istio's `MeshConfig.ExtensionProvider.EnvoyOpenTelemetryLogProvider.LogFormat`.
    pub struct OpenTelemetryLogFormat: "istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyOpenTelemetryLogProvider.LogFormat" {
        /// `text`.
        pub text: String = "text",
        /// `labels`.
        pub labels: Option<Struct> = "labels",
    }
}
