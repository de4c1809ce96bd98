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

#[cfg(test)]
mod tests {
    use meshwork_core::SeededDraws;

    use super::*;

    fn route(weights: &[u32]) -> Option<TcpRoute> {
        let destination = |port: usize| Destination::new("a.example".into(), None, port as u16);
        TcpRoute::weighted(
            weights.iter().enumerate().map(|(port, weight)| (*weight, destination(port))).collect(),
        )
    }

    #[test]
    fn the_weight_of_one_does_not_count_and_zero_gets_nothing() {
        // T101.
        for seed in 0..64 {
            let draws = SeededDraws::new(seed);
            assert_eq!(route(&[0]).unwrap().choose(&draws).unwrap().port, 0);
            assert_eq!(route(&[0, 5]).unwrap().choose(&draws).unwrap().port, 1);
        }
        assert_eq!(route(&[0, 0]), None);
        assert_eq!(route(&[]), None);
    }

    #[test]
    fn shares_follow_the_weights() {
        let route = route(&[1, 3]).unwrap();
        let heavy = (0..4000)
            .filter(|seed| route.choose(&SeededDraws::new(*seed)).unwrap().port == 1)
            .count();
        assert!((2880..3120).contains(&heavy), "{heavy} of 4000");
    }
}
