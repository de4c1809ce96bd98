//! Patterns over localities: `us-west/zone1/*`.

use std::{convert::Infallible, fmt, str::FromStr};

use meshwork_core::Locality;

/// A pattern of the form `region/zone/subzone`: `*` matches anything, and so does a zone or
/// subzone that is left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalityPattern(Locality);

impl LocalityPattern {
    /// Whether `locality` is meant.
    ///
    /// ```
    /// use meshwork_balance::LocalityPattern;
    /// let pattern: LocalityPattern = "us-west/*".parse().unwrap();
    /// assert!(pattern.matches(&"us-west/z1/s1".parse().unwrap()));
    /// assert!(!pattern.matches(&"us-east/z1".parse().unwrap()));
    /// ```
    pub fn matches(&self, locality: &Locality) -> bool {
        let open = |pattern: &str, part: &str| pattern.is_empty() || is(pattern, part);
        is(&self.0.region, &locality.region)
            && open(&self.0.zone, &locality.zone)
            && open(&self.0.subzone, &locality.subzone)
    }
}

fn is(pattern: &str, part: &str) -> bool {
    pattern == "*" || pattern == part
}

impl FromStr for LocalityPattern {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        text.parse().map(Self)
    }
}

impl fmt::Display for LocalityPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
