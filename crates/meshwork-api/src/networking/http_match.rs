//! networking/http_match.

use crate::proto::message;
use crate::proto::oneof;
use indexmap::IndexMap;

message! {
    /// Istio's `HTTPMatchRequest`.
    pub struct HttpMatchRequest: "istio.networking.v1alpha3.HTTPMatchRequest" {
        /// `name`.
        pub name: String = "name",
        /// `uri`.
        pub uri: Option<StringMatch> = "uri",
        /// `scheme`.
        pub scheme: Option<StringMatch> = "scheme",
        /// `method`.
        pub method: Option<StringMatch> = "method",
        /// `authority`.
        pub authority: Option<StringMatch> = "authority",
        /// `headers`.
        pub headers: IndexMap<String, StringMatch> = "headers",
        /// `port`.
        pub port: u32 = "port",
        /// `sourceLabels`.
        pub source_labels: IndexMap<String, String> = "sourceLabels",
        /// `gateways`.
        pub gateways: Vec<String> = "gateways",
        /// `queryParams`.
        pub query_params: IndexMap<String, StringMatch> = "queryParams",
        /// `ignoreUriCase`.
        pub ignore_uri_case: bool = "ignoreUriCase",
        /// `withoutHeaders`.
        pub without_headers: IndexMap<String, StringMatch> = "withoutHeaders",
        /// `sourceNamespace`.
        pub source_namespace: String = "sourceNamespace",
        /// `statPrefix`.
        pub stat_prefix: String = "statPrefix",
    }
}

message! {
    /// Istio's `StringMatch`.
    pub struct StringMatch: "istio.networking.v1alpha3.StringMatch" {
        /// `match_type`.
        pub match_type: Option<StringMatchType> = oneof,
    }
}

oneof! {
    /// The members of `StringMatch.match_type`.
    pub enum StringMatchType {
        /// `exact`.
        Exact(String) = "exact",
        /// `prefix`.
        Prefix(String) = "prefix",
        /// `regex`.
        Regex(String) = "regex",
    }
}
