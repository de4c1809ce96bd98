//! networking/l4_route.

use super::Destination;
use crate::proto::message;
use indexmap::IndexMap;

message! {
    /// Istio's `TLSRoute`.
    pub struct TlsRoute: "istio.networking.v1alpha3.TLSRoute" {
        /// `match`.
        pub match_: Vec<TlsMatchAttributes> = "match",
        /// `route`.
        pub route: Vec<RouteDestination> = "route",
    }
}

message! {
    /// Istio's `TLSMatchAttributes`.
    pub struct TlsMatchAttributes: "istio.networking.v1alpha3.TLSMatchAttributes" {
        /// `sniHosts`.
        pub sni_hosts: Vec<String> = "sniHosts",
        /// `destinationSubnets`.
        pub destination_subnets: Vec<String> = "destinationSubnets",
        /// `port`.
        pub port: u32 = "port",
        /// `sourceLabels`.
        pub source_labels: IndexMap<String, String> = "sourceLabels",
        /// `gateways`.
        pub gateways: Vec<String> = "gateways",
        /// `sourceNamespace`.
        pub source_namespace: String = "sourceNamespace",
    }
}

message! {
    /// Istio's `TCPRoute`.
    pub struct TcpRoute: "istio.networking.v1alpha3.TCPRoute" {
        /// `match`.
        pub match_: Vec<L4MatchAttributes> = "match",
        /// `route`.
        pub route: Vec<RouteDestination> = "route",
    }
}

message! {
    /// Istio's `L4MatchAttributes`.
    pub struct L4MatchAttributes: "istio.networking.v1alpha3.L4MatchAttributes" {
        /// `destinationSubnets`.
        pub destination_subnets: Vec<String> = "destinationSubnets",
        /// `port`.
        pub port: u32 = "port",
        /// `sourceSubnet`.
        pub source_subnet: String = "sourceSubnet",
        /// `sourceLabels`.
        pub source_labels: IndexMap<String, String> = "sourceLabels",
        /// `gateways`.
        pub gateways: Vec<String> = "gateways",
        /// `sourceNamespace`.
        pub source_namespace: String = "sourceNamespace",
    }
}

message! {
    /// Istio's `RouteDestination`.
    pub struct RouteDestination: "istio.networking.v1alpha3.RouteDestination" {
        /// `destination`.
        pub destination: Option<Destination> = "destination",
        /// `weight`.
        pub weight: i32 = "weight",
    }
}
