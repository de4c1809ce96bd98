//! Which route a request takes, and the answers that a route gives itself.

mod answer;
mod layer;
mod live;

pub use layer::{RouteLayer, RouteService};
pub use live::{LiveRouting, Routing};
