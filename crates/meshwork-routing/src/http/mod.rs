//! HTTP routes: which rule of which virtual host a request meets, and what it does there.

mod action;
mod decision;
mod destination;
pub(crate) mod headers;
mod route;

pub use action::*;
pub use decision::{RouteDecision, RouteInput};
pub use destination::{Destination, WeightedDestination};
pub use headers::{is_joined_request_header, is_joined_response_header};
pub use route::{Route, RouteAction};
