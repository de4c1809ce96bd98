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
mod explained;
mod identity;
mod missing;
mod objects;
mod observe;
mod proxy;
mod reply;
mod sockets;
mod stack;
#[cfg(test)]
mod tests;
mod tls;
mod transport;
mod vantage;
mod world;

use network::Network;
pub(super) use sockets::server_name;

use super::{
    Engine,
    answer::{Answers, Unsupported},
    scenario::{Case, Question},
};

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
                let network = Network::new(&question.backends, identity::of_servers(question));
                let pipes = transport::InMemory(network);
                answers.cases = run(cases::run(question, &world, *self, &pipes, |_, _| Ok(())));
            }
            Err(reason) if !question.cases.is_empty() => {
                answers = Answers::unsupported(question, &reason);
            }
            Err(_) => {}
        }
        answers
    }
}

/// The question over real sockets: `answers` with those cases answered anew that sockets can show.
///
/// `wanted` leaves cases out, with a reason.
pub(super) fn over_sockets(
    question: &Question,
    mut answers: Answers,
    wanted: impl FnMut(usize, &Case) -> Result<(), Unsupported>,
) -> Answers {
    let world = world::World::new(question);
    let network = Network::new(&question.backends, identity::of_servers(question));
    let aliases = question.mesh.as_ref().and_then(|mesh| mesh.get("trustDomainAliases"));
    let aliases = aliases.and_then(serde_json::Value::as_array).into_iter().flatten();
    let aliases = aliases.filter_map(|alias| alias.as_str().map(str::to_owned)).collect();
    let sockets = sockets::Sockets::new(network, aliases);
    let (world, sockets) = match (world, sockets) {
        (Ok(world), Ok(sockets)) => (world, sockets),
        (Err(reason), _) | (_, Err(reason)) => {
            answers.cases =
                question.cases.iter().map(|_| Err(Unsupported(reason.clone()))).collect();
            return answers;
        }
    };
    let engine = Meshwork::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let running = cases::run(question, &world, engine, &sockets, wanted);
    answers.cases = match runtime {
        Ok(runtime) => tokio::task::LocalSet::new().block_on(&runtime, running),
        Err(error) => question.cases.iter().map(|_| Err(Unsupported(error.to_string()))).collect(),
    };
    answers
}

/// Runs to the end on a clock that jumps to the next moment at which anything happens.
fn run<T>(future: impl Future<Output = T>) -> T {
    match tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build() {
        Ok(runtime) => tokio::task::LocalSet::new().block_on(&runtime, future),
        Err(error) => unreachable!("a runtime without I/O needs nothing: {error}"),
    }
}
