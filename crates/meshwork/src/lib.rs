#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod builder;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "server")]
mod connections;
#[cfg(feature = "mtls")]
mod credentials;
mod engine;
#[cfg(feature = "gateway")]
mod forbidden;
#[cfg(feature = "gateway")]
mod gateway;
mod health;
mod mesh;
#[cfg(feature = "client")]
mod ready;
#[cfg(feature = "server")]
mod report;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "gateway")]
mod tcp_proxy;
mod workload;

pub use builder::{MeshBuilder, StartError};
#[cfg(feature = "client")]
pub use client::{Client, InvalidUrl};
#[cfg(feature = "gateway")]
pub use gateway::{Gateway, GatewayBuilder, GatewayError, GatewayListener, ListenerState};
pub use health::Health;
pub use mesh::Mesh;
#[cfg(feature = "server")]
pub use report::{ObservedRefusal, ObservedRefusals, PlaintextCaller, PlaintextCallers};
#[cfg(feature = "axum")]
pub use server::PeerRejection;
#[cfg(feature = "server")]
pub use server::{Inbound, InboundService, MeshIo, MeshListener, Peer};
#[cfg(feature = "gateway")]
pub use tcp_proxy::{Captured, Proxied, ProxyError, TcpProxy};
pub use workload::{Workload, WorkloadError};

pub use meshwork_api as api;
pub use meshwork_api::read::Reader;
pub use meshwork_authn as authn;
pub use meshwork_authz as authz;
pub use meshwork_balance as balance;
pub use meshwork_config as config;
pub use meshwork_config::{
    CompileReport, Diagnostic, Event, Level, Origin, Running, Sink, Snapshot, Source, SourceError,
    events_of,
};
pub use meshwork_core as core;
#[cfg(feature = "mtls")]
pub use meshwork_identity as identity;
pub use meshwork_policy as policy;
pub use meshwork_registry as registry;
pub use meshwork_routing as routing;
pub use meshwork_tower as tower;
pub use meshwork_tower::{Body, BoxError, ResponseFlags};
#[cfg(feature = "mtls")]
pub use meshwork_transport as transport;

/// Envoy's response flags of an answer that the mesh gave itself; none for an application's.
pub fn response_flags<B>(response: &http::Response<B>) -> ResponseFlags {
    response.extensions().get::<ResponseFlags>().copied().unwrap_or_default()
}
