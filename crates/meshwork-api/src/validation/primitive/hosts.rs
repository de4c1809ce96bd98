//! Many hosts at once: which of them overlap, and which one covers another.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Hosts, wildcards among them, that can be asked in a time that hardly grows with their number.
#[derive(Debug, Default)]
pub(crate) struct Hosts<'a> {
    exact: HashMap<&'a str, &'a str>,
    /// By what follows the `*`.
    wildcards: HashMap<&'a str, &'a str>,
    wildcard_lengths: BTreeSet<usize>,
    /// By the reversed bytes, without the `*`, so that equal ends stand together.
    reversed: BTreeMap<Vec<u8>, &'a str>,
}

impl<'a> Hosts<'a> {
    /// Adds a host.
    pub(crate) fn insert(&mut self, host: &'a str) {
        let end = match host.strip_prefix('*') {
            Some(end) => {
                self.wildcards.insert(end, host);
                self.wildcard_lengths.insert(end.len());
                end
            }
            None => {
                self.exact.insert(host, host);
                host
            }
        };
        self.reversed.insert(reverse(end), host);
    }

    /// One of the hosts that has names in common with this one.
    pub(crate) fn overlapping(&self, host: &str) -> Option<&'a str> {
        let Some(end) = host.strip_prefix('*') else { return self.covering(host) };
        self.wildcard_of(end).or_else(|| {
            let end = reverse(end);
            let (next, found) = self.reversed.range(end.clone()..).next()?;
            next.starts_with(&end).then_some(*found)
        })
    }

    /// One of the hosts that stands for every name that this one stands for.
    pub(crate) fn covering(&self, host: &str) -> Option<&'a str> {
        match host.strip_prefix('*') {
            Some(end) => self.wildcard_of(end),
            None => self.exact.get(host).copied().or_else(|| self.wildcard_of(host)),
        }
    }

    /// A wildcard that the end of a name fits.
    fn wildcard_of(&self, name: &str) -> Option<&'a str> {
        self.wildcard_lengths
            .range(..=name.len())
            .filter_map(|length| name.get(name.len() - length..))
            .find_map(|end| self.wildcards.get(end).copied())
    }
}

impl<'a> FromIterator<&'a str> for Hosts<'a> {
    fn from_iter<I: IntoIterator<Item = &'a str>>(hosts: I) -> Self {
        let mut all = Self::default();
        for host in hosts {
            all.insert(host);
        }
        all
    }
}

fn reverse(text: &str) -> Vec<u8> {
    text.bytes().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (known, asked, overlaps, covers) in [
            ("a.b", "a.b", true, true),
            ("c.b", "a.b", false, false),
            ("a.b", "*.b", true, false),
            ("*.b", "a.b", true, true),
            ("*.b", "*.a.b", true, true),
            ("*.a.b", "*.b", true, false),
            ("*.b", "*", true, false),
            ("*", "*.b", true, true),
            ("*", "a", true, true),
            ("*.b", "b", false, false),
            ("*b", "ab", true, true),
            ("x", "*.b", false, false),
        ] {
            let hosts = Hosts::from_iter(["other.example", known, "*.other.example"]);
            assert_eq!(hosts.overlapping(asked), overlaps.then_some(known), "{known} {asked}");
            assert_eq!(hosts.covering(asked), covers.then_some(known), "{known} {asked}");
        }
    }
}
