//! What an HTTP route matches.

use crate::Map;
use crate::proto::{message, oneof};

message! {
    /// Conditions on an HTTP request, all of which have to hold.
    ///
    /// Istio's `HTTPMatchRequest`.
    pub struct HttpMatchRequest: "istio.networking.v1alpha3.HTTPMatchRequest" {
        /// A name; it is added to that of the route.
        pub name: String = "name",
        /// On the path (the query is not part of it for `exact`, `prefix` and `regex`).
        pub uri: Option<StringMatch> = "uri",
        /// On the scheme, `http` or `https`.
        pub scheme: Option<StringMatch> = "scheme",
        /// On the method.
        pub method: Option<StringMatch> = "method",
        /// On the authority (the `Host` header).
        pub authority: Option<StringMatch> = "authority",
        /// On headers, by lower-case name; a condition without a kind asks only whether the header
        /// is there.
        pub headers: Map<String, StringMatch> = "headers",
        /// The port on which the request was accepted; 0 for any.
        pub port: u32 = "port",
        /// Labels that the client's workload must have; decided when routes are compiled for a
        /// proxy.
        pub source_labels: Map<String, String> = "sourceLabels",
        /// The gateways that apply the match, in the place of the VirtualService's own list.
        pub gateways: Vec<String> = "gateways",
        /// On parameters of the query, by name.
        pub query_params: Map<String, StringMatch> = "queryParams",
        /// Whether `uri` ignores case (`exact` and `prefix` only).
        pub ignore_uri_case: bool = "ignoreUriCase",
        /// Conditions on headers that must not hold.
        pub without_headers: Map<String, StringMatch> = "withoutHeaders",
        /// The namespace that the client's workload must be in; empty for any.
        pub source_namespace: String = "sourceNamespace",
        /// A prefix for metrics about what is matched.
        pub stat_prefix: String = "statPrefix",
    }
}

message! {
    /// A condition on a text. Without a kind it says that the text is present.
    ///
    /// Istio's `StringMatch`.
    pub struct StringMatch: "istio.networking.v1alpha3.StringMatch" {
        /// The kind and what to compare with; at most one.
        pub match_type: Option<StringMatchType> = oneof,
    }
}

oneof! {
    /// The kinds of conditions on a text.
    pub enum StringMatchType {
        /// The text is this one.
        Exact(String) = "exact",
        /// The text begins with this.
        Prefix(String) = "prefix",
        /// The whole text matches this RE2 expression.
        Regex(String) = "regex",
    }
}
