//! HTTP routes: which rule of which virtual host a request meets, and what it does there.

mod action;
mod build;
mod decision;
mod destination;
mod domains;
pub(crate) mod headers;
mod left;
mod matching;
mod route;
mod routes;

pub use action::*;
pub use build::MergedVirtualServices;
pub(crate) use build::{
    GatewayRoutes, GatewayTables, PortRoutes, SidecarTables, alternate_names, catch_all, inbound,
};
pub use decision::{RouteDecision, RouteInput};
pub use destination::{Destination, WeightedDestination};
pub use headers::{is_joined_request_header, is_joined_response_header};
pub use route::{Route, RouteAction};
pub use routes::HttpRoutes;
