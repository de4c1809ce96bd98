//! What the benchmarks share: generated configurations and requests.

#![forbid(unsafe_code)]

mod mesh;
pub mod mtls;
mod rules;

pub use mesh::{endpoint_slice, gateway, service, service_entry, services, virtual_services, yaml};
pub use rules::{FAMILIES, Family, Request};
