//! Random numbers that follow from one seed, so that a pick can be replayed.

/// A stream of numbers from one seed (SplitMix64): small, fast, and even enough for choosing
/// endpoints. Not for secrets.
#[derive(Clone, Debug)]
pub struct Randomness(u64);

impl Randomness {
    /// A stream that follows from `seed` alone.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number, spread evenly over all of `u64`.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// An index below `len`, or `None` where there is nothing to choose from.
    pub fn index(&mut self, len: usize) -> Option<usize> {
        reduce(self.next(), len)
    }
}

/// `number` modulo `len`, as Envoy turns random numbers and hashes into indices.
pub(crate) fn reduce(number: u64, len: usize) -> Option<usize> {
    let index = number.checked_rem(u64::try_from(len).ok()?)?;
    usize::try_from(index).ok()
}
