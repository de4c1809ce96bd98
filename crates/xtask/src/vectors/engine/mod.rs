//! Meshwork as the answerer: its public APIs over an in-memory network with virtual time.

pub mod client;
pub mod network;
pub mod pipe;

mod admission;
mod backend;
mod reply;
#[cfg(test)]
mod tests;
mod tls;

use super::{Engine, answer::Answers, scenario::Question};

/// Meshwork, as a user builds it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meshwork;

impl Engine for Meshwork {
    fn answer(&self, question: &Question) -> Answers {
        let mut answers = Answers::unsupported(question, "not wired yet");
        answers.verdicts = admission::verdicts(question);
        answers.schema = admission::schema(question);
        answers
    }
}

/// Runs to the end on a clock that jumps to the next moment at which anything happens.
fn run<T>(future: impl Future<Output = T>) -> T {
    match tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build() {
        Ok(runtime) => runtime.block_on(future),
        Err(error) => std::panic::panic_any(format!("no runtime: {error}")),
    }
}
