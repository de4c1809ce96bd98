//! What becomes of connections: the traps of listeners, TLS and TCP routes, gateways, inbound.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod gateway;
mod inbound;
mod mesh;
mod outbound;
mod sharing;
