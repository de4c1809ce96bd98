//! Header operations and CORS.

use super::StringMatch;
use crate::Duration;
use crate::Map;
use crate::proto::{enumeration, message};

message! {
    /// Changes of headers.
    ///
    /// Istio's `Headers`.
    pub struct Headers: "istio.networking.v1alpha3.Headers" {
        /// Of the request, before it is forwarded.
        pub request: Option<HeaderOperations> = "request",
        /// Of the response, before it is returned.
        pub response: Option<HeaderOperations> = "response",
    }
}

message! {
    /// What to do with headers; removal comes first.
    ///
    /// Istio's `Headers.HeaderOperations`.
    pub struct HeaderOperations: "istio.networking.v1alpha3.Headers.HeaderOperations" {
        /// Headers that get this value in the place of any other.
        pub set: Map<String, String> = "set",
        /// Headers to which this value is added.
        pub add: Map<String, String> = "add",
        /// Headers that are removed.
        pub remove: Vec<String> = "remove",
    }
}

message! {
    /// How cross-origin requests are answered.
    ///
    /// Istio's `CorsPolicy`.
    pub struct CorsPolicy: "istio.networking.v1alpha3.CorsPolicy" {
        /// Deprecated: origins that are allowed, exactly or `*`.
        pub allow_origin: Vec<String> = "allowOrigin",
        /// Origins that are allowed; one condition has to match.
        pub allow_origins: Vec<StringMatch> = "allowOrigins",
        /// Methods for `Access-Control-Allow-Methods`.
        pub allow_methods: Vec<String> = "allowMethods",
        /// Headers for `Access-Control-Allow-Headers`.
        pub allow_headers: Vec<String> = "allowHeaders",
        /// Headers for `Access-Control-Expose-Headers`.
        pub expose_headers: Vec<String> = "exposeHeaders",
        /// How long a browser may keep the answer to a preflight.
        pub max_age: Option<Duration> = "maxAge",
        /// Whether requests may carry credentials. Default: not said.
        pub allow_credentials: Option<bool> = "allowCredentials",
        /// What happens to preflights from other origins.
        pub unmatched_preflights: UnmatchedPreflights = "unmatchedPreflights",
    }
}

enumeration! {
    /// What happens to a preflight whose origin is not allowed.
    ///
    /// Istio's `CorsPolicy.UnmatchedPreflights`.
    pub enum UnmatchedPreflights: "istio.networking.v1alpha3.CorsPolicy.UnmatchedPreflights" {
        /// As `FORWARD`.
        Unspecified = 0 "UNSPECIFIED",
        /// It is forwarded.
        Forward = 1 "FORWARD",
        /// It is answered without CORS headers.
        Ignore = 2 "IGNORE",
    }
}
