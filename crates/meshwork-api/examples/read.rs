//! Reads files, shows what is wrong with them as a compiler would, and writes them back.
//!
//! `cargo run -p meshwork-api --example read -- FILE...`
#![expect(clippy::print_stdout, reason = "a program says what it found")]

use meshwork_api::read::{self, Admission};
use std::process::ExitCode;

fn main() -> std::io::Result<ExitCode> {
    let mut outcome = read::ReadOutcome::default();
    for path in std::env::args().skip(1) {
        outcome.extend(read::bytes(&path, &std::fs::read(&path)?));
    }
    for diagnostic in &outcome.diagnostics {
        println!("{}\n", diagnostic.render(false));
    }
    for located in &outcome.objects {
        let written = serde_json::to_value(&located.object)?;
        let (again, report) = read::value(&written, Admission::Strict);
        if again.as_ref() != Some(&located.object) || !report.is_empty() {
            println!("{} does not survive being written\n{report}", located.object.reference());
        }
    }
    let (read, refused) = (outcome.objects.len(), outcome.refused.len());
    println!("{read} objects read, {refused} refused, {} problems", outcome.diagnostics.len());
    Ok(if outcome.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
