//! Nodes and namespaces.

use crate::proto::message;

message! {
    /// A machine of the cluster; the labels `topology.kubernetes.io/region` and `/zone` and
    /// `topology.istio.io/subzone` are the locality of its Pods.
    pub struct Node: "io.k8s.core.v1.NodeSpec" {
        /// What the provider of the machine calls it.
        pub provider_id: String = "providerID",
        /// Its state.
        pub status: Option<NodeStatus> = "status",
    }
}

message! {
    /// The state of a node.
    pub struct NodeStatus: "io.k8s.core.v1.NodeStatus" {
        /// Where it can be reached.
        pub addresses: Vec<NodeAddress> = "addresses",
    }
}

message! {
    /// An address of a node.
    pub struct NodeAddress: "io.k8s.core.v1.NodeAddress" {
        /// `InternalIP`, `ExternalIP`, `Hostname`, …
        pub type_: String = "type",
        /// The address.
        pub address: String = "address",
    }
}

message! {
    /// A namespace; only its metadata matters here.
    pub struct Namespace: "io.k8s.core.v1.NamespaceSpec" {
        /// Its state.
        pub status: Option<NamespaceStatus> = "status",
    }
}

message! {
    /// The state of a namespace.
    pub struct NamespaceStatus: "io.k8s.core.v1.NamespaceStatus" {
        /// `Active` or `Terminating`.
        pub phase: String = "phase",
    }
}
