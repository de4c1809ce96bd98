//! TCP routes: which destination takes a connection's bytes.

mod chains;
mod destination;
mod route;
mod static_match;
mod virtual_service;

pub(crate) use chains::{parse_ranges, tcp_chains};
pub(crate) use destination::{Destinations, service_destination};
pub(crate) use route::TcpRoute;
pub(crate) use static_match::{MESH, StaticMatch};
pub(crate) use virtual_service::{L4Rules, L4VirtualService, qualify_gateway};
