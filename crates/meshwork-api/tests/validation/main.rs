//! Validation of resources: a table of rules per kind, and recorded verdicts.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too"
)]

mod destination_rule;
mod gateway;
mod metadata;
mod security;
mod service_entry;
mod sidecar;
mod support;
mod telemetry;
mod unchanged;
mod unreachable;
mod vectors;
mod virtual_service;
mod virtual_service_l4;
mod workload;
