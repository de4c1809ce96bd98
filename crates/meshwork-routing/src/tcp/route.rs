//! Where the bytes of a connection go: one destination, or one of several by weight.

use std::sync::Arc;

use meshwork_core::{Draw, Draws};

use crate::Destination;

/// The destinations of a TCP or TLS route.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TcpRoute {
    /// With the sum of the weights up to and with each.
    destinations: Arc<[(u64, Arc<Destination>)]>,
}

impl TcpRoute {
    /// Everything to one destination.
    pub(crate) fn single(destination: Destination) -> Self {
        Self { destinations: Arc::new([(1, Arc::new(destination))]) }
    }

    /// Weighted destinations. The weight of a single one does not matter; of several, those with
    /// weight 0 get nothing. `None` when nothing is left: Istio cannot build such a chain.
    pub(crate) fn weighted(destinations: Vec<(u32, Destination)>) -> Option<Self> {
        if destinations.len() == 1 {
            return destinations.into_iter().next().map(|(_, only)| Self::single(only));
        }
        let mut sum = 0;
        let destinations: Arc<[_]> = destinations
            .into_iter()
            .filter(|(weight, _)| *weight > 0)
            .map(|(weight, destination)| {
                sum += u64::from(weight);
                (sum, Arc::new(destination))
            })
            .collect();
        (!destinations.is_empty()).then_some(Self { destinations })
    }

    /// The destination of one connection.
    pub(crate) fn choose(&self, draws: &dyn Draws) -> Option<&Arc<Destination>> {
        let (total, last) = self.destinations.last()?;
        if self.destinations.len() == 1 {
            return Some(last);
        }
        let at = draws.draw(Draw::Weight) % (*total).max(1);
        self.destinations.iter().find(|(bound, _)| at < *bound).map(|(_, destination)| destination)
    }
}
