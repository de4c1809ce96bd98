//! Sidecars: what a proxy sees and accepts.

use super::{ConnectionPoolSettings, Destination, ServerTlsSettings};
use crate::Map;
use crate::proto::{enumeration, message};

message! {
    /// What the proxies of some workloads see and accept.
    ///
    /// Istio's `Sidecar`.
    pub struct Sidecar: "istio.networking.v1alpha3.Sidecar" {
        /// The workloads of the namespace; absent for all of it (of the mesh in the root
        /// namespace).
        pub workload_selector: Option<WorkloadSelector> = "workloadSelector",
        /// What they accept; empty to derive it from services.
        pub ingress: Vec<IstioIngressListener> = "ingress",
        /// What they see; empty for everything that is exported to them.
        pub egress: Vec<IstioEgressListener> = "egress",
        /// Limits of connections to the application.
        pub inbound_connection_pool: Option<Box<ConnectionPoolSettings>> = "inboundConnectionPool",
        /// What happens to traffic to hosts that are not seen. Default: MeshConfig's.
        pub outbound_traffic_policy: Option<OutboundTrafficPolicy> = "outboundTrafficPolicy",
    }
}

message! {
    /// A port on which a proxy accepts for its application.
    ///
    /// Istio's `IstioIngressListener`.
    pub struct IstioIngressListener: "istio.networking.v1alpha3.IstioIngressListener" {
        /// The port; required.
        pub port: Option<SidecarPort> = "port",
        /// The address to listen on; empty for the workload's.
        pub bind: String = "bind",
        /// How connections come to be here.
        pub capture_mode: CaptureMode = "captureMode",
        /// Where the application listens: `127.0.0.1:port`, `0.0.0.0:port`, `unix://` and a path;
        /// empty for the same port.
        pub default_endpoint: String = "defaultEndpoint",
        /// TLS towards clients outside of the mesh.
        pub tls: Option<Box<ServerTlsSettings>> = "tls",
        /// Limits of connections to the application at this port.
        pub connection_pool: Option<Box<ConnectionPoolSettings>> = "connectionPool",
    }
}

message! {
    /// What a proxy sees, perhaps at one port only.
    ///
    /// Istio's `IstioEgressListener`.
    pub struct IstioEgressListener: "istio.networking.v1alpha3.IstioEgressListener" {
        /// The port; absent for all that the hosts have.
        pub port: Option<SidecarPort> = "port",
        /// The address to listen on.
        pub bind: String = "bind",
        /// How connections come to be here.
        pub capture_mode: CaptureMode = "captureMode",
        /// The hosts that are seen, `namespace/host`; `.` is the own namespace, `~` none, `*` any.
        pub hosts: Vec<String> = "hosts",
    }
}

message! {
    /// Workloads by their labels.
    ///
    /// Istio's `WorkloadSelector` of the networking API.
    pub struct WorkloadSelector: "istio.networking.v1alpha3.WorkloadSelector" {
        /// Labels that they have.
        pub labels: Map<String, String> = "labels",
    }
}

message! {
    /// What happens to traffic to unknown hosts.
    ///
    /// Istio's `OutboundTrafficPolicy`.
    pub struct OutboundTrafficPolicy: "istio.networking.v1alpha3.OutboundTrafficPolicy" {
        /// Whether it is let through.
        pub mode: OutboundTrafficPolicyMode = "mode",
        /// A destination that takes it in the place of the one asked for.
        pub egress_proxy: Option<Destination> = "egressProxy",
    }
}

enumeration! {
    /// Whether traffic to unknown hosts is let through.
    ///
    /// Istio's `OutboundTrafficPolicy.Mode`.
    pub enum OutboundTrafficPolicyMode: "istio.networking.v1alpha3.OutboundTrafficPolicy.Mode" {
        /// No.
        RegistryOnly = 0 "REGISTRY_ONLY",
        /// Yes, to where it was going.
        AllowAny = 1 "ALLOW_ANY",
    }
}

enumeration! {
    /// How connections come to be at a listener.
    ///
    /// Istio's `CaptureMode`.
    pub enum CaptureMode: "istio.networking.v1alpha3.CaptureMode" {
        /// As the proxy is set up.
        Default = 0 "DEFAULT",
        /// Redirected by the system.
        Iptables = 1 "IPTABLES",
        /// Made to the listener itself.
        None = 2 "NONE",
    }
}

message! {
    /// A port of a listener.
    ///
    /// Istio's `SidecarPort`.
    pub struct SidecarPort: "istio.networking.v1alpha3.SidecarPort" {
        /// The number; 0 for a Unix socket.
        pub number: u32 = "number",
        /// `HTTP`, `HTTPS`, `GRPC`, `HTTP2`, `MONGO`, `TCP`, `TLS`; empty to find out by looking.
        pub protocol: String = "protocol",
        /// A name.
        pub name: String = "name",
        /// Deprecated and without effect.
        pub target_port: u32 = "targetPort",
    }
}
