//! `cargo run --release --example bookinfo`: Istio's bookinfo in one process, and its tour.

use std::{io::Write as _, path::PathBuf, process::ExitCode, sync::Arc};

use bookinfo::{
    tour::{STAGES, Stage, Yaml},
    town::{PORT, Town},
};
use clap::Parser;
use tracing_subscriber::EnvFilter;

/// Istio's bookinfo in one process, and the tour of it.
#[derive(Debug, Parser)]
struct Arguments {
    /// Plays one stage.
    #[arg(long)]
    stage: Option<u32>,
    /// Keeps the services running and watches the folder `mesh/`.
    #[arg(long)]
    serve: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Alarms are part of the tour and are printed by it; `RUST_LOG=meshwork=info` shows the access
    // log.
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let town = match Town::build(&folder, arguments.serve).await {
        Ok(town) => Arc::new(town),
        Err(error) => {
            say(&format!("bookinfo cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    if arguments.serve {
        return serve(town, &folder).await;
    }
    let stages = STAGES.iter().filter(|stage| arguments.stage.is_none_or(|n| n == stage.number));
    let mut played = 0;
    for stage in stages {
        if !play(stage, &town).await {
            return ExitCode::FAILURE;
        }
        played += 1;
    }
    if played == 0 {
        say(&format!("there is no such stage; they are 1 to {}", STAGES.len()));
        return ExitCode::FAILURE;
    }
    if let Some(town) = Arc::into_inner(town) {
        town.close().await;
    }
    say(&format!("\n{played} of {played} stages came out as Istio's documentation has them"));
    ExitCode::SUCCESS
}

async fn play(stage: &Stage, town: &Town) -> bool {
    let files = stage.files.join(", ");
    let applied = if files.is_empty() { "nothing beside mesh/".to_owned() } else { files };
    say(&format!("\n{:>2}. {}\n    applied: {applied}", stage.number, stage.title));
    match stage.play(town, Yaml::Applied).await {
        Ok(account) => {
            for line in account.met {
                say(&format!("    {line}"));
            }
            for line in account.why.lines() {
                say(&format!("      | {line}"));
            }
            true
        }
        Err(error) => {
            say(&format!("    differs: {error}"));
            false
        }
    }
}

async fn serve(town: Arc<Town>, folder: &std::path::Path) -> ExitCode {
    say(&format!("product page: http://127.0.0.11:{PORT}/productpage"));
    say("details .12, reviews v1 .13, v2 .14, v3 .15, ratings .16, an external library .17");
    say(&format!("edit the YAML in {}; end with ctrl-c", folder.join("mesh").display()));
    let stopped = tokio::signal::ctrl_c().await;
    if let Some(town) = Arc::into_inner(town) {
        town.close().await;
    }
    if stopped.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints a line; a closed pipe ends nothing.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
