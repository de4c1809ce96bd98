//! From VirtualServices, services and Gateways to HTTP route tables.

mod actions;
mod by_name;
mod claims;
mod clauses;
mod compiled;
mod defaults;
mod delegates;
mod destinations;
mod diagnostics;
mod domains;
mod gateway;
mod header_ops;
mod merged;
mod owners;
mod patch;
mod port;
mod prepared;
mod retries;
mod rules;
mod sidecar;
mod static_match;

pub(crate) use defaults::{catch_all, inbound};
pub(crate) use domains::alternate_names;
pub(crate) use gateway::{GatewayRoutes, GatewayTables};
pub use merged::MergedVirtualServices;
pub(crate) use port::PortRoutes;
pub(crate) use sidecar::SidecarTables;
