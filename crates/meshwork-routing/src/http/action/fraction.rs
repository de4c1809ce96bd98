//! Shares of requests, as fault injection and mirroring draw them.

/// A share of all requests: `numerator` out of `denominator`.
///
/// Istio cuts a percentage down to whole millionths, without rounding: `0.57` becomes 5699 out of
/// 1,000,000.
///
/// ```
/// use meshwork_routing::Fraction;
/// assert_eq!(Fraction::from_percent(0.57), Fraction::new(5_699, 1_000_000));
/// assert!(Fraction::ALWAYS.takes(u64::MAX));
/// assert!(!Fraction::NEVER.takes(0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fraction {
    numerator: u32,
    denominator: u32,
}

impl Fraction {
    /// Every request.
    pub const ALWAYS: Self = Self { numerator: 100, denominator: 100 };
    /// No request.
    pub const NEVER: Self = Self { numerator: 0, denominator: 100 };

    /// `numerator` requests out of `denominator`; a denominator of 0 counts as 1.
    pub const fn new(numerator: u32, denominator: u32) -> Self {
        Self { numerator, denominator: if denominator == 0 { 1 } else { denominator } }
    }

    /// A percentage between 0 and 100, cut down to millionths.
    pub fn from_percent(percent: f64) -> Self {
        // The cast saturates and takes NaN for 0; admission has refused both already.
        Self::new((percent * 10_000.0) as u32, 1_000_000)
    }

    /// Whether a draw that is spread evenly over `u64` falls into the share.
    pub const fn takes(self, draw: u64) -> bool {
        draw % (self.denominator as u64) < self.numerator as u64
    }

    /// Whether no request at all is taken.
    pub const fn is_never(self) -> bool {
        self.numerator == 0
    }
}
