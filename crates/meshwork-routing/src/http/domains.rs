//! From the Host of a request to a virtual host, as Envoy searches domains.

use std::sync::Arc;

use meshwork_core::NameMap;
use smallvec::SmallVec;

/// Domains and the virtual host that each leads to. A clone costs a few pointers.
#[derive(Clone, Debug)]
pub(crate) struct Domains<T: Clone> {
    exact: NameMap<T>,
    /// Tails of wildcards, the longest first.
    suffixes: Vec<(usize, NameMap<T>)>,
    everything: Option<T>,
}

impl<T: Clone> Default for Domains<T> {
    fn default() -> Self {
        Self { exact: NameMap::default(), suffixes: Vec::new(), everything: None }
    }
}

impl<T: Clone> Domains<T> {
    /// Adds a domain; the first one stays where it is there already.
    pub(crate) fn insert(&mut self, domain: &str, host: T) {
        if self.get(domain).is_none() {
            self.set(domain, host);
        }
    }

    /// Lets a domain lead to `host`, wherever it led before.
    pub(crate) fn set(&mut self, domain: &str, host: T) {
        let domain = domain.to_ascii_lowercase();
        match domain.strip_prefix('*') {
            Some("") => self.everything = Some(host),
            Some(tail) => {
                let length = tail.len();
                let at = self.suffixes.partition_point(|(known, _)| *known > length);
                match self.suffixes.get_mut(at) {
                    Some((known, tails)) if *known == length => {
                        tails.insert(tail.into(), host);
                    }
                    _ => {
                        let tails = NameMap::from_iter([(tail.into(), host)]);
                        self.suffixes.insert(at, (length, tails));
                    }
                }
            }
            None => {
                self.exact.insert(domain.into(), host);
            }
        }
    }

    /// Forgets a domain.
    pub(crate) fn remove(&mut self, domain: &str) {
        let domain = domain.to_ascii_lowercase();
        match domain.strip_prefix('*') {
            Some("") => self.everything = None,
            Some(tail) => {
                let own = self.suffixes.iter().position(|(length, _)| *length == tail.len());
                if let Some(at) = own
                    && let Some((_, tails)) = self.suffixes.get_mut(at)
                {
                    tails.remove(tail);
                    if tails.is_empty() {
                        self.suffixes.remove(at);
                    }
                }
            }
            None => {
                self.exact.remove(&domain);
            }
        }
    }

    /// Where this very domain leads.
    pub(crate) fn get(&self, domain: &str) -> Option<&T> {
        let domain = domain.to_ascii_lowercase();
        match domain.strip_prefix('*') {
            Some("") => self.everything.as_ref(),
            Some(tail) => {
                let own = self.suffixes.iter().find(|(length, _)| *length == tail.len());
                own.and_then(|(_, tails)| tails.get(tail))
            }
            None => self.exact.get(&domain),
        }
    }

    /// The virtual host of a Host header, whose port does not count: the exact domain, else the longest wildcard that leaves
    /// at least one character for its `*`, else `*`.
    pub(crate) fn find(&self, authority: &str) -> Option<&T> {
        if self.exact.is_empty() && self.suffixes.is_empty() {
            return self.everything.as_ref();
        }
        let host = without_port(authority);
        let mut folded: SmallVec<[u8; 256]> = SmallVec::from_slice(host.as_bytes());
        folded.make_ascii_lowercase();
        let Ok(host) = std::str::from_utf8(&folded) else { return self.everything.as_ref() };
        if let Some(found) = self.exact.get(host) {
            return Some(found);
        }
        for (length, tails) in &self.suffixes {
            let Some(rest) = host.len().checked_sub(*length).filter(|rest| *rest > 0) else {
                continue;
            };
            if let Some(found) = host.get(rest..).and_then(|tail| tails.get(tail)) {
                return Some(found);
            }
        }
        self.everything.as_ref()
    }
}

impl<T: Clone> FromIterator<(Arc<str>, T)> for Domains<T> {
    /// The first of several hosts with one domain has it. Domains have to be in lower case.
    fn from_iter<I: IntoIterator<Item = (Arc<str>, T)>>(entries: I) -> Self {
        let mut domains = Self::default();
        let mut exact = Vec::new();
        for (domain, host) in entries {
            if domain.starts_with('*') {
                domains.insert(&domain, host);
            } else {
                exact.push((domain, host));
            }
        }
        domains.exact = exact.into_iter().rev().collect();
        domains
    }
}

/// The host without what follows the last colon; colons within brackets belong to the address.
pub(crate) fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_as_envoy_does() {
        let mut domains = Domains::default();
        for (host, domain) in ["a.foo.com", "*.foo.com", "*.com", "*made.com", "[2001:db8::1]", "*"]
            .iter()
            .enumerate()
        {
            domains.insert(domain, host);
        }
        for (authority, found) in [
            ("A.FOO.com:8443", 0),
            ("x.y.foo.com", 1),
            ("foo.com", 2),
            ("xmade.com", 3),
            ("made.com", 2),
            ("foo.com.", 5),
            ("[2001:db8::1]:80", 4),
            ("[2001:DB8::1]", 4),
            ("a.foo.com:http", 0),
            ("a.foo.com:", 0),
            (".com", 5),
            ("", 5),
        ] {
            assert_eq!(domains.find(authority), Some(&found), "{authority}");
        }
    }

    #[test]
    fn what_is_removed_is_as_if_it_had_never_been() {
        let all = ["a.foo.com", "*.foo.com", "*.com", "*made.com", "*"];
        for gone in all {
            let mut domains: Domains<&str> =
                all.iter().map(|domain| (Arc::from(*domain), *domain)).collect();
            domains.remove(gone);
            let mut without = Domains::default();
            for domain in all.iter().filter(|domain| **domain != gone) {
                without.insert(domain, *domain);
            }
            for authority in ["a.foo.com", "b.foo.com", "x.com", "xmade.com", "x.org"] {
                let found = domains.find(authority);
                assert_eq!(found, without.find(authority), "{authority} without {gone}");
            }
            assert_eq!(domains.get(gone), None);
        }
    }
}
