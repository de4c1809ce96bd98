//! From the Host of a request to a virtual host, as Envoy searches domains.

use hashbrown::HashMap;
use smallvec::SmallVec;

/// Domains and the number of the virtual host that each leads to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Domains {
    exact: HashMap<Box<str>, u32>,
    /// Tails of wildcards, the longest first.
    suffixes: Vec<(usize, HashMap<Box<str>, u32>)>,
    everything: Option<u32>,
}

impl Domains {
    /// Adds a domain; the first one stays where it is there already.
    pub(crate) fn insert(&mut self, domain: &str, host: u32) {
        let domain = domain.to_ascii_lowercase();
        match domain.strip_prefix('*') {
            Some("") => {
                self.everything.get_or_insert(host);
            }
            Some(tail) => {
                let length = tail.len();
                let at = self.suffixes.partition_point(|(known, _)| *known > length);
                match self.suffixes.get_mut(at) {
                    Some((known, tails)) if *known == length => {
                        tails.entry(tail.into()).or_insert(host);
                    }
                    _ => {
                        let tails = HashMap::from_iter([(tail.into(), host)]);
                        self.suffixes.insert(at, (length, tails));
                    }
                }
            }
            None => {
                self.exact.entry(domain.into()).or_insert(host);
            }
        }
    }

    /// The virtual host of a Host header: the exact domain, else the longest wildcard that leaves
    /// at least one character for its `*`, else `*`.
    pub(crate) fn find(&self, authority: &str, ignore_port: bool) -> Option<u32> {
        if self.exact.is_empty() && self.suffixes.is_empty() {
            return self.everything;
        }
        let host = if ignore_port { without_port(authority) } else { authority };
        let mut folded: SmallVec<[u8; 256]> = SmallVec::from_slice(host.as_bytes());
        folded.make_ascii_lowercase();
        let Ok(host) = std::str::from_utf8(&folded) else { return self.everything };
        if let Some(found) = self.exact.get(host) {
            return Some(*found);
        }
        for (length, tails) in &self.suffixes {
            let Some(rest) = host.len().checked_sub(*length).filter(|rest| *rest > 0) else {
                continue;
            };
            if let Some(found) = host.get(rest..).and_then(|tail| tails.get(tail)) {
                return Some(*found);
            }
        }
        self.everything
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
            domains.insert(domain, host as u32);
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
            assert_eq!(domains.find(authority, true), Some(found), "{authority}");
        }
        assert_eq!(domains.find("a.foo.com:80", false), Some(5));
    }
}
