//! telemetry/metrics.

use super::ProviderRef;
use super::WorkloadMode;
use crate::Duration;
use crate::proto::enumeration;
use crate::proto::message;
use crate::proto::oneof;
use indexmap::IndexMap;

message! {
    /// Istio's `Metrics`.
    pub struct Metrics: "istio.telemetry.v1alpha1.Metrics" {
        /// `providers`.
        pub providers: Vec<ProviderRef> = "providers",
        /// `overrides`.
        pub overrides: Vec<MetricsOverrides> = "overrides",
        /// `reportingInterval`.
        pub reporting_interval: Option<Duration> = "reportingInterval",
    }
}

message! {
    /// Istio's `MetricsOverrides`.
    pub struct MetricsOverrides: "istio.telemetry.v1alpha1.MetricsOverrides" {
        /// `match`.
        pub match_: Option<MetricSelector> = "match",
        /// `disabled`.
        pub disabled: Option<bool> = "disabled",
        /// `tagOverrides`.
        pub tag_overrides: IndexMap<String, TagOverride> = "tagOverrides",
    }
}

message! {
    /// Istio's `MetricsOverrides.TagOverride`.
    pub struct TagOverride: "istio.telemetry.v1alpha1.MetricsOverrides.TagOverride" {
        /// `operation`.
        pub operation: TagOperation = "operation",
        /// `value`.
        pub value: String = "value",
    }
}

enumeration! {
    /// Istio's `MetricsOverrides.TagOverride.Operation`.
    pub enum TagOperation: "istio.telemetry.v1alpha1.MetricsOverrides.TagOverride.Operation" {
        /// `UPSERT`.
        Upsert = 0 "UPSERT",
        /// `REMOVE`.
        Remove = 1 "REMOVE",
    }
}

message! {
    /// Istio's `MetricSelector`.
    pub struct MetricSelector: "istio.telemetry.v1alpha1.MetricSelector" {
        /// `metric_match`.
        pub metric_match: Option<MetricMatch> = oneof,
        /// `mode`.
        pub mode: WorkloadMode = "mode",
    }
}

oneof! {
    /// The members of `MetricSelector.metric_match`.
    pub enum MetricMatch {
        /// `metric`.
        Metric(IstioMetric) = "metric",
        /// `customMetric`.
        CustomMetric(String) = "customMetric",
    }
}

enumeration! {
    /// Istio's `MetricSelector.IstioMetric`.
    pub enum IstioMetric: "istio.telemetry.v1alpha1.MetricSelector.IstioMetric" {
        /// `ALL_METRICS`.
        AllMetrics = 0 "ALL_METRICS",
        /// `REQUEST_COUNT`.
        RequestCount = 1 "REQUEST_COUNT",
        /// `REQUEST_DURATION`.
        RequestDuration = 2 "REQUEST_DURATION",
        /// `REQUEST_SIZE`.
        RequestSize = 3 "REQUEST_SIZE",
        /// `RESPONSE_SIZE`.
        ResponseSize = 4 "RESPONSE_SIZE",
        /// `TCP_OPENED_CONNECTIONS`.
        TcpOpenedConnections = 5 "TCP_OPENED_CONNECTIONS",
        /// `TCP_CLOSED_CONNECTIONS`.
        TcpClosedConnections = 6 "TCP_CLOSED_CONNECTIONS",
        /// `TCP_SENT_BYTES`.
        TcpSentBytes = 7 "TCP_SENT_BYTES",
        /// `TCP_RECEIVED_BYTES`.
        TcpReceivedBytes = 8 "TCP_RECEIVED_BYTES",
        /// `GRPC_REQUEST_MESSAGES`.
        GrpcRequestMessages = 9 "GRPC_REQUEST_MESSAGES",
        /// `GRPC_RESPONSE_MESSAGES`.
        GrpcResponseMessages = 10 "GRPC_RESPONSE_MESSAGES",
    }
}
