//! Telemetry of metrics.

use super::{ProviderRef, WorkloadMode};
use crate::Duration;
use crate::Map;
use crate::proto::{enumeration, message, oneof};

message! {
    /// How requests and connections are counted.
    ///
    /// Istio's `Metrics`.
    pub struct Metrics: "istio.telemetry.v1alpha1.Metrics" {
        /// Who gets the metrics; empty for the default ones.
        pub providers: Vec<ProviderRef> = "providers",
        /// Changes of single metrics.
        pub overrides: Vec<MetricsOverrides> = "overrides",
        /// How often TCP metrics of open connections are reported. Default: 5s.
        pub reporting_interval: Option<Duration> = "reportingInterval",
    }
}

message! {
    /// A change of some metrics.
    ///
    /// Istio's `MetricsOverrides`.
    pub struct MetricsOverrides: "istio.telemetry.v1alpha1.MetricsOverrides" {
        /// Which metrics are meant; absent for all.
        pub match_: Option<MetricSelector> = "match",
        /// Whether they are turned off.
        pub disabled: Option<bool> = "disabled",
        /// Changes of their tags, by name.
        pub tag_overrides: Map<String, TagOverride> = "tagOverrides",
    }
}

message! {
    /// A change of a tag.
    ///
    /// Istio's `MetricsOverrides.TagOverride`.
    pub struct TagOverride: "istio.telemetry.v1alpha1.MetricsOverrides.TagOverride" {
        /// What to do.
        pub operation: TagOperation = "operation",
        /// An expression for the value.
        pub value: String = "value",
    }
}

enumeration! {
    /// What to do with a tag.
    ///
    /// Istio's `MetricsOverrides.TagOverride.Operation`.
    pub enum TagOperation: "istio.telemetry.v1alpha1.MetricsOverrides.TagOverride.Operation" {
        /// Sets it.
        Upsert = 0 "UPSERT",
        /// Removes it.
        Remove = 1 "REMOVE",
    }
}

message! {
    /// Selects metrics.
    ///
    /// Istio's `MetricSelector`.
    pub struct MetricSelector: "istio.telemetry.v1alpha1.MetricSelector" {
        /// Which; absent for all.
        pub metric_match: Option<MetricMatch> = oneof,
        /// Which side of a connection.
        pub mode: WorkloadMode = "mode",
    }
}

oneof! {
    /// Names metrics.
    pub enum MetricMatch {
        /// One of Istio's.
        Metric(IstioMetric) = "metric",
        /// One of the user's.
        CustomMetric(String) = "customMetric",
    }
}

enumeration! {
    /// Istio's standard metrics.
    ///
    /// Istio's `MetricSelector.IstioMetric`.
    pub enum IstioMetric: "istio.telemetry.v1alpha1.MetricSelector.IstioMetric" {
        /// All of them.
        AllMetrics = 0 "ALL_METRICS",
        /// `istio_requests_total`.
        RequestCount = 1 "REQUEST_COUNT",
        /// `istio_request_duration_milliseconds`.
        RequestDuration = 2 "REQUEST_DURATION",
        /// `istio_request_bytes`.
        RequestSize = 3 "REQUEST_SIZE",
        /// `istio_response_bytes`.
        ResponseSize = 4 "RESPONSE_SIZE",
        /// `istio_tcp_connections_opened_total`.
        TcpOpenedConnections = 5 "TCP_OPENED_CONNECTIONS",
        /// `istio_tcp_connections_closed_total`.
        TcpClosedConnections = 6 "TCP_CLOSED_CONNECTIONS",
        /// `istio_tcp_sent_bytes_total`.
        TcpSentBytes = 7 "TCP_SENT_BYTES",
        /// `istio_tcp_received_bytes_total`.
        TcpReceivedBytes = 8 "TCP_RECEIVED_BYTES",
        /// `istio_request_messages_total`.
        GrpcRequestMessages = 9 "GRPC_REQUEST_MESSAGES",
        /// `istio_response_messages_total`.
        GrpcResponseMessages = 10 "GRPC_RESPONSE_MESSAGES",
    }
}
