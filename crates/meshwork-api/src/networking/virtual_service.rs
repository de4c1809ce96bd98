//! networking/virtual_service.

use super::CorsPolicy;
use super::Headers;
use super::HttpDirectResponse;
use super::HttpFaultInjection;
use super::HttpMatchRequest;
use super::HttpMirrorPolicy;
use super::HttpRedirect;
use super::HttpRetry;
use super::HttpRewrite;
use super::Percent;
use super::TcpRoute;
use super::TlsRoute;
use crate::Duration;
use crate::proto::message;

message! {
    /// Istio's `VirtualService`.
    pub struct VirtualService: "istio.networking.v1alpha3.VirtualService" {
        /// `hosts`.
        pub hosts: Vec<String> = "hosts",
        /// `gateways`.
        pub gateways: Vec<String> = "gateways",
        /// `http`.
        pub http: Vec<HttpRoute> = "http",
        /// `tls`.
        pub tls: Vec<TlsRoute> = "tls",
        /// `tcp`.
        pub tcp: Vec<TcpRoute> = "tcp",
        /// `exportTo`.
        pub export_to: Vec<String> = "exportTo",
    }
}

message! {
    /// Istio's `HTTPRoute`.
    pub struct HttpRoute: "istio.networking.v1alpha3.HTTPRoute" {
        /// `name`.
        pub name: String = "name",
        /// `match`.
        pub match_: Vec<HttpMatchRequest> = "match",
        /// `route`.
        pub route: Vec<HttpRouteDestination> = "route",
        /// `redirect`.
        pub redirect: Option<HttpRedirect> = "redirect",
        /// `directResponse`.
        pub direct_response: Option<HttpDirectResponse> = "directResponse",
        /// `delegate`.
        pub delegate: Option<Delegate> = "delegate",
        /// `rewrite`.
        pub rewrite: Option<HttpRewrite> = "rewrite",
        /// `timeout`.
        pub timeout: Option<Duration> = "timeout",
        /// `retries`.
        pub retries: Option<HttpRetry> = "retries",
        /// `fault`.
        pub fault: Option<HttpFaultInjection> = "fault",
        /// `mirror`.
        pub mirror: Option<Destination> = "mirror",
        /// `mirrors`.
        pub mirrors: Vec<HttpMirrorPolicy> = "mirrors",
        /// `mirrorPercent`.
        pub mirror_percent: Option<u32> = "mirrorPercent",
        /// `mirrorPercentage`.
        pub mirror_percentage: Option<Percent> = "mirrorPercentage",
        /// `corsPolicy`.
        pub cors_policy: Option<CorsPolicy> = "corsPolicy",
        /// `headers`.
        pub headers: Option<Headers> = "headers",
    }
}

message! {
    /// Istio's `HTTPRouteDestination`.
    pub struct HttpRouteDestination: "istio.networking.v1alpha3.HTTPRouteDestination" {
        /// `destination`.
        pub destination: Option<Destination> = "destination",
        /// `weight`.
        pub weight: i32 = "weight",
        /// `headers`.
        pub headers: Option<Headers> = "headers",
    }
}

message! {
    /// Istio's `Destination`.
    pub struct Destination: "istio.networking.v1alpha3.Destination" {
        /// `host`.
        pub host: String = "host",
        /// `subset`.
        pub subset: String = "subset",
        /// `port`.
        pub port: Option<PortSelector> = "port",
    }
}

message! {
    /// Istio's `PortSelector`.
    pub struct PortSelector: "istio.networking.v1alpha3.PortSelector" {
        /// `number`.
        pub number: u32 = "number",
    }
}

message! {
    /// Istio's `Delegate`.
    pub struct Delegate: "istio.networking.v1alpha3.Delegate" {
        /// `name`.
        pub name: String = "name",
        /// `namespace`.
        pub namespace: String = "namespace",
    }
}
