//! Where an endpoint or proxy runs: region, zone, subzone.

use std::{convert::Infallible, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

/// A place in Istio's form `region/zone/subzone`; unknown parts are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Locality {
    /// For instance `us-west`.
    pub region: Arc<str>,
    /// For instance `us-west-1`.
    pub zone: Arc<str>,
    /// For instance a rack.
    pub subzone: Arc<str>,
}

impl Locality {
    /// Whether no part is known.
    pub fn is_empty(&self) -> bool {
        self.region.is_empty() && self.zone.is_empty() && self.subzone.is_empty()
    }
}

impl FromStr for Locality {
    type Err = Infallible;

    /// Reads `region/zone/subzone`; missing parts are empty and what follows a third `/` stays in
    /// the subzone.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let mut parts = text.splitn(3, '/').map(Arc::from);
        let mut next = || parts.next().unwrap_or_default();
        Ok(Self { region: next(), zone: next(), subzone: next() })
    }
}

impl fmt::Display for Locality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.region)?;
        if !self.zone.is_empty() || !self.subzone.is_empty() {
            write!(f, "/{}", self.zone)?;
        }
        if !self.subzone.is_empty() {
            write!(f, "/{}", self.subzone)?;
        }
        Ok(())
    }
}
