//! What an HTTP route does with a request.

use super::Destination;
use crate::Duration;
use crate::proto::{Bytes, enumeration, message, oneof};

message! {
    /// Answers with a redirect.
    ///
    /// Istio's `HTTPRedirect`.
    pub struct HttpRedirect: "istio.networking.v1alpha3.HTTPRedirect" {
        /// The new path, with a query if it has one; empty keeps the old one.
        pub uri: String = "uri",
        /// The new authority; empty keeps the old one.
        pub authority: String = "authority",
        /// The port in the location; at most one of these.
        pub redirect_port: Option<RedirectPort> = oneof,
        /// The new scheme; empty keeps the old one.
        pub scheme: String = "scheme",
        /// The status: 301 (also where it is 0), 302, 303, 307 or 308.
        pub redirect_code: u32 = "redirectCode",
        /// Replaces the matched prefix of the path. Excludes `uri`.
        pub prefix_rewrite: String = "prefixRewrite",
    }
}

oneof! {
    /// The port of a redirect's location.
    pub enum RedirectPort {
        /// This port.
        Port(u32) = "port",
        /// Derived from the request.
        DerivePort(RedirectPortSelection) = "derivePort",
    }
}

enumeration! {
    /// How a redirect finds its port.
    ///
    /// Istio's `HTTPRedirect.RedirectPortSelection`.
    pub enum RedirectPortSelection: "istio.networking.v1alpha3.HTTPRedirect.RedirectPortSelection" {
        /// None is written: 80 for HTTP and 443 for HTTPS.
        FromProtocolDefault = 0 "FROM_PROTOCOL_DEFAULT",
        /// The port of the request.
        FromRequestPort = 1 "FROM_REQUEST_PORT",
    }
}

message! {
    /// Answers without a destination.
    ///
    /// Istio's `HTTPDirectResponse`.
    pub struct HttpDirectResponse: "istio.networking.v1alpha3.HTTPDirectResponse" {
        /// The status, 200 to 599.
        pub status: u32 = "status",
        /// The body; none where it is absent.
        pub body: Option<HttpBody> = "body",
    }
}

message! {
    /// The body of a direct response, up to 1 MiB.
    ///
    /// Istio's `HTTPBody`.
    pub struct HttpBody: "istio.networking.v1alpha3.HTTPBody" {
        /// What it is; at most one.
        pub specifier: Option<HttpBodySpecifier> = oneof,
    }
}

oneof! {
    /// How a body is written.
    pub enum HttpBodySpecifier {
        /// Text.
        String(String) = "string",
        /// Bytes.
        Bytes(Bytes) = "bytes",
    }
}

message! {
    /// Changes of a request before it is forwarded.
    ///
    /// Istio's `HTTPRewrite`.
    pub struct HttpRewrite: "istio.networking.v1alpha3.HTTPRewrite" {
        /// Replaces the path, or its matched prefix.
        pub uri: String = "uri",
        /// Replaces the authority.
        pub authority: String = "authority",
        /// Replaces what an expression finds in the path. Excludes `uri`.
        pub uri_regex_rewrite: Option<RegexRewrite> = "uriRegexRewrite",
    }
}

message! {
    /// A replacement by expression.
    ///
    /// Istio's `RegexRewrite`.
    pub struct RegexRewrite: "istio.networking.v1alpha3.RegexRewrite" {
        /// The RE2 expression; all that it finds is replaced.
        pub match_: String = "match",
        /// What to put there; `\1` is the first group, up to `\9`.
        pub rewrite: String = "rewrite",
    }
}

message! {
    /// When a failed request is tried again.
    ///
    /// Istio's `HTTPRetry`.
    pub struct HttpRetry: "istio.networking.v1alpha3.HTTPRetry" {
        /// How many further attempts there are at most; 0 forbids them.
        pub attempts: i32 = "attempts",
        /// How long one attempt may take. Default: the route's timeout.
        pub per_try_timeout: Option<Duration> = "perTryTimeout",
        /// Conditions, comma-separated, Envoy's names or statuses. Default:
        /// `connect-failure,refused-stream,unavailable,cancelled,503`.
        pub retry_on: String = "retryOn",
        /// Whether retries go to other localities too. Default: MeshConfig decides.
        pub retry_remote_localities: Option<bool> = "retryRemoteLocalities",
        /// Whether a retry prefers an endpoint that was not yet tried. Default: true.
        pub retry_ignore_previous_hosts: Option<bool> = "retryIgnorePreviousHosts",
        /// How long to wait at least between attempts. Default: 25ms, growing.
        pub backoff: Option<Duration> = "backoff",
    }
}

message! {
    /// A destination that gets copies of requests.
    ///
    /// Istio's `HTTPMirrorPolicy`.
    pub struct HttpMirrorPolicy: "istio.networking.v1alpha3.HTTPMirrorPolicy" {
        /// Where the copies go; required.
        pub destination: Option<Destination> = "destination",
        /// Their share. Default: all.
        pub percentage: Option<Percent> = "percentage",
    }
}

message! {
    /// A share.
    ///
    /// Istio's `Percent`.
    pub struct Percent: "istio.networking.v1alpha3.Percent" {
        /// In percent, 0 to 100.
        pub value: f64 = "value",
    }
}
