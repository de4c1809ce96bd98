//! What is measured, logged and traced (`telemetry.istio.io`).

mod access_logging;
mod metrics;
mod tracing;

pub use access_logging::{AccessLogging, Filter, LogSelector};
pub use metrics::{
    IstioMetric, MetricMatch, MetricSelector, Metrics, MetricsOverrides, TagOperation, TagOverride,
};
pub use tracing::{
    CustomTag, CustomTagType, Environment, Formatter, Literal, ProviderRef, RequestHeader,
    Telemetry, Tracing, TracingSelector, WorkloadMode,
};

pub use crate::selector::{PolicyTargetReference, WorkloadSelector};
