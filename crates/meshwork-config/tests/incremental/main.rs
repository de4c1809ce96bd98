//! A snapshot made from the one before is the one that is compiled anew, whatever came in between.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may fail loudly"
)]

mod changes;
mod large;
mod parts;
mod same;
mod unrelated;
