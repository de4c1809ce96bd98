//! mesh/tracing.

use crate::networking::ClientTlsSettings;
use crate::proto::enumeration;
use crate::proto::message;
use crate::proto::oneof;
use indexmap::IndexMap;

message! {
    /// Istio's `Tracing`.
    pub struct Tracing: "istio.mesh.v1alpha1.Tracing" {
        /// `tracer`.
        pub tracer: Option<Tracer> = oneof,
        /// `customTags`.
        pub custom_tags: IndexMap<String, CustomTag> = "customTags",
        /// `maxPathTagLength`.
        pub max_path_tag_length: u32 = "maxPathTagLength",
        /// `sampling`.
        pub sampling: f64 = "sampling",
        /// `tlsSettings`.
        pub tls_settings: Option<ClientTlsSettings> = "tlsSettings",
        /// `enableIstioTags`.
        pub enable_istio_tags: Option<bool> = "enableIstioTags",
    }
}

oneof! {
    /// The members of `Tracing.tracer`.
    pub enum Tracer {
        /// `zipkin`.
        Zipkin(Zipkin) = "zipkin",
        /// `lightstep`.
        Lightstep(Lightstep) = "lightstep",
        /// `datadog`.
        Datadog(Datadog) = "datadog",
        /// `stackdriver`.
        Stackdriver(Stackdriver) = "stackdriver",
        /// `openCensusAgent`.
        OpenCensusAgent(OpenCensusAgent) = "openCensusAgent",
    }
}

message! {
    /// Istio's `Tracing.Zipkin`.
    pub struct Zipkin: "istio.mesh.v1alpha1.Tracing.Zipkin" {
        /// `address`.
        pub address: String = "address",
    }
}

message! {
    /// Istio's `Tracing.Lightstep`.
    pub struct Lightstep: "istio.mesh.v1alpha1.Tracing.Lightstep" {
        /// `address`.
        pub address: String = "address",
        /// `accessToken`.
        pub access_token: String = "accessToken",
    }
}

message! {
    /// Istio's `Tracing.Datadog`.
    pub struct Datadog: "istio.mesh.v1alpha1.Tracing.Datadog" {
        /// `address`.
        pub address: String = "address",
    }
}

message! {
    /// Istio's `Tracing.Stackdriver`.
    pub struct Stackdriver: "istio.mesh.v1alpha1.Tracing.Stackdriver" {
        /// `debug`.
        pub debug: bool = "debug",
        /// `maxNumberOfAttributes`.
        pub max_number_of_attributes: Option<i64> = "maxNumberOfAttributes",
        /// `maxNumberOfAnnotations`.
        pub max_number_of_annotations: Option<i64> = "maxNumberOfAnnotations",
        /// `maxNumberOfMessageEvents`.
        pub max_number_of_message_events: Option<i64> = "maxNumberOfMessageEvents",
    }
}

message! {
    /// Istio's `Tracing.OpenCensusAgent`.
    pub struct OpenCensusAgent: "istio.mesh.v1alpha1.Tracing.OpenCensusAgent" {
        /// `address`.
        pub address: String = "address",
        /// `context`.
        pub context: Vec<TraceContext> = "context",
    }
}

enumeration! {
    /// Istio's `Tracing.OpenCensusAgent.TraceContext`.
    pub enum TraceContext: "istio.mesh.v1alpha1.Tracing.OpenCensusAgent.TraceContext" {
        /// `UNSPECIFIED`.
        Unspecified = 0 "UNSPECIFIED",
        /// `W3C_TRACE_CONTEXT`.
        W3cTraceContext = 1 "W3C_TRACE_CONTEXT",
        /// `GRPC_BIN`.
        GrpcBin = 2 "GRPC_BIN",
        /// `CLOUD_TRACE_CONTEXT`.
        CloudTraceContext = 3 "CLOUD_TRACE_CONTEXT",
        /// `B3`.
        B3 = 4 "B3",
    }
}

message! {
    /// Istio's `Tracing.CustomTag`.
    pub struct CustomTag: "istio.mesh.v1alpha1.Tracing.CustomTag" {
        /// `type`.
        pub type_: Option<CustomTagType> = oneof,
    }
}

oneof! {
    /// The members of `Tracing.CustomTag.type`.
    pub enum CustomTagType {
        /// `literal`.
        Literal(Literal) = "literal",
        /// `environment`.
        Environment(Environment) = "environment",
        /// `header`.
        Header(RequestHeader) = "header",
    }
}

message! {
    /// Istio's `Tracing.Literal`.
    pub struct Literal: "istio.mesh.v1alpha1.Tracing.Literal" {
        /// `value`.
        pub value: String = "value",
    }
}

message! {
    /// Istio's `Tracing.Environment`.
    pub struct Environment: "istio.mesh.v1alpha1.Tracing.Environment" {
        /// `name`.
        pub name: String = "name",
        /// `defaultValue`.
        pub default_value: String = "defaultValue",
    }
}

message! {
    /// Istio's `Tracing.RequestHeader`.
    pub struct RequestHeader: "istio.mesh.v1alpha1.Tracing.RequestHeader" {
        /// `name`.
        pub name: String = "name",
        /// `defaultValue`.
        pub default_value: String = "defaultValue",
    }
}
