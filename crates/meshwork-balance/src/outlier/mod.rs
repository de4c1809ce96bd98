//! Outlier detection: hosts that fail repeatedly are taken out for a while.

mod config;
mod outcome;
mod record;
#[cfg(test)]
mod tests;

pub use config::OutlierDetection;
pub use outcome::Outcome;

pub(crate) use record::{HostRecord, may_eject};
