//! Meshwork as the answerer: its public APIs over an in-memory network with virtual time.

pub mod client;
pub mod network;
pub mod pipe;

mod accept;
mod admission;
mod backend;
mod cases;
mod connector;
mod digest;
mod identity;
mod missing;
mod objects;
mod observe;
mod proxy;
mod reply;
mod stack;
#[cfg(test)]
mod tests;
mod tls;
mod vantage;
mod world;

use super::{Engine, answer::Answers, scenario::Question};

/// Meshwork, as a user builds it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meshwork {
    without_headers: bool,
}

impl Meshwork {
    /// The same with one layer left out, the one that changes headers: what the tests of the judge
    /// have to see.
    pub const fn without_headers() -> Self {
        Self { without_headers: true }
    }
}

impl Engine for Meshwork {
    fn answer(&self, question: &Question) -> Answers {
        let mut answers = Answers::unsupported(question, "no analyzers yet");
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
                answers.cases = run(cases::run(question, &world, *self));
            }
            Err(reason) if !question.cases.is_empty() => {
                answers = Answers::unsupported(question, &reason);
            }
            Err(_) => {}
        }
        answers
    }
}

/// Runs to the end on a clock that jumps to the next moment at which anything happens.
fn run<T>(future: impl Future<Output = T>) -> T {
    match tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build() {
        Ok(runtime) => tokio::task::LocalSet::new().block_on(&runtime, future),
        Err(error) => unreachable!("a runtime without I/O needs nothing: {error}"),
    }
}
