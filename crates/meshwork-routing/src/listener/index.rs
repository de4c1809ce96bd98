//! Envoy's choice of a filter chain: criterion by criterion, never going back.

use std::net::IpAddr;

use hashbrown::HashMap;
use meshwork_core::AddressRange;

use super::bytes::{Seen, Transport};
use super::chain::ChainMatch;

/// Filter chains by what they match, in the order in which Envoy asks: destination address
/// (longest prefix), server name (exact, longest wildcard, any), transport, application protocol.
///
/// Once a criterion has picked a branch, the others are not looked at again, whatever follows.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChainIndex {
    /// Longest prefix first; `None` (any address) last.
    addresses: Vec<(Option<AddressRange>, Names)>,
}

#[derive(Clone, Debug, Default)]
struct Names {
    exact: HashMap<Box<str>, Transports>,
    /// By what follows the `*` of a wildcard, dot included.
    suffixes: HashMap<Box<str>, Transports>,
    any: Option<Transports>,
}

#[derive(Clone, Debug, Default)]
struct Transports {
    tls: Option<Protocols>,
    raw: Option<Protocols>,
    any: Option<Protocols>,
}

#[derive(Clone, Debug, Default)]
struct Protocols {
    named: Vec<(Box<str>, usize)>,
    any: Option<usize>,
}

/// Why Envoy would refuse a listener with these chains.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChainError {
    #[error("filter chains {first} and {second} have overlapping matching rules")]
    Overlap { first: usize, second: usize },
    #[error("partial wildcards are not supported in server names: `{name}`")]
    PartialWildcard { chain: usize, name: String },
}

impl ChainError {
    /// The position of the chain that cannot join the others.
    pub(crate) fn chain(&self) -> usize {
        match self {
            Self::Overlap { second, .. } => *second,
            Self::PartialWildcard { chain, .. } => *chain,
        }
    }
}

impl ChainIndex {
    /// Indexes the matches of a listener's chains by their position.
    ///
    /// # Errors
    /// Envoy refuses a listener as a whole when two chains share one combination of criteria, and
    /// for a `*` that is not the whole first label of a server name.
    pub(crate) fn new<'m>(
        matches: impl IntoIterator<Item = &'m ChainMatch>,
    ) -> Result<Self, ChainError> {
        let mut index = Self::default();
        for (chain, criteria) in matches.into_iter().enumerate() {
            index.insert(chain, criteria)?;
        }
        index.addresses.sort_by_key(|(range, _)| {
            std::cmp::Reverse(range.map(|range| u16::from(range.prefix_len()) + 1))
        });
        Ok(index)
    }

    fn insert(&mut self, chain: usize, criteria: &ChainMatch) -> Result<(), ChainError> {
        let ranges: Vec<_> = if criteria.prefixes.is_empty() {
            vec![None]
        } else {
            criteria.prefixes.iter().copied().map(Some).collect()
        };
        for range in ranges {
            let names = match self.addresses.iter().position(|(known, _)| *known == range) {
                Some(at) => self.addresses.get_mut(at),
                None => {
                    self.addresses.push((range, Names::default()));
                    self.addresses.last_mut()
                }
            };
            if let Some((_, names)) = names {
                names.insert(chain, criteria)?;
            }
        }
        Ok(())
    }

    /// The chain that takes a connection; `None` where only the default chain is left.
    pub(crate) fn find(&self, seen: &Seen<'_>) -> Option<usize> {
        self.names(seen.address)?.find(seen)
    }

    fn names(&self, address: Option<IpAddr>) -> Option<&Names> {
        self.addresses
            .iter()
            .find(|(range, _)| match (range, address) {
                (None, _) => true,
                (Some(range), Some(address)) => range.contains(address),
                (Some(_), None) => false,
            })
            .map(|(_, names)| names)
    }
}

impl Names {
    fn insert(&mut self, chain: usize, criteria: &ChainMatch) -> Result<(), ChainError> {
        if criteria.server_names.is_empty() {
            return self.any.get_or_insert_default().insert(chain, criteria);
        }
        for name in &criteria.server_names {
            let lowered = name.to_ascii_lowercase();
            let transports = match lowered.strip_prefix('*') {
                Some(suffix) if suffix.starts_with('.') && !suffix.contains('*') => {
                    self.suffixes.entry(suffix.into()).or_default()
                }
                None if !lowered.contains('*') => {
                    self.exact.entry(lowered.as_str().into()).or_default()
                }
                _ => {
                    return Err(ChainError::PartialWildcard { chain, name: name.to_string() });
                }
            };
            transports.insert(chain, criteria)?;
        }
        Ok(())
    }

    fn find(&self, seen: &Seen<'_>) -> Option<usize> {
        let lowered;
        let name = if seen.server_name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            lowered = seen.server_name.to_ascii_lowercase();
            &lowered
        } else {
            seen.server_name
        };
        if !name.is_empty() {
            if let Some(transports) = self.exact.get(name) {
                return transports.find(seen);
            }
            if !self.suffixes.is_empty() {
                // The first byte is never the dot of a wildcard: something must stand in its place.
                let dots = name.bytes().enumerate().skip(1).filter(|(_, byte)| *byte == b'.');
                for (dot, _) in dots {
                    let suffix = name.get(dot..).unwrap_or_default();
                    if suffix.len() > 1
                        && let Some(transports) = self.suffixes.get(suffix)
                    {
                        return transports.find(seen);
                    }
                }
            }
        }
        self.any.as_ref()?.find(seen)
    }
}

impl Transports {
    fn insert(&mut self, chain: usize, criteria: &ChainMatch) -> Result<(), ChainError> {
        let protocols = match criteria.transport {
            Some(Transport::Tls) => &mut self.tls,
            Some(Transport::Raw) => &mut self.raw,
            None => &mut self.any,
        };
        protocols.get_or_insert_default().insert(chain, criteria)
    }

    fn find(&self, seen: &Seen<'_>) -> Option<usize> {
        let exact = match seen.transport {
            Transport::Tls => &self.tls,
            Transport::Raw => &self.raw,
        };
        exact.as_ref().or(self.any.as_ref())?.find(seen)
    }
}

impl Protocols {
    fn insert(&mut self, chain: usize, criteria: &ChainMatch) -> Result<(), ChainError> {
        if criteria.protocols.is_empty() {
            return match self.any {
                Some(first) => Err(ChainError::Overlap { first, second: chain }),
                None => {
                    self.any = Some(chain);
                    Ok(())
                }
            };
        }
        for protocol in criteria.protocols {
            if let Some((_, first)) = self.named.iter().find(|(known, _)| **known == **protocol) {
                return Err(ChainError::Overlap { first: *first, second: chain });
            }
            self.named.push(((*protocol).into(), chain));
        }
        Ok(())
    }

    fn find(&self, seen: &Seen<'_>) -> Option<usize> {
        seen.protocols
            .iter()
            .find_map(|offered| {
                self.named.iter().find(|(known, _)| **known == **offered).map(|(_, chain)| *chain)
            })
            .or(self.any)
    }
}
