//! The end of a stack: an endpoint is picked and the request sent to it.

mod forward;
mod guard;
mod service;
mod upgrade;

pub use service::{BalanceService, UpstreamHost};
