//! Where the randomness of requests comes from.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use meshwork_core::SeededDraws;

/// Gives every request a seed, from which all of its draws follow.
///
/// ```
/// use meshwork_tower::Seeds;
/// let (one, other) = (Seeds::from_seed(7), Seeds::from_seed(7));
/// assert_eq!(one.next(), other.next());
/// ```
#[derive(Clone, Default)]
pub struct Seeds(Option<Arc<AtomicU64>>);

impl Seeds {
    /// Seeds that nobody can foretell.
    pub const fn random() -> Self {
        Self(None)
    }

    /// A sequence that follows from `seed`: the same requests in the same order get the same
    /// draws.
    pub fn from_seed(seed: u64) -> Self {
        Self(Some(Arc::new(AtomicU64::new(seed))))
    }

    /// The seed of the next request.
    pub fn next(&self) -> u64 {
        match &self.0 {
            None => fastrand::u64(..),
            Some(counter) => {
                let mut z = counter.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
                z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                z ^ (z >> 31)
            }
        }
    }

    /// The draws of the next request.
    pub fn draws(&self) -> SeededDraws {
        SeededDraws::new(self.next())
    }
}

impl fmt::Debug for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Seeds::from_seed" } else { "Seeds::random" })
    }
}
