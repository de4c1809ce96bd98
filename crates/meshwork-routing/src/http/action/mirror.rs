//! Mirrors: copies of requests whose answers are thrown away.

use meshwork_core::{Draw, Draws};

use super::Fraction;
use crate::http::Destination;

/// One entry of `http[].mirrors`, or `http[].mirror`.
///
/// The copy carries what the route forwards (rewritten path, changed headers, the same Host), is
/// sent once whatever happens to the request, and is neither retried nor waited for. Without a
/// percentage every request is mirrored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Mirror {
    /// Where the copy goes. A cluster that does not exist is skipped without a word.
    pub destination: Destination,
    /// The share of requests that is copied.
    pub share: Fraction,
    /// The number of the entry in its list; it names the draw.
    pub index: u16,
}

impl Mirror {
    /// Whether this request is copied; each entry draws on its own.
    pub fn fires(&self, draws: &dyn Draws) -> bool {
        self.share.takes(draws.draw(Draw::Mirror(self.index)))
    }
}
