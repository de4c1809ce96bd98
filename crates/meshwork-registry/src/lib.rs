#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod derive;
mod endpoint;
#[cfg(test)]
mod fixture;
mod proxy;
mod registry;
mod scope;
mod service;
mod settings;
mod strings;
mod visibility;
mod workload;

pub use endpoint::{Endpoint, EndpointAddress, Health};
pub use proxy::{Interception, Proxy, ProxyKind};
pub use registry::{Change, Identities, Registry, Resource, ServiceTarget};
pub use scope::{
    DefaultEndpoint, EgressListener, EgressScope, IngressListener, ListChange, ListenerBind,
    ListenerPort, OutboundPolicy, Precedence, VirtualServices,
};
pub use service::{Provider, Resolution, Service, ServicePort, TargetPort, TrafficDistribution};
pub use settings::Settings;
pub use visibility::Visibility;
pub use workload::{TlsMode, Workload, WorkloadKind};
