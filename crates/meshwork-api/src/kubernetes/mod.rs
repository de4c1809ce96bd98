//! The parts of Kubernetes objects that a mesh reads.
//!
//! Other fields are ignored when an object is read, and are not there when it is written.

mod config;
mod endpoint_slice;
mod node;
mod pod;
mod service;

pub use config::{ConfigMap, Secret, ServiceAccount};
pub use endpoint_slice::{
    EndpointConditions, EndpointHints, EndpointPort, EndpointSlice, ForZone, ObjectReference,
    SliceEndpoint,
};
pub use node::{Namespace, NamespaceStatus, Node, NodeAddress, NodeStatus};
pub use pod::{
    Container, ContainerPort, Deployment, GrpcAction, HttpGetAction, LabelSelector,
    LabelSelectorRequirement, Pod, PodCondition, PodIp, PodStatus, PodTemplate, Probe,
    TcpSocketAction,
};
pub use service::{
    IntOrString, LoadBalancerIngress, LoadBalancerStatus, Service, ServicePort, ServiceStatus,
};
