//! What stays plaintext under STRICT for the sake of health probes.

use std::collections::BTreeSet;

use http::{Method, Request};

/// The ports and paths that a prober without a certificate may reach. Empty unless configured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Probes {
    pub(crate) ports: BTreeSet<u16>,
    pub(crate) paths: BTreeSet<String>,
}

impl Probes {
    /// Whether a request is for a probe path: GET or HEAD, the path to the letter, any query.
    pub(crate) fn admits<B>(&self, request: &Request<B>) -> bool {
        matches!(*request.method(), Method::GET | Method::HEAD)
            && self.paths.contains(request.uri().path())
    }
}
