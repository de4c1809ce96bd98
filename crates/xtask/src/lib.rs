//! Project tasks, as a library so that tests can run them.
#![forbid(unsafe_code)]

pub mod conformance;
pub mod interop;
pub mod tidy;
pub mod vectors;

use std::path::{Path, PathBuf};

/// The folder of this package.
pub fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of the project.
pub fn root() -> PathBuf {
    home().ancestors().nth(2).unwrap_or(home()).to_owned()
}
