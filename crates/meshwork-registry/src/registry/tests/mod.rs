//! What resources become.

mod endpoints;
mod identities;
mod inbound;
mod incremental;
mod place;
mod services;
