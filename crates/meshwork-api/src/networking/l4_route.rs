//! Routes of TLS and TCP connections.

use super::Destination;
use crate::Map;
use crate::proto::message;

message! {
    /// A rule for TLS connections that are not terminated.
    ///
    /// Istio's `TLSRoute`.
    pub struct TlsRoute: "istio.networking.v1alpha3.TLSRoute" {
        /// Alternatives, of which one has to match; required.
        pub match_: Vec<TlsMatchAttributes> = "match",
        /// The destinations, among which connections are divided by weight.
        pub route: Vec<RouteDestination> = "route",
    }
}

message! {
    /// Conditions on a TLS connection, all of which have to hold.
    ///
    /// Istio's `TLSMatchAttributes`.
    pub struct TlsMatchAttributes: "istio.networking.v1alpha3.TLSMatchAttributes" {
        /// Names for the SNI of the client, `*.example.com` among them; within the VirtualService's
        /// hosts.
        pub sni_hosts: Vec<String> = "sniHosts",
        /// Addresses that the client connected to, with or without prefix length.
        pub destination_subnets: Vec<String> = "destinationSubnets",
        /// The port that the client connected to; 0 for any.
        pub port: u32 = "port",
        /// Labels that the client's workload must have.
        pub source_labels: Map<String, String> = "sourceLabels",
        /// The gateways that apply the match, in the place of the VirtualService's own list.
        pub gateways: Vec<String> = "gateways",
        /// The namespace that the client's workload must be in; empty for any.
        pub source_namespace: String = "sourceNamespace",
    }
}

message! {
    /// A rule for connections of any protocol.
    ///
    /// Istio's `TCPRoute`.
    pub struct TcpRoute: "istio.networking.v1alpha3.TCPRoute" {
        /// Alternatives, of which one has to match; an empty list matches every connection.
        pub match_: Vec<L4MatchAttributes> = "match",
        /// The destinations, among which connections are divided by weight.
        pub route: Vec<RouteDestination> = "route",
    }
}

message! {
    /// Conditions on a connection, all of which have to hold.
    ///
    /// Istio's `L4MatchAttributes`.
    pub struct L4MatchAttributes: "istio.networking.v1alpha3.L4MatchAttributes" {
        /// Addresses that the client connected to, with or without prefix length.
        pub destination_subnets: Vec<String> = "destinationSubnets",
        /// The port that the client connected to; 0 for any.
        pub port: u32 = "port",
        /// Deprecated: addresses of the client.
        pub source_subnet: String = "sourceSubnet",
        /// Labels that the client's workload must have.
        pub source_labels: Map<String, String> = "sourceLabels",
        /// The gateways that apply the match, in the place of the VirtualService's own list.
        pub gateways: Vec<String> = "gateways",
        /// The namespace that the client's workload must be in; empty for any.
        pub source_namespace: String = "sourceNamespace",
    }
}

message! {
    /// A destination and its share of the connections.
    ///
    /// Istio's `RouteDestination`.
    pub struct RouteDestination: "istio.networking.v1alpha3.RouteDestination" {
        /// Where the connections go; required.
        pub destination: Option<Destination> = "destination",
        /// The share, in proportion to the sum of all weights.
        pub weight: i32 = "weight",
    }
}
