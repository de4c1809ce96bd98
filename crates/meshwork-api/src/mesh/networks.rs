//! mesh/networks.

use crate::proto::message;
use crate::proto::oneof;
use indexmap::IndexMap;

message! {
    /// Istio's `MeshNetworks`.
    pub struct MeshNetworks: "istio.mesh.v1alpha1.MeshNetworks" {
        /// `networks`.
        pub networks: IndexMap<String, Network> = "networks",
    }
}

message! {
    /// Istio's `Network`.
    pub struct Network: "istio.mesh.v1alpha1.Network" {
        /// `endpoints`.
        pub endpoints: Vec<NetworkEndpoints> = "endpoints",
        /// `gateways`.
        pub gateways: Vec<IstioNetworkGateway> = "gateways",
    }
}

message! {
    /// Istio's `Network.NetworkEndpoints`.
    pub struct NetworkEndpoints: "istio.mesh.v1alpha1.Network.NetworkEndpoints" {
        /// `ne`.
        pub ne: Option<NetworkEndpointsKind> = oneof,
    }
}

oneof! {
    /// The members of `Network.NetworkEndpoints.ne`.
    pub enum NetworkEndpointsKind {
        /// `fromCidr`.
        FromCidr(String) = "fromCidr",
        /// `fromRegistry`.
        FromRegistry(String) = "fromRegistry",
    }
}

message! {
    /// Istio's `Network.IstioNetworkGateway`.
    pub struct IstioNetworkGateway: "istio.mesh.v1alpha1.Network.IstioNetworkGateway" {
        /// `gw`.
        pub gw: Option<NetworkGatewayAddress> = oneof,
        /// `port`.
        pub port: u32 = "port",
        /// `locality`.
        pub locality: String = "locality",
    }
}

oneof! {
    /// The members of `Network.IstioNetworkGateway.gw`.
    pub enum NetworkGatewayAddress {
        /// `registryServiceName`.
        RegistryServiceName(String) = "registryServiceName",
        /// `address`.
        Address(String) = "address",
    }
}
