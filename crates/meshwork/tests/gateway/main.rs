//! Gateways on loopback: real sockets, real handshakes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

mod captured;
mod certificates;
mod egress;
mod http;
mod lifecycle;
mod passthrough;
mod policy;
mod support;
mod tcp;
