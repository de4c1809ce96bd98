//! WorkloadGroups and their health checks.

use super::WorkloadEntry;
use crate::Map;
use crate::proto::{message, oneof};

message! {
    /// What the WorkloadEntries of a group of machines have in common.
    ///
    /// Istio's `WorkloadGroup`.
    pub struct WorkloadGroup: "istio.networking.v1alpha3.WorkloadGroup" {
        /// Labels and annotations of the entries.
        pub metadata: Option<WorkloadGroupMeta> = "metadata",
        /// The rest of the entries; required.
        pub template: Option<Box<WorkloadEntry>> = "template",
        /// How the proxy of a machine finds out whether it is ready.
        pub probe: Option<Box<ReadinessProbe>> = "probe",
    }
}

message! {
    /// Metadata of a group's entries.
    ///
    /// Istio's `WorkloadGroup.ObjectMeta`.
    pub struct WorkloadGroupMeta: "istio.networking.v1alpha3.WorkloadGroup.ObjectMeta" {
        /// Labels.
        pub labels: Map<String, String> = "labels",
        /// Annotations.
        pub annotations: Map<String, String> = "annotations",
    }
}

message! {
    /// How a proxy finds out whether its application is ready.
    ///
    /// Istio's `ReadinessProbe`.
    pub struct ReadinessProbe: "istio.networking.v1alpha3.ReadinessProbe" {
        /// Seconds before the first check. Default: 0.
        pub initial_delay_seconds: i32 = "initialDelaySeconds",
        /// Seconds that a check may take. Default: 1.
        pub timeout_seconds: i32 = "timeoutSeconds",
        /// Seconds between checks. Default: 10.
        pub period_seconds: i32 = "periodSeconds",
        /// So many successes make it ready. Default: 1.
        pub success_threshold: i32 = "successThreshold",
        /// So many failures make it not ready. Default: 3.
        pub failure_threshold: i32 = "failureThreshold",
        /// The check; one is required.
        pub health_check_method: Option<HealthCheckMethod> = oneof,
    }
}

oneof! {
    /// A check of an application.
    pub enum HealthCheckMethod {
        /// By an HTTP request.
        HttpGet(HttpHealthCheckConfig) = "httpGet",
        /// By a connection.
        TcpSocket(TcpHealthCheckConfig) = "tcpSocket",
        /// By a command.
        Exec(ExecHealthCheckConfig) = "exec",
        /// By gRPC's health service.
        Grpc(GrpcHealthCheckConfig) = "grpc",
    }
}

message! {
    /// A check by an HTTP request.
    ///
    /// Istio's `HTTPHealthCheckConfig`.
    pub struct HttpHealthCheckConfig: "istio.networking.v1alpha3.HTTPHealthCheckConfig" {
        /// The path, `/` where it is empty.
        pub path: String = "path",
        /// The port; required.
        pub port: u32 = "port",
        /// The host, the workload's address where it is empty.
        pub host: String = "host",
        /// `HTTP` (also where it is empty) or `HTTPS`.
        pub scheme: String = "scheme",
        /// Headers of the request.
        pub http_headers: Vec<HttpHeader> = "httpHeaders",
    }
}

message! {
    /// A check by gRPC's health service.
    ///
    /// Istio's `GrpcHealthCheckConfig`.
    pub struct GrpcHealthCheckConfig: "istio.networking.v1alpha3.GrpcHealthCheckConfig" {
        /// The port.
        pub port: u32 = "port",
        /// The service that is asked for.
        pub service: String = "service",
    }
}

message! {
    /// A header of a check.
    ///
    /// Istio's `HTTPHeader`.
    pub struct HttpHeader: "istio.networking.v1alpha3.HTTPHeader" {
        /// The name.
        pub name: String = "name",
        /// The value.
        pub value: String = "value",
    }
}

message! {
    /// A check by a connection.
    ///
    /// Istio's `TCPHealthCheckConfig`.
    pub struct TcpHealthCheckConfig: "istio.networking.v1alpha3.TCPHealthCheckConfig" {
        /// The host, the workload's address where it is empty.
        pub host: String = "host",
        /// The port; required.
        pub port: u32 = "port",
    }
}

message! {
    /// A check by a command.
    ///
    /// Istio's `ExecHealthCheckConfig`.
    pub struct ExecHealthCheckConfig: "istio.networking.v1alpha3.ExecHealthCheckConfig" {
        /// The command and its arguments; success is status 0.
        pub command: Vec<String> = "command",
    }
}
