//! Consistent hashing on a ring (Ketama).

use xxhash_rust::xxh64::xxh64;

use crate::{Balance, Choice, Host, Picker, Set};

/// Places each host many times on a ring of hashes; a request goes to the next place after its
/// own hash (Istio's `consistentHash.ringHash`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RingHash {
    /// The ring has at least this many places (rounded up so that all hosts have their share).
    pub minimum_ring_size: u64,
    /// The ring has at most this many places.
    pub maximum_ring_size: u64,
}

impl Default for RingHash {
    fn default() -> Self {
        Self { minimum_ring_size: 1024, maximum_ring_size: 8 * 1024 * 1024 }
    }
}

impl Balance for RingHash {
    fn picker(&self, set: &Set<'_>) -> Box<dyn Picker> {
        Box::new(Ring::new(self, set))
    }

    fn is_hashing(&self) -> bool {
        true
    }
}

/// The places by hash, each with the index of its host.
pub(super) struct Ring(pub(super) Box<[(u64, u32)]>);

impl Ring {
    pub(super) fn new(config: &RingHash, set: &Set<'_>) -> Self {
        let least = set.shares.iter().copied().filter(|share| *share > 0.0).fold(1.0, f64::min);
        let scale = ((least * config.minimum_ring_size as f64).ceil() / least)
            .min(config.maximum_ring_size as f64);
        let mut places = Vec::new();
        let (mut current, mut target) = (0.0, 0.0);
        let mut key = String::new();
        for (index, (host, share)) in set.hosts.iter().zip(set.shares).enumerate() {
            let Ok(index) = u32::try_from(index) else { break };
            // Both are sums over all hosts so far, so that rounding never adds up.
            target += scale * share;
            let mut place = 0_u64;
            while current < target {
                key.clear();
                key.push_str(host.address());
                key.push('_');
                key.push_str(&place.to_string());
                places.push((xxh64(key.as_bytes(), 0), index));
                place += 1;
                current += 1.0;
            }
        }
        places.sort_unstable();
        Self(places.into())
    }
}

impl Picker for Ring {
    fn pick(&self, _hosts: &[Host], choice: &mut Choice<'_>) -> Option<usize> {
        let len = self.0.len();
        let first = self.0.partition_point(|(place, _)| *place < choice.hash);
        // Past the last place the ring begins anew; a rejected host gives way to the next places.
        let start = if first == len { 0 } else { first };
        let place = (start + usize::try_from(choice.attempt).ok()?).checked_rem(len)?;
        self.0.get(place).map(|(_, host)| *host as usize)
    }
}

impl std::fmt::Debug for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ring").field("size", &self.0.len()).finish()
    }
}
