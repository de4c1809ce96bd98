//! MeshNetworks: which networks there are and how to cross them.

use crate::Map;
use crate::proto::{message, oneof};

message! {
    /// Which networks there are and how to cross them.
    ///
    /// Istio's `MeshNetworks`.
    pub struct MeshNetworks: "istio.mesh.v1alpha1.MeshNetworks" {
        /// The networks by name.
        pub networks: Map<String, Network> = "networks",
    }
}

message! {
    /// A network: whoever is in it reaches all of it directly.
    ///
    /// Istio's `Network`.
    pub struct Network: "istio.mesh.v1alpha1.Network" {
        /// What is in it.
        pub endpoints: Vec<NetworkEndpoints> = "endpoints",
        /// How to get into it.
        pub gateways: Vec<IstioNetworkGateway> = "gateways",
    }
}

message! {
    /// Endpoints of a network.
    ///
    /// Istio's `Network.NetworkEndpoints`.
    pub struct NetworkEndpoints: "istio.mesh.v1alpha1.Network.NetworkEndpoints" {
        /// Which; at most one.
        pub ne: Option<NetworkEndpointsKind> = oneof,
    }
}

oneof! {
    /// How the endpoints of a network are told.
    pub enum NetworkEndpointsKind {
        /// By address.
        FromCidr(String) = "fromCidr",
        /// By the cluster that they come from.
        FromRegistry(String) = "fromRegistry",
    }
}

message! {
    /// How to get into a network.
    ///
    /// Istio's `Network.IstioNetworkGateway`.
    pub struct IstioNetworkGateway: "istio.mesh.v1alpha1.Network.IstioNetworkGateway" {
        /// Where the gateway is; at most one.
        pub gw: Option<NetworkGatewayAddress> = oneof,
        /// Its port.
        pub port: u32 = "port",
        /// Where it runs, `region/zone/subzone`.
        pub locality: String = "locality",
    }
}

oneof! {
    /// Where a gateway to a network is.
    pub enum NetworkGatewayAddress {
        /// A service.
        RegistryServiceName(String) = "registryServiceName",
        /// An address.
        Address(String) = "address",
    }
}
