//! `cargo xtask interop`: mutual TLS with a real Envoy, in both directions.
//!
//! Envoy gets its certificates from an authority of ours and speaks to a meshwork peer, as client
//! and as server, over HTTP/1.1 and HTTP/2. Everything is on loopback, and ends with the command.

mod certificates;
mod checks;
mod config;
mod envoy;
mod peer;

use std::io::{self, Write};

pub use checks::Check;

/// What came of it.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "there is an Envoy or there is none")]
pub enum Interop {
    /// There is no `envoy` on the PATH.
    Skipped,
    /// Envoy's version, and each check.
    Ran(String, Vec<Check>),
}

/// Finds Envoy and runs all checks.
///
/// # Errors
/// Why peers or certificates could not be set up, or Envoy did not start.
pub fn run() -> Result<Interop, String> {
    let Some(program) = envoy::find() else { return Ok(Interop::Skipped) };
    let version = envoy::version(&program)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let checks = runtime.block_on(checks::all(&program))?;
    Ok(Interop::Ran(version, checks))
}

impl Interop {
    /// Whether nothing failed; without an Envoy nothing did.
    pub fn is_clean(&self) -> bool {
        match self {
            Self::Skipped => true,
            Self::Ran(_, checks) => checks.iter().all(|check| check.found.is_ok()),
        }
    }

    /// Writes a line a check.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self::Ran(version, checks) = self else {
            return writeln!(out, "interop: no `envoy` on the PATH, nothing was checked");
        };
        writeln!(out, "{version}")?;
        for Check { name, found } in checks {
            match found {
                Ok(found) => writeln!(out, "ok      {name}: {found}")?,
                Err(reason) => writeln!(out, "FAILED  {name}: {reason}")?,
            }
        }
        let failed = checks.iter().filter(|check| check.found.is_err()).count();
        writeln!(out, "interop: {} checks, {failed} failed", checks.len())
    }
}
