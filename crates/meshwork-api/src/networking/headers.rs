//! networking/headers.

use super::StringMatch;
use crate::Duration;
use crate::proto::enumeration;
use crate::proto::message;
use indexmap::IndexMap;

message! {
    /// Istio's `Headers`.
    pub struct Headers: "istio.networking.v1alpha3.Headers" {
        /// `request`.
        pub request: Option<HeaderOperations> = "request",
        /// `response`.
        pub response: Option<HeaderOperations> = "response",
    }
}

message! {
    /// Istio's `Headers.HeaderOperations`.
    pub struct HeaderOperations: "istio.networking.v1alpha3.Headers.HeaderOperations" {
        /// `set`.
        pub set: IndexMap<String, String> = "set",
        /// `add`.
        pub add: IndexMap<String, String> = "add",
        /// `remove`.
        pub remove: Vec<String> = "remove",
    }
}

message! {
    /// Istio's `CorsPolicy`.
    pub struct CorsPolicy: "istio.networking.v1alpha3.CorsPolicy" {
        /// `allowOrigin`.
        pub allow_origin: Vec<String> = "allowOrigin",
        /// `allowOrigins`.
        pub allow_origins: Vec<StringMatch> = "allowOrigins",
        /// `allowMethods`.
        pub allow_methods: Vec<String> = "allowMethods",
        /// `allowHeaders`.
        pub allow_headers: Vec<String> = "allowHeaders",
        /// `exposeHeaders`.
        pub expose_headers: Vec<String> = "exposeHeaders",
        /// `maxAge`.
        pub max_age: Option<Duration> = "maxAge",
        /// `allowCredentials`.
        pub allow_credentials: Option<bool> = "allowCredentials",
        /// `unmatchedPreflights`.
        pub unmatched_preflights: UnmatchedPreflights = "unmatchedPreflights",
    }
}

enumeration! {
    /// Istio's `CorsPolicy.UnmatchedPreflights`.
    pub enum UnmatchedPreflights: "istio.networking.v1alpha3.CorsPolicy.UnmatchedPreflights" {
        /// `UNSPECIFIED`.
        Unspecified = 0 "UNSPECIFIED",
        /// `FORWARD`.
        Forward = 1 "FORWARD",
        /// `IGNORE`.
        Ignore = 2 "IGNORE",
    }
}
