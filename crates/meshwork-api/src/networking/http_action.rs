//! networking/http_action.

use super::Destination;
use crate::Duration;
use crate::proto::Bytes;
use crate::proto::enumeration;
use crate::proto::message;
use crate::proto::oneof;

message! {
    /// Istio's `HTTPRedirect`.
    pub struct HttpRedirect: "istio.networking.v1alpha3.HTTPRedirect" {
        /// `uri`.
        pub uri: String = "uri",
        /// `authority`.
        pub authority: String = "authority",
        /// `redirect_port`.
        pub redirect_port: Option<RedirectPort> = oneof,
        /// `scheme`.
        pub scheme: String = "scheme",
        /// `redirectCode`.
        pub redirect_code: u32 = "redirectCode",
        /// `prefixRewrite`.
        pub prefix_rewrite: String = "prefixRewrite",
    }
}

oneof! {
    /// The members of `HTTPRedirect.redirect_port`.
    pub enum RedirectPort {
        /// `port`.
        Port(u32) = "port",
        /// `derivePort`.
        DerivePort(RedirectPortSelection) = "derivePort",
    }
}

enumeration! {
    /// Istio's `HTTPRedirect.RedirectPortSelection`.
    pub enum RedirectPortSelection: "istio.networking.v1alpha3.HTTPRedirect.RedirectPortSelection" {
        /// `FROM_PROTOCOL_DEFAULT`.
        FromProtocolDefault = 0 "FROM_PROTOCOL_DEFAULT",
        /// `FROM_REQUEST_PORT`.
        FromRequestPort = 1 "FROM_REQUEST_PORT",
    }
}

message! {
    /// Istio's `HTTPDirectResponse`.
    pub struct HttpDirectResponse: "istio.networking.v1alpha3.HTTPDirectResponse" {
        /// `status`.
        pub status: u32 = "status",
        /// `body`.
        pub body: Option<HttpBody> = "body",
    }
}

message! {
    /// Istio's `HTTPBody`.
    pub struct HttpBody: "istio.networking.v1alpha3.HTTPBody" {
        /// `specifier`.
        pub specifier: Option<HttpBodySpecifier> = oneof,
    }
}

oneof! {
    /// The members of `HTTPBody.specifier`.
    pub enum HttpBodySpecifier {
        /// `string`.
        String(String) = "string",
        /// `bytes`.
        Bytes(Bytes) = "bytes",
    }
}

message! {
    /// Istio's `HTTPRewrite`.
    pub struct HttpRewrite: "istio.networking.v1alpha3.HTTPRewrite" {
        /// `uri`.
        pub uri: String = "uri",
        /// `authority`.
        pub authority: String = "authority",
        /// `uriRegexRewrite`.
        pub uri_regex_rewrite: Option<RegexRewrite> = "uriRegexRewrite",
    }
}

message! {
    /// Istio's `RegexRewrite`.
    pub struct RegexRewrite: "istio.networking.v1alpha3.RegexRewrite" {
        /// `match`.
        pub match_: String = "match",
        /// `rewrite`.
        pub rewrite: String = "rewrite",
    }
}

message! {
    /// Istio's `HTTPRetry`.
    pub struct HttpRetry: "istio.networking.v1alpha3.HTTPRetry" {
        /// `attempts`.
        pub attempts: i32 = "attempts",
        /// `perTryTimeout`.
        pub per_try_timeout: Option<Duration> = "perTryTimeout",
        /// `retryOn`.
        pub retry_on: String = "retryOn",
        /// `retryRemoteLocalities`.
        pub retry_remote_localities: Option<bool> = "retryRemoteLocalities",
        /// `retryIgnorePreviousHosts`.
        pub retry_ignore_previous_hosts: Option<bool> = "retryIgnorePreviousHosts",
        /// `backoff`.
        pub backoff: Option<Duration> = "backoff",
    }
}

message! {
    /// Istio's `HTTPMirrorPolicy`.
    pub struct HttpMirrorPolicy: "istio.networking.v1alpha3.HTTPMirrorPolicy" {
        /// `destination`.
        pub destination: Option<Destination> = "destination",
        /// `percentage`.
        pub percentage: Option<Percent> = "percentage",
    }
}

message! {
    /// Istio's `Percent`.
    pub struct Percent: "istio.networking.v1alpha3.Percent" {
        /// `value`.
        pub value: f64 = "value",
    }
}
