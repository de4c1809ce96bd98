//! Connections that are kept for the next request, one pool an endpoint and policy.

mod connection;
mod failure;
mod guard;
mod settings;
mod shared;

pub use failure::{StreamReset, UpstreamFailure};
pub use settings::PoolSettings;

pub(crate) use guard::Guarded;
pub(crate) use shared::Pool;
