//! networking/sidecar.

use super::ConnectionPoolSettings;
use super::Destination;
use super::ServerTlsSettings;
use crate::proto::enumeration;
use crate::proto::message;
use indexmap::IndexMap;

message! {
    /// Istio's `Sidecar`.
    pub struct Sidecar: "istio.networking.v1alpha3.Sidecar" {
        /// `workloadSelector`.
        pub workload_selector: Option<WorkloadSelector> = "workloadSelector",
        /// `ingress`.
        pub ingress: Vec<IstioIngressListener> = "ingress",
        /// `egress`.
        pub egress: Vec<IstioEgressListener> = "egress",
        /// `inboundConnectionPool`.
        pub inbound_connection_pool: Option<ConnectionPoolSettings> = "inboundConnectionPool",
        /// `outboundTrafficPolicy`.
        pub outbound_traffic_policy: Option<OutboundTrafficPolicy> = "outboundTrafficPolicy",
    }
}

message! {
    /// Istio's `IstioIngressListener`.
    pub struct IstioIngressListener: "istio.networking.v1alpha3.IstioIngressListener" {
        /// `port`.
        pub port: Option<SidecarPort> = "port",
        /// `bind`.
        pub bind: String = "bind",
        /// `captureMode`.
        pub capture_mode: CaptureMode = "captureMode",
        /// `defaultEndpoint`.
        pub default_endpoint: String = "defaultEndpoint",
        /// `tls`.
        pub tls: Option<ServerTlsSettings> = "tls",
        /// `connectionPool`.
        pub connection_pool: Option<ConnectionPoolSettings> = "connectionPool",
    }
}

message! {
    /// Istio's `IstioEgressListener`.
    pub struct IstioEgressListener: "istio.networking.v1alpha3.IstioEgressListener" {
        /// `port`.
        pub port: Option<SidecarPort> = "port",
        /// `bind`.
        pub bind: String = "bind",
        /// `captureMode`.
        pub capture_mode: CaptureMode = "captureMode",
        /// `hosts`.
        pub hosts: Vec<String> = "hosts",
    }
}

message! {
    /// Istio's `WorkloadSelector`.
    pub struct WorkloadSelector: "istio.networking.v1alpha3.WorkloadSelector" {
        /// `labels`.
        pub labels: IndexMap<String, String> = "labels",
    }
}

message! {
    /// Istio's `OutboundTrafficPolicy`.
    pub struct OutboundTrafficPolicy: "istio.networking.v1alpha3.OutboundTrafficPolicy" {
        /// `mode`.
        pub mode: OutboundTrafficPolicyMode = "mode",
        /// `egressProxy`.
        pub egress_proxy: Option<Destination> = "egressProxy",
    }
}

enumeration! {
    /// Istio's `OutboundTrafficPolicy.Mode`.
    pub enum OutboundTrafficPolicyMode: "istio.networking.v1alpha3.OutboundTrafficPolicy.Mode" {
        /// `REGISTRY_ONLY`.
        RegistryOnly = 0 "REGISTRY_ONLY",
        /// `ALLOW_ANY`.
        AllowAny = 1 "ALLOW_ANY",
    }
}

enumeration! {
    /// Istio's `CaptureMode`.
    pub enum CaptureMode: "istio.networking.v1alpha3.CaptureMode" {
        /// `DEFAULT`.
        Default = 0 "DEFAULT",
        /// `IPTABLES`.
        Iptables = 1 "IPTABLES",
        /// `NONE`.
        None = 2 "NONE",
    }
}

message! {
    /// Istio's `SidecarPort`.
    pub struct SidecarPort: "istio.networking.v1alpha3.SidecarPort" {
        /// `number`.
        pub number: u32 = "number",
        /// `protocol`.
        pub protocol: String = "protocol",
        /// `name`.
        pub name: String = "name",
        /// `targetPort`.
        pub target_port: u32 = "targetPort",
    }
}
