//! Zone-aware routing: own zone first, as far as it has room.

use meshwork_core::Locality;

use crate::{Randomness, ZoneAware, randomness::reduce};

/// How requests are spread over the localities of priority 0, from the point of view of one
/// caller among others in several zones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ZoneRouting {
    /// The endpoints of the caller's own locality, by index, can take all.
    Direct(usize),
    /// Some stay, the rest goes where there is room.
    Residual {
        own: Option<usize>,
        /// Of 10 000 requests, how many stay.
        stay: u64,
        /// Sums of the room in each locality.
        room: Box<[u64]>,
    },
}

impl ZoneRouting {
    /// `upstream` holds the localities of the healthy endpoints with their numbers, `callers` the
    /// callers' own. `None` where zones do not matter.
    pub(crate) fn new(
        config: &ZoneAware,
        own: &Locality,
        callers: &[(Locality, u32)],
        upstream: &[(Locality, u32)],
    ) -> Option<Self> {
        let total = sum(upstream);
        let all_callers = sum(callers);
        if upstream.len() < 2 || all_callers == 0 || total < config.min_cluster_size {
            return None;
        }
        let part = |count: u64, all: u64| (10_000 * count).checked_div(all).unwrap_or(0);
        let shares: Vec<(u64, u64)> = upstream
            .iter()
            .map(|(locality, count)| {
                let callers = callers.iter().filter(|(other, _)| other == locality);
                let callers: u64 = callers.map(|(_, count)| u64::from(*count)).sum();
                (part(callers, all_callers), part(u64::from(*count), total))
            })
            .collect();
        let own = upstream.iter().position(|(locality, count)| locality == own && *count > 0);
        let (local, here) = own.and_then(|own| shares.get(own)).copied().unwrap_or_default();
        if let Some(own) = own
            && here >= local
        {
            return Some(Self::Direct(own));
        }
        let mut room_so_far = 0;
        let room = shares.iter().enumerate().map(|(index, (callers, hosts))| {
            if Some(index) != own {
                room_so_far += hosts.saturating_sub(*callers);
            }
            room_so_far
        });
        let room = room.collect();
        Some(Self::Residual { own, stay: part(here, local), room })
    }

    /// The index of the locality for the next request.
    pub(crate) fn choose(&self, random: &mut Randomness) -> Option<usize> {
        let (own, stay, room) = match self {
            Self::Direct(own) => return Some(*own),
            Self::Residual { own, stay, room } => (own, stay, room),
        };
        if let Some(own) = own
            && random.next() % 10_000 < *stay
        {
            return Some(*own);
        }
        match random.next().checked_rem(room.last().copied()?) {
            Some(number) => Some(room.partition_point(|sum| *sum <= number)),
            // Rounding left no room anywhere.
            None => reduce(random.next(), room.len()),
        }
    }
}

fn sum(counts: &[(Locality, u32)]) -> u64 {
    counts.iter().map(|(_, count)| u64::from(*count)).sum()
}
