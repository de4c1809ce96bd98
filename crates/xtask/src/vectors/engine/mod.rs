//! Meshwork as the answerer: its public APIs over an in-memory network with virtual time.

pub mod client;
pub mod network;
pub mod pipe;

mod admission;
mod backend;
mod digest;
mod objects;
mod proxy;
mod reply;
#[cfg(test)]
mod tests;
mod tls;
mod world;

use super::{Engine, answer::Answers, scenario::Question};

/// Meshwork, as a user builds it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meshwork;

impl Engine for Meshwork {
    fn answer(&self, question: &Question) -> Answers {
        let mut answers = Answers::unsupported(question, "not wired yet");
        answers.verdicts = admission::verdicts(question);
        answers.schema = admission::schema(question);
        match world::World::new(question) {
            Ok(world) => {
                for (proxy, clusters) in &mut answers.clusters {
                    let Some(snapshot) = world.snapshots.get(proxy) else { continue };
                    for (name, answer) in clusters {
                        *answer = Ok(digest::digest(snapshot, name));
                    }
                }
            }
            Err(reason) => answers = Answers::unsupported(question, &reason),
        }
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
