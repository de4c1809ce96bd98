//! Traces as ProxyConfig sets them up.

use crate::Map;
use crate::networking::ClientTlsSettings;
use crate::proto::{enumeration, message, oneof};

message! {
    /// Traces as ProxyConfig sets them up.
    ///
    /// Istio's `Tracing` of the mesh API.
    pub struct Tracing: "istio.mesh.v1alpha1.Tracing" {
        /// Who gets the spans; at most one.
        pub tracer: Option<Tracer> = oneof,
        /// Tags of each span, by name.
        pub custom_tags: Map<String, CustomTag> = "customTags",
        /// How long the path in a tag may be. Default: 256.
        pub max_path_tag_length: u32 = "maxPathTagLength",
        /// Which share of requests is traced, in percent. Default: 1.
        pub sampling: f64 = "sampling",
        /// TLS to the tracer.
        pub tls_settings: Option<ClientTlsSettings> = "tlsSettings",
        /// Whether spans have Istio's own tags. Default: true.
        pub enable_istio_tags: Option<bool> = "enableIstioTags",
    }
}

oneof! {
    /// Who gets the spans.
    pub enum Tracer {
        /// A Zipkin tracer.
        Zipkin(Zipkin) = "zipkin",
        /// A Lightstep tracer.
        Lightstep(Lightstep) = "lightstep",
        /// A Datadog tracer.
        Datadog(Datadog) = "datadog",
        /// Google Cloud's tracer.
        Stackdriver(Stackdriver) = "stackdriver",
        /// An OpenCensus tracer.
        OpenCensusAgent(OpenCensusAgent) = "openCensusAgent",
    }
}

message! {
    /// A Zipkin tracer.
    ///
    /// Istio's `Tracing.Zipkin`.
    pub struct Zipkin: "istio.mesh.v1alpha1.Tracing.Zipkin" {
        /// Its address.
        pub address: String = "address",
    }
}

message! {
    /// A Lightstep tracer.
    ///
    /// Istio's `Tracing.Lightstep`.
    pub struct Lightstep: "istio.mesh.v1alpha1.Tracing.Lightstep" {
        /// Its address.
        pub address: String = "address",
        /// Its access token.
        pub access_token: String = "accessToken",
    }
}

message! {
    /// A Datadog tracer.
    ///
    /// Istio's `Tracing.Datadog`.
    pub struct Datadog: "istio.mesh.v1alpha1.Tracing.Datadog" {
        /// Its address.
        pub address: String = "address",
    }
}

message! {
    /// Google Cloud's tracer.
    ///
    /// Istio's `Tracing.Stackdriver`.
    pub struct Stackdriver: "istio.mesh.v1alpha1.Tracing.Stackdriver" {
        /// Whether spans are printed.
        pub debug: bool = "debug",
        /// How many attributes a span has at most. Default: 200.
        pub max_number_of_attributes: Option<i64> = "maxNumberOfAttributes",
        /// How many annotations a span has at most. Default: 200.
        pub max_number_of_annotations: Option<i64> = "maxNumberOfAnnotations",
        /// How many message events a span has at most. Default: 200.
        pub max_number_of_message_events: Option<i64> = "maxNumberOfMessageEvents",
    }
}

message! {
    /// An OpenCensus tracer.
    ///
    /// Istio's `Tracing.OpenCensusAgent`.
    pub struct OpenCensusAgent: "istio.mesh.v1alpha1.Tracing.OpenCensusAgent" {
        /// Its address.
        pub address: String = "address",
        /// Which headers carry the context.
        pub context: Vec<TraceContext> = "context",
    }
}

enumeration! {
    /// Headers that carry the context of a trace.
    ///
    /// Istio's `Tracing.OpenCensusAgent.TraceContext`.
    pub enum TraceContext: "istio.mesh.v1alpha1.Tracing.OpenCensusAgent.TraceContext" {
        /// None.
        Unspecified = 0 "UNSPECIFIED",
        /// W3C's `traceparent`.
        W3cTraceContext = 1 "W3C_TRACE_CONTEXT",
        /// gRPC's `grpc-trace-bin`.
        GrpcBin = 2 "GRPC_BIN",
        /// Google Cloud's.
        CloudTraceContext = 3 "CLOUD_TRACE_CONTEXT",
        /// B3.
        B3 = 4 "B3",
    }
}

message! {
    /// The value of a tag.
    ///
    /// Istio's `Tracing.CustomTag` of the mesh API.
    pub struct CustomTag: "istio.mesh.v1alpha1.Tracing.CustomTag" {
        /// Where it comes from; at most one.
        pub type_: Option<CustomTagType> = oneof,
    }
}

oneof! {
    /// Where the value of a tag comes from.
    pub enum CustomTagType {
        /// Always the same.
        Literal(Literal) = "literal",
        /// A variable of the proxy's environment.
        Environment(Environment) = "environment",
        /// A header of the request.
        Header(RequestHeader) = "header",
    }
}

message! {
    /// A fixed value.
    ///
    /// Istio's `Tracing.Literal` of the mesh API.
    pub struct Literal: "istio.mesh.v1alpha1.Tracing.Literal" {
        /// The value.
        pub value: String = "value",
    }
}

message! {
    /// A variable of the environment.
    ///
    /// Istio's `Tracing.Environment` of the mesh API.
    pub struct Environment: "istio.mesh.v1alpha1.Tracing.Environment" {
        /// The variable.
        pub name: String = "name",
        /// What is taken where it is not set.
        pub default_value: String = "defaultValue",
    }
}

message! {
    /// A header of the request.
    ///
    /// Istio's `Tracing.RequestHeader` of the mesh API.
    pub struct RequestHeader: "istio.mesh.v1alpha1.Tracing.RequestHeader" {
        /// The header.
        pub name: String = "name",
        /// What is taken where it is missing.
        pub default_value: String = "defaultValue",
    }
}
