//! Envoy's balancing algorithms.

mod edf;
mod least_request;
mod maglev;
mod random;
mod ring_hash;
mod round_robin;
mod slow_start;
#[cfg(test)]
mod tests;

pub use least_request::LeastRequest;
pub use maglev::Maglev;
pub use random::Random;
pub use ring_hash::RingHash;
pub use round_robin::RoundRobin;
pub use slow_start::SlowStart;

pub(crate) use edf::Edf;

use crate::{Algorithm, Balance, Host};

impl Algorithm {
    /// Whether endpoints are picked by a hash of the request ([`Balance::is_hashing`]).
    pub fn is_hashing(&self) -> bool {
        self.balance().is_some_and(Balance::is_hashing)
    }

    /// The algorithm itself; `None` where nothing is balanced.
    pub(crate) fn balance(&self) -> Option<&dyn Balance> {
        match self {
            Self::RoundRobin(balance) => Some(balance),
            Self::LeastRequest(balance) => Some(balance),
            Self::Random(balance) => Some(balance),
            Self::RingHash(balance) => Some(balance),
            Self::Maglev(balance) => Some(balance),
            Self::Custom(custom) => Some(custom.balance()),
            Self::OriginalDestination => None,
        }
    }
}

/// Whether turns can be taken without a scheduler.
fn same_weights(hosts: &[Host]) -> bool {
    hosts.windows(2).all(|pair| matches!(pair, [a, b] if a.weight() == b.weight()))
}
