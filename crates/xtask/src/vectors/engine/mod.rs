//! Meshwork as the answerer: its public APIs over an in-memory network with virtual time.

pub mod client;
pub mod network;
pub mod pipe;

mod backend;
mod reply;

use super::{Engine, answer::Answers, scenario::Question};

/// Meshwork, as a user builds it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meshwork;

impl Engine for Meshwork {
    fn answer(&self, question: &Question) -> Answers {
        Answers::unsupported(question, "not wired yet")
    }
}
