//! VirtualServices and their HTTP routes.

use super::{
    CorsPolicy, Headers, HttpDirectResponse, HttpFaultInjection, HttpMatchRequest,
    HttpMirrorPolicy, HttpRedirect, HttpRetry, HttpRewrite, Percent, TcpRoute, TlsRoute,
};
use crate::Duration;
use crate::proto::message;

message! {
    /// Which destination the requests and connections to some hosts take.
    ///
    /// Istio's `VirtualService`.
    pub struct VirtualService: "istio.networking.v1alpha3.VirtualService" {
        /// The hosts it is for: names, `*.example.com`, or addresses. Short names are of the
        /// resource's namespace. Empty in a delegate, which another VirtualService refers to.
        pub hosts: Vec<String> = "hosts",
        /// The gateways (`namespace/name`, or a name of the own namespace) that apply it; `mesh`
        /// stands for all sidecars and is what an empty list means.
        pub gateways: Vec<String> = "gateways",
        /// Routes of HTTP requests; the first that matches decides.
        pub http: Vec<HttpRoute> = "http",
        /// Routes of TLS connections that are passed through, by SNI; the first that matches
        /// decides.
        pub tls: Vec<TlsRoute> = "tls",
        /// Routes of other connections; the first that matches decides.
        pub tcp: Vec<TcpRoute> = "tcp",
        /// The namespaces that see it: `.` the own one, `*` all (the default, MeshConfig can change
        /// it), or one name.
        pub export_to: Vec<String> = "exportTo",
    }
}

message! {
    /// One rule for HTTP requests: what it matches, and what happens to a request.
    ///
    /// Istio's `HTTPRoute`.
    pub struct HttpRoute: "istio.networking.v1alpha3.HTTPRoute" {
        /// A name, for logs and metrics.
        pub name: String = "name",
        /// Alternatives, of which one has to match; an empty list matches every request.
        pub match_: Vec<HttpMatchRequest> = "match",
        /// The destinations, among which requests are divided by weight. Excludes `redirect`,
        /// `directResponse` and `delegate`.
        pub route: Vec<HttpRouteDestination> = "route",
        /// Answers with a redirect.
        pub redirect: Option<Box<HttpRedirect>> = "redirect",
        /// Answers with a fixed status and body.
        pub direct_response: Option<HttpDirectResponse> = "directResponse",
        /// The VirtualService that holds the routes for what is matched here.
        pub delegate: Option<Delegate> = "delegate",
        /// Changes of path and authority before a request is forwarded.
        pub rewrite: Option<Box<HttpRewrite>> = "rewrite",
        /// How long a request may take, retries included. Default: no limit.
        pub timeout: Option<Duration> = "timeout",
        /// When and how often a failed request is tried again. Default: MeshConfig's
        /// `defaultHttpRetryPolicy`, 2 further attempts.
        pub retries: Option<HttpRetry> = "retries",
        /// Faults that are injected on purpose.
        pub fault: Option<Box<HttpFaultInjection>> = "fault",
        /// A destination that gets a copy of each request, without effect on the answer.
        pub mirror: Option<Destination> = "mirror",
        /// Several such destinations, each with its share. Excludes `mirror`.
        pub mirrors: Vec<HttpMirrorPolicy> = "mirrors",
        /// Deprecated share of `mirror` in percent; `mirrorPercentage` comes first.
        pub mirror_percent: Option<u32> = "mirrorPercent",
        /// Which share of the requests `mirror` gets. Default: all.
        pub mirror_percentage: Option<Percent> = "mirrorPercentage",
        /// How browsers' cross-origin requests are answered.
        pub cors_policy: Option<Box<CorsPolicy>> = "corsPolicy",
        /// Changes of request and response headers.
        pub headers: Option<Box<Headers>> = "headers",
    }
}

message! {
    /// A destination and its share of the requests.
    ///
    /// Istio's `HTTPRouteDestination`.
    pub struct HttpRouteDestination: "istio.networking.v1alpha3.HTTPRouteDestination" {
        /// Where the requests go; required.
        pub destination: Option<Destination> = "destination",
        /// The share, in proportion to the sum of all weights; with a single destination 0 counts
        /// as all.
        pub weight: i32 = "weight",
        /// Header changes for what goes here, after those of the route.
        pub headers: Option<Box<Headers>> = "headers",
    }
}

message! {
    /// A service, perhaps a subset of its endpoints.
    ///
    /// Istio's `Destination`.
    pub struct Destination: "istio.networking.v1alpha3.Destination" {
        /// The name of the service; short names are of the resource's namespace.
        pub host: String = "host",
        /// A subset that a DestinationRule of the host defines; empty for all endpoints.
        pub subset: String = "subset",
        /// The port of the service; needed where the service has several.
        pub port: Option<PortSelector> = "port",
    }
}

message! {
    /// A port of a service.
    ///
    /// Istio's `PortSelector`.
    pub struct PortSelector: "istio.networking.v1alpha3.PortSelector" {
        /// The port, 1 to 65535.
        pub number: u32 = "number",
    }
}

message! {
    /// Names the VirtualService that decides in the place of this one.
    ///
    /// Istio's `Delegate`.
    pub struct Delegate: "istio.networking.v1alpha3.Delegate" {
        /// Its name.
        pub name: String = "name",
        /// Its namespace; empty for the own one.
        pub namespace: String = "namespace",
    }
}
