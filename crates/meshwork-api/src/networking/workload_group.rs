//! networking/workload_group.

use super::WorkloadEntry;
use crate::proto::message;
use crate::proto::oneof;
use indexmap::IndexMap;

message! {
    /// Istio's `WorkloadGroup`.
    pub struct WorkloadGroup: "istio.networking.v1alpha3.WorkloadGroup" {
        /// `metadata`.
        pub metadata: Option<WorkloadGroupMeta> = "metadata",
        /// `template`.
        pub template: Option<WorkloadEntry> = "template",
        /// `probe`.
        pub probe: Option<ReadinessProbe> = "probe",
    }
}

message! {
    /// Istio's `WorkloadGroup.ObjectMeta`.
    pub struct WorkloadGroupMeta: "istio.networking.v1alpha3.WorkloadGroup.ObjectMeta" {
        /// `labels`.
        pub labels: IndexMap<String, String> = "labels",
        /// `annotations`.
        pub annotations: IndexMap<String, String> = "annotations",
    }
}

message! {
    /// Istio's `ReadinessProbe`.
    pub struct ReadinessProbe: "istio.networking.v1alpha3.ReadinessProbe" {
        /// `initialDelaySeconds`.
        pub initial_delay_seconds: i32 = "initialDelaySeconds",
        /// `timeoutSeconds`.
        pub timeout_seconds: i32 = "timeoutSeconds",
        /// `periodSeconds`.
        pub period_seconds: i32 = "periodSeconds",
        /// `successThreshold`.
        pub success_threshold: i32 = "successThreshold",
        /// `failureThreshold`.
        pub failure_threshold: i32 = "failureThreshold",
        /// `health_check_method`.
        pub health_check_method: Option<HealthCheckMethod> = oneof,
    }
}

oneof! {
    /// The members of `ReadinessProbe.health_check_method`.
    pub enum HealthCheckMethod {
        /// `httpGet`.
        HttpGet(HttpHealthCheckConfig) = "httpGet",
        /// `tcpSocket`.
        TcpSocket(TcpHealthCheckConfig) = "tcpSocket",
        /// `exec`.
        Exec(ExecHealthCheckConfig) = "exec",
        /// `grpc`.
        Grpc(GrpcHealthCheckConfig) = "grpc",
    }
}

message! {
    /// Istio's `HTTPHealthCheckConfig`.
    pub struct HttpHealthCheckConfig: "istio.networking.v1alpha3.HTTPHealthCheckConfig" {
        /// `path`.
        pub path: String = "path",
        /// `port`.
        pub port: u32 = "port",
        /// `host`.
        pub host: String = "host",
        /// `scheme`.
        pub scheme: String = "scheme",
        /// `httpHeaders`.
        pub http_headers: Vec<HttpHeader> = "httpHeaders",
    }
}

message! {
    /// Istio's `GrpcHealthCheckConfig`.
    pub struct GrpcHealthCheckConfig: "istio.networking.v1alpha3.GrpcHealthCheckConfig" {
        /// `port`.
        pub port: u32 = "port",
        /// `service`.
        pub service: String = "service",
    }
}

message! {
    /// Istio's `HTTPHeader`.
    pub struct HttpHeader: "istio.networking.v1alpha3.HTTPHeader" {
        /// `name`.
        pub name: String = "name",
        /// `value`.
        pub value: String = "value",
    }
}

message! {
    /// Istio's `TCPHealthCheckConfig`.
    pub struct TcpHealthCheckConfig: "istio.networking.v1alpha3.TCPHealthCheckConfig" {
        /// `host`.
        pub host: String = "host",
        /// `port`.
        pub port: u32 = "port",
    }
}

message! {
    /// Istio's `ExecHealthCheckConfig`.
    pub struct ExecHealthCheckConfig: "istio.networking.v1alpha3.ExecHealthCheckConfig" {
        /// `command`.
        pub command: Vec<String> = "command",
    }
}
