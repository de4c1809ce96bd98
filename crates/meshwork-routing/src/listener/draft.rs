//! Filter chains while a listener is put together from several services.

use std::sync::Arc;

use meshwork_core::{AddressRange, FieldPath};

use super::bytes::Transport;
use super::chain::{ChainAction, ChainMatch, FilterChain};

/// What Envoy's HTTP inspector calls plaintext HTTP. HTTP/1.0 is left to the TCP chain.
pub(crate) const PLAINTEXT_HTTP: &[&str] = &["http/1.1", "h2c"];

/// A chain as Istio collects it: what to match as it was written.
#[derive(Clone, Debug)]
pub(crate) struct ChainDraft {
    /// Server names as written; a lone `*` means any.
    pub(crate) server_names: Vec<Arc<str>>,
    /// Destination ranges as written.
    pub(crate) ranges: Vec<AddressRange>,
    pub(crate) protocols: &'static [&'static str],
    pub(crate) transport: Option<Transport>,
    pub(crate) action: ChainAction,
    pub(crate) rule: Option<Arc<FieldPath>>,
}

/// What a chain matches, see [`ChainDraft::key`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ChainKey {
    names: Vec<Arc<str>>,
    prefixes: Vec<String>,
    transport: Option<Transport>,
    protocols: &'static [&'static str],
}

impl ChainDraft {
    /// A chain for every connection.
    pub(crate) fn new(action: ChainAction, rule: Option<Arc<FieldPath>>) -> Self {
        Self {
            server_names: Vec::new(),
            ranges: Vec::new(),
            protocols: &[],
            transport: None,
            action,
            rule,
        }
    }

    /// The same chain for plaintext HTTP alone.
    pub(crate) fn for_plaintext_http(mut self) -> Self {
        self.protocols = PLAINTEXT_HTTP;
        self.transport = Some(Transport::Raw);
        self
    }

    /// Whether the chain becomes the listener's default chain.
    pub(crate) fn is_everything(&self) -> bool {
        (self.server_names.is_empty() || self.server_names.iter().any(|name| &**name == "*"))
            && self.protocols.is_empty()
            && self.transport.is_none()
            && self.ranges.is_empty()
    }

    /// What the chain matches, by Istio's reading: order does not count, a `*` is nothing, and
    /// neither is a range that begins at 0.0.0.0. Two chains with one key are in conflict.
    pub(crate) fn key(&self) -> ChainKey {
        let mut names: Vec<_> =
            self.server_names.iter().filter(|name| &***name != "*").cloned().collect();
        names.sort_unstable();
        names.dedup();
        let mut prefixes: Vec<_> = self.prefixes().iter().map(ToString::to_string).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        ChainKey { names, prefixes, transport: self.transport, protocols: self.protocols }
    }

    fn prefixes(&self) -> Vec<AddressRange> {
        self.ranges.iter().copied().filter(|range| !begins_at_zero(range)).collect()
    }

    /// The chain that Envoy gets.
    pub(crate) fn finish(self) -> FilterChain {
        let criteria = if self.is_everything() {
            ChainMatch::ALL
        } else {
            let any_name = self.server_names.iter().any(|name| &**name == "*");
            ChainMatch {
                prefixes: self.prefixes(),
                server_names: if any_name { Vec::new() } else { self.server_names },
                transport: self.transport,
                protocols: self.protocols,
            }
        };
        FilterChain { criteria, action: self.action, tls: None, rule: self.rule }
    }
}

fn begins_at_zero(range: &AddressRange) -> bool {
    range.contains(std::net::IpAddr::from([0, 0, 0, 0]))
}
