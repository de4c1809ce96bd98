//! Traffic: where requests and connections go, and how (`networking.istio.io`).

mod client_tls;
mod connection_pool;
mod destination_rule;
mod fault;
mod gateway;
mod headers;
mod http_action;
mod http_match;
mod l4_route;
mod load_balancer;
mod locality;
mod outlier_detection;
mod proxy_config;
mod server_tls;
mod service_entry;
mod sidecar;
mod virtual_service;
mod workload_group;

pub use client_tls::{ClientTlsMode, ClientTlsSettings};
pub use connection_pool::{
    ConnectionKeepalive, ConnectionPoolSettings, H2UpgradePolicy, HttpSettings, TcpKeepalive,
    TcpSettings,
};
pub use destination_rule::{
    DestinationRule, PortTrafficPolicy, ProxyProtocol, ProxyProtocolVersion, RetryBudget, Subset,
    TrafficPolicy, TunnelSettings,
};
pub use fault::{AbortError, FaultAbort, FaultDelay, HttpDelayType, HttpFaultInjection};
pub use gateway::{Gateway, Port, Server};
pub use headers::{CorsPolicy, HeaderOperations, Headers, UnmatchedPreflights};
pub use http_action::{
    HttpBody, HttpBodySpecifier, HttpDirectResponse, HttpMirrorPolicy, HttpRedirect, HttpRetry,
    HttpRewrite, Percent, RedirectPort, RedirectPortSelection, RegexRewrite,
};
pub use http_match::{HttpMatchRequest, StringMatch, StringMatchType};
pub use l4_route::{L4MatchAttributes, RouteDestination, TcpRoute, TlsMatchAttributes, TlsRoute};
pub use load_balancer::{
    BackendUtilizationLb, ConsistentHashLb, HashAlgorithm, HashKey, HttpCookie,
    HttpCookieAttribute, LbPolicy, LoadBalancerSettings, MagLev, RingHash, SimpleLb,
    WarmupConfiguration,
};
pub use locality::{
    Distribute, Failover, LocalityLoadBalancerSetting, ZoneAwareFailover,
    ZoneAwareLoadBalancerSetting,
};
pub use outlier_detection::OutlierDetection;
pub use proxy_config::{ProxyConfig, ProxyImage};
pub use server_tls::{ServerTlsMode, ServerTlsSettings, TlsCertificate, TlsProtocol};
pub use service_entry::{Location, Resolution, ServiceEntry, ServicePort, WorkloadEntry};
pub use sidecar::{
    CaptureMode, IstioEgressListener, IstioIngressListener, OutboundTrafficPolicy,
    OutboundTrafficPolicyMode, Sidecar, SidecarPort, WorkloadSelector,
};
pub use virtual_service::{
    Delegate, Destination, HttpRoute, HttpRouteDestination, PortSelector, VirtualService,
};
pub use workload_group::{
    ExecHealthCheckConfig, GrpcHealthCheckConfig, HealthCheckMethod, HttpHeader,
    HttpHealthCheckConfig, ReadinessProbe, TcpHealthCheckConfig, WorkloadGroup, WorkloadGroupMeta,
};
