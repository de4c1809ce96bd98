//! Numbers with a fraction in configuration that has to be `Eq` and `Hash`.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

/// A finite number, for the fields of policies that are `double` in Istio's API.
///
/// ```
/// use meshwork_balance::Decimal;
/// assert_eq!(Decimal::new(12.5), Some(Decimal::from(12.5_f32)));
/// assert_eq!(Decimal::new(f64::NAN), None);
/// ```
#[derive(Clone, Copy, PartialEq)]
pub struct Decimal(f64);

impl Decimal {
    /// Wraps `value`; `None` for what is not a number or not finite.
    pub fn new(value: f64) -> Option<Self> {
        // Adding zero turns -0.0 into 0.0, so that equal values hash equally.
        value.is_finite().then_some(Self(value + 0.0))
    }

    /// The number itself.
    pub const fn value(self) -> f64 {
        self.0
    }
}

// INVARIANT: the number is finite, so equality is reflexive.
impl Eq for Decimal {}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

impl From<u32> for Decimal {
    fn from(value: u32) -> Self {
        Self(f64::from(value))
    }
}

impl From<f32> for Decimal {
    /// Takes what is not finite for zero.
    fn from(value: f32) -> Self {
        Self::new(f64::from(value)).unwrap_or(Self(0.0))
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
