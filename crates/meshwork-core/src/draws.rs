//! Randomness as an argument: named draws that can be replayed.

/// What a random number is for. Each purpose draws on its own, so that a decision can be replayed
/// whatever else was drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Draw {
    /// Which of the weighted destinations takes the request.
    Weight,
    /// Whether a delay is injected.
    FaultDelay,
    /// Whether an abort is injected.
    FaultAbort,
    /// Whether the mirror of this number is sent.
    Mirror(u16),
    /// Which endpoint of a cluster, at this attempt (0 is the first).
    Endpoint(u16),
    /// The jitter before this retry.
    Backoff(u16),
}

/// A source of named random numbers.
///
/// The same source must answer the same number when the same draw is asked for again: deciding and
/// explaining take one source and must agree.
pub trait Draws {
    /// A number spread evenly over all of `u64`.
    fn draw(&self, what: Draw) -> u64;
}

impl<T: Draws + ?Sized> Draws for &T {
    fn draw(&self, what: Draw) -> u64 {
        (**self).draw(what)
    }
}

/// Draws that follow from a seed alone.
///
/// ```
/// use meshwork_core::{Draw, Draws, SeededDraws};
/// let draws = SeededDraws::new(7);
/// assert_eq!(draws.draw(Draw::Weight), SeededDraws::new(7).draw(Draw::Weight));
/// assert_ne!(draws.draw(Draw::Weight), draws.draw(Draw::FaultAbort));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SeededDraws(u64);

impl SeededDraws {
    /// One seed a request; a good one comes from a random number generator.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }
}

impl Draws for SeededDraws {
    fn draw(&self, what: Draw) -> u64 {
        let (kind, number) = match what {
            Draw::Weight => (1, 0),
            Draw::FaultDelay => (2, 0),
            Draw::FaultAbort => (3, 0),
            Draw::Mirror(n) => (4, n),
            Draw::Endpoint(n) => (5, n),
            Draw::Backoff(n) => (6, n),
        };
        split_mix(split_mix(self.0) ^ (u64::from(number) << 8 | kind))
    }
}

/// The finaliser of SplitMix64: every bit of the input moves every bit of the output.
const fn split_mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
