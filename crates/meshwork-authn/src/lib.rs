#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod mode;
mod peer;

pub use mode::MtlsMode;
pub use peer::{PeerAuthn, WorkloadMtls};
