//! Services.

use crate::Map;
use crate::proto::{Field, Reading, Shape, message};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::fmt;

message! {
    /// A service: a name, virtual addresses and ports in front of workloads (`spec`).
    pub struct Service: "io.k8s.core.v1.ServiceSpec" {
        /// `ClusterIP` (also where it is empty), `NodePort`, `LoadBalancer` or `ExternalName`.
        pub type_: String = "type",
        /// The ports that clients use.
        pub ports: Vec<ServicePort> = "ports",
        /// Labels of the Pods behind it; empty where endpoints are managed by hand.
        pub selector: Map<String, String> = "selector",
        /// The virtual address; `None` (as text) for a headless service.
        pub cluster_ip: String = "clusterIP",
        /// All virtual addresses, the one above first.
        pub cluster_ips: Vec<String> = "clusterIPs",
        /// Further addresses at which nodes accept traffic for the service.
        pub external_ips: Vec<String> = "externalIPs",
        /// The DNS name that stands behind a service of type `ExternalName`.
        pub external_name: String = "externalName",
        /// Whether Pods that are not ready are published too.
        pub publish_not_ready_addresses: bool = "publishNotReadyAddresses",
        /// `None` or `ClientIP`.
        pub session_affinity: String = "sessionAffinity",
        /// `Cluster` or `Local`: which endpoints traffic from inside the cluster takes.
        pub internal_traffic_policy: String = "internalTrafficPolicy",
        /// `Cluster` or `Local`: which endpoints traffic from outside takes.
        pub external_traffic_policy: String = "externalTrafficPolicy",
        /// `PreferClose` and the like.
        pub traffic_distribution: String = "trafficDistribution",
        /// What the cluster says of the service.
        pub status: Option<ServiceStatus> = "status",
    }
}

message! {
    /// A port of a service.
    pub struct ServicePort: "io.k8s.core.v1.ServicePort" {
        /// The name; Istio reads the protocol from its prefix (`http-web`).
        pub name: String = "name",
        /// `TCP` (also where it is empty), `UDP` or `SCTP`.
        pub protocol: String = "protocol",
        /// The protocol above the transport, `http`, `kubernetes.io/h2c`, `grpc`; it comes before
        /// the name. `None` where it is absent.
        pub app_protocol: Option<String> = "appProtocol",
        /// The number that clients use, 1 to 65535.
        pub port: u32 = "port",
        /// The port of the Pods, by number or by name; the port itself where it is absent.
        pub target_port: Option<IntOrString> = "targetPort",
        /// The port on the nodes.
        pub node_port: u32 = "nodePort",
    }
}

message! {
    /// What the cluster says of a service.
    pub struct ServiceStatus: "io.k8s.core.v1.ServiceStatus" {
        /// Where a load balancer answers for it.
        pub load_balancer: Option<LoadBalancerStatus> = "loadBalancer",
    }
}

message! {
    /// Where a load balancer answers.
    pub struct LoadBalancerStatus: "io.k8s.core.v1.LoadBalancerStatus" {
        /// The points of entry.
        pub ingress: Vec<LoadBalancerIngress> = "ingress",
    }
}

message! {
    /// A point of entry of a load balancer.
    pub struct LoadBalancerIngress: "io.k8s.core.v1.LoadBalancerIngress" {
        /// Its address.
        pub ip: String = "ip",
        /// Its DNS name.
        pub hostname: String = "hostname",
    }
}

/// A port by number or by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum IntOrString {
    /// A number.
    Int(i32),
    /// A name.
    String(String),
}

impl Default for IntOrString {
    fn default() -> Self {
        Self::Int(0)
    }
}

impl From<i32> for IntOrString {
    fn from(number: i32) -> Self {
        Self::Int(number)
    }
}

impl From<&str> for IntOrString {
    fn from(name: &str) -> Self {
        Self::String(name.to_owned())
    }
}

impl fmt::Display for IntOrString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => number.fmt(f),
            Self::String(name) => name.fmt(f),
        }
    }
}

impl Field for IntOrString {
    fn read<'v>(value: &'v Value, reading: &mut Reading<'v>) -> Option<Self> {
        match value {
            Value::String(name) => Some(Self::String(name.clone())),
            value => i32::read(value, reading).map(Self::Int),
        }
    }

    fn is_unset(&self) -> bool {
        false
    }

    fn shape() -> Shape {
        Shape::Scalar("IntOrString")
    }
}

impl Serialize for IntOrString {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Int(number) => serializer.serialize_i32(*number),
            Self::String(name) => serializer.serialize_str(name),
        }
    }
}

impl<'de> Deserialize<'de> for IntOrString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::proto::deserialize(deserializer)
    }
}
