//! What resources become.

mod endpoints;
mod inbound;
mod incremental;
mod services;
